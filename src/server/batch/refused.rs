//! Batches that are turned away before a row is answered.

use super::super::arriving::BodyFault;
use super::super::rejection::Rejection;
use super::super::viability::Unanswered;
use crate::batch::fault::Unreadable;
use crate::batch::format::Format;
use crate::tenant::provenance::LiveReason;

/// A batch of which no row is answered.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum Refused {
    /// It is no POST.
    #[error("batches are sent with POST")]
    Method,
    /// HTTP/1.0.
    #[error("batches need HTTP/1.1")]
    Version,
    /// Not one of the kinds of rows.
    #[error("batches are sent as one of {}, in UTF-8 and without Content-Encoding", Format::ACCEPTED)]
    MediaType,
    /// By configuration.
    #[error("no batches are answered here: batch.at_once = 0")]
    Off,
    /// It says itself that it is too large.
    #[error("a batch may have 1 GiB; send it in parts")]
    TooLarge,
    /// The caller may not ask.
    #[error(transparent)]
    Denied(#[from] Unanswered),
    /// Too many are under way.
    #[error("too many batches are under way (batch.at_once); try again shortly")]
    Busy,
    /// There is nothing to answer from.
    #[error("no data that could answer; batches are never asked of OZmap")]
    NoData(LiveReason),
    /// Its beginning can't be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// It doesn't come.
    #[error(transparent)]
    Body(#[from] BodyFault),
    /// A bug, logged where it happened.
    #[error("a bug; the log tells more")]
    Panicked,
}

impl Refused {
    /// The word for it in answers.
    pub(in super::super) fn code(&self) -> &'static str {
        match self {
            Self::Method => "method_not_allowed",
            Self::Version => "http_version",
            Self::MediaType => "media_type",
            Self::Off => "off",
            Self::TooLarge | Self::Body(BodyFault::TooLarge) => "body_too_large",
            Self::Denied(_) => "denied",
            Self::Busy => "busy",
            Self::NoData(_) => "no_answer",
            Self::Unreadable(fault) => fault.code(),
            Self::Body(BodyFault::Broken) => "broken_body",
            Self::Body(BodyFault::Late) => "body_timeout",
            Self::Panicked => "internal",
        }
    }

    /// How it is counted, unless it is an answer like any other.
    pub(in super::super) fn rejection(&self) -> Option<Rejection> {
        match self {
            Self::Busy => Some(Rejection::BatchesAtOnce),
            Self::TooLarge => Some(Rejection::TooLarge),
            Self::Body(fault) => Some(fault.rejection()),
            Self::Unreadable(Unreadable::RowTooLong { .. } | Unreadable::TooManyRows { .. }) => {
                Some(Rejection::TooLarge)
            }
            Self::Denied(denied) if denied.is_crowded() => Some(Rejection::MaxInFlight),
            Self::Method
            | Self::Version
            | Self::MediaType
            | Self::Off
            | Self::Denied(_)
            | Self::NoData(_)
            | Self::Unreadable(_)
            | Self::Panicked => None,
        }
    }
}
