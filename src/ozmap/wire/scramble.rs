//! Making what OZmap says fit to be shown to others: names, addresses and places become others, the same everywhere.

use crate::viability::geo::Point;
use crate::viability::plant::ObjectId;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Decimals of degrees that people and devices write; what has more keeps them.
const DECIMALS: usize = 7;
/// As many as are kept.
const MOST_DECIMALS: usize = 12;
/// Letters of a reason; a longer text is none.
const LONGEST_REASON: usize = 40;

/// What stands for what.
#[derive(Debug)]
pub struct Scramble {
    /// Ten-millionths of a degree to the east.
    east: i32,
    /// Whether north and south change places: every distance stays.
    mirrored: bool,
    names: HashMap<(&'static str, String), String>,
}

impl Scramble {
    /// Moves everything so many ten-millionths of a degree to the east, round the Earth if need be, and mirrors it or not.
    pub fn new(east: i32, mirrored: bool) -> Self {
        Self { east, mirrored, names: HashMap::new() }
    }

    /// Where a place is now.
    pub fn point(&self, at: Point) -> Point {
        Point::new(self.lat(at.lat()), self.lng(at.lng())).unwrap_or(at)
    }

    fn lat(&self, degrees: f64) -> f64 {
        if self.mirrored { -degrees } else { degrees }
    }

    /// To as many decimals as it was written with: so equal places stay equal, and distances what they were.
    fn lng(&self, degrees: f64) -> f64 {
        let text = degrees.to_string();
        let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let moved = degrees + f64::from(self.east) / 1e7;
        let around = if moved > 180.0 { moved - 360.0 } else { moved };
        let written = format!("{around:.*}", decimals.clamp(DECIMALS, MOST_DECIMALS));
        written.parse().unwrap_or(around)
    }

    /// What stands for a name, which stays empty if it is.
    pub fn name(&mut self, kind: &'static str, name: &str) -> String {
        if name.is_empty() {
            return String::new();
        }
        let next = self.names.len() + 1;
        self.names.entry((kind, name.to_owned())).or_insert_with(|| format!("{kind} {next}")).clone()
    }

    /// A viability answer. Of a field that nobody knows only the name and the type are left.
    pub fn answer(&mut self, body: &[u8]) -> Option<Value> {
        let Value::Object(answer) = serde_json::from_slice(body).ok()? else { return None };
        Some(self.fields(answer, |scramble, field, value| match (field, value) {
            ("viable", Value::Bool(viable)) => Value::Bool(viable),
            ("boxes" | "refused_boxes", Value::Array(items)) => scramble.items(items, Self::of_box),
            ("properties", Value::Array(items)) => scramble.items(items, Self::of_property),
            (_, other) => neutral(&other),
        }))
    }

    fn fields(
        &mut self,
        fields: Map<String, Value>,
        mut each: impl FnMut(&mut Self, &str, Value) -> Value,
    ) -> Value {
        let scrambled = fields.into_iter().map(|(field, value)| {
            let value = each(self, &field, value);
            (field, value)
        });
        Value::Object(scrambled.collect())
    }

    fn items(&mut self, items: Vec<Value>, each: fn(&mut Self, &str, Value) -> Value) -> Value {
        let items = items.into_iter().map(|item| match item {
            Value::Object(fields) => self.fields(fields, each),
            other => neutral(&other),
        });
        Value::Array(items.collect())
    }

    fn of_box(&mut self, field: &str, value: Value) -> Value {
        match (field, value) {
            ("lat", Value::Number(degrees)) => degrees.as_f64().map(|lat| self.lat(lat)).into(),
            ("lng", Value::Number(degrees)) => degrees.as_f64().map(|lng| self.lng(lng)).into(),
            ("name", Value::String(name)) => self.name("CTO", &name).into(),
            ("distance" | "availability", Value::Number(number)) => Value::Number(number),
            ("implanted", Value::Bool(implanted)) => Value::Bool(implanted),
            ("id" | "project", Value::String(id)) => id_only(id),
            ("reason", Value::String(reason)) if is_a_word(&reason) => Value::String(reason),
            ("horizontal_condos", Value::Array(items)) => self.items(items, Self::of_community),
            (_, other) => neutral(&other),
        }
    }

