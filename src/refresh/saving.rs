//! Data of the tenant to disk and back.

use super::Refresher;
use super::store::{Loaded, StoreError};
use crate::config::key::KeyDigest;
use crate::tenant::access::KnownScope;
use crate::viability::plant::ObjectId;
use crate::wording::with_causes;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use std::time::SystemTime;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

/// How often a process that may not write looks whether it may: the one before it ends within seconds.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often it is looked whether the rights of keys are others than those on disk: they are written with all data.
const RIGHTS_EVERY: Duration = Duration::from_mins(1);

/// How often changes are written at the most; the end of the process writes them too.
const CHANGES_EVERY: Duration = Duration::from_mins(5);

/// How writing ends, in metrics.
pub(super) const WRITES: [&str; 3] = ["ok", "failed", "locked"];
/// How looking for a snapshot ends, in metrics.
pub(super) const LOADS: [&str; 3] = ["ok", "absent", "unusable"];

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

/// How a try to write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Saving {
    /// It is over, whatever came of it: the next data are another.
    Done,
    /// Another process writes there; once that ends, this one may.
    Locked,
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
        let mut saving = Saving::Done;
        loop {
            tokio::select! {
                () = self.unsaved.notified() => {}
                () = self.may_save(), if saving == Saving::Locked => {}
                () = self.rights_have_changed(), if saving == Saving::Done => {}
            }
            saving = self.save().await;
        }
    }

    /// Comes when nobody else writes there any more.
    async fn may_save(&self) {
        let Some(store) = &self.store else { return };
        loop {
            sleep(LOOK_EVERY).await;
            let store = store.clone();
            if spawn_blocking(move || store.may_write()).await.unwrap_or(false) {
                return;
            }
        }
    }

    /// Comes when the rights of keys on disk are others than those that count now.
    async fn rights_have_changed(&self) {
        loop {
            sleep(RIGHTS_EVERY).await;
            let Some(now) = self.to_be_saved() else { continue };
            let on_disk = self.on_disk.lock().unwrap_or_else(PoisonError::into_inner);
            // Of data that are not on disk yet the next writing may be minutes away.
            if on_disk.as_ref().is_some_and(|then| then.rights != now.rights) {
                return;
            }
        }
    }

    /// Writes once more before the process ends, for what has come since: data, and the rights of keys. From then on
    /// another process may write.
    pub async fn save_before_the_end(&self) {
        if !self.is_all_on_disk() {
            self.save().await;
        }
        if let Some(store) = self.store.clone() {
            // A panic is logged where it happens; the lock ends with the process at the latest.
            let _given_up = spawn_blocking(move || store.give_up()).await;
        }
    }

    /// What the newest file would hold, were all written that answers now; `None`: nothing does.
    fn to_be_saved(&self) -> Option<OnDisk> {
        let data = self.tenant.data()?;
        Some(OnDisk::new(data.snapshot.generation(), self.tenant.known_scopes()))
    }

    fn is_all_on_disk(&self) -> bool {
        let Some(now) = self.to_be_saved() else { return true };
        self.on_disk.lock().unwrap_or_else(PoisonError::into_inner).as_ref() == Some(&now)
    }

    /// The last snapshot that this process wrote.
    pub fn saved(&self) -> Option<Saved> {
        *self.saved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether what changed since should be written too: not every half minute, for a disk wears.
    pub(super) fn is_long_unsaved(&self) -> bool {
        self.saved().is_none_or(|saved| saved.at.elapsed().is_ok_and(|ago| ago >= CHANGES_EVERY))
    }

    fn is_on_disk(&self, what: OnDisk) {
        *self.on_disk.lock().unwrap_or_else(PoisonError::into_inner) = Some(what);
    }

    /// Data that can't be saved are served all the same; the next refresh tries again.
    async fn save(&self) -> Saving {
        let Some((store, data)) = self.store.clone().zip(self.tenant.data()) else { return Saving::Done };
        let (tenant, scopes) = (self.tenant.name(), self.tenant.known_scopes());
        let generation = data.snapshot.generation();
        let saving = spawn_blocking(move || {
            let written = store.save(&data.snapshot, &scopes)?;
            Ok::<_, StoreError>(written.map(|bytes| (bytes, scopes)))
        });
        let (result, saving) = match saving.await {
            Ok(Ok(Some((bytes, scopes)))) => {
                self.is_on_disk(OnDisk::new(generation, scopes));
                tracing::info!(tenant, generation, bytes, "snapshot written");
                let saved = Saved { generation, bytes, at: SystemTime::now() };
                *self.saved.lock().unwrap_or_else(PoisonError::into_inner) = Some(saved);
                ("ok", Saving::Done)
            }
            Ok(Ok(None)) => {
                // Until there are other data nothing of ours belongs there.
                self.is_on_disk(OnDisk::new(generation, self.tenant.known_scopes()));
                tracing::info!(tenant, "another process left newer data, which stay");
                ("ok", Saving::Done)
            }
            Ok(Err(error)) => {
                tracing::warn!(tenant, error = with_causes(&error), "a restart would lose these data");
                let locked = matches!(error, StoreError::Locked { .. });
                (error.as_str(), if locked { Saving::Locked } else { Saving::Done })
            }
            // A panic, logged where it happened.
            Err(_panicked) => ("failed", Saving::Done),
        };
        self.metrics.refresh().snapshot_written(tenant, result);
        saving
    }
}
