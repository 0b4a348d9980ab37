//! What memory alone says of a home, without a call to OZmap: all that rows of a batch are told.

use super::provenance::{LiveReason, Provenance, Remark, seconds_left};
use super::resolve::Request;
use super::turn::{Local, Turn};
use super::{Data, DataState, Tenant};
use crate::viability::Answer;
use crate::viability::plant::Scope;
use tokio::time::Instant;

/// What memory says of a home.
#[derive(Debug)]
pub enum Judgement<'d> {
    /// It has a word on it, and that holds.
    Said(Answer<'d>),
    /// Only OZmap can say, and why.
    Unknown(LiveReason),
}

impl Tenant {
    /// What these data say to a caller who sees so much.
    pub fn judge<'d>(
        &self,
        data: Option<&'d Data>,
        request: &Request,
        scope: &Scope,
        now: Instant,
    ) -> Judgement<'d> {
        match self.turn(data, request, scope, now) {
            // Whether last free ports are free still nobody is asked.
            Turn::Index(local) | Turn::Recheck(local, _) => Judgement::Said(local.answer),
            Turn::Live(reason, otherwise) => match otherwise.filter(Local::holds) {
                Some(local) => Judgement::Said(local.answer),
                None => Judgement::Unknown(reason),
            },
        }
    }

    /// How what memory says now comes about; else why it says nothing.
    pub fn memory_now(&self, now: Instant) -> Result<(DataState, Provenance), LiveReason> {
        let data = self.data();
        let state = self.state_of(data.as_deref(), now);
        match (self.why_silent(state), data) {
            (None, Some(data)) => Ok((state, self.by_index(&data, now, Remark::None))),
            (reason, _) => Err(reason.unwrap_or(LiveReason::Cold)),
        }
    }

    /// How an answer from these data comes about.
    pub(super) fn by_index(&self, data: &Data, now: Instant, remark: Remark) -> Provenance {
        let age = data.age(now);
        Provenance::Index {
            age,
            seconds_left: seconds_left(age, self.settings.freshness.stale_after),
            remark,
        }
    }
}
