//! What commands leave on disk.

use crate::cli::Unusable;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that comes into being as a whole: what was there stays until then, and so it does where nothing comes of it.
pub(super) struct Output<'p> {
    path: &'p Path,
    part: PathBuf,
    file: File,
}

impl<'p> Output<'p> {
    pub(super) fn create(path: &'p Path) -> Result<Self, Unusable> {
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        match File::create(&part) {
            Ok(file) => Ok(Self { path, part, file }),
            Err(source) => Err(Unusable::Output { path: path.to_owned(), source }),
        }
    }

    pub(super) fn finish(mut self, page: &[u8]) -> io::Result<()> {
        self.file.write_all(page)?;
        // A power cut must not leave an empty file in place of the one before.
        self.file.sync_all()?;
        fs::rename(&self.part, self.path)
    }
}

impl Drop for Output<'_> {
    fn drop(&mut self) {
        // There is none any more where it was finished; else nobody misses it.
        let _removed = fs::remove_file(&self.part);
    }
}

/// The folder of a recording; gone again if nothing was put into it.
pub(super) struct Folder<'p> {
    pub(super) path: &'p Path,
}

impl<'p> Folder<'p> {
    /// A new one, or an empty one: recordings must not be mixed.
    pub(super) fn create(path: &'p Path) -> Result<Self, Unusable> {
        let unusable = |source| Unusable::Record { path: path.to_owned(), source };
        let is_new = fs::create_dir(path);
        match fs::read_dir(path).map_err(|source| unusable(is_new.err().unwrap_or(source)))?.next() {
            None => Ok(Self { path }),
            Some(_) => Err(unusable(io::Error::other("it holds something"))),
        }
    }
}

impl Drop for Folder<'_> {
    fn drop(&mut self) {
        // One that holds something stays.
        let _removed = fs::remove_dir(self.path);
    }
}
