//! `/ftth-viability/radius`.

use super::answer::{Answer, message};
use crate::keys::Scope;
use crate::oracle;
use crate::oracle::place::Place;
use crate::state::State;

pub(super) fn radius(state: &State, scope: &Scope, query: &str) -> Answer {
    let rules = &state.settings.rules;
    let (mut lat, mut lng, mut radius) = (None, None, Some(rules.default_radius_m));
    for (name, text) in form_urlencoded::parse(query.as_bytes()) {
        let number = text.parse::<f64>().ok();
        match &*name {
            "lat" => lat = number,
            "lng" => lng = number,
            "radius" => radius = number,
            _ => {}
        }
    }
    let (Some(lat), Some(lng), Some(radius_m)) = (lat, lng, radius) else {
        return message(400, "lat and lng must be numbers, and radius too if it is given");
    };
    let place = match Place::checked(lat, lng, radius_m) {
        Ok(place) => place,
        Err(text) => return message(400, text),
    };
    let answer = oracle::answer(&state.network(), scope, rules, place);
    serde_json::to_vec(&answer).map_or_else(|_| message(500, "no JSON"), |body| Answer::json_bytes(200, body))
}
