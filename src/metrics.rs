//! Every metric of the process, as one value that is handed to whoever counts.
//!
//! Knows no type of the other modules: labels are `&str` from closed enums, values are numbers. Counters are touched
//! where the thing happens (router, refresh run, OZmap client, caches); gauges are set when somebody scrapes.

mod caches;
mod children;
pub mod http;
pub mod labels;
pub mod queries;
pub mod refresh;

use caches::Caches;
use http::Http;
use labels::{LiveResult, Recheck};
use prometheus::{
    Encoder, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder, core::Collector, process_collector::ProcessCollector,
};
use queries::{BatchRows, Queries};
use refresh::RefreshMetrics;
use std::time::Duration;

/// OZmap answers in tens of milliseconds at best and is given up after tens of seconds.
const UPSTREAM_BUCKETS: [f64; 10] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];
/// From a thousand boxes to five million.
const BUILD_BUCKETS: [f64; 7] = [0.001, 0.005, 0.025, 0.1, 0.5, 2.0, 10.0];

/// A problem of the metrics library itself: two metrics of one name, or a page that can't be written.
#[derive(Debug, thiserror::Error)]
#[error("metrics can't be registered or written")]
pub struct MetricsError {
    #[from]
    source: prometheus::Error,
}

/// What a tenant's snapshot holds, for the gauges.
#[derive(Clone, Copy, Debug)]
pub struct IndexSample<'a> {
    /// The tenant's name.
    pub tenant: &'a str,
    /// Boxes by state.
    pub boxes: &'a [(&'a str, u64)],
    /// Free ports of sellable boxes.
    pub free_ports: u64,
    /// Unix time at which the data were read, in seconds.
    pub read_at: i64,
}

/// The metrics of one process.
pub struct Metrics {
    registry: Registry,
    http: Http,
    config_reload: IntGauge,
    queries: IntCounterVec,
    batch_rows: IntCounterVec,
    rechecks: IntCounterVec,
    live_questions: IntCounterVec,
    live_limit: GaugeVec,
    compared: IntCounterVec,
    index_boxes: IntGaugeVec,
    index_free_ports: IntGaugeVec,
    index_build_duration: Histogram,
    data_timestamp: IntGaugeVec,
    refresh: RefreshMetrics,
    upstream_requests: IntCounterVec,
    breaker_state: IntGaugeVec,
    upstream_request_duration: HistogramVec,
    caches: Caches,
}

impl Metrics {
    /// Registers every metric in a registry of its own.
    pub fn new() -> Result<Self, MetricsError> {
        let registry = Registry::new();
        registry.register(Box::new(ProcessCollector::for_self()))?;
        let new = Maker { registry: &registry };
        new.gauges("build_info", "Always 1; the label tells the version.", &["version"])?
            .with_label_values(&[env!("CARGO_PKG_VERSION")])
            .set(1);
        Ok(Self {
            http: Http::new(&new)?,
            config_reload: new.register(IntGauge::new(
                "viability_config_last_reload_successful",
                "Whether the configuration was sound when it was read last (1) or the one before is in force (0).",
            )?)?,
            queries: new.counters(
                "queries_total",
                "Viability queries by who answered (source), the state of the data, and the result.",
                &["tenant", "source", "state", "result"],
            )?,
            batch_rows: new.counters(
                "batch_rows_total",
                "Rows of batches by result: viable, not_viable, unknown (memory can't tell), or error (unreadable).",
                &["tenant", "result"],
            )?,
            rechecks: new.counters(
                "rechecks_total",
                "Answers that stood on last free ports, by what OZmap said of these: same, corrected, or nothing in time (unchecked).",
                &["tenant", "result"],
            )?,
            live_questions: new.counters(
                "live_questions_total",
                "Questions put to OZmap for a client that waits, by what came of them; some share a call, some cost none.",
                &["tenant", "result"],
            )?,
            live_limit: new.register(GaugeVec::new(
                Opts::new(
                    "viability_live_calls_per_second_limit",
                    "How many calls a second a tenant may cost its OZmap (live.calls_per_second).",
                ),
                &["tenant"],
            )?)?,
            compared: new.counters(
                "canary_total",
                "Answers from memory compared with OZmap's: same, stale (the same since its changes were read), differs, or error.",
                &["tenant", "result"],
            )?,
            index_boxes: new.gauges(
                "index_boxes",
                "Boxes in the snapshot by state.",
                &["tenant", "state"],
            )?,
            index_free_ports: new.gauges(
                "index_free_ports",
                "Free ports of the sellable boxes.",
                &["tenant"],
            )?,
            index_build_duration: new.histogram(
                "index_build_duration_seconds",
                "Time to sort and index the boxes of one refresh.",
                &BUILD_BUCKETS,
            )?,
            data_timestamp: new.gauges(
                "data_timestamp_seconds",
                "Unix time at which the data being served were read from OZmap.",
                &["tenant"],
            )?,
            refresh: RefreshMetrics::new(&new)?,
            breaker_state: new.gauges(
                "upstream_breaker_state",
                "Whether live calls to OZmap pass: 0 closed (they do), 1 one is tried, 2 open (refused).",
                &["tenant"],
            )?,
            upstream_requests: new.counters(
                "upstream_requests_total",
                "Requests sent to OZmap, by operation and outcome.",
                &["tenant", "operation", "outcome"],
            )?,
            upstream_request_duration: new.histograms(
                "upstream_request_duration_seconds",
                "Time until OZmap's answer was read, or, when forwarding, until its head was.",
                &["operation"],
                &UPSTREAM_BUCKETS,
            )?,
            caches: Caches::new(&new)?,
            registry,
        })
    }

