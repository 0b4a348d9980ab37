//! The viability answer in OZmap's format, and what a live answer must look like to be believed.

use super::pieces::Pieces;
use crate::viability::Answer;
use crate::viability::plant::{ObjectId, ServiceBox, Stage};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};

/// The JSON of an answer, keys in OZmap's order.
pub fn render(answer: &Answer<'_>) -> Pieces {
    let boxes = answer.boxes.iter().map(|found| Item::new(found.distance, found.service_box, None));
    let refused = answer
        .refused
        .iter()
        .map(|found| Item::new(found.distance, found.service_box, Some(found.reason.as_str())));
    let body = Body {
        viable: answer.is_viable(),
        boxes: boxes.collect(),
        refused_boxes: refused.collect(),
        properties: Empty,
    };
    let mut pieces = Pieces::default();
    // Serialising plain data into memory has no way to fail; an empty body would be caught by every test.
    serde_json::to_writer(&mut pieces, &body).map_or_else(|_| Pieces::default(), |()| pieces)
}

/// Whether a body is a viability answer: JSON with a boolean `viable`; `None` if it isn't.
pub fn verdict(body: &[u8]) -> Option<bool> {
    #[derive(Deserialize)]
    struct Raw {
        viable: bool,
    }
    serde_json::from_slice::<Raw>(body).ok().map(|raw| raw.viable)
}

#[derive(Serialize)]
struct Body<'s> {
    viable: bool,
    boxes: Vec<Item<'s>>,
    refused_boxes: Vec<Item<'s>>,
    properties: Empty,
}

#[derive(Serialize)]
struct Item<'s> {
    distance: Number,
    name: &'s str,
    id: Id<'s>,
    project: Id<'s>,
    lat: Number,
    lng: Number,
    implanted: bool,
    availability: u32,
    horizontal_condos: Empty,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl<'s> Item<'s> {
    fn new(distance: f64, service_box: &'s ServiceBox, reason: Option<&'static str>) -> Self {
        Self {
            distance: Number((distance * 100.0).round() / 100.0),
            name: &service_box.name,
            id: Id(&service_box.id),
            project: Id(&service_box.project),
            lat: Number(service_box.position.lat()),
            lng: Number(service_box.position.lng()),
            implanted: service_box.stage == Stage::Implanted,
            availability: service_box.free_ports(),
            horizontal_condos: Empty,
            reason,
        }
    }
}

struct Id<'s>(&'s ObjectId);

impl Serialize for Id<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

/// A number as JavaScript writes it, for OZmap is written in it: `30`, not `30.0`.
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Distances and coordinates are far below 2^53, where every whole number is exact.
        #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
        if self.0.fract() == 0.0 && self.0.abs() < 9e15 {
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

/// An array without elements: what isn't known yet.
struct Empty;

impl Serialize for Empty {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_seq(Some(0))?.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::viability::geo::Point;
    use crate::viability::plant::Evidence;
    use crate::viability::plant::{Ports, Refusal};
    use crate::viability::{Offered, Refused};

    #[test]
    fn an_answer_is_ozmaps_to_the_byte() {
        let service_box = ServiceBox {
            id: ObjectId::parse("5dc06d1275fc7d0006732521").unwrap(),
            name: "CTO \"São João\" 22-05".into(),
            project: ObjectId::parse("5d51a87046cbe700148328bf").unwrap(),
            position: Point::new(-27.57665, -48.0).unwrap(),
            stage: Stage::Implanted,
            ports: Some(Ports { total: 8, free: 6 }),
            evidence: Evidence::Whole,
        };
        let full = ServiceBox { ports: Some(Ports { total: 8, free: 0 }), ..service_box.clone() };
        let answer = Answer {
            boxes: vec![Offered { distance: 30.414_9, service_box: &service_box }],
            refused: vec![Refused { distance: 149.999_9, service_box: &full, reason: Refusal::NoFreePort }],
            unreadable: 0,
        };
        assert_eq!(
            String::from_utf8(render(&answer).take().unwrap().into()).unwrap(),
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
}
