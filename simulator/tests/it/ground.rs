//! Empty ground to build on by hand, and questions to the oracle.

use crate::client::start;
use ozmap_simulator::{NewBox, NewCondominium, OracleRules, Position, Settings, Simulator};
use serde_json::Value;

/// Metres of a degree on a great circle of the sphere with R = 6 378 100 m: 2 π R / 360.
pub(crate) const DEGREE: f64 = 111_318.845_3;

pub(crate) async fn empty(rules: OracleRules) -> Simulator {
    start(Settings { boxes: 0, rules, ..Settings::default() }).await
}

/// A box with 8 free ports.
pub(crate) fn at(lat: f64, lng: f64) -> NewBox {
    NewBox { lat, lng, ..NewBox::default() }
}

pub(crate) fn spot(lat: f64, lng: f64) -> Position {
    Position { lat, lng }
}

/// A square of four thousandths of a degree, about 445 m, around a point.
pub(crate) fn square(lat: f64, lng: f64) -> NewCondominium {
    NewCondominium::rectangle(spot(lat - 0.002, lng - 0.002), spot(lat + 0.002, lng + 0.002))
}

pub(crate) fn ask(simulator: &Simulator, lat: f64, lng: f64, radius: f64) -> Value {
    simulator.oracle(&simulator.full_key(), lat, lng, Some(radius))
}

/// The ids in a list of an answer.
pub(crate) fn listed(answer: &Value, list: &str) -> Vec<String> {
    answer[list].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}
