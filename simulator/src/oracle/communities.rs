//! Gated communities: which of them contain a point, and which boxes may serve into them.

use serde::Serialize;

use super::place::Place;
use crate::keys::Scope;
use crate::network::Network;
use crate::network::rows::{BoxRow, CondominiumRow};

/// An entry of `horizontal_condos`.
#[derive(Debug, Serialize)]
pub(super) struct Community {
    id: String,
    name: String,
}

/// The communities that contain the box and that the key sees, in the order of ids.
pub(super) fn listed(network: &Network, scope: &Scope, row: &BoxRow) -> Vec<Community> {
    around(network, row.lat, row.lng)
        .into_iter()
        .filter(|community| scope.sees(community.project))
        .map(|community| Community { id: community.id.to_string(), name: community.name.clone() })
        .collect()
}

/// Whether the box may serve the place: it shares a community with it, or both are in none.
pub(super) fn shared(network: &Network, place: Place, row: &BoxRow) -> bool {
    let (here, there) = (around(network, place.lat, place.lng), around(network, row.lat, row.lng));
    if here.is_empty() {
        return there.is_empty();
    }
    there.iter().any(|community| here.iter().any(|other| other.id == community.id))
}

fn around(network: &Network, lat: f64, lng: f64) -> Vec<&CondominiumRow> {
    network.condominiums.iter().filter(|row| !row.gone && contains(&row.ring, lat, lng)).collect()
}

/// Even-odd: a line from the point to the east crosses the ring an odd number of times. Degrees are taken as flat.
fn contains(ring: &[[f64; 2]], lat: f64, lng: f64) -> bool {
    let mut inside = false;
    for side in ring.windows(2) {
        let [[from_lng, from_lat], [to_lng, to_lat]] = [side[0], side[1]];
        if (from_lat > lat) == (to_lat > lat) {
            continue;
        }
        let crossing = from_lng + (lat - from_lat) / (to_lat - from_lat) * (to_lng - from_lng);
        if crossing > lng {
            inside = !inside;
        }
    }
    inside
}
