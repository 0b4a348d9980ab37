//! The last snapshots on disk, so that a restart answers at once, whatever OZmap does.
//!
//! A file appears by one rename of a whole, synced one: a process killed at any moment leaves the files before it as
//! they were. The last three are kept, and the newest that can be read is used. Any number of processes may read them, one
//! writes and removes. Of those that another host, key or rule left the last is kept: whoever mistyped one, and puts it
//! right, finds the data that were there.

pub mod format;
mod lock;
pub mod stored;

use crate::config::Tenant;
use crate::tenant::access::KnownScope;
use crate::viability::snapshot::Snapshot;
use format::{decode, encode, identity};
use lock::{Lock, Tenure};
use std::collections::HashSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use stored::{Identity, StoredRules};

/// Files kept of a tenant.
const KEPT: usize = 3;
/// Files kept of another identity, beside those.
const KEPT_FOREIGN: usize = 1;
/// No file of ours is longer; a longer one isn't read into memory.
const LONGEST_FILE: u64 = 2 << 30;

/// What it means that there is no snapshot although there should be.
const WITHOUT: &str =
    "starting without: queries are answered live, within the budget, until the first refresh has ended";

/// The snapshot files of one tenant.
#[derive(Clone, Debug)]
pub struct Store {
    directory: PathBuf,
    identity: Identity,
    /// For who writes: two would take one name.
    lock: Arc<Mutex<Lock>>,
}

/// A snapshot could not be written; those written before are as they were.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk, or the system, doesn't take it.
    #[error("{}: the snapshot can't be written; check space and rights", path.display())]
    Unwritten {
        /// What could not be written to.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another process does.
    #[error(
        "{}: another process holds this lock and writes its snapshots here; if it isn't about to end, stop it or give each a snapshot.directory of its own",
        path.display()
    )]
    Locked {
        /// The file of the lock.
        path: PathBuf,
    },
}

impl StoreError {
    /// The word for it in metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Unwritten { .. } => "failed",
            Self::Locked { .. } => "locked",
        }
    }
}

/// What became of looking for a snapshot.
pub enum Loaded {
    /// The newest that can be used.
    Snapshot(Box<Snapshot>, Vec<KnownScope>),
    /// There are files, and none can be used; the log says why.
    Unusable,
    /// There is no file.
    Absent,
}

impl Store {
    /// The files of `tenant` in `directory`, which need not exist yet.
    pub fn new(directory: &Path, tenant: &Tenant) -> Self {
        let identity = Identity {
            tenant: tenant.name.to_string(),
            host: tenant.host.base().to_string(),
            key: tenant.key.digest().0,
            rules: StoredRules::of(&tenant.rules),
        };
        let lock = Lock::new(directory.join(format!("{}.lock", identity.tenant)));
        Self { directory: directory.to_owned(), identity, lock: Arc::new(Mutex::new(lock)) }
    }

