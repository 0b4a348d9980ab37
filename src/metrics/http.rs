//! The metrics of the listeners.

use super::children::Children;
use super::labels::{MethodName, Route, Source};
use super::{Maker, Metrics, MetricsError};
use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};
use std::time::Duration;

/// Local answers take microseconds, live ones up to seconds.
const REQUEST_BUCKETS: [f64; 13] =
    [25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 10e-3, 50e-3, 100e-3, 250e-3, 1.0, 10.0];

/// What a viability query is answered with, OZmap's own refusals aside. These series are there from the beginning, so that
/// the first 503 is a rise.
const QUERY_CODES: [&str; 5] = ["200", "400", "401", "500", "503"];

/// One request that was answered.
#[derive(Clone, Copy, Debug)]
pub struct RequestSample {
    /// The route, never its path.
    pub route: Route,
    /// The method.
    pub method: MethodName,
    /// The status code.
    pub code: u16,
    /// Who answered.
    pub source: Source,
    /// From the parsed head to the finished answer.
    pub duration: Duration,
}

pub(super) struct Http {
    requests: IntCounterVec,
    /// Those answered with 200.
    successes: Children<IntCounter>,
    request_duration: HistogramVec,
    durations: Children<Histogram>,
    in_flight: IntGauge,
    connections: IntGaugeVec,
    panics: IntCounter,
    rejected: IntCounterVec,
    tls_reloads: IntCounterVec,
    tls_expires: IntGaugeVec,
}

impl Http {
    pub(super) fn new(new: &Maker<'_>) -> Result<Self, MetricsError> {
        let http = Self::at_rest(new)?;
        for code in QUERY_CODES {
            let labels = [Route::Viability.as_str(), MethodName::Get.as_str(), code];
            drop(http.requests.with_label_values(&labels));
        }
        for source in [Source::Index, Source::Live, Source::Nobody] {
            drop(http.request_duration.with_label_values(&[Route::Viability.as_str(), source.as_str()]));
        }
        Ok(http)
    }

    fn at_rest(new: &Maker<'_>) -> Result<Self, MetricsError> {
        Ok(Self {
            requests: new.counters(
                "http_requests_total",
                "Requests answered on either listener.",
                &["route", "method", "code"],
            )?,
            successes: Children::new(Route::COUNT * MethodName::COUNT),
            durations: Children::new(Route::COUNT * Source::COUNT),
            request_duration: new.histograms(
                "http_request_duration_seconds",
                "From the parsed head of a request to its finished answer.",
                &["route", "source"],
                &REQUEST_BUCKETS,
            )?,
            in_flight: new
                .register(IntGauge::new("viability_http_in_flight", "Requests being answered now.")?)?,
            connections: new.gauges(
                "http_connections",
                "Connections open now, by listener.",
                &["listener"],
            )?,
            panics: new.register(IntCounter::new(
                "viability_http_panics_total",
                "Requests answered with 500 because of a bug.",
            )?)?,
            rejected: new.counters(
                "http_rejected_total",
                "Connections and requests turned away because of a limit or a rule.",
                &["reason"],
            )?,
            tls_reloads: new.counters(
                "tls_reloads_total",
                "Times that a listener's certificates were read again, by result.",
                &["listener", "result"],
            )?,
            tls_expires: new.gauges(
                "tls_certificate_expires_timestamp_seconds",
                "Unix time at which a listener's certificate ends.",
                &["listener"],
            )?,
        })
    }
}

impl Metrics {
    /// A request was answered.
    pub fn request(&self, sample: RequestSample) {
        let Http { requests, successes, request_duration, durations, .. } = &self.http;
        let RequestSample { route, method, code, source, duration } = sample;
        let counter =
            || requests.with_label_values(&[route.as_str(), method.as_str(), code.to_string().as_str()]);
        match code {
            200 => {
                successes.with(route.place() * MethodName::COUNT + method.place(), counter, IntCounter::inc);
            }
            _ => counter().inc(),
        }
        durations.with(
            route.place() * Source::COUNT + source.place(),
            || request_duration.with_label_values(&[route.as_str(), source.as_str()]),
            |histogram| histogram.observe(duration.as_secs_f64()),
        );
    }

    /// A request came in (`1`) or was answered (`-1`).
    pub fn in_flight(&self, change: i64) {
        self.http.in_flight.add(change);
    }

    /// A connection was opened (`1`) or ended (`-1`).
    pub fn connections(&self, listener: &str, change: i64) {
        self.http.connections.with_label_values(&[listener]).add(change);
    }

    /// A handler panicked.
    pub fn panicked(&self) {
        self.http.panics.inc();
    }

    /// So many connections or requests were turned away.
    pub fn rejected(&self, reason: &str, count: u64) {
        self.http.rejected.with_label_values(&[reason]).inc_by(count);
    }

    /// A listener's certificates were read again so many times.
    pub fn tls_reloaded(&self, listener: &str, result: &str, count: u64) {
        self.http.tls_reloads.with_label_values(&[listener, result]).inc_by(count);
    }

    /// A listener shows certificates that end at this Unix time, in seconds; `None`: it can't be told.
    pub fn tls_expires(&self, listener: &str, timestamp: Option<i64>) {
        match timestamp {
            Some(timestamp) => self.http.tls_expires.with_label_values(&[listener]).set(timestamp),
            // That there is nothing to remove is what is wanted.
            None => drop(self.http.tls_expires.remove_label_values(&[listener])),
        }
    }
}
