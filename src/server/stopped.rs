//! Requests that end before their handler.

use super::Service;
use super::arriving::BodyFault;
use super::body::Body;
use super::framing::Misframed;
use super::operator::{Operator, Refused};
use super::rejection::Rejection;
use super::reply;
use crate::tenant::selection::NoTenant;
use hyper::Response;
use std::time::Duration;

/// A request that ends before its handler.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Stopped {
    /// Its head is ambiguous or too large.
    #[error(transparent)]
    Misframed(#[from] Misframed),
    /// It is no tenant's.
    #[error(transparent)]
    NoTenant(#[from] NoTenant),
    /// Its body can't be read to its end.
    #[error(transparent)]
    Body(#[from] BodyFault),
    /// It had to wait for a thread for longer than clients do.
    #[error("the request waited too long to be read")]
    Overdue,
    /// Its key has asked too often; it may again after so long.
    #[error("this key asks too often")]
    TooOften(Duration),
    /// It may not do that, on the admin listener.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl Stopped {
    /// Counts it and answers.
    pub(super) fn answer(self, service: &Service, operator: Operator<'_>) -> Response<Body> {
        let rejection = match &self {
            Self::Misframed(fault) => Some(fault.rejection()),
            Self::NoTenant(reason) => Rejection::of_no_tenant(reason),
            Self::Body(fault) => Some(fault.rejection()),
            Self::Overdue => Some(Rejection::QueueTimeout),
            Self::TooOften(_) => Some(Rejection::RateLimit),
            Self::Refused(refused) => refused.rejection(),
        };
        if let Some(rejection) = rejection {
            service.turned_away.count(rejection, *operator.peer);
        }
        match self {
            Self::Misframed(fault) => reply::misframed(fault),
            Self::NoTenant(reason) => reply::no_tenant(&reason),
            Self::Body(fault) => reply::bad_body(fault),
            Self::Overdue => reply::overdue(),
            Self::TooOften(left) => reply::too_often(left),
            Self::Refused(refused) => {
                let Operator { peer, request_id } = operator;
                if matches!(refused, Refused::WrongToken) {
                    // The lock-out keeps these few; of the others anybody could make as many as they like.
                    tracing::warn!(%peer, request_id, "wrong admin token");
                } else {
                    tracing::debug!(%peer, request_id, reason = %refused, "request of an operator refused");
                }
                reply::refused(refused)
            }
        }
    }
}
