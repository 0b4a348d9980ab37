//! Why an answer is as it is: every box in reach with every rule that was asked, what it was asked of, and what it said.
//!
//! Judged rule by rule here and all at once in [`super::evaluate`], for that has to be fast; a property test holds both
//! together.

pub mod checks;

use super::communities::Nearby;
use super::plant::{MaximumDrop, Refusal, Scope, ServiceBox};
use super::snapshot::Snapshot;
use super::{Query, Reach, Rules};
use checks::{Check, Reason, Rule};

/// What every box in reach is judged to be, nearest first, those at one distance by id.
#[derive(Debug, Default, PartialEq)]
pub struct Explanation<'s> {
    /// The nearest.
    pub boxes: Vec<Explained<'s>>,
    /// How many more are in reach.
    pub left_out: usize,
}

/// A box with all that was asked of it.
#[derive(Debug, PartialEq)]
pub struct Explained<'s> {
    /// The box.
    pub service_box: ServiceBox<&'s str>,
    /// From the query's centre, in metres, unrounded; `None` where no query was asked.
    pub distance: Option<f64>,
    /// What becomes of it.
    pub outcome: Outcome,
    /// Every rule, in the order in which they count: the first that isn't fulfilled is the reason.
    pub checks: Vec<Check>,
}

/// What becomes of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It can be sold; of a query: it is listed among `boxes`.
    Offered,
    /// It is listed among `refused_boxes`, for this reason.
    Refused(Refusal),
    /// No list has it, for this reason.
    NotListed(Reason),
}

impl Outcome {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Refused(_) => "refused",
            Self::NotListed(_) => "not_listed",
        }
    }

    /// Why it isn't offered.
    pub fn reason(self) -> Option<Reason> {
        match self {
            Self::Offered => None,
            Self::Refused(refusal) => Some(Reason::Refused(refusal)),
            Self::NotListed(reason) => Some(reason),
        }
    }
}

/// Explains what [`super::evaluate`] says; the nearest `at_most` boxes.
pub fn explain<'s>(
    snapshot: &'s Snapshot,
    query: &Query,
    scope: &Scope,
    rules: &Rules,
    at_most: usize,
) -> Explanation<'s> {
    let reach = Reach::of(query, rules);
    let asked = Asked {
        query,
        scope,
        rules,
        communities: rules.communities.decide.then(|| snapshot.communities_near(reach.envelopes)),
    };
    let mut found = snapshot.within(&reach.circle, reach.envelopes);
    found.sort_unstable_by_key(|near| (near.distance.to_bits(), snapshot.id(near.row)));
    let in_reach = found.len();
    let mut lists = Lists::default();
    let boxes = found.into_iter().take(at_most).filter_map(|near| {
        let service_box = snapshot.service_box(near.row)?;
        let longest = snapshot.standing(near.row)?.maximum_drop;
        let mut checks = asked.checks(&service_box, near.distance, longest);
        let outcome = lists.outcome(&mut checks, rules);
        Some(Explained { service_box, distance: Some(near.distance), outcome, checks })
    });
    let boxes: Vec<_> = boxes.collect();
    Explanation { left_out: in_reach - boxes.len(), boxes }
}

/// Explains whether a box can be sold at all, wherever the home may be.
pub fn explain_box<'s>(service_box: ServiceBox<&'s str>, rules: &Rules) -> Explained<'s> {
    let checks: Vec<_> = checks::of_box(&service_box, rules).collect();
    let outcome = match first_failed(&checks) {
        None => Outcome::Offered,
        Some(Reason::Refused(refusal)) if is_listed(refusal) && rules.list_refused => {
            Outcome::Refused(refusal)
        }
        Some(reason) => Outcome::NotListed(reason),
    };
    Explained { service_box, distance: None, outcome, checks }
}

/// A question, by whom it is asked.
struct Asked<'s, 'a> {
    query: &'a Query,
    scope: &'a Scope,
    rules: &'a Rules,
    /// Those nearby, where they decide.
    communities: Option<Nearby<'s>>,
}

impl Asked<'_, '_> {
    /// All rules but the last, which depends on the others.
    fn checks(&self, service_box: &ServiceBox<&str>, metres: f64, longest: MaximumDrop) -> Vec<Check> {
        let Self { query, scope, rules, .. } = *self;
        let distance = Rule::Distance { metres, radius: query.radius, boundary: rules.boundary };
        let project = service_box.project;
        let seen = Rule::Scope { project }.checked(Reason::OutsideScope, scope.holds(project));
        let drop = rules.maximum_drop.then(|| {
            let failed = rules.refusal_of_drop(longest, metres).map(Reason::Refused);
            Check { rule: Rule::MaximumDrop { metres, longest }, failed }
        });
        let mut checks = vec![distance.passed()];
        checks
            .extend(self.communities.as_ref().map(|near| checks::community(near, query.center, service_box)));
        checks.push(seen);
        checks.extend(checks::of_box(service_box, rules));
        checks.extend(drop);
        checks
    }
}

fn first_failed(checks: &[Check]) -> Option<Reason> {
    checks.iter().find_map(|check| check.failed)
}

/// Whether boxes refused for it are told of at all.
fn is_listed(refusal: Refusal) -> bool {
    match refusal {
        Refusal::Draft | Refusal::Unreadable => false,
        Refusal::NoServiceConnector | Refusal::NoFreePort | Refusal::DropTooLong => true,
    }
}

/// How many boxes each list has so far.
#[derive(Default)]
struct Lists {
    offered: usize,
    refused: usize,
}

impl Lists {
    /// What becomes of the next box, the nearest first: a list that is full takes none.
    fn outcome(&mut self, checks: &mut Vec<Check>, rules: &Rules) -> Outcome {
        let (list, listed) = match first_failed(checks) {
            None => (&mut self.offered, Outcome::Offered),
            Some(Reason::Refused(refusal)) if is_listed(refusal) && rules.list_refused => {
                (&mut self.refused, Outcome::Refused(refusal))
            }
            Some(reason) => return Outcome::NotListed(reason),
        };
        *list += 1;
        let (place, at_most) = (*list, rules.max_boxes.get());
        let has_room = place <= at_most;
        checks.push(Rule::MaximumOfBoxes { place, at_most }.checked(Reason::BeyondMaximum, has_room));
        // Of one that can't be sold that stays the reason.
        if has_room {
            listed
        } else {
            Outcome::NotListed(first_failed(checks).unwrap_or(Reason::BeyondMaximum))
        }
    }
}

#[cfg(test)]
mod tests;
