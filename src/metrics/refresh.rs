//! Metrics of refreshes.

use super::{Maker, MetricsError};
use prometheus::{Histogram, IntCounterVec};
use std::time::Duration;

/// From a village to all of Brazil on a slow day.
const REFRESH_BUCKETS: [f64; 9] = [0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 180.0, 420.0, 900.0];

/// Metrics of refreshes.
pub struct RefreshMetrics {
    ended: IntCounterVec,
    duration: Histogram,
    rejected: IntCounterVec,
    overridden: IntCounterVec,
    quarantined: IntCounterVec,
    snapshot_writes: IntCounterVec,
    snapshot_loads: IntCounterVec,
}

impl RefreshMetrics {
    pub(super) fn new(new: &Maker<'_>) -> Result<Self, MetricsError> {
        Ok(Self {
            ended: new.counters(
                "refresh_total",
                "Refreshes that ended, by what started them and how they ended.",
                &["tenant", "trigger", "result"],
            )?,
            duration: new.histogram(
                "refresh_duration_seconds",
                "Time of refreshes that published a snapshot.",
                &REFRESH_BUCKETS,
            )?,
            rejected: new.counters(
                "refresh_rejected_total",
                "Reasons for which the guard refused what refreshes had read; one refresh may have several.",
                &["tenant", "reason"],
            )?,
            overridden: new.counters(
                "refresh_overridden_total",
                "Reasons of the guard that an operator overrode with accept_shrink=true.",
                &["tenant", "reason"],
            )?,
            quarantined: new.counters(
                "rows_quarantined_total",
                "Rows of OZmap that could not be read and were set aside.",
                &["tenant", "reason"],
            )?,
            snapshot_writes: new.counters(
                "snapshot_writes_total",
                "Snapshots written to disk, by how it went.",
                &["tenant", "result"],
            )?,
            snapshot_loads: new.counters(
                "snapshot_loads_total",
                "Snapshots looked for on disk at the start, by what was found.",
                &["tenant", "result"],
            )?,
        })
    }

    /// A snapshot was written to disk, or not.
    pub fn snapshot_written(&self, tenant: &str, result: &str) {
        self.snapshot_writes.with_label_values(&[tenant, result]).inc();
    }

    /// A snapshot was looked for on disk.
    pub fn snapshot_loaded(&self, tenant: &str, result: &str) {
        self.snapshot_loads.with_label_values(&[tenant, result]).inc();
    }

    /// A refresh ended; `took` only when it published a snapshot.
    pub fn ended(&self, tenant: &str, trigger: &str, result: &str, took: Option<Duration>) {
        self.ended.with_label_values(&[tenant, trigger, result]).inc();
        if let Some(took) = took {
            self.duration.observe(took.as_secs_f64());
        }
    }

    /// The guard refused what a refresh read.
    pub fn rejected(&self, tenant: &str, reason: &str) {
        self.rejected.with_label_values(&[tenant, reason]).inc();
    }

    /// An operator overrode a reason of the guard.
    pub fn overridden(&self, tenant: &str, reason: &str) {
        self.overridden.with_label_values(&[tenant, reason]).inc();
    }

    /// Rows were set aside.
    pub fn quarantined(&self, tenant: &str, reason: &str, rows: u64) {
        self.quarantined.with_label_values(&[tenant, reason]).inc_by(rows);
    }
}
