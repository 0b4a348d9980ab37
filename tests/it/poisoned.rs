//! R3: whatever becomes of OZmap's pages on their way, a refresh publishes nothing, or nothing wrong.

use crate::between::{Between, Spoil};
use crate::harness::{Answer, JsonBody, PATIENCE, World, http_client};
use crate::poison::spoiler::Spoiler;
use crate::poison::{Harm, LISTS, Memory, PageHarm, Poison, RowHarm, poisons};
use ozmap_simulator::{Settings, Simulator};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::runtime::{Builder, Runtime};

/// Some pages of each list. Every question that is OZmap's to answer reaches it.
const CONFIG: &str = "[tenants.demo.refresh]\npage_size = 25\npages_at_once = 3\n\
    [tenants.demo.live]\ncalls_per_second = 1000\n";

fn settings() -> Settings {
    Settings { boxes: 150, ..Settings::default() }
}

/// The ids of each list, in order.
type Ids = BTreeMap<&'static str, Vec<String>>;

async fn ids_of(simulator: &Simulator) -> Ids {
    let mut ids = Ids::new();
    for list in LISTS {
        let url = format!("{}{list}?limit=100000&page=1&select=id", simulator.host());
        let request = http_client().get(url).header(header::AUTHORIZATION, simulator.full_key());
        let page = request.send().await.unwrap().json_body().await;
        let id = |row: &Value| row["id"].as_str().unwrap().to_owned();
        let mut its: Vec<_> = page["rows"].as_array().unwrap().iter().map(id).collect();
        its.sort();
        ids.insert(list, its);
    }
    ids
}

/// From now on every list passes through these poisons.
fn apply(between: &Between, poisons: &[Poison], ids: &Ids) {
    for list in LISTS {
        let its: Vec<_> = poisons.iter().filter(|poison| poison.list == list).cloned().collect();
        if !its.is_empty() {
            let spoiler = Mutex::new(Spoiler::new(its, ids[list].clone()));
            between.spoil(list, Spoil::Remade(Arc::new(move |body| spoiler.lock().unwrap().spoil(body))));
        }
    }
}

/// How many refreshes ended like this, and how many the guard refused.
async fn counted(world: &World, result: &str) -> (u64, u64) {
    let page = world.metrics().await;
    let sum = |series: &str, label: &str| -> u64 {
        let lines = page.lines().filter(|line| line.starts_with(series) && line.contains(label));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    };
    (
        sum("viability_refresh_total{", &format!("result=\"{result}\"")),
        sum("viability_refresh_rejected_total{", ""),
    )
}

/// One question at each box, and some that reach several: with the answer, and what the network itself says.
async fn ask_everywhere(world: &World) -> Vec<(Answer, Value)> {
    let key = world.simulator.full_key();
    let mut answers = Vec::new();
    for (number, one) in world.simulator.boxes().iter().enumerate() {
        for radius in if number % 10 == 0 { &[1.0, 150.0][..] } else { &[1.0] } {
            let answer = world.ask(one.lat, one.lng, *radius).await;
            answers.push((answer, world.oracle(&key, one.lat, one.lng, *radius)));
        }
    }
    for (lat, lng) in [(0.0, 0.0), (-48.5, -27.5)] {
        answers.push((world.ask(lat, lng, 150.0).await, world.oracle(&key, lat, lng, 150.0)));
    }
    answers
}

