//! Whose turn a viability request is: the snapshot's, or OZmap's. All of THE decision is in [`Tenant::turn`].

use super::live::Recall;
use super::provenance::LiveReason;
use super::recheck::Doubted;
use super::resolve::Request;
use super::{Data, DataState, Tenant};
use crate::config::WhenExpired;
use crate::viability::plant::Scope;
use crate::viability::{Answer, Offered, Query, evaluate};
use tokio::time::Instant;

/// Who is to answer a request.
pub(super) enum Turn<'d> {
    /// The snapshot.
    Index(Local<'d>),
    /// The snapshot, once OZmap has been asked whether the last free ports of these boxes are free still.
    Recheck(Local<'d>, Doubted),
    /// OZmap, for this reason; what the snapshot could say if it doesn't answer.
    Live(LiveReason, Option<Local<'d>>),
}

/// What the snapshot says.
pub(super) struct Local<'d> {
    /// The data it says it by.
    pub(super) data: &'d Data,
    /// Their state.
    pub(super) state: DataState,
    /// What it is.
    pub(super) answer: Answer<'d>,
    /// Whether the snapshot holds all that the caller may see.
    pub(super) coverage: Coverage,
}

/// How much of what the caller may see the snapshot holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Coverage {
    /// All of it.
    Whole,
    /// There may be more boxes.
    Part,
    /// There may be more gated communities, too, and these decide.
    Unsure,
}

impl Coverage {
    /// Whether an answer's verdict holds: a box with a free port is one whatever else there is, but "not viable" can only
    /// be said by who sees everything.
    pub(super) fn bears(self, answer: &Answer<'_>) -> bool {
        let is_covered = match self {
            Self::Whole => true,
            Self::Part => answer.is_viable(),
            Self::Unsure => false,
        };
        is_covered && answer.is_certain()
    }
}

impl Local<'_> {
    /// Whether its verdict holds.
    pub(super) fn holds(&self) -> bool {
        self.coverage.bears(&self.answer)
    }
}

impl Tenant {
    /// Whose turn it is: THE decision.
    pub(super) fn turn<'d>(
        &self,
        data: Option<&'d Data>,
        request: &Request,
        scope: &Scope,
        now: Instant,
    ) -> Turn<'d> {
        let state = self.state_of(data, now);
        if let Some(reason) = self.why_silent(state) {
            return Turn::Live(reason, None);
        }
        let local = data.zip(self.local_query(request)).map(|(data, query)| {
            let answer = evaluate(&data.snapshot, &query, scope, &self.settings.rules);
            Local { data, state, answer, coverage: self.coverage(data, scope) }
        });
        match (state, local) {
            (_, None) => Turn::Live(LiveReason::Radius, None),
            (_, local) if request.recall == Recall::Forbidden => Turn::Live(LiveReason::NoCache, local),
            (_, Some(local)) if local.coverage != Coverage::Whole => {
                Turn::Live(LiveReason::Scope, Some(local))
            }
            (_, Some(local)) if !local.holds() => Turn::Live(LiveReason::Unreadable, None),
            (DataState::Stale | DataState::Expired, local) => Turn::Live(LiveReason::Stale, local),
            (DataState::Absent | DataState::Fresh, Some(local)) => match self.doubted(&local, now) {
                None => Turn::Index(local),
                // Which home holds which port no list tells for some boxes alone: OZmap judges the whole.
                Some(_) if self.settings.rules.homes.ports_are_free => {
                    Turn::Live(LiveReason::LastPorts, Some(local))
                }
                Some(doubted) => Turn::Recheck(local, doubted),
            },
        }
    }

    /// Why data in this state answer nothing at all, if they don't.
    pub(super) fn why_silent(&self, state: DataState) -> Option<LiveReason> {
        let refuse_expired = self.settings.freshness.when_expired == WhenExpired::Refuse;
        match state {
            DataState::Absent => Some(LiveReason::Cold),
            DataState::Expired if refuse_expired => Some(LiveReason::Expired),
            DataState::Fresh | DataState::Stale | DataState::Expired => None,
        }
    }

    /// The query that the snapshot would answer; `None` when only OZmap knows the radius or allows it.
    pub(super) fn local_query(&self, request: &Request) -> Option<Query> {
        let radius = request.radius.or(self.settings.rules.default_radius)?;
        (radius <= self.settings.rules.max_radius).then_some(Query { center: request.center, radius })
    }

    /// The boxes of an answer that stands on last free ports, if the data are old enough for these to be sold by now.
    fn doubted(&self, local: &Local<'_>, now: Instant) -> Option<Doubted> {
        let live = &self.settings.live;
        let boxes = &local.answer.boxes;
        let last = |found: &Offered<'_>| found.service_box.free_ports() <= live.recheck_at_most;
        // Where the list was cut, there are more.
        let is_whole = boxes.len() < self.settings.rules.max_boxes.get();
        let doubtful = !boxes.is_empty() && boxes.iter().all(last) && is_whole;
        if !doubtful || local.data.age(now) <= live.recheck_after {
            return None;
        }
        let held = boxes.iter().map(|found| (found.service_box.id, found.service_box.ports));
        let mut doubted: Doubted = held.collect();
        doubted.sort_unstable_by_key(|(id, _)| *id);
        Some(doubted)
    }

    /// How much of what this scope holds was read.
    pub(super) fn coverage(&self, data: &Data, scope: &Scope) -> Coverage {
        match (scope.lies_within(data.snapshot.projects()), self.settings.rules.communities.decide) {
            (true, _) => Coverage::Whole,
            (false, false) => Coverage::Part,
            (false, true) => Coverage::Unsure,
        }
    }
}
