//! The viability answer in OZmap's format, and what a live answer must look like to be believed.

use super::line::{Line, Room};
use super::pieces::Pieces;
use crate::viability::Answer;
use crate::viability::plant::{ServiceBox, Stage};
use serde::{Deserialize, Serialize};

/// What most boxes take.
const USUAL_ITEM: usize = 270;
/// All that an answer without boxes takes.
const FRAME: usize = 80;

/// The JSON of an answer, keys in OZmap's order.
///
/// Written by hand: most of an answer's time would go into a serialiser's generality.
pub fn render(answer: &Answer<'_>) -> Pieces {
    let items = answer.boxes.len() + answer.refused.len();
    let mut pieces = Pieces::with_capacity(FRAME + items * USUAL_ITEM);
    let start: &[u8] =
        if answer.is_viable() { br#"{"viable":true,"boxes":["# } else { br#"{"viable":false,"boxes":["# };
    pieces.push(start);
    let mut room = Room::new();
    for (number, found) in answer.boxes.iter().enumerate() {
        let line = begin_item(&mut room, number);
        let line = item(&mut pieces, line, found.distance, &found.service_box);
        let line = communities(&mut pieces, line, answer, &found.service_box);
        pieces.push(line.fixed(b"}").written());
    }
    pieces.push(br#"],"refused_boxes":["#);
    for (number, found) in answer.refused.iter().enumerate() {
        let line = begin_item(&mut room, number);
        let line = item(&mut pieces, line, found.distance, &found.service_box);
        let line = communities(&mut pieces, line, answer, &found.service_box);
        let reason = found.reason.as_str().as_bytes();
        pieces.push(line.fixed(br#","reason":""#).text(reason).fixed(br#""}"#).written());
    }
    pieces.push(br#"],"properties":["#);
    for (number, home) in answer.homes().enumerate() {
        if number > 0 {
            pieces.push(b",");
        }
        let id = home.id.to_string();
        push_json(&mut pieces, &Property { id: &id, address: &home.address, observation: &home.observation });
    }
    pieces.push(b"]}");
    pieces
}

/// An entry of `properties`.
#[derive(Serialize)]
struct Property<'a> {
    id: &'a str,
    address: &'a str,
    observation: &'a str,
}

/// An entry of `horizontal_condos`.
#[derive(Serialize)]
struct Condominium<'a> {
    id: &'a str,
    name: &'a str,
}

fn push_json(pieces: &mut Pieces, value: &impl Serialize) {
    // Plain text in plain fields can always be serialised.
    pieces.push(&serde_json::to_vec(value).unwrap_or_default());
}

fn begin_item(room: &mut Room, number: usize) -> Line<'_> {
    if number > 0 { room.line().fixed(b",") } else { room.line() }
}

fn item<'r>(pieces: &mut Pieces, line: Line<'r>, distance: f64, service_box: &ServiceBox<&str>) -> Line<'r> {
    let line = line.fixed(br#"{"distance":"#).hundredths(distance).fixed(br#","name":""#);
    let line = name(pieces, line, service_box.name)
        .fixed(br#"","id":""#)
        .fixed(&service_box.id.to_digits())
        .fixed(br#"","project":""#)
        .fixed(&service_box.project.to_digits())
        .fixed(br#"","lat":"#)
        .degrees(service_box.position.lat())
        .fixed(br#","lng":"#)
        .degrees(service_box.position.lng());
    let line = match service_box.stage {
        Stage::Implanted => line.fixed(br#","implanted":true,"availability":"#),
        Stage::NotImplanted | Stage::Draft => line.fixed(br#","implanted":false,"availability":"#),
    };
    line.number(service_box.free_ports())
}

/// The communities that contain the box: nearly always none.
fn communities<'r>(
    pieces: &mut Pieces,
    line: Line<'r>,
    answer: &Answer<'_>,
    service_box: &ServiceBox<&str>,
) -> Line<'r> {
    let mut all = answer.communities_of(service_box).peekable();
    if all.peek().is_none() {
        return line.fixed(br#","horizontal_condos":[]"#);
    }
    let mut line = line.fixed(br#","horizontal_condos":["#);
    while let Some(community) = all.next() {
        pieces.push(line.written());
        let id = community.id.to_string();
        push_json(pieces, &Condominium { id: &id, name: &community.name });
        line = line.emptied();
        if all.peek().is_some() {
            line = line.fixed(b",");
        }
    }
    line.fixed(b"]")
}

/// The inside of a JSON string.
fn name<'r>(pieces: &mut Pieces, line: Line<'r>, name: &str) -> Line<'r> {
    // Of all bytes, without stopping at the first: several at a time.
    let escaped = |byte: u8| u8::from(byte < b' ') | u8::from(byte == b'"') | u8::from(byte == b'\\');
    if name.bytes().fold(0, |any, byte| any | escaped(byte)) == 0 {
        return any_text(pieces, line, name.as_bytes());
    }
    match serde_json::to_string(name) {
        Ok(quoted) => any_text(pieces, line, quoted.get(1..quoted.len() - 1).unwrap_or_default().as_bytes()),
        // A string can always be serialised.
        Err(_) => line,
    }
}

/// Into the line, or, where it is too long for that, behind what the line held.
fn any_text<'r>(pieces: &mut Pieces, line: Line<'r>, text: &[u8]) -> Line<'r> {
    if text.len() <= Line::LONGEST_NAME {
        return line.text(text);
    }
    pieces.push(line.written());
    pieces.push(text);
    line.emptied()
}

/// Whether a body is a viability answer: JSON with a boolean `viable`; `None` if it isn't.
pub fn verdict(body: &[u8]) -> Option<bool> {
    #[derive(Deserialize)]
    struct Raw {
        viable: bool,
    }
    serde_json::from_slice::<Raw>(body).ok().map(|raw| raw.viable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::viability::communities::{Community, Outline};
    use crate::viability::geo::Point;
    use crate::viability::homes;
    use crate::viability::plant::{Evidence, ObjectId, Refusal};
    use crate::viability::ports::Ports;
    use crate::viability::{Around, Offered, Refused};
    use proptest::prelude::*;
    use serde::Serialize;

    fn text(mut pieces: Pieces) -> String {
        let whole: Vec<u8> = std::iter::from_fn(|| pieces.take()).flatten().collect();
        String::from_utf8(whole).unwrap()
    }

    #[test]
    fn an_answer_is_ozmaps_to_the_byte() {
        let service_box = ServiceBox {
            id: ObjectId::parse("5dc06d1275fc7d0006732521").unwrap(),
            name: "CTO \"São João\" 22-05",
            project: ObjectId::parse("5d51a87046cbe700148328bf").unwrap(),
            position: Point::new(-27.57665, -48.0).unwrap(),
            stage: Stage::Implanted,
            ports: Some(Ports { total: 8, free: 6 }),
            evidence: Evidence::Whole,
        };
        let full = ServiceBox { ports: Some(Ports { total: 8, free: 0 }), ..service_box };
        let answer = Answer {
            boxes: [Offered { distance: 30.414_9, service_box }].into(),
            refused: [Refused { distance: 149.999_9, service_box: full, reason: Refusal::NoFreePort }].into(),
            ..Answer::default()
        };
        assert_eq!(
            text(render(&answer)),
            concat!(
                r#"{"viable":true,"boxes":[{"distance":30.41,"name":"CTO \"São João\" 22-05","id":"5dc06d1275fc7d0006732521","#,
                r#""project":"5d51a87046cbe700148328bf","lat":-27.57665,"lng":-48,"implanted":true,"availability":6,"#,
                r#""horizontal_condos":[]}],"refused_boxes":[{"distance":150,"name":"CTO \"São João\" 22-05","#,
                r#""id":"5dc06d1275fc7d0006732521","project":"5d51a87046cbe700148328bf","lat":-27.57665,"lng":-48,"#,
                r#""implanted":true,"availability":0,"horizontal_condos":[],"reason":"no_free_port"}],"properties":[]}"#,
            )
        );
    }

    #[test]
    fn only_a_body_with_a_verdict_is_an_answer() {
        assert_eq!(verdict(br#"{"viable":false,"boxes":[],"more":1}"#), Some(false));
        assert_eq!(verdict(b"<html>"), None);
        assert_eq!(verdict(br#"{"message":"x"}"#), None);
        assert_eq!(verdict(br#"{"viable":true,"boxes":["#), None);
    }

    /// The same by a serialiser, field by field.
    #[derive(Serialize)]
    struct Model {
        viable: bool,
        boxes: Vec<Item>,
        refused_boxes: Vec<Item>,
        properties: Vec<Home>,
    }

    #[derive(Serialize)]
    struct Home {
        id: String,
        address: String,
        observation: String,
    }

    #[derive(Serialize)]
    struct OwnCondominium {
        id: String,
        name: String,
    }

    #[derive(Serialize)]
    struct Item {
        distance: serde_json::Value,
        name: String,
        id: String,
        project: String,
        lat: serde_json::Value,
        lng: serde_json::Value,
        implanted: bool,
        availability: u32,
        horizontal_condos: Vec<OwnCondominium>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'static str>,
    }

    fn javascript(number: f64) -> serde_json::Value {
        #[expect(clippy::cast_possible_truncation, reason = "whole and small")]
        if number.fract() == 0.0 { (number as i64).into() } else { number.into() }
    }

    fn model(
        distance: f64,
        one: &ServiceBox<&str>,
        communities: &[Community],
        reason: Option<&'static str>,
    ) -> Item {
        let communities = communities.iter().filter(|_| one.position.lat() >= 0.0);
        let condominium =
            |one: &Community| OwnCondominium { id: one.id.to_string(), name: one.name.to_string() };
        Item {
            distance: javascript((distance * 100.0).round() / 100.0),
            name: one.name.to_owned(),
            id: one.id.to_string(),
            project: one.project.to_string(),
            lat: javascript(one.position.lat()),
            lng: javascript(one.position.lng()),
            implanted: one.stage == Stage::Implanted,
            availability: one.free_ports(),
            horizontal_condos: communities.map(condominium).collect(),
            reason,
        }
    }

    fn places() -> impl Strategy<Value = Point> {
        let degrees = |most: f64| {
            let whole = (-most..=most).prop_map(f64::round);
            let usual = (-most..=most).prop_map(|degrees| (degrees * 1e7).round() / 1e7);
            prop_oneof![-most..=most, whole, usual, Just(-0.0), Just(1e-7), Just(-3.5e-9)]
        };
        (degrees(90.0), degrees(180.0)).prop_map(|(lat, lng)| Point::new(lat, lng).unwrap())
    }

    /// A box as it may be found, and how far away.
    fn found() -> impl Strategy<Value = (f64, ServiceBox)> {
        let hundredths = (0_u32..9_999_999).prop_map(|hundredths| f64::from(hundredths) / 100.0);
        let distance = prop_oneof![0.0..2_000.0, 0.0..20_040_000.0, hundredths];
        let odd = Just("\u{0}\u{1f}\"\\/\u{7f}\u{2028}\n".to_owned());
        // As long as the room for a line takes, and a byte longer.
        let edge = prop_oneof!["[a-z]{192}", "[a-z]{193}", "[a-z]{190}\"", "[a-z]{191}\""];
        let name = prop_oneof![".{0,30}", odd, "[ -~]{2000}", edge];
        let ports = prop::option::of((any::<u32>(), any::<u32>()));
        (distance, name, any::<[u8; 12]>(), places(), ports, any::<bool>()).prop_map(
            |(distance, name, id, position, ports, implanted)| {
                let service_box = ServiceBox {
                    id: ObjectId::from_bytes(id),
                    name: name.into(),
                    project: ObjectId::from_bytes(id.map(|byte| byte.rotate_left(3))),
                    position,
                    stage: if implanted { Stage::Implanted } else { Stage::NotImplanted },
                    ports: ports.map(|(total, free)| Ports { total, free }),
                    evidence: Evidence::Whole,
                };
                (distance, service_box)
            },
        )
    }

    fn view(one: &ServiceBox) -> ServiceBox<&str> {
        ServiceBox { name: &one.name, ..one.clone().named(|_| "") }
    }

    /// The whole north.
    fn community(number: u8, name: &str) -> Community {
        let corners = [(0.0, -180.0), (0.0, 180.0), (90.0, 180.0), (90.0, -180.0)];
        let ring = corners.map(|(lat, lng)| Point::new(lat, lng).unwrap()).to_vec();
        let id = ObjectId::from_bytes([number; 12]);
        Community { id, name: name.into(), project: Some(id), outline: Outline::new(vec![vec![ring]]) }
    }

    fn home(near: &ServiceBox) -> homes::Home {
        let ServiceBox { id, position, ref name, .. } = *near;
        homes::Home {
            id,
            project: None,
            position,
            address: name.clone(),
            observation: format!("{name}\t").into(),
        }
    }

    proptest! {
        #[test]
        fn an_answer_is_what_a_serialiser_makes_of_it(
            offered in prop::collection::vec(found(), 0..40), refused in prop::collection::vec(found(), 0..40),
            names in prop::collection::vec(prop_oneof![".{0,30}", "[ -~]{600}"], 0..3),
        ) {
            let reason = Refusal::NoServiceConnector;
            let communities: Vec<_> = (0..).zip(&names).map(|(number, name)| community(number, name)).collect();
            let homes: Vec<_> = offered.iter().take(names.len()).map(|(_, near)| home(near)).collect();
            let answer = Answer {
                boxes: offered.iter().map(|(distance, one)| Offered { distance: *distance, service_box: view(one) }).collect(),
                refused: refused.iter().map(|(distance, one)| Refused { distance: *distance, service_box: view(one), reason }).collect(),
                around: Some(Box::new(Around { homes: homes.iter().collect(), communities: communities.iter().collect() })),
                ..Answer::default()
            };
            let model = Model {
                viable: answer.is_viable(),
                boxes: answer.boxes.iter().map(|found| model(found.distance, &found.service_box, &communities, None)).collect(),
                refused_boxes: answer.refused.iter().map(|found| model(found.distance, &found.service_box, &communities, Some(reason.as_str()))).collect(),
                properties: homes.iter().map(|one| Home { id: one.id.to_string(), address: one.address.to_string(), observation: one.observation.to_string() }).collect(),
            };
            prop_assert_eq!(text(render(&answer)), serde_json::to_string(&model).unwrap());
        }
    }
}
