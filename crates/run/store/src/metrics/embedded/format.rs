//! Which layout the files of a store have. What an older or a newer version wrote is refused before anything is
//! read, so that nothing is mistaken for damage.

use std::{fs, io, path::Path};

use crate::{Error, disk::Disk};

/// The layout that this version writes. Raise it with any change of the log or the blocks.
pub(super) const FORMAT: u64 = 2;
/// The first layout did not say which it was.
const UNNAMED: u64 = 1;

/// Refuses a folder of another format, and names the format of an empty one.
pub(super) fn check(disk: &dyn Disk, folder: &Path) -> Result<(), Error> {
    let path = folder.join("format");
    match fs::read_to_string(&path) {
        Ok(text) => match text.trim().parse() {
            Ok(FORMAT) => Ok(()),
            Ok(found) => Err(other(folder, found)),
            Err(_) => Err(Error::damaged(
                path,
                "it does not say which format the store has",
            )),
        },
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            if holds_files(&folder.join("wal"))? || holds_files(&folder.join("blocks"))? {
                return Err(other(folder, UNNAMED));
            }
            fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
            let text = format!("{FORMAT}\n");
            disk.write_whole(&path, text.as_bytes())
                .map_err(|e| Error::io(path, e))
        }
        Err(e) => Err(Error::io(path, e)),
    }
}

fn other(folder: &Path, found: u64) -> Error {
    Error::OtherFormat {
        path: folder.to_owned(),
        found,
        reads: FORMAT,
    }
}

fn holds_files(folder: &Path) -> Result<bool, Error> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(Error::io(folder, e)),
    }
}
