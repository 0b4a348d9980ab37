//! Data of the tenant to disk and back.

use super::store::Loaded;
use super::{Refresher, with_causes};
use crate::config::key::KeyDigest;
use crate::tenant::access::KnownScope;
use crate::viability::plant::ObjectId;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError};
use std::time::SystemTime;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

/// A snapshot that was written.
#[derive(Clone, Copy, Debug)]
pub struct Saved {
    /// Its number.
    pub generation: u64,
    /// The size of its file.
    pub bytes: u64,
    /// When it was done.
    pub at: SystemTime,
}

/// What the newest file holds.
#[derive(Debug, PartialEq)]
pub(super) struct OnDisk {
    generation: u64,
    rights: HashMap<KeyDigest, HashSet<ObjectId>>,
}

impl OnDisk {
    fn new(generation: u64, scopes: Vec<KnownScope>) -> Self {
        Self { generation, rights: scopes.into_iter().map(|scope| (scope.key, scope.projects)).collect() }
    }
}

impl Refresher {
    /// Lets the newest usable snapshot on disk answer, if there is one.
    pub async fn restore(&self) {
        let Some(store) = self.store.clone() else { return };
        let started = Instant::now();
        let result = match spawn_blocking(move || store.load()).await {
            Ok(Loaded::Snapshot(snapshot, scopes)) => {
                tracing::info!(
                    tenant = self.tenant.name(),
                    generation = snapshot.generation(),
                    boxes = snapshot.census().boxes(),
                    keys = scopes.len(),
                    took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
                    "stored snapshot restored"
                );
                self.is_on_disk(OnDisk::new(snapshot.generation(), scopes.clone()));
                self.tenant.restore(*snapshot, scopes);
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

    /// Writes once more before the process ends, for what has come since: data, and the rights of keys.
    pub async fn save_before_the_end(&self) {
        let Some(data) = self.tenant.data() else { return };
        let now = OnDisk::new(data.snapshot.generation(), self.tenant.known_scopes());
        let is_there = self.on_disk.lock().unwrap_or_else(PoisonError::into_inner).as_ref() == Some(&now);
        if !is_there {
            self.save().await;
        }
    }

    /// The last snapshot that this process wrote.
    pub fn saved(&self) -> Option<Saved> {
        *self.saved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_on_disk(&self, what: OnDisk) {
        *self.on_disk.lock().unwrap_or_else(PoisonError::into_inner) = Some(what);
    }

    /// Data that can't be saved are served all the same; the next refresh tries again.
    async fn save(&self) {
        let Some((store, data)) = self.store.clone().zip(self.tenant.data()) else { return };
        let (tenant, scopes) = (self.tenant.name(), self.tenant.known_scopes());
        let generation = data.snapshot.generation();
        let saving = spawn_blocking(move || store.save(&data.snapshot, &scopes).map(|bytes| (bytes, scopes)));
        let result = match saving.await {
            Ok(Ok((bytes, scopes))) => {
                self.is_on_disk(OnDisk::new(generation, scopes));
                tracing::info!(tenant, generation, bytes, "snapshot written");
                let saved = Saved { generation, bytes, at: SystemTime::now() };
                *self.saved.lock().unwrap_or_else(PoisonError::into_inner) = Some(saved);
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