    /// Writes a snapshot, with the scopes of keys, and removes what is older than the last three; tells how many bytes it has. Blocks.
    ///
    /// Who takes over from another process leaves newer data than its own as they are, which is `None`, and keeps the scopes
    /// that the other knew.
    pub fn save(&self, snapshot: &Snapshot, scopes: &[KnownScope]) -> Result<Option<u64>, StoreError> {
        let unwritten = |path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::Unwritten { path, source }
        };
        fs::create_dir_all(&self.directory).map_err(unwritten(&self.directory))?;
        let mut lock = self.lock();
        let tenure = lock.take().map_err(|refused| match refused {
            TryLockError::WouldBlock => StoreError::Locked { path: lock.path().to_owned() },
            TryLockError::Error(source) => unwritten(lock.path())(source),
        })?;
        let there = match tenure {
            Tenure::Going => None,
            Tenure::New => self.newest(),
        };
        let mut scopes = scopes.to_vec();
        if let Some((newest, others)) = there {
            if newest.read_at() > snapshot.read_at() {
                // The next try looks again.
                lock.give_back();
                return Ok(None);
            }
            let known: HashSet<_> = scopes.iter().map(|scope| scope.key).collect();
            scopes.extend(others.into_iter().filter(|scope| !known.contains(&scope.key)));
        }
        self.write(snapshot, &scopes).map(Some).map_err(unwritten(&self.directory))
    }

    /// The newest that can be used, and the scopes in it. What can't be is told at a start, not here.
    fn newest(&self) -> Option<(Snapshot, Vec<KnownScope>)> {
        self.files().ok()?.snapshots.iter().find_map(|file| self.read(&file.path).ok())
    }

    /// Whether a snapshot could be written, as far as others go. Blocks while one is being written.
    pub fn may_write(&self) -> bool {
        self.lock().take().is_ok()
    }

    /// Lets another process write. Blocks while a snapshot is being written.
    pub fn give_up(&self) {
        self.lock().give_back();
    }

    fn lock(&self) -> MutexGuard<'_, Lock> {
        // What a panic can leave is a temporary file, which the next one removes.
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// By who holds the lock.
    fn write(&self, snapshot: &Snapshot, scopes: &[KnownScope]) -> io::Result<u64> {
        let bytes = encode(&self.identity, snapshot, scopes)?;
        let Files { snapshots: mut old, leftovers } = self.files()?;
        remove(&leftovers);
        // Whoever is killed just behind its rename, time after time, removes nothing there.
        self.prune(&mut old, 0);
        let sequence = old.first().map_or(1, |newest| newest.sequence + 1);
        let temporary = self.path(sequence, "tmp");
        let written = write_whole(&temporary, &bytes)
            .and_then(|()| fs::rename(&temporary, self.path(sequence, "snapshot")))
            // The rename lasts only once the directory does.
            .and_then(|()| File::open(&self.directory)?.sync_all());
        if written.is_err() {
            // It may hold what another try needs the space for. That it can't be removed changes nothing.
            let _still_there = fs::remove_file(&temporary);
        }
        written?;
        self.prune(&mut old, 1);
        Ok(bytes.len() as u64)
    }

    /// Removes which of these, the newest first, are too many beside so many newer ones of our own. What doesn't tell whose
    /// it is counts as our own: it is damaged, or of another version.
    fn prune(&self, old: &mut Vec<Written>, newer: usize) {
        let (mut own, mut foreign) = (newer, 0);
        old.retain(|file| {
            let whose = open(&file.path).ok().and_then(identity);
            let is_own = whose.is_none_or(|whose| whose == self.identity);
            let (seen, kept) = if is_own { (&mut own, KEPT) } else { (&mut foreign, KEPT_FOREIGN) };
            *seen += 1;
            if *seen <= kept {
                return true;
            }
            if let Err(error) = fs::remove_file(&file.path) {
                tracing::warn!(file = %file.path.display(), %error, "an outdated snapshot can't be removed");
            }
            false
        });
    }

    /// The newest snapshot that can be used; what can't be is named in the log. Whoever else writes there isn't disturbed.
    /// Blocks.
    pub fn load(&self) -> Loaded {
        // For as long as this process lives, if nobody has it; who has it not reads all the same.
        let leave = self.lock().take();
        let files = match self.files() {
            Ok(Files { snapshots, leftovers }) => {
                if leave.is_ok() {
                    remove(&leftovers);
                }
                snapshots
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Loaded::Absent,
            Err(error) => {
                let directory = self.directory.display();
                tracing::warn!(%directory, %error, "snapshots can't be looked for; {WITHOUT}");
                return Loaded::Unusable;
            }
        };
        let mut older = files.len();
        for file in &files {
            match self.read(&file.path) {
                Ok((snapshot, scopes)) => return Loaded::Snapshot(Box::new(snapshot), scopes),
                Err(error) => {
                    older -= 1;
                    let next = if older > 0 { "; trying the one before" } else { "" };
                    tracing::warn!(file = %file.path.display(), %error, "a snapshot can't be used{next}");
                }
            }
        }
        if files.is_empty() {
            return Loaded::Absent;
        }
        let (tenant, snapshots) = (&self.identity.tenant, files.len());
        tracing::warn!(tenant, snapshots, "none of the stored snapshots can be used; {WITHOUT}");
        Loaded::Unusable
    }

    fn read(&self, path: &Path) -> io::Result<(Snapshot, Vec<KnownScope>)> {
        let mut bytes = Vec::new();
        open(path)?.take(LONGEST_FILE).read_to_end(&mut bytes)?;
        decode(&self.identity, &bytes).map_err(io::Error::other)
    }

    fn files(&self) -> io::Result<Files> {
        let (mut snapshots, mut leftovers) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            // A tenant's name has no dot.
            let mut parts = name.split('.');
            let tenant = parts.next();
            // None is written with the last number: no other could come after it.
            let sequence =
                parts.next().and_then(|digits| digits.parse().ok()).filter(|&number| number < u64::MAX);
            if tenant != Some(&self.identity.tenant) {
                continue;
            }
            match (sequence, parts.next(), parts.next()) {
                (Some(sequence), Some("snapshot"), None) => snapshots.push(Written { sequence, path }),
                (Some(_), Some("tmp"), None) => leftovers.push(path),
                _ => {}
            }
        }
        snapshots.sort_unstable_by_key(|file| std::cmp::Reverse(file.sequence));
        Ok(Files { snapshots, leftovers })
    }

    fn path(&self, sequence: u64, kind: &str) -> PathBuf {
        self.directory.join(format!("{}.{sequence}.{kind}", self.identity.tenant))
    }
}

/// What lies in the folder of one tenant.
struct Files {
    /// Newest first.
    snapshots: Vec<Written>,
    /// Temporary files: of a process that was killed, or of one that is just writing.
    leftovers: Vec<PathBuf>,
}

/// A snapshot file.
struct Written {
    sequence: u64,
    path: PathBuf,
}

/// Leftovers; by who holds the lock, for else they might be somebody's.
fn remove(leftovers: &[PathBuf]) {
    for path in leftovers {
        // That one can't be removed changes nothing.
        let _still_there = fs::remove_file(path);
    }
}

/// Opens a file; whoever opened a pipe would wait for somebody who writes.
fn open(path: &Path) -> io::Result<File> {
    if fs::metadata(path)?.is_file() { File::open(path) } else { Err(io::Error::other("this is no file")) }
}

/// Writes a new file to the disk itself; only its owner may read it.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