/// Nothing is promised that can't be kept, and nothing denied that is there, unless OZmap itself says so.
fn assert_sound(answer: &Answer, truth: &Value) {
    match (answer.status, answer.detail()) {
        (StatusCode::SERVICE_UNAVAILABLE, "unreadable") => {}
        // Just asked, or a moment ago.
        (StatusCode::OK, "unreadable" | "live-unreadable") => {
            assert_eq!(answer.body, *truth, "OZmap's own word");
        }
        (StatusCode::OK, "index") => {
            for offered in answer.body["boxes"].as_array().unwrap() {
                let free = |item: &Value| item["availability"].as_u64().unwrap();
                let mut same =
                    truth["boxes"].as_array().unwrap().iter().filter(|item| item["id"] == offered["id"]);
                let really = same.next().unwrap_or_else(|| panic!("no free port there: {offered}"));
                assert!(free(offered) > 0 && free(offered) <= free(really), "{offered}, in truth {really}");
            }
            assert_eq!(answer.body["viable"], truth["viable"], "{answer:?}, in truth {truth}");
        }
        _ => panic!("{answer:?}"),
    }
}

async fn assert_sound_everywhere(world: &World) {
    for (answer, truth) in ask_everywhere(world).await {
        assert_sound(&answer, &truth);
    }
}

async fn assert_as_before(world: &World) {
    for (answer, truth) in ask_everywhere(world).await {
        assert_eq!((answer.detail(), &answer.body), ("index", &truth));
    }
}

/// No poison is a reason for these: a panic in the proxy, or one in whoever spoils.
fn assert_is_no_accident(result: &str) {
    assert!(!["panicked", "unreachable"].contains(&result), "{result}");
}

