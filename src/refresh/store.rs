//! The last snapshots on disk, so that a restart answers at once, whatever OZmap does.
//!
//! A file appears by one rename of a whole, synced one: a process killed at any moment leaves the files before it as
//! they were. The last three are kept, and the newest that can be read is used.

pub mod format;
pub mod stored;

use crate::config::Tenant;
use crate::tenant::access::KnownScope;
use crate::viability::snapshot::Snapshot;
use format::{decode, encode};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use stored::Identity;

/// Files kept of a tenant.
const KEPT: usize = 3;
/// No file of ours is longer; a longer one isn't read into memory.
const LONGEST_FILE: u64 = 2 << 30;

/// The snapshot files of one tenant.
#[derive(Clone, Debug)]
pub struct Store {
    directory: PathBuf,
    identity: Identity,
    /// Held by who writes: two would take one name.
    writing: Arc<Mutex<()>>,
}

/// A snapshot could not be written; those written before are as they were.
#[derive(Debug, thiserror::Error)]
#[error("{}: the snapshot can't be written; check space and rights", path.display())]
pub struct StoreError {
    path: PathBuf,
    source: io::Error,
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
            blocked_ports_are_free: tenant.rules.blocked_ports_are_free,
        };
        Self { directory: directory.to_owned(), identity, writing: Arc::default() }
    }

    /// Writes a snapshot, with the scopes of keys, and removes what is older than the last three; tells how many bytes it has. Blocks.
    pub fn save(&self, snapshot: &Snapshot, scopes: &[KnownScope]) -> Result<u64, StoreError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.write(snapshot, scopes).map_err(|source| StoreError { path: self.directory.clone(), source })
    }

    fn write(&self, snapshot: &Snapshot, scopes: &[KnownScope]) -> io::Result<u64> {
        let bytes = encode(&self.identity, snapshot, scopes)?;
        fs::create_dir_all(&self.directory)?;
        let old = self.files()?;
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
        for outdated in old.iter().skip(KEPT - 1) {
            if let Err(error) = fs::remove_file(&outdated.path) {
                tracing::warn!(file = %outdated.path.display(), %error, "an outdated snapshot can't be removed");
            }
        }
        Ok(bytes.len() as u64)
    }

    /// The newest snapshot that can be used; what can't be is named in the log. Blocks.
    pub fn load(&self) -> Loaded {
        let files = match self.files() {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Loaded::Absent,
            Err(error) => {
                let directory = self.directory.display();
                tracing::warn!(%directory, %error, "snapshots can't be looked for; starting without");
                return Loaded::Unusable;
            }
        };
        for file in &files {
            match self.read(&file.path) {
                Ok((snapshot, scopes)) => return Loaded::Snapshot(Box::new(snapshot), scopes),
                Err(error) => {
                    tracing::warn!(file = %file.path.display(), %error, "a snapshot can't be used; trying the one before");
                }
            }
        }
        if files.is_empty() { Loaded::Absent } else { Loaded::Unusable }
    }

    fn read(&self, path: &Path) -> io::Result<(Snapshot, Vec<KnownScope>)> {
        let mut bytes = Vec::new();
        File::open(path)?.take(LONGEST_FILE).read_to_end(&mut bytes)?;
        decode(&self.identity, &bytes).map_err(io::Error::other)
    }

    /// Newest first. Temporary files that a killed process left are removed.
    fn files(&self) -> io::Result<Vec<Written>> {
        let mut files = Vec::new();
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
                (Some(sequence), Some("snapshot"), None) => files.push(Written { sequence, path }),
                (Some(_), Some("tmp"), None) => drop(fs::remove_file(&path)),
                _ => {}
            }
        }
        files.sort_unstable_by_key(|file| std::cmp::Reverse(file.sequence));
        Ok(files)
    }

    fn path(&self, sequence: u64, kind: &str) -> PathBuf {
        self.directory.join(format!("{}.{sequence}.{kind}", self.identity.tenant))
    }
}

/// A snapshot file.
struct Written {
    sequence: u64,
    path: PathBuf,
}

/// Writes a new file to the disk itself; only its owner may read it.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
