//! Metrics of the caches, all tenants together.

use super::{Maker, Metrics, MetricsError, gauge};
use prometheus::{IntCounterVec, IntGaugeVec};

pub(super) struct Caches {
    hits: IntCounterVec,
    misses: IntCounterVec,
    evictions: IntCounterVec,
    weight: IntGaugeVec,
}

impl Caches {
    pub(super) fn new(new: &Maker<'_>) -> Result<Self, MetricsError> {
        Ok(Self {
            hits: new.counters("cache_hits_total", "Look-ups that a cache could answer.", &["cache"])?,
            misses: new.counters(
                "cache_misses_total",
                "Look-ups that a cache could not answer.",
                &["cache"],
            )?,
            evictions: new.counters(
                "cache_evictions_total",
                "Entries that a cache dropped for age or for want of room.",
                &["cache"],
            )?,
            weight: new.gauges("cache_weight_bytes", "Estimated memory of a cache's entries.", &["cache"])?,
        })
    }
}

impl Metrics {
    /// Makes a cache's series.
    pub fn register_cache(&self, cache: &str) {
        for counters in [&self.caches.hits, &self.caches.misses, &self.caches.evictions] {
            drop(counters.with_label_values(&[cache]));
        }
    }

    /// A cache could answer.
    pub fn cache_hit(&self, cache: &str) {
        self.caches.hits.with_label_values(&[cache]).inc();
    }

    /// A cache could not answer.
    pub fn cache_miss(&self, cache: &str) {
        self.caches.misses.with_label_values(&[cache]).inc();
    }

    /// A cache dropped an entry.
    pub fn cache_eviction(&self, cache: &str) {
        self.caches.evictions.with_label_values(&[cache]).inc();
    }

    /// Sets a cache's weight, all tenants together.
    pub fn set_cache_weight(&self, cache: &str, bytes: u64) {
        self.caches.weight.with_label_values(&[cache]).set(gauge(bytes));
    }
}