    fn of_community(&mut self, field: &str, value: Value) -> Value {
        match (field, value) {
            ("id", Value::String(id)) => id_only(id),
            ("name", Value::String(name)) => self.name("Condomínio", &name).into(),
            (_, other) => neutral(&other),
        }
    }

    fn of_property(&mut self, field: &str, value: Value) -> Value {
        match (field, value) {
            ("id", Value::String(id)) => id_only(id),
            ("address", Value::String(address)) => self.name("Rua", &address).into(),
            ("observation", Value::String(text)) => self.name("Observação", &text).into(),
            (_, other) => neutral(&other),
        }
    }
}

fn id_only(id: String) -> Value {
    Value::String(if ObjectId::parse(&id).is_some() { id } else { String::new() })
}

fn is_a_word(reason: &str) -> bool {
    reason.len() <= LONGEST_REASON && reason.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// A value that tells its type and nothing else.
fn neutral(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Bool(_) => Value::Bool(false),
        Value::Number(_) => 0.into(),
        Value::String(_) => Value::String(String::new()),
        Value::Array(_) => Value::Array(Vec::new()),
        Value::Object(_) => Value::Object(Map::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::viability::geo::Earth;
    use proptest::prelude::*;
    use serde_json::json;

    proptest! {
        #[test]
        fn every_distance_stays_and_what_is_at_one_place_stays_there(
            lat in -60.0..60.0, lng in -180.0..180.0, north in -0.01..0.01, east_of in -0.01..0.01, east in 0..1_800_000_000, mirrored in any::<bool>()
        ) {
            let written = |degrees: f64| (degrees * 1e7).round() / 1e7;
            let at = |lat: f64, lng: f64| Point::new(written(lat), written(lng.clamp(-180.0, 180.0))).unwrap();
            let (one, other) = (at(lat, lng), at(lat + north, lng + east_of));
            let scramble = Scramble::new(east, mirrored);
            let earth = Earth::new(6_378_100.0).unwrap();
            let distance = earth.distance(scramble.point(one), scramble.point(other));
            prop_assert!((distance - earth.distance(one, other)).abs() < 1e-6);
            prop_assert_eq!(earth.distance(scramble.point(one), scramble.point(one)).to_bits(), 0);
            prop_assert_eq!(scramble.point(one).lng().to_bits(), scramble.lng(one.lng()).to_bits());
        }
    }

    #[test]
    fn an_answer_keeps_its_shape_and_nothing_that_tells_whose_it_is() {
        let secret = json!({
            "viable": true,
            "boxes": [{ "distance": 30.5, "name": "CTO Rua Velha 3", "id": "5dc06d1275fc7d0006732521",
                        "project": { "id": "5d51a87046cbe700148328bf", "name": "Cliente" }, "lat": -27.5, "lng": -48.123_456_7,
                        "implanted": true, "availability": 3, "horizontal_condos": [{ "id": "x", "name": "Solar" }],
                        "olt": "OLT-7", "ports": [1, 2], "more": { "who": "me" }, "cost": 17.5, "ok": true, "none": null }],
            "refused_boxes": [{ "name": "CTO Rua Velha 3", "reason": "no_free_port" }, { "name": "", "reason": "Sold to Ana" }],
            "properties": [{ "id": "6168210a1692a900135b628d", "address": "Rua Velha 3", "observation": "dog" }],
            "operator": "Ana"
        });
        let scrambled = Scramble::new(10_000_000, true).answer(secret.to_string().as_bytes()).unwrap();
        assert_eq!(
            scrambled,
            json!({
                "viable": true,
                "boxes": [{ "distance": 30.5, "name": "CTO 2", "id": "5dc06d1275fc7d0006732521", "project": {}, "lat": 27.5,
                            "lng": -47.123_456_7, "implanted": true, "availability": 3,
                            "horizontal_condos": [{ "id": "", "name": "Condomínio 1" }], "olt": "", "ports": [], "more": {},
                            "cost": 0, "ok": false, "none": null }],
                "refused_boxes": [{ "name": "CTO 2", "reason": "no_free_port" }, { "name": "", "reason": "" }],
                "properties": [{ "id": "6168210a1692a900135b628d", "address": "Rua 3", "observation": "Observação 4" }],
                "operator": ""
            })
        );
    }
}
