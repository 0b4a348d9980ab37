//! Metrics of refreshes.

use super::labels::Ending;
use super::{Maker, MetricsError};
use prometheus::{HistogramVec, IntCounterVec, IntGaugeVec};
use std::time::Duration;

/// From a village to all of Brazil on a slow day.
const REFRESH_BUCKETS: [f64; 10] = [0.1, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 180.0, 420.0, 900.0];

/// The words of one tenant's labels: each of their series is there from the beginning, so that the first of a kind is a rise.
pub struct RefreshWords<'w> {
    /// What starts a refresh.
    pub triggers: Vec<&'w str>,
    /// What it reads.
    pub kinds: Vec<&'w str>,
    /// Reasons of the guard.
    pub objections: &'w [&'w str],
    /// Why rows are set aside.
    pub faults: Vec<&'w str>,
    /// Lists whose changes are read.
    pub lists: Vec<&'w str>,
    /// What changes may have missed.
    pub drifts: Vec<&'w str>,
    /// How writing a snapshot ends.
    pub writes: &'w [&'w str],
    /// How looking for one ends.
    pub loads: &'w [&'w str],
}

/// Metrics of refreshes.
pub struct RefreshMetrics {
    ended: IntCounterVec,
    last: IntGaugeVec,
    duration: HistogramVec,
    rejected: IntCounterVec,
    overridden: IntCounterVec,
    quarantined: IntCounterVec,
    drift: IntCounterVec,
    reliance: IntGaugeVec,
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
            last: new.gauges(
                "refresh_last_timestamp_seconds",
                "Unix time at which the last refresh ended that read this (kind) and ended so (result); 0: none did.",
                &["tenant", "kind", "result"],
            )?,
            duration: new.histograms(
                "refresh_duration_seconds",
                "Time of refreshes that ended well, by what they read: changes, splitters, or full.",
                &["kind"],
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
            drift: new.counters(
                "refresh_drift_total",
                "Rows in which whole lists differed from what reading their changes had brought, by list and kind.",
                &["tenant", "list", "kind"],
            )?,
            reliance: new.gauges(
                "refresh_changes_reliance",
                "Whether changes of a list are all that has to be read: 0 they can't be, 1 not proven yet, 2 proven.",
                &["tenant", "list"],
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

    /// Makes a tenant's series. Of refreshes that ended those that ended well: the others are too many together.
    pub fn register(&self, tenant: &str, words: &RefreshWords<'_>) {
        let zero = |counters: &IntCounterVec, words: &[&str]| {
            for word in words {
                drop(counters.with_label_values(&[tenant, word]));
            }
        };
        zero(&self.rejected, words.objections);
        zero(&self.overridden, words.objections);
        zero(&self.quarantined, &words.faults);
        zero(&self.snapshot_writes, words.writes);
        zero(&self.snapshot_loads, words.loads);
        for trigger in &words.triggers {
            drop(self.ended.with_label_values(&[tenant, trigger, Ending::Ok.as_str()]));
        }
        for kind in &words.kinds {
            drop(self.duration.with_label_values(&[kind]));
            for ending in Ending::ALL {
                drop(self.last.with_label_values(&[tenant, kind, ending.as_str()]));
            }
        }
        for list in &words.lists {
            for kind in &words.drifts {
                drop(self.drift.with_label_values(&[tenant, list, kind]));
            }
        }
    }

    /// When a refresh ended, as Unix time in seconds, what it had read, and how it ended.
    pub fn ended_at(&self, tenant: &str, kind: &str, ending: Ending, timestamp: i64) {
        self.last.with_label_values(&[tenant, kind, ending.as_str()]).set(timestamp);
    }

    /// A whole list held rows that changes had not brought.
    pub fn drifted(&self, tenant: &str, list: &str, kind: &str, rows: u64) {
        self.drift.with_label_values(&[tenant, list, kind]).inc_by(rows);
    }

    /// Whether the changes of a list can be relied on, as a number.
    pub fn relied_on(&self, tenant: &str, list: &str, reliance: i64) {
        self.reliance.with_label_values(&[tenant, list]).set(reliance);
    }

    /// A snapshot was written to disk, or not.
    pub fn snapshot_written(&self, tenant: &str, result: &str) {
        self.snapshot_writes.with_label_values(&[tenant, result]).inc();
    }

    /// A snapshot was looked for on disk.
    pub fn snapshot_loaded(&self, tenant: &str, result: &str) {
        self.snapshot_loads.with_label_values(&[tenant, result]).inc();
    }

    /// A refresh ended.
    pub fn ended(&self, tenant: &str, trigger: &str, result: &str) {
        self.ended.with_label_values(&[tenant, trigger, result]).inc();
    }

    /// A refresh ended well.
    pub fn took(&self, kind: &str, took: Duration) {
        self.duration.with_label_values(&[kind]).observe(took.as_secs_f64());
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
