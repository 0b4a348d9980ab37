//! What this machine lets the process have: a folder, room in it, open files.

use super::directory::try_out;
use super::{Finding, Verdict};
use crate::config::listeners::Server;
use crate::server::connections::{descriptors_for, most_connections};
use rustix::fs::statvfs;
use rustix::process::{Resource, getrlimit};
use std::fs;
use std::io;
use std::path::Path;

const FOLDER: &str = "snapshot.directory";
/// What a small network's snapshots take, and then some.
const LEAST_ROOM: u64 = 64 << 20;

/// Whether snapshots can be kept where the configuration says, and whether there is room for more.
pub fn snapshots(folder: Option<&Path>) -> Vec<Finding> {
    let Some(folder) = folder else {
        let text = "none is set, so a restart begins without data: set it";
        return vec![Finding::warning(FOLDER, text)];
    };
    if let Err(error) = try_out(folder) {
        let remedy = "name another, or let the user that this runs as write there";
        let text = format!("{} can't be written to ({error}): {remedy}", folder.display());
        return vec![Finding::failed(FOLDER, text)];
    }
    let writable = Finding::fine(FOLDER, format!("{} can be written to", folder.display()));
    vec![writable, room(folder)]
}

/// A new snapshot is written beside the one before.
fn room(folder: &Path) -> Finding {
    let subject = "room for snapshots";
    match (bytes_free(folder), largest_file(folder)) {
        (Ok(free), Ok(largest)) => {
            let needed = largest.saturating_mul(2).max(LEAST_ROOM);
            let (free_mib, needed_mib) = (free >> 20, needed >> 20);
            let text = format!("{free_mib} MiB are free below {}", folder.display());
            if free < needed {
                let text = format!("{text}, {needed_mib} MiB are needed: make room");
                Finding::warning(subject, text)
            } else {
                Finding::fine(subject, text)
            }
        }
        (Err(error), _) | (_, Err(error)) => {
            Finding::warning(subject, format!("it can't be told how much there is ({error})"))
        }
    }
}

/// Of the file system that a folder is in, or will be once it is made.
fn bytes_free(folder: &Path) -> io::Result<u64> {
    let there = folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
    let system = statvfs(there)?;
    Ok(system.f_bavail.saturating_mul(system.f_frsize))
}

/// 0 in a folder that isn't there yet.
fn largest_file(folder: &Path) -> io::Result<u64> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut largest = 0;
    for entry in entries {
        largest = largest.max(entry?.metadata()?.len());
    }
    Ok(largest)
}

/// Whether the limit of open files leaves as many connections as are configured. `of_instance` is the limit that a running
/// proxy tells of itself; without one this process's own is judged, which may be another than the service's.
pub fn open_files(server: &Server, of_instance: Option<u64>) -> Finding {
    let (limit, whose) = match of_instance {
        Some(limit) => (limit, "the running proxy"),
        None => (getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX), "this shell"),
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let wanted = server.max_connections.get();
    let left = most_connections(limit);
    let (verdict, text) = if left >= wanted {
        (Verdict::Fine, format!("the limit of {whose} is enough for {wanted} connections"))
    } else {
        let needed = descriptors_for(wanted);
        let remedy = format!("raise it to {needed} (LimitNOFILE of the unit, ulimit -n)");
        let text = format!(
            "the limit of {whose} is {limit}, enough for {left} connections of {wanted} (server.max_connections): {remedy}"
        );
        (Verdict::Warning, text)
    };
    Finding { subject: "open files".to_owned(), verdict, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_data_needs_room_for_two_more() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(largest_file(&folder.path().join("not/yet")).unwrap(), 0);
        assert!(bytes_free(&folder.path().join("not/yet")).unwrap() > 0);
        assert_eq!(room(folder.path()).verdict, Verdict::Fine);
        // Sparse: it takes no room itself.
        let file = fs::File::create(folder.path().join("demo.1.snapshot")).unwrap();
        file.set_len(1 << 42).unwrap();
        let told = room(folder.path());
        assert_eq!(told.verdict, Verdict::Warning);
        assert!(told.text.contains("8388608 MiB are needed: make room"), "{told}");
    }
}
