//! The query string of a viability request: what is read is sound, what isn't is named, and the index finds for it what
//! a plain loop finds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::num::NonZeroUsize;
use std::sync::LazyLock;
use std::time::UNIX_EPOCH;
use viability_proxy::server::viability::parse;
use viability_proxy::tenant::live::Recall;
use viability_proxy::tenant::resolve::Request;
use viability_proxy::viability::communities::CommunityRules;
use viability_proxy::viability::geo::{Boundary, Earth, Point, Radius};
use viability_proxy::viability::homes::HomeRules;
use viability_proxy::viability::plant::{Evidence, ObjectId, Scope, ServiceBox, Stage};
use viability_proxy::viability::ports::{Ports, ServiceConnectors};
use viability_proxy::viability::snapshot::{Plant, Snapshot};
use viability_proxy::viability::{Query, Rules, evaluate};

/// Where there is nothing special, and where there is: the poles, the antimeridian, the origin.
const PLACES: [(f64, f64); 9] = [
    (-27.57665, -48.52722),
    (-27.57665, -48.52822),
    (0.0, 0.0),
    (90.0, 0.0),
    (-90.0, 180.0),
    (89.999, -120.0),
    (10.0, 180.0),
    (10.0, -180.0),
    (-33.5, 179.999),
];

static EARTH: LazyLock<Earth> = LazyLock::new(|| Earth::new(6_378_100.0).expect("an Earth"));

static SNAPSHOT: LazyLock<Snapshot> = LazyLock::new(|| {
    let boxes = PLACES.iter().zip(0_u8..).map(|((lat, lng), number)| ServiceBox {
        id: ObjectId::from_bytes([number; 12]),
        name: "CTO".into(),
        project: ObjectId::from_bytes([0; 12]),
        position: Point::new(*lat, *lng).expect("a place on Earth"),
        stage: Stage::Implanted,
        ports: Some(Ports { total: 8, free: 1 }),
        evidence: Evidence::Whole,
    });
    Snapshot::build(
        1,
        Plant { boxes: boxes.collect(), ..Plant::empty(UNIX_EPOCH) },
    )
});

fuzz_target!(|data: &[u8]| {
    // hyper lets no other bytes into a query.
    let Ok(query) = str::from_utf8(data) else { return };
    match parse(query, Recall::Allowed) {
        // OZmap's to judge.
        None => {}
        Some(Ok(request)) => {
            is_sound(&request);
            is_found_by_a_plain_loop(&request);
            means_the_same_when_written_anew(&request);
        }
        Some(Err(error)) => {
            let message = error.to_string();
            let named = ["lat ", "lng ", "radius "].iter().any(|name| message.starts_with(name));
            // What the client sent is never repeated to it.
            assert!(named && message.len() < 120, "{message}");
        }
    }
});

fn is_sound(request: &Request) {
    let (lat, lng) = (request.center.lat(), request.center.lng());
    assert!((-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lng), "{request:?}");
    let possible = |radius: Radius| radius.metres() > 0.0 && radius.metres() <= Radius::LARGEST_METRES;
    assert!(request.radius.is_none_or(possible), "{request:?}");
}

fn is_found_by_a_plain_loop(request: &Request) {
    let Some(radius) = request.radius else { return };
    let rules = Rules {
        default_radius: None,
        max_radius: radius,
        max_boxes: NonZeroUsize::MAX,
        boundary: Boundary::Inclusive,
        list_refused: true,
        service_connectors: ServiceConnectors::default(),
        blocked_ports_are_free: false,
        maximum_drop: false,
        homes: HomeRules::default(),
        communities: CommunityRules::default(),
        earth: *EARTH,
    };
    let query = Query { center: request.center, radius };
    let answer = evaluate(&SNAPSHOT, &query, &Scope::Everything, &rules);
    let reached =
        SNAPSHOT.boxes().filter(|one| EARTH.distance(request.center, one.position) <= radius.metres());
    assert_eq!(answer.boxes.len(), reached.count(), "{request:?}");
    assert!(answer.boxes.is_sorted_by_key(|found| found.distance), "{answer:?}");
}

fn means_the_same_when_written_anew(request: &Request) {
    let (lat, lng) = (request.center.lat(), request.center.lng());
    let radius = request.radius.map(|radius| format!("&radius={}", radius.metres())).unwrap_or_default();
    let again = parse(&format!("lat={lat}&lng={lng}{radius}"), Recall::Allowed);
    let again = again.expect("its own parameters").expect("its own numbers");
    assert_eq!((again.center, again.radius), (request.center, request.radius));
}
