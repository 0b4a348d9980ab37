//! Leave to write a tenant's files, which one process has at a time.
//!
//! It is an advisory lock of the system on a file of its own: it ends with the process, however that ends, and nobody here
//! removes the file, so that all lock the same one.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The lock, held or not.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    held: Option<File>,
}

/// Since when a lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tenure {
    /// It was held before.
    Going,
    /// From now on: another may have written in between.
    New,
}

impl Lock {
    /// Not held yet; the file need not exist, nor its folder.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, held: None }
    }

    /// The file that is locked.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Holds it from now on, if nobody else does.
    pub(super) fn take(&mut self) -> Result<Tenure, TryLockError> {
        if self.held.as_ref().is_some_and(|held| self.is_in_place(held)) {
            return Ok(Tenure::Going);
        }
        let options = &mut OpenOptions::new();
        // Nothing is ever written to it: some network file systems lock only what could be.
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(&self.path);
        let file = file.map_err(TryLockError::Error)?;
        file.try_lock()?;
        self.held = Some(file);
        Ok(Tenure::New)
    }

    /// Lets others have it.
    pub(super) fn give_back(&mut self) {
        if let Some(held) = self.held.take() {
            // Closing it does the same, unless a child that is just being started has it open too.
            let _closed_anyway = held.unlock();
        }
    }

    /// Whether the file is the one that others would lock: somebody may have removed it, or its folder.
    fn is_in_place(&self, held: &File) -> bool {
        let (Ok(held), Ok(there)) = (held.metadata(), fs::metadata(&self.path)) else { return false };
        (held.dev(), held.ino()) == (there.dev(), there.ino())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.give_back();
    }
}
