//! Data of the tenant to disk and back.

use super::store::Loaded;
use super::{Refresher, with_causes};
use std::sync::Arc;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

impl Refresher {
    /// Lets the newest usable snapshot on disk answer, if there is one.
    pub async fn restore(&self) {
        let Some(store) = self.store.clone() else { return };
        let started = Instant::now();
        let result = match spawn_blocking(move || store.load()).await {
            Ok(Loaded::Snapshot(snapshot)) => {
                tracing::info!(
                    tenant = self.tenant.name(),
                    generation = snapshot.generation(),
                    boxes = snapshot.census().boxes(),
                    took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
                    "stored snapshot restored"
                );
                self.tenant.restore(*snapshot);
                "ok"
            }
            Ok(Loaded::Absent) => "absent",
            // A panic has been logged where it happened: the start goes on without.
            Ok(Loaded::Unusable) | Err(_) => "unusable",
        };
        self.metrics.refresh().snapshot_loaded(self.tenant.name(), result);
    }

    /// Writes what is published to disk, for ever: apart from the refreshes, which a disk that hangs must not hold up.
    pub async fn keep_saving(self: Arc<Self>) {
        loop {
            self.unsaved.notified().await;
            self.save().await;
        }
    }

    /// Data that can't be saved are served all the same; the next refresh tries again.
    async fn save(&self) {
        let Some((store, data)) = self.store.clone().zip(self.tenant.data()) else { return };
        let tenant = self.tenant.name();
        let result = match spawn_blocking(move || store.save(&data.snapshot)).await {
            Ok(Ok(bytes)) => {
                tracing::info!(tenant, bytes, "snapshot written");
                "ok"
            }
            Ok(Err(error)) => {
                tracing::warn!(tenant, error = with_causes(&error), "a restart would lose these data");
                "failed"
            }
            // A panic, logged where it happened.
            Err(_panicked) => "failed",
        };
        self.metrics.refresh().snapshot_written(tenant, result);
    }
}
