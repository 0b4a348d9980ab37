//! Why a request is answered as it is, for who runs this: the same decision as for clients, with what led to it.

use super::live::Recall;
use super::provenance::LiveReason;
use super::resolve::Request;
use super::turn::Turn;
use super::{Data, DataState, Tenant};
use crate::ozmap::wire::answer::render;
use crate::ozmap::wire::pieces::Pieces;
use crate::viability::explain::{Explanation, explain};
use crate::viability::geo::{Point, Radius};
use crate::viability::plant::Scope;
use crate::viability::{Doubt, Query, evaluate};
use std::time::Duration;
use tokio::time::Instant;

/// A request, explained.
pub struct Explained<'d> {
    /// The state of the data.
    pub state: DataState,
    /// What was judged.
    pub query: Query,
    /// Who answers a client that asks this now.
    pub expected: Expected,
    /// The answer of the snapshot, in OZmap's format.
    pub answer: Pieces,
    /// Its verdict.
    pub is_viable: bool,
    /// Whether the verdict follows from what was read of what this scope holds.
    pub is_certain: bool,
    /// What could not be read and may change it.
    pub doubt: Doubt,
    /// How long judging and writing the answer took.
    pub took: Duration,
    /// The boxes in reach.
    pub explanation: Explanation<'d>,
}

/// Who answers a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The snapshot.
    Index,
    /// The snapshot, once OZmap has been asked about last free ports.
    Recheck,
    /// OZmap, for this reason.
    Live(LiveReason),
}

/// The request names no radius, and none is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no radius is asked for, and viability.default_radius_m is \"none\": name one")]
pub struct NoRadius;

impl Tenant {
    /// Explains a request for who may see this much; the nearest `at_most` boxes.
    ///
    /// A radius above the largest that is answered from memory is judged all the same.
    pub fn explain<'d>(
        &self,
        data: &'d Data,
        center: Point,
        radius: Option<Radius>,
        scope: &Scope,
        at_most: usize,
    ) -> Result<Explained<'d>, NoRadius> {
        let rules = &self.settings.rules;
        let query = Query { center, radius: radius.or(rules.default_radius).ok_or(NoRadius)? };
        let now = Instant::now();
        let request = Request { center, radius, recall: Recall::Allowed };
        let expected = match self.turn(Some(data), &request, scope, now) {
            Turn::Index(_) => Expected::Index,
            Turn::Recheck(..) => Expected::Recheck,
            Turn::Live(reason, _) => Expected::Live(reason),
        };
        let began = Instant::now();
        let judged = evaluate(&data.snapshot, &query, scope, rules);
        let answer = render(&judged);
        let took = began.elapsed();
        Ok(Explained {
            state: self.state_of(Some(data), now),
            query,
            expected,
            answer,
            is_viable: judged.is_viable(),
            is_certain: self.coverage(data, scope).bears(&judged),
            doubt: judged.doubt,
            took,
            explanation: explain(&data.snapshot, &query, scope, rules, at_most),
        })
    }
}
