//! What this proxy would answer at a point if it answered by a hypothesis.

use super::hypotheses::{Hypothesis, Order};
use super::points::Probe;
use crate::ozmap::wire::answer::render;
use crate::viability::geo::Boundary;
use crate::viability::homes::Home;
use crate::viability::plant::{ObjectId, Scope};
use crate::viability::snapshot::Snapshot;
use crate::viability::{Answer, Query, Rules, evaluate};
use std::mem;
use std::num::NonZeroUsize;

/// The answer as it would be written. The snapshot's ports have to be counted by the hypothesis' rules.
pub(super) fn answer(snapshot: &Snapshot, probe: &Probe, hypothesis: &Hypothesis) -> Vec<u8> {
    let mut pieces = render(&judged(snapshot, probe, hypothesis));
    std::iter::from_fn(|| pieces.take()).flatten().collect()
}

/// The same before it is written.
pub(super) fn judged<'s>(snapshot: &'s Snapshot, probe: &Probe, hypothesis: &Hypothesis) -> Answer<'s> {
    let Hypothesis { rules, order, max_boxes } = hypothesis;
    // No radius is 0: of what is searched around such a point, only what is at no distance may be left.
    let boundary = if probe.is_exact() { Boundary::Inclusive } else { rules.boundary };
    let everything = Rules { max_boxes: NonZeroUsize::MAX, boundary, ..rules.clone() };
    let query = Query { center: probe.center, radius: probe.searched() };
    let mut answer = evaluate(snapshot, &query, &Scope::Everything, &everything);
    if probe.is_exact() {
        let is_inside = |distance: f64| rules.boundary == Boundary::Inclusive && distance == 0.0;
        keep(&mut answer.boxes, |found| is_inside(found.distance));
        keep(&mut answer.refused, |found| is_inside(found.distance));
        if let Some(around) = &mut answer.around {
            let is_here = |home: &&Home| home.position == probe.center;
            around.homes.retain(|home| rules.boundary == Boundary::Inclusive && is_here(home));
        }
    }
    let most = max_boxes.map_or(usize::MAX, NonZeroUsize::get);
    cut(&mut answer.boxes, most, *order, |found| found.service_box.id);
    cut(&mut answer.refused, most, *order, |found| found.service_box.id);
    if let Some(around) = &mut answer.around {
        around.homes.truncate(most);
    }
    answer
}

fn keep<T>(found: &mut Box<[T]>, is_kept: impl FnMut(&T) -> bool) {
    let mut kept = mem::take(found).into_vec();
    kept.retain(is_kept);
    *found = kept.into_boxed_slice();
}

/// Keeps the nearest, which come first, and orders what is kept.
fn cut<T>(found: &mut Box<[T]>, most: usize, order: Order, id: impl Fn(&T) -> ObjectId) {
    let mut kept = mem::take(found).into_vec();
    kept.truncate(most);
    match order {
        Order::NearestFirst => {}
        Order::ById => kept.sort_by_key(id),
    }
    *found = kept.into_boxed_slice();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::tests::{point, rules, service_box};
    use crate::viability::geo::{Earth, Radius};
    use crate::viability::plant::ServiceBox;
    use crate::viability::ports::Ports;
    use crate::viability::snapshot::Plant;
    use proptest::prelude::*;
    use std::time::UNIX_EPOCH;

    /// Boxes of a few streets by their places and free ports, some of them full, some at one place.
    fn plant() -> impl Strategy<Value = Vec<(i32, i32, u32)>> {
        prop::collection::vec((0..30_i32, 0..30_i32, 0..3_u32), 1..80)
    }

    fn snapshot(boxes: Vec<ServiceBox>) -> Snapshot {
        Snapshot::build(1, Plant { boxes, ..Plant::empty(UNIX_EPOCH) })
    }

    proptest! {
        #[test]
        fn under_the_configured_rules_it_is_what_the_proxy_answers(
            plant in plant(), north in 0..30_i32, metres in 1.0..600.0, max_boxes in 1..20_usize, small_earth in any::<bool>()
        ) {
            let boxes = plant.into_iter().enumerate().map(|(number, (north, east, free))| ServiceBox {
                ports: Some(Ports { total: 8, free }),
                ..service_box(number, f64::from(north) * 1e-4 - 27.0, f64::from(east) * 1e-4 - 48.0)
            });
            let snapshot = snapshot(boxes.collect());
            let mut rules = Rules { max_boxes: NonZeroUsize::new(max_boxes).unwrap(), ..rules() };
            if small_earth {
                rules.earth = Earth::new(6_371_000.0).unwrap();
            }
            let (center, radius) = (point(f64::from(north) * 1e-4 - 27.0, -47.999), Radius::new(metres).unwrap());
            let ours = evaluate(&snapshot, &Query { center, radius }, &Scope::Everything, &rules);
            let hypothesis = Hypothesis::configured(&rules);
            prop_assert_eq!(judged(&snapshot, &Probe::around(center, radius), &hypothesis), ours);
        }
    }

    #[test]
    fn the_edge_the_order_the_cut_and_the_refused_boxes_are_those_of_the_hypothesis() {
        let full = ServiceBox { ports: Some(Ports { total: 8, free: 0 }), ..service_box(4, -27.0, -48.0) };
        let boxes = vec![
            service_box(3, -27.0, -48.0),
            service_box(2, -27.000_1, -48.0),
            service_box(1, -27.000_2, -48.0),
            full,
        ];
        let snapshot = snapshot(boxes);
        let base = Hypothesis::configured(&rules());
        let here = point(-27.0, -48.0);
        let numbers = |probe: &Probe, hypothesis: &Hypothesis| -> (Vec<u8>, usize) {
            let answer = judged(&snapshot, probe, hypothesis);
            let numbers = answer.boxes.iter().map(|found| found.service_box.id.to_bytes()[11]);
            (numbers.collect(), answer.refused.len())
        };
        let wide = Probe::around(here, Radius::new(100.0).unwrap());
        let exact = Probe::exactly_at(here, Radius::new(1.0).unwrap());
        assert_eq!(numbers(&wide, &base), (vec![3, 2, 1], 1));
        assert_eq!(numbers(&exact, &base), (vec![3], 1));
        let exclusive =
            Hypothesis { rules: Rules { boundary: Boundary::Exclusive, ..rules() }, ..base.clone() };
        assert_eq!(numbers(&exact, &exclusive), (vec![], 0));
        let by_id = Hypothesis { order: Order::ById, max_boxes: NonZeroUsize::new(2), ..base.clone() };
        assert_eq!(numbers(&wide, &by_id), (vec![2, 3], 1), "the two nearest by id");
        assert_eq!(
            numbers(&wide, &Hypothesis { rules: Rules { list_refused: false, ..rules() }, ..base }),
            (vec![3, 2, 1], 0)
        );
    }
}
