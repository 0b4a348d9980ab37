//! Homes without client, as `properties` lists them.

use serde::Serialize;

use super::place::Circle;
use crate::keys::Scope;
use crate::network::Network;
use crate::network::render::{property_address, property_observation};

#[derive(Debug, Serialize)]
pub(super) struct Home {
    id: String,
    address: String,
    observation: &'static str,
}

/// Those in the circle that the key sees, the nearest first.
pub(super) fn listed(network: &Network, scope: &Scope, circle: &Circle, most: usize) -> Vec<Home> {
    let mut found = Vec::new();
    for row in &network.properties {
        if row.gone || row.has_client || !scope.sees(row.project) {
            continue;
        }
        let distance = row.position.and_then(|(lat, lng)| circle.distance_to(lat, lng));
        found.extend(distance.map(|distance| (distance, row)));
    }
    found.sort_by(|(near, a), (far, b)| near.total_cmp(far).then(a.id.cmp(&b.id)));
    found.truncate(most);
    found
        .into_iter()
        .map(|(_, row)| Home {
            id: row.id.to_string(),
            address: property_address(row),
            observation: property_observation(row),
        })
        .collect()
}
