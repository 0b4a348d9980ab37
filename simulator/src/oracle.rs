//! The viability answer by plain loops over all boxes: slow on purpose, so that there is nothing to get wrong.

mod communities;
pub(crate) mod distance;
mod homes;
pub(crate) mod place;
pub(crate) mod ports;

use serde::{Serialize, Serializer};

use crate::keys::Scope;
use crate::network::Network;
use crate::network::rows::BoxRow;
use crate::settings::rules::{BoxOrder, OracleRules, RefusedBoxes};
use communities::Community;
use homes::Home;
use place::{Circle, Place};
use ports::Ports;

/// The answer, its keys in OZmap's order.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    viable: bool,
    boxes: Vec<Item>,
    refused_boxes: Vec<Item>,
    properties: Vec<Home>,
}

#[derive(Debug, Serialize)]
struct Item {
    #[serde(serialize_with = "as_javascript_writes")]
    distance: f64,
    name: String,
    id: String,
    project: String,
    #[serde(serialize_with = "as_javascript_writes")]
    lat: f64,
    #[serde(serialize_with = "as_javascript_writes")]
    lng: f64,
    implanted: bool,
    availability: usize,
    horizontal_condos: Vec<Community>,
    #[serde(skip_serializing_if = "Option::is_none")]
    olt: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// OZmap is written in JavaScript: whole numbers have no `.0`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's shape")]
fn as_javascript_writes<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    #[expect(clippy::cast_possible_truncation, reason = "degrees and metres are far below 2^53")]
    let whole = number.trunc() as i64;
    if number.fract() == 0.0 { serializer.serialize_i64(whole) } else { serializer.serialize_f64(*number) }
}

/// A box in the radius, judged.
struct Found<'a> {
    distance: f64,
    row: &'a BoxRow,
    availability: usize,
    reason: Option<&'static str>,
}

/// Judges every box.
pub(crate) fn answer(network: &Network, scope: &Scope, rules: &OracleRules, place: Place) -> Answer {
    let ports = Ports::under(network, rules);
    let circle = Circle::around(place, rules);
    let (mut sellable, mut refused) = (Vec::new(), Vec::new());
    for row in &network.boxes {
        if row.gone || row.draft || !scope.sees(row.project) {
            continue;
        }
        let Some(distance) = circle.distance_to(row.lat, row.lng) else { continue };
        if rules.consider_condominiums && !communities::shared(network, place, row) {
            continue;
        }
        let free = ports.free(row);
        let reason = refusal(network, rules, row, distance, free);
        let found = Found { distance, row, availability: free.unwrap_or(0), reason };
        if reason.is_none() { sellable.push(found) } else { refused.push(found) }
    }
    if rules.refused == RefusedBoxes::LeftOut {
        refused.clear();
    }
    let boxes = items(network, scope, rules, sellable);
    let refused_boxes = items(network, scope, rules, refused);
    let properties = if rules.list_properties {
        homes::listed(network, scope, &circle, rules.max_boxes)
    } else {
        Vec::new()
    };
    Answer { viable: !boxes.is_empty(), boxes, refused_boxes, properties }
}

/// Why the box can't be sold, if so.
fn refusal(
    network: &Network,
    rules: &OracleRules,
    row: &BoxRow,
    distance: f64,
    free: Option<usize>,
) -> Option<&'static str> {
    let longest = network.projects[usize::from(row.project)].max_drop_m;
    match free {
        None => Some("no_service_connector"),
        Some(0) => Some("no_free_port"),
        Some(_) if rules.maximum_drop && longest.is_some_and(|metres| distance > metres) => {
            Some("drop_too_long")
        }
        Some(_) => None,
    }
}

/// The nearest, as the answer writes them.
fn items(network: &Network, scope: &Scope, rules: &OracleRules, mut found: Vec<Found<'_>>) -> Vec<Item> {
    found.sort_by(|a, b| a.distance.total_cmp(&b.distance).then(a.row.id.cmp(&b.row.id)));
    found.truncate(rules.max_boxes);
    if rules.order == BoxOrder::ById {
        found.sort_by_key(|found| found.row.id);
    }
    found
        .into_iter()
        .map(|Found { distance, row, availability, reason }| Item {
            distance: (distance * 100.0).round() / 100.0,
            name: row.name.to_string(),
            id: row.id.to_string(),
            project: network.projects[usize::from(row.project)].id.to_string(),
            lat: row.lat,
            lng: row.lng,
            implanted: row.implanted,
            availability,
            horizontal_condos: if rules.list_condominiums {
                communities::listed(network, scope, row)
            } else {
                Vec::new()
            },
            olt: rules.unknown_field.then_some("OLT-1"),
            reason,
        })
        .collect()
}