    /// The configuration was read, at the start or again.
    pub fn config_reloaded(&self, sound: bool) {
        self.config_reload.set(i64::from(sound));
    }

    /// Those of a tenant's viability queries.
    pub fn queries_of(&self, tenant: &str) -> Queries {
        for &result in Recheck::ALL {
            self.rechecked(tenant, result, 0);
        }
        for &result in LiveResult::ALL {
            self.live_question(tenant, result, 0);
        }
        Queries::new(self.queries.clone(), tenant)
    }

    /// Those of the rows of a tenant's batches.
    pub fn batch_rows_of(&self, tenant: &str) -> BatchRows {
        BatchRows::new(&self.batch_rows, tenant)
    }

    /// So many answers stood on last free ports.
    pub fn rechecked(&self, tenant: &str, result: Recheck, count: u64) {
        self.rechecks.with_label_values(&[tenant, result.as_str()]).inc_by(count);
    }

    /// So many questions were OZmap's to answer.
    pub fn live_question(&self, tenant: &str, result: LiveResult, count: u64) {
        self.live_questions.with_label_values(&[tenant, result.as_str()]).inc_by(count);
    }

    /// A tenant's budget of live calls.
    pub fn live_limit(&self, tenant: &str, calls_per_second: f64) {
        self.live_limit.with_label_values(&[tenant]).set(calls_per_second);
    }

    /// So many answers were compared with OZmap's: `same`, `stale`, `differs` or `error`.
    pub fn compared(&self, tenant: &str, result: &str, count: u64) {
        self.compared.with_label_values(&[tenant, result]).inc_by(count);
    }

    /// A snapshot was indexed.
    pub fn index_built(&self, took: Duration) {
        self.index_build_duration.observe(took.as_secs_f64());
    }

    /// Those of refreshes.
    pub fn refresh(&self) -> &RefreshMetrics {
        &self.refresh
    }

    /// Sets a breaker's state: 0 closed, 1 half open, 2 open.
    pub fn set_breaker(&self, tenant: &str, state: i64) {
        self.breaker_state.with_label_values(&[tenant]).set(state);
    }

    /// Makes the series of what OZmap may be asked.
    pub fn register_upstream(&self, tenant: &str, operations: &[&str], outcomes: &[&str]) {
        for operation in operations {
            drop(self.upstream_request_duration.with_label_values(&[operation]));
            for outcome in outcomes {
                drop(self.upstream_requests.with_label_values(&[tenant, operation, outcome]));
            }
        }
    }

    /// OZmap was asked.
    pub fn upstream(&self, tenant: &str, operation: &str, outcome: &str, took: Duration) {
        self.upstream_requests.with_label_values(&[tenant, operation, outcome]).inc();
        self.upstream_request_duration.with_label_values(&[operation]).observe(took.as_secs_f64());
    }

    /// Sets the gauges of one tenant's snapshot.
    pub fn set_index(&self, sample: IndexSample<'_>) {
        for &(state, count) in sample.boxes {
            self.index_boxes.with_label_values(&[sample.tenant, state]).set(gauge(count));
        }
        self.index_free_ports.with_label_values(&[sample.tenant]).set(gauge(sample.free_ports));
        self.data_timestamp.with_label_values(&[sample.tenant]).set(sample.read_at);
    }

    /// The page for Prometheus, in its text format (version 0.0.4).
    pub fn page(&self) -> Result<Vec<u8>, MetricsError> {
        let mut page = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut page)?;
        Ok(page)
    }
}

fn gauge(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Makes metrics with the common prefix and registers them.
struct Maker<'r> {
    registry: &'r Registry,
}

impl Maker<'_> {
    fn register<C: Collector + Clone + 'static>(&self, metric: C) -> Result<C, MetricsError> {
        self.registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, MetricsError> {
        self.register(IntCounterVec::new(Opts::new(format!("viability_{name}"), help), labels)?)
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec, MetricsError> {
        self.register(IntGaugeVec::new(Opts::new(format!("viability_{name}"), help), labels)?)
    }

    fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Result<Histogram, MetricsError> {
        let options = HistogramOpts::new(format!("viability_{name}"), help).buckets(buckets.to_vec());
        self.register(Histogram::with_opts(options)?)
    }

    fn histograms(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        buckets: &[f64],
    ) -> Result<HistogramVec, MetricsError> {
        let options = HistogramOpts::new(format!("viability_{name}"), help).buckets(buckets.to_vec());
        self.register(HistogramVec::new(options, labels)?)
    }
}
