//! What the log tells of refreshes that fail: how bad it is, and what becomes of the data.

use crate::harness::{PATIENCE, Plan, World};
use serde_json::Value;
use std::io;
use std::sync::{Arc, Mutex};
use tracing::subscriber::{DefaultGuard, set_default};
use tracing_subscriber::fmt::MakeWriter;

/// The log of this thread, on which everything of a test's proxy runs that clients and refreshes need.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Begins to keep it.
    fn keep() -> (Self, DefaultGuard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt().json().flatten_event(true).with_writer(log.clone());
        (log, set_default(subscriber.finish()))
    }

    /// Level, data and message of the failures since the last look.
    fn failures(&self) -> Vec<[String; 3]> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        let entries = serde_json::Deserializer::from_slice(&bytes).into_iter::<Value>().map(Result::unwrap);
        let told = |entry: Value| {
            ["level", "data", "message"].map(|field| entry[field].as_str().unwrap_or_default().to_owned())
        };
        entries.map(told).filter(|[_, _, message]| message.starts_with("refresh failed")).collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Log {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_refresh_that_fails_is_told_with_whether_there_are_data() {
    let (log, _kept) = Log::keep();
    let world = World::cold(Plan { broken: Some("/projects"), ..Plan::default() }).await;
    let report = world.app.refreshers()[0].report_of(1, PATIENCE).await.expect("the first refresh ends");
    assert!(report.outcome.is_err(), "{report:?}");
    let line = |data: &str, message: &str| ["WARN", data, message].map(ToOwned::to_owned);
    let first = log.failures();
    assert_eq!(first.first(), Some(&line("absent", "refresh failed; there are no data yet")));
    world.simulator.faults().clear();
    assert_eq!(world.refresh().await["result"], "ok");
    world.simulator.faults().answer("/projects", 404, "application/json", "{}");
    assert_eq!(world.refresh().await["result"], "status");
    // Another try may have failed before the fault was gone.
    assert_eq!(log.failures().last(), Some(&line("fresh", "refresh failed; the data stay as they were")));
}

#[tokio::test]
async fn a_key_that_ozmap_refuses_is_an_error_that_says_what_becomes_of_the_data() {
    let refuse = "[freshness]\nwhen_expired = \"refuse\"";
    let expired = "[freshness]\nwhen_expired = \"refuse\"\nstale_after = \"1ms\"\nmax_stale = \"1ms\"";
    for (config, data, fate) in [
        ("", "fresh", "the data stay as they were and go on answering, older and older"),
        (refuse, "fresh", "the data stay as they were and answer until they expire (freshness.max_stale)"),
        (expired, "expired", "the data have expired and answer no more (freshness.when_expired)"),
    ] {
        let (log, _kept) = Log::keep();
        let world = World::build(Plan { config, ..Plan::default() }).await;
        world.simulator.revoke(&world.simulator.full_key());
        let report = world.refresh().await;
        assert_eq!(report["result"], "unauthorized", "{report}");
        let told = log.failures();
        let [[level, state, message]] = told.as_slice() else { panic!("one line: {told:?}") };
        assert_eq!((level.as_str(), state.as_str()), ("ERROR", data), "{message}");
        assert!(message.contains("until the key is replaced") && message.ends_with(fate), "{message}");
    }
    let (log, _kept) = Log::keep();
    let world = World::cold(Plan { broken: Some("/projects"), ..Plan::default() }).await;
    world.app.refreshers()[0].report_of(1, PATIENCE).await.expect("the first refresh ends");
    world.simulator.revoke(&world.simulator.full_key());
    world.simulator.faults().clear();
    assert_eq!(world.refresh().await["result"], "unauthorized");
    let told = log.failures();
    let [level, state, message] = told.last().unwrap();
    assert_eq!((level.as_str(), state.as_str()), ("ERROR", "absent"));
    assert!(message.ends_with("there are no data yet: nothing is answered from memory"), "{message}");
}
