//! Files that a spec names: read only where they are not larger than anything they could honestly hold.

use std::{fs, io, path::Path};

use promise::{Say, say};

/// The content, as `read` gives it.
pub(crate) fn bounded<T>(
    path: &Path,
    max: u64,
    read: impl FnOnce(&Path) -> io::Result<T>,
) -> Result<T, Say> {
    let size = fs::metadata(path)
        .map_err(|error| unreadable(path, &error.to_string()))?
        .len();
    if size > max {
        return Err(unreadable(path, &format!("{size} bytes")));
    }
    read(path).map_err(|error| unreadable(path, &error.to_string()))
}

pub(crate) fn unreadable(path: &Path, why: &str) -> Say {
    let shown = path.display();
    say!(
        "{shown} cannot be read: {why}",
        "{shown} を読めません: {why}"
    )
}
