//! Rows that were deleted from a part, in a file beside it until a merge leaves them out.
//!
//! ```text
//! crc32 (4) | a roaring bitmap of row numbers
//! ```

use std::{fs, io, path::PathBuf};

use roaring::RoaringBitmap;

use super::part::Part;
use crate::{Error, disk::Disk};

pub(super) const SUFFIX: &str = ".gone";

fn path(part: &Part) -> PathBuf {
    let mut name = part.path.as_os_str().to_owned();
    name.push(SUFFIX);
    name.into()
}

/// Takes up what was noted of a part. Where that is damaged, so is the part: what was deleted must not come back.
pub(super) fn recall(part: &Part) -> Result<(), Error> {
    let path = path(part);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(Error::io(path, e)),
    };
    let read = || {
        let (crc, bitmap) = bytes.split_first_chunk::<4>()?;
        (crc32fast::hash(bitmap) == u32::from_le_bytes(*crc)).then_some(())?;
        RoaringBitmap::deserialize_from(bitmap).ok()
    };
    let gone = read()
        .ok_or_else(|| Error::damaged(&part.path, "what was deleted from it is not known"))?;
    part.set_gone(gone);
    Ok(())
}

/// Notes rows durably, then hides them.
pub(super) fn note(part: &Part, gone: RoaringBitmap, disk: &dyn Disk) -> Result<(), Error> {
    let path = path(part);
    let mut bitmap = Vec::new();
    gone.serialize_into(&mut bitmap)
        .map_err(|e| Error::io(&path, e))?;
    let mut bytes = crc32fast::hash(&bitmap).to_le_bytes().to_vec();
    bytes.append(&mut bitmap);
    disk.write_whole(&path, &bytes)
        .map_err(|e| Error::io(&path, e))?;
    part.set_gone(gone);
    Ok(())
}

pub(super) fn forget(part: &Part) -> Result<(), Error> {
    let path = path(part);
    match fs::remove_file(&path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::io(path, e)),
        _ => Ok(()),
    }
}
