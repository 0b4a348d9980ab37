//! Whether snapshots could be kept in a folder: tried, and nothing left behind.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;

/// Writes a file in `directory`, which is made for it where it isn't there, and takes everything away again.
pub fn try_out(directory: &Path) -> io::Result<()> {
    let mut made = Made::default();
    for folder in missing(directory)? {
        match fs::create_dir(folder) {
            Ok(()) => made.folders.push(folder.to_owned()),
            // By somebody else meanwhile, or a way back up ("..").
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
            Err(error) => return Err(error),
        }
    }
    // No tenant's file begins with a dot: a proxy that runs passes it over.
    let path = directory.join(format!(".viability-proxy-check.{}", process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
    made.file = Some(path);
    // On the disk itself: a full one takes an empty file.
    file.write_all(b"check")?;
    // Whether files can be locked there at all; those of a proxy that runs are its own.
    file.try_lock()?;
    file.sync_all()
}

/// The folders on the way to this one that aren't there, the outermost first.
fn missing(directory: &Path) -> io::Result<Vec<&Path>> {
    let mut missing = Vec::new();
    // The last ancestor of a relative path is empty and means the current folder.
    for folder in directory.ancestors().filter(|folder| !folder.as_os_str().is_empty()) {
        if folder.try_exists()? {
            break;
        }
        missing.push(folder);
    }
    missing.reverse();
    Ok(missing)
}

/// What has been made and goes again, however the try ends.
#[derive(Default)]
struct Made {
    folders: Vec<PathBuf>,
    file: Option<PathBuf>,
}

impl Drop for Made {
    fn drop(&mut self) {
        // What can't go holds somebody else's files by now.
        if let Some(file) = &self.file {
            let _still_there = fs::remove_file(file);
        }
        for folder in self.folders.iter().rev() {
            let _still_there = fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_there_or_can_be_made_is_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("demo.1.snapshot"), "data").unwrap();
        let inner = folder.path().join("one/two/three");
        for directory in [folder.path(), &inner, &folder.path().join("one/../two")] {
            try_out(directory).unwrap();
            let left: Vec<_> =
                fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(left, ["demo.1.snapshot"], "{}", directory.display());
        }
    }

    #[test]
    fn a_folder_that_cannot_be_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        for directory in [&file, &file.join("below"), Path::new("/proc/viability-proxy/snapshots")] {
            assert!(try_out(directory).is_err(), "{}", directory.display());
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
