use super::super::communities::{Communities, Community, CommunityRules, Outline};
use super::super::evaluate;
use super::super::geo::{Boundary, Point, Radius};
use super::super::plant::{Evidence, Stage};
use super::super::ports::Ports;
use super::super::snapshot::Plant;
use super::super::tests::{rules, service_box};
use super::*;
use crate::viability::plant::{ObjectId, Projects};
use proptest::prelude::*;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// A box near one place, in any state.
fn boxes() -> impl Strategy<Value = Vec<ServiceBox>> {
    let stage = prop_oneof![Just(Stage::Draft), Just(Stage::NotImplanted), Just(Stage::Implanted)];
    let evidence =
        prop_oneof![4 => Just(Evidence::Whole), 1 => Just(Evidence::Partial), 1 => Just(Evidence::Unlisted)];
    let ports = proptest::option::of((0_u32..9).prop_map(|free| Ports { total: 8, free: free.min(8) }));
    let one = (0..40_i32, 0..40_i32, stage, evidence, ports);
    proptest::collection::vec(one, 0..60).prop_map(|all| {
        let place = |steps: i32| f64::from(steps) * 1e-4;
        let make = |(number, (north, east, stage, evidence, ports))| ServiceBox {
            stage,
            ports,
            evidence,
            ..service_box(number, -27.0 + place(north), -48.0 + place(east))
        };
        (1..).zip(all).map(make).collect()
    })
}

fn community(number: u8, west: f64, east: f64) -> Community {
    let corner = |lat, lng| Point::new(lat, lng).unwrap();
    let ring = vec![corner(-27.1, west), corner(-27.1, east), corner(-26.9, east), corner(-26.9, west)];
    Community {
        id: ObjectId::from_bytes([number; 12]),
        name: "Jardins".into(),
        project: None,
        outline: Outline::new(vec![vec![ring]]),
    }
}

/// What is listed, by id, in order: offered, and refused with the reason.
type Lists = (Vec<ObjectId>, Vec<(ObjectId, Refusal)>);

fn explained(explanation: &Explanation<'_>) -> Lists {
    let (mut offered, mut refused) = (Vec::new(), Vec::new());
    for one in &explanation.boxes {
        match one.outcome {
            Outcome::Offered => offered.push(one.service_box.id),
            Outcome::Refused(reason) => refused.push((one.service_box.id, reason)),
            Outcome::NotListed(_) => {}
        }
    }
    (offered, refused)
}

proptest! {
    #[test]
    fn what_is_explained_is_what_is_answered(
        boxes in boxes(),
        home in (0..40_i32, 0..40_i32),
        metres in 1.0_f64..400.0,
        drops in proptest::collection::vec(prop_oneof![
            Just(MaximumDrop::Unlimited), Just(MaximumDrop::Unknown), (20.0_f64..300.0).prop_map(|metres| {
                MaximumDrop::Metres(Radius::new(metres).unwrap())
            })
        ], 2),
        (decide, maximum_drop, list_refused, exclusive) in any::<(bool, bool, bool, bool)>(),
        max_boxes in 1_usize..8,
        narrow in any::<bool>(),
    ) {
        let projects = [900, 901].map(|number| service_box(number, 0.0, 0.0).id);
        let projects: Projects = projects.into_iter().zip(drops).collect();
        let scope = if narrow {
            Scope::Projects(projects.keys().copied().take(1).collect())
        } else {
            Scope::Everything
        };
        let communities = Communities::new(vec![community(1, -48.0, -47.9985), community(2, -47.999, -47.9975)], 0);
        let snapshot = Snapshot::build(1, Plant {
            boxes, projects, communities: Arc::new(communities), ..Plant::empty(UNIX_EPOCH)
        });
        let rules = Rules {
            maximum_drop,
            list_refused,
            boundary: if exclusive { Boundary::Exclusive } else { Boundary::Inclusive },
            max_boxes: NonZeroUsize::new(max_boxes).unwrap(),
            communities: CommunityRules { listed: false, decide },
            ..rules()
        };
        let query = Query {
            center: Point::new(-27.0 + f64::from(home.0) * 1e-4, -48.0 + f64::from(home.1) * 1e-4).unwrap(),
            radius: Radius::new(metres).unwrap(),
        };
        let answer = evaluate(&snapshot, &query, &scope, &rules);
        let answered: Lists = (
            answer.boxes.iter().map(|one| one.service_box.id).collect(),
            answer.refused.iter().map(|one| (one.service_box.id, one.reason)).collect(),
        );
        let explanation = explain(&snapshot, &query, &scope, &rules, usize::MAX);
        prop_assert_eq!(explained(&explanation), answered);
        for one in &explanation.boxes {
            // The first rule that says no is the reason, and without one it is offered.
            let failed = one.checks.iter().find_map(|check| check.failed);
            match one.outcome {
                Outcome::Offered => prop_assert_eq!(failed, None),
                Outcome::Refused(_) | Outcome::NotListed(_) => prop_assert_eq!(failed, one.outcome.reason()),
            }
        }
    }
}

#[test]
fn more_boxes_than_are_wanted_are_counted() {
    let boxes = (1..=9).map(|number| service_box(number, -27.0, -48.0)).collect();
    let snapshot = Snapshot::build(1, Plant { boxes, ..Plant::empty(UNIX_EPOCH) });
    let query = Query { center: Point::new(-27.0, -48.0).unwrap(), radius: Radius::new(10.0).unwrap() };
    let explanation = explain(&snapshot, &query, &Scope::Everything, &rules(), 4);
    assert_eq!((explanation.boxes.len(), explanation.left_out), (4, 5));
}

#[test]
fn a_box_by_itself_is_judged_wherever_the_home_may_be() {
    let outcome = |ports, stage| {
        let one = ServiceBox { stage, ports, ..service_box(1, -27.0, -48.0) };
        explain_box(one.named(|_| "CTO 1"), &rules()).outcome
    };
    let ports = |free| Some(Ports { total: 8, free });
    assert_eq!(outcome(ports(3), Stage::Implanted), Outcome::Offered);
    assert_eq!(outcome(ports(0), Stage::Implanted), Outcome::Refused(Refusal::NoFreePort));
    assert_eq!(outcome(None, Stage::Implanted), Outcome::Refused(Refusal::NoServiceConnector));
    let draft = Outcome::NotListed(Reason::Refused(Refusal::Draft));
    assert_eq!(outcome(ports(3), Stage::Draft), draft);
    let unlisted = Rules { list_refused: false, ..rules() };
    let full = ServiceBox { ports: ports(0), ..service_box(1, -27.0, -48.0) }.named(|_| "CTO 1");
    let reason = Outcome::NotListed(Reason::Refused(Refusal::NoFreePort));
    assert_eq!(explain_box(full, &unlisted).outcome, reason);
}
