//! R22: readings that panic, and a runtime that stands still in the middle of one.

use crate::between::Between;
use crate::harness::{PATIENCE, World};
use ozmap_simulator::Settings;
use serde_json::json;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};
use tracing::field::{Field, Visit};
use tracing::subscriber::set_default;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry;
use viability_proxy::refresh::report::Trigger;

/// A log that panics once at the line of a list that was read: what logs runs the log, and panics with it.
struct Fragile {
    list: Mutex<Option<&'static str>>,
}

impl<S: Subscriber> Layer<S> for Fragile {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        let mut awaited = self.list.lock().unwrap();
        if line.message == "list read" && Some(line.list.as_str()) == *awaited {
            *awaited = None;
            drop(awaited);
            panic!("the log breaks");
        }
    }
}

#[derive(Default)]
struct Line {
    message: String,
    list: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            "list" => self.list = format!("{value:?}").replace('"', ""),
            _ => {}
        }
    }
}

#[tokio::test]
async fn r22_a_panic_in_a_reading_is_a_failed_run_and_the_next_comes_by_itself() {
    let world = World::start().await;
    let home = world.sellable_box();
    for (number, list) in ["projects", "boxes", "splitters"].into_iter().enumerate() {
        let (run, before) = (2 * number as u64 + 2, world.ask(home.lat, home.lng, 150.0).await.body);
        // On this thread, as everything of the proxy that clients and refreshes need.
        let log = set_default(registry().with(Fragile { list: Mutex::new(Some(list)) }));
        let report = world.refresh().await;
        assert_eq!((&report["run"], &report["result"]), (&json!(run), &json!("panicked")), "{list}");
        assert_eq!(report["error"], "the refresh ended by a panic");
        let (_, runs) = world.admin("/admin/runs").await;
        assert_eq!(runs["tenants"][0]["runs"][0]["result"], "panicked", "{runs}");
        let counted = r#"viability_refresh_total{result="panicked",tenant="demo",trigger="admin"}"#;
        assert_eq!(world.metric(counted).await, number as u64 + 1);
        let answer = world.ask(home.lat, home.lng, 150.0).await;
        assert_eq!((answer.detail(), &answer.body), ("index", &before), "{list}");
        let next = world.app.refreshers()[0].report_of(run + 1, PATIENCE).await.expect("a next run");
        assert!(next.run.trigger == Trigger::Retry && next.outcome.is_ok(), "{next:?}");
        drop(log);
    }
}

#[tokio::test]
async fn r22_after_a_standstill_refreshes_go_on_within_one_interval_and_one_at_a_time() {
    const INTERVAL: Duration = Duration::from_secs(2);
    let config = "[tenants.demo.refresh]\nfull = \"*/2 * * * * *\"";
    let settings = Settings { boxes: 300, latency: Duration::from_millis(100), ..Settings::default() };
    let (between, world) = Between::world(settings, "", config).await;
    let refresher = Arc::clone(&world.app.refreshers()[0]);
    world.until("the clock has begun a reading", || async { refresher.running().is_some() }).await;
    // The fault itself, not a wait: no task of this runtime runs meanwhile.
    thread::sleep(INTERVAL * 5 / 2);
    let resumed = SystemTime::now();
    let since = || {
        let reports = refresher.reports().into_iter().rev();
        reports.filter(|report| report.run.started_at >= resumed).collect::<Vec<_>>()
    };
    world.until("three more have ended", || async { since().len() >= 3 }).await;
    let began: Vec<_> =
        since().iter().map(|report| report.run.started_at.duration_since(resumed).unwrap()).collect();
    // Machines that run many tests at once are slow.
    let slack = Duration::from_secs(1);
    assert!(began[0] <= INTERVAL + slack, "the first began after {began:?}");
    assert!(since().iter().all(|report| report.outcome.is_ok()), "{:?}", since());
    // The turns that were missed are not made up for, one upon the other.
    assert!(began[2] > INTERVAL, "they began after {began:?}");
    // Each begins by reading the projects, one page.
    assert_eq!(between.most_at_once("/projects"), 1);
}
