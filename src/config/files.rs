//! The files that a configuration is in, and those of keys and tokens that it names.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Far longer than any of them: a slip, or a device that never ends.
const LONGEST: u64 = 4 << 20;

/// The text of a file.
pub(super) fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LONGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(text) }
}
