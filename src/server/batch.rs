//! `POST /viability/v1/batch`: many homes at a stroke, row by row, from memory alone.
//!
//! The answer begins while the question still comes, so a client has to read while it sends. Rows are judged by threads
//! that stand back: those that answer single queries only move the bytes.

pub(super) mod answering;
mod refused;
mod running;
mod upload;

use super::access;
use super::body::Body;
use super::reply;
use super::viability::Unanswered;
use super::visitor::Visitor;
use crate::batch::Batch;
use crate::batch::format::Format;
use crate::metrics::Metrics;
use crate::tenant::Tenant;
use futures_util::FutureExt;
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE};
use hyper::http::request::Parts;
use hyper::{Method, Response, Version};
pub(super) use refused::Refused;
use running::Running;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::time::Instant;
use upload::Upload;

/// Where batches come in, below `/viability/v1`.
pub(super) const PATH: &str = "/batch";

/// A longer one would hold its place for hours.
const MOST_BYTES: u64 = 1 << 30;

/// Answers batches.
pub(super) struct Batches {
    /// Where rows are judged.
    pub(super) runtime: Handle,
    /// What counts the bugs met there.
    pub(super) metrics: Arc<Metrics>,
}

impl Batches {
    /// Begins to answer; the rest follows while the body comes.
    pub(super) async fn answer(
        &self,
        tenant: &Arc<Tenant>,
        visitor: &Visitor<'_>,
        head: &Parts,
        body: Incoming,
    ) -> Result<Response<Body>, Refused> {
        let format = acceptable(head)?;
        let settings = tenant.settings().batch;
        if settings.at_once == 0 {
            return Err(Refused::Off);
        }
        if body.size_hint().lower() > MOST_BYTES {
            return Err(Refused::TooLarge);
        }
        let caller = access::caller(tenant, &head.headers, visitor.last_key, visitor.came)
            .await
            .map_err(Unanswered::from)?;
        let place = Arc::clone(tenant.batches()).try_acquire_owned().or(Err(Refused::Busy))?;
        let (state, provenance) = tenant.memory_now(Instant::now()).map_err(Refused::NoData)?;
        let (pieces, begins) = answering::channel();
        let running = Running::new(Arc::clone(tenant), caller, Batch::new(format, settings.max_rows), pieces);
        let metrics = Arc::clone(&self.metrics);
        self.runtime.spawn(async move {
            // What it shares with others is behind locks that outlive a panic and atomics.
            let running = AssertUnwindSafe(running.run(Upload::new(body), place));
            if running.catch_unwind().await.is_err() {
                metrics.panicked();
            }
        });
        // What is wrong with the first rows the status tells still.
        Ok(reply::batch::answered(format, state, provenance, begins.begun().await?))
    }
}

/// What can be told from the head.
fn acceptable(head: &Parts) -> Result<Format, Refused> {
    if head.method != Method::POST {
        return Err(Refused::Method);
    }
    // Its answers end with the connection: one that is cut off would look whole.
    if head.version < Version::HTTP_11 {
        return Err(Refused::Version);
    }
    let plain = head.headers.get(CONTENT_ENCODING).is_none_or(|coding| coding.as_bytes() == b"identity");
    let media_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    media_type.and_then(Format::of).filter(|_| plain).ok_or(Refused::MediaType)
}