/// Runs `property` on made-up poisons; what failed is shown at its smallest, with the seed that makes it again.
fn for_any(memory: Memory, cases: u32, runtime: &Runtime, property: &impl AsyncFn(&[Poison])) {
    let defaults = Config::default();
    // `PROPTEST_RNG_SEED` repeats a run.
    let seed = match defaults.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => fastrand::u64(..),
    };
    let config = Config {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 60,
        ..defaults
    };
    let result = TestRunner::new(config).run(&poisons(memory), |poisons| {
        runtime.block_on(property(&poisons));
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("PROPTEST_RNG_SEED={seed}: {failure}"));
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A world with good data, and the ids of its lists.
struct Warm {
    between: Between,
    world: World,
    ids: Ids,
}

impl Warm {
    async fn start() -> Self {
        let (between, world) = Between::world(settings(), "", CONFIG).await;
        let ids = ids_of(&world.simulator).await;
        Self { between, world, ids }
    }

    /// How a refresh ends that reads through these poisons: either nothing of it came through, or nothing wrong.
    async fn refresh_through(&self, poisons: &[Poison]) -> String {
        let world = &self.world;
        self.between.behave();
        // Whatever the poisons before have left, it is gone after one good reading.
        assert_eq!(world.refresh().await["result"], "ok");
        assert_as_before(world).await;
        apply(&self.between, poisons, &self.ids);
        let report = world.refresh().await;
        // OZmap itself is well again; a try by itself may come in between.
        self.between.behave();
        let result = report["result"].as_str().unwrap().to_owned();
        if result == "ok" {
            assert_sound_everywhere(world).await;
        } else {
            assert_is_no_accident(&result);
            assert_as_before(world).await;
            let (ended, refused) = counted(world, &result).await;
            assert!(ended > 0 && (refused > 0 || result != "refused"), "{report}");
        }
        result
    }
}

/// How the first refresh of a proxy ends that reads through these poisons.
async fn start_through(poisons: &[Poison]) -> String {
    let simulator = Simulator::start(settings()).await.unwrap();
    let between = Between::before(&simulator).await;
    apply(&between, poisons, &ids_of(&simulator).await);
    let app = between.app(&simulator, "shutdown_delay = \"0s\"", CONFIG).await;
    let world = World { simulator, app, http: http_client() };
    let first = world.app.refreshers()[0].report_of(1, PATIENCE).await.expect("it ends");
    let result = match first.outcome {
        Ok(_) => {
            assert_sound_everywhere(&world).await;
            "ok"
        }
        Err(failure) => failure.kind,
    };
    assert_is_no_accident(result);
    world.app.stop().await;
    result.to_owned()
}

#[test]
fn r03_whatever_is_wrong_with_pages_is_refused_or_harmless() {
    let runtime = runtime();
    let warm = runtime.block_on(Warm::start());
    for_any(Memory::Warm, 40, &runtime, &async |poisons| drop(warm.refresh_through(poisons).await));
}

#[test]
fn r03_whatever_is_wrong_with_the_first_pages_is_refused_or_harmless() {
    for_any(Memory::Cold, 40, &runtime(), &async |poisons| drop(start_through(poisons).await));
}

/// Each is one that hides free ports, or sells those of another street, from who looks less closely.
#[tokio::test]
async fn r03_poisons_that_leave_lists_almost_whole_are_noticed() {
    let changed = |name, value| Harm::EachPage(3, RowHarm::Field(name, value));
    let warm = Warm::start().await;
    for (list, harm, result) in [
        ("/boxes", Harm::Row(30, RowHarm::Gone), "ok"),
        ("/boxes", Harm::Row(30, RowHarm::StolenId(31)), "invalid"),
        ("/boxes", Harm::Row(90, RowHarm::AlsoAs(30)), "invalid"),
        ("/splitters", Harm::Row(30, RowHarm::Gone), "ok"),
        ("/boxes", Harm::EachPage(3, RowHarm::CoordsSwapped), "ok"),
        ("/boxes", Harm::EachPage(3, RowHarm::NewId), "ok"),
        ("/boxes", Harm::EveryRow(RowHarm::PlaceSwapped), "refused"),
        ("/boxes", Harm::EachPage(3, RowHarm::Instead(Value::Null)), "ok"),
        ("/splitters", changed("parent", Some(json!(7))), "ok"),
    ] {
        let poison = Poison::always(list, harm);
        assert_eq!(warm.refresh_through(std::slice::from_ref(&poison)).await, result, "{poison:?}");
    }
    for (list, harm) in [
        ("/boxes", changed("id", Some(json!("?")))),
        ("/boxes", changed("project", None)),
        ("/boxes", changed("coords", Some(json!(["a", "b"])))),
        ("/splitters", Harm::EachPage(3, RowHarm::Instead(json!({})))),
        ("/splitters", changed("parent", Some(json!({ "id": "?" })))),
    ] {
        let poison = Poison::always(list, harm);
        assert_eq!(start_through(std::slice::from_ref(&poison)).await, "ok", "{poison:?}");
    }
    // Neither a count that changes meanwhile nor a row that is shown twice makes up for one that is never shown.
    for (row, other) in [
        (836, Poison::during(8..12, "/splitters", Harm::Page(PageHarm::TotalOff(500)))),
        (4, Poison::during(0..4, "/splitters", Harm::Row(25, RowHarm::Field("id", Some(json!(1)))))),
    ] {
        let poisons = [other, Poison::always("/splitters", Harm::Row(row, RowHarm::Gone))];
        assert_eq!(warm.refresh_through(&poisons).await, "ok", "{poisons:?}");
        let doubted = warm.world.metric(r#"viability_index_boxes{state="unreadable",tenant="demo"}"#).await;
        assert!(doubted > 0, "{poisons:?}");
    }
    // Rights that are cut, or a replica without data, from some page on: what there was before is no whole list.
    let empty = || Harm::Page(PageHarm::Instead(r#"{"total":0,"rows":[]}"#));
    for from in 1..9 {
        for list in ["/boxes", "/splitters"] {
            let poison = Poison::during(from..usize::MAX, list, empty());
            assert_ne!(start_through(std::slice::from_ref(&poison)).await, "ok", "{poison:?}");
            assert_ne!(warm.refresh_through(std::slice::from_ref(&poison)).await, "ok", "{poison:?}");
        }
    }
    // The first sweep lacks rows that the others have: what all of them lack must not pass for an edit.
    let gone = Poison::always("/boxes", Harm::Row(30, RowHarm::Gone));
    let late = Poison::during(1..6, "/boxes", changed("id", Some(json!(7))));
    assert_eq!(start_through(&[gone, late]).await, "ok");
}
