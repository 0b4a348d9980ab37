//! Telling the log when the age of a tenant's data begins to mean something else: once a change, whatever is asked.

use super::Refresher;
use crate::config::WhenExpired;
use crate::tenant::DataState;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Data are stale when they are older than their limit, not when they are as old: the least that timers can wait more.
const OLDER: Duration = Duration::from_millis(1);

impl Refresher {
    /// Tells the log of every change, for ever; apart from the refreshes, for data grow old during one, too.
    pub async fn keep_telling_of_age(self: Arc<Self>) {
        let mut told = DataState::Absent;
        loop {
            told = self.tell_of_age(told).await;
        }
    }

    /// Tells of the next state of the data that isn't the one `told` last, and returns it.
    async fn tell_of_age(&self, told: DataState) -> DataState {
        let mut ended = self.ended.subscribe();
        loop {
            let (state, age, lasts) = {
                // Not held while waiting: a refresh frees it.
                let data = self.tenant.data();
                let (data, now) = (data.as_deref(), Instant::now());
                let lasts = data.and_then(|data| self.tenant.state_lasts(data, now));
                (self.tenant.state_of(data, now), data.map(|data| data.age(now)), lasts)
            };
            if state != told {
                self.tell(told, state, age.unwrap_or_default());
                return state;
            }
            tokio::select! {
                _ = ended.changed() => {}
                () = sleep(lasts.unwrap_or_default() + OLDER), if lasts.is_some() => {}
            }
        }
    }

    fn tell(&self, before: DataState, now: DataState, age: Duration) {
        let (tenant, state, age_seconds) = (self.tenant.name(), now.as_str(), age.as_secs());
        let reports = self.reports();
        let last_refresh =
            reports.first().map(|last| last.outcome.as_ref().err().map_or("ok", |failure| failure.kind));
        let meaning = match (before, now, self.tenant.settings().freshness.when_expired) {
            // Told where they were read or restored.
            (_, DataState::Absent, _) | (DataState::Absent, DataState::Fresh, _) => return,
            (_, DataState::Fresh, _) => {
                return tracing::info!(tenant, state, age_seconds, last_refresh, "the data are fresh again");
            }
            (_, DataState::Stale, _) => "stale, and OZmap is asked where it can answer",
            (_, DataState::Expired, WhenExpired::Serve) => {
                "expired and answer still (freshness.when_expired)"
            }
            (_, DataState::Expired, WhenExpired::Refuse) => {
                "expired and answer no more (freshness.when_expired)"
            }
        };
        tracing::warn!(
            tenant,
            state,
            age_seconds,
            last_refresh,
            "the data are {meaning}; /admin/runs tells what keeps them from being refreshed"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load::{Source, load};
    use crate::metrics::Metrics;
    use crate::tenant::{AsOf, Tenant};
    use crate::viability::snapshot::{Plant, Snapshot};
    use std::collections::BTreeMap;
    use std::io;
    use std::path::PathBuf;
    use std::sync::{Mutex, PoisonError};
    use std::time::SystemTime;
    use tracing_subscriber::fmt::MakeWriter;

    /// A log that can be read.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Log {
        /// Level and state of the lines since the last look.
        fn lines(&self) -> Vec<(String, String, u64)> {
            let bytes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
            let lines = serde_json::Deserializer::from_slice(&bytes).into_iter::<serde_json::Value>();
            let word = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
            let told = |line: serde_json::Value| {
                let fields = &line["fields"];
                (word(&line["level"]), word(&fields["state"]), fields["age_seconds"].as_u64().unwrap())
            };
            lines.map(|line| told(line.unwrap())).collect()
        }
    }

    impl io::Write for Log {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(line);
            Ok(line.len())
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

    fn refresher() -> Refresher {
        let text = "[tenants.demo]\nhost = \"http://127.0.0.1:9/api/v2\"\nkey_env = \"KEY\"\n\
            [freshness]\nstale_after = \"25m\"\nmax_stale = \"72h\"\n";
        let source = Source { path: PathBuf::from("test.toml"), text: text.to_owned() };
        let env = BTreeMap::from([("KEY".to_owned(), "a-key-of-ozmap".to_owned())]);
        let config = load(&source, &env).unwrap();
        let metrics = Arc::new(Metrics::new().unwrap());
        let settings = config.tenants[0].clone();
        let tenant = Tenant::new(settings, config.server.max_in_flight, Arc::clone(&metrics)).unwrap();
        Refresher::new(Arc::new(tenant), metrics, None)
    }

    /// Data are there that were read just now.
    fn publish(refresher: &Refresher) {
        let plant = Plant::empty(SystemTime::now());
        refresher.tenant.publish(Arc::new(Snapshot::build(1, plant)), AsOf::now());
        refresher.ended.send_modify(|ended| ended.last += 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_of_what_the_age_means_is_told_once_when_it_comes() {
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt().json().with_writer(log.clone()).finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let refresher = refresher();
        let line = |level: &str, state: &str, age: u64| vec![(level.to_owned(), state.to_owned(), age)];
        publish(&refresher);
        let fresh = refresher.tell_of_age(DataState::Absent).await;
        assert_eq!((fresh, log.lines()), (DataState::Fresh, vec![]), "whoever read them has told");

        let read = Instant::now();
        let stale = refresher.tell_of_age(fresh).await;
        assert_eq!((stale, read.elapsed()), (DataState::Stale, Duration::from_mins(25) + OLDER));
        assert_eq!(log.lines(), line("WARN", "stale", 25 * 60));
        // A run that ends without data changes nothing.
        refresher.ended.send_modify(|ended| ended.last += 1);
        let expired = refresher.tell_of_age(stale).await;
        assert_eq!((expired, read.elapsed()), (DataState::Expired, Duration::from_hours(72) + OLDER));
        assert_eq!(log.lines(), line("WARN", "expired", 72 * 3600));

        let recovery = async {
            tokio::task::yield_now().await;
            publish(&refresher);
        };
        let (fresh, ()) = tokio::join!(refresher.tell_of_age(expired), recovery);
        assert_eq!((fresh, log.lines()), (DataState::Fresh, line("INFO", "fresh", 0)));
    }
}
