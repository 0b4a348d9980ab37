//! What the benchmarks of single steps have in common: the rules, and how large the networks are.

use std::num::NonZeroUsize;
use viability_proxy::viability::Rules;
use viability_proxy::viability::communities::CommunityRules;
use viability_proxy::viability::geo::{Boundary, Earth, Radius};
use viability_proxy::viability::homes::HomeRules;
use viability_proxy::viability::ports::ServiceConnectors;

/// Those of an installation as it comes.
pub(crate) fn rules() -> Rules {
    Rules {
        default_radius: None,
        max_radius: Radius::new(2_000.0).expect("a radius"),
        max_boxes: NonZeroUsize::new(100).expect("not 0"),
        boundary: Boundary::Inclusive,
        list_refused: true,
        service_connectors: ServiceConnectors::default(),
        blocked_ports_are_free: false,
        maximum_drop: false,
        homes: HomeRules::default(),
        communities: CommunityRules::default(),
        earth: Earth::new(6_378_100.0).expect("the Earth"),
    }
}

/// The networks to measure: all of them, or in a smoke run (`--test`) a small one.
pub(crate) fn sizes(all: &[usize]) -> Vec<usize> {
    if is_smoke_run() { vec![1_000] } else { all.to_vec() }
}

/// Whether it is only to be seen that the benchmarks run.
fn is_smoke_run() -> bool {
    std::env::args().any(|argument| argument == "--test")
}
