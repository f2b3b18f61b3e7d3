//! Where each thing lies, and writing it so that it is either there whole or not at all.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    panic,
    path::{Path, PathBuf},
    thread,
};

use crate::{
    error::Error,
    limit::{SYNCS_AT_ONCE, TILE},
    merkle::Hash,
};

/// Which kind of tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layer {
    Entries,
    Hashes(u32),
}

/// Path of a full tile: `tile/<L>/<N>`.
pub(crate) fn tile(dir: &Path, layer: Layer, n: u64) -> PathBuf {
    let folder = match layer {
        Layer::Entries => "entries".to_owned(),
        Layer::Hashes(level) => level.to_string(),
    };
    dir.join("tile").join(folder).join(number(n))
}

/// Folder of the partial tiles: `tile/<L>/<N>.p`.
pub(crate) fn partials(dir: &Path, layer: Layer, n: u64) -> PathBuf {
    let mut path = tile(dir, layer, n).into_os_string();
    path.push(".p");
    path.into()
}

/// `x001/x234/067` for 1234067.
fn number(n: u64) -> String {
    let mut text = format!("{:03}", n % 1_000);
    let mut rest = n / 1_000;
    while rest > 0 {
        text = format!("x{:03}/{text}", rest % 1_000);
        rest /= 1_000;
    }
    text
}

pub(crate) fn join_hashes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

pub(crate) fn split_hashes(bytes: &[u8]) -> Vec<Hash> {
    bytes
        .as_chunks::<32>()
        .0
        .iter()
        .map(|chunk| Hash(*chunk))
        .collect()
}

/// Entries as a bundle: each after its length.
pub(crate) fn join_entries<'a>(entries: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        // `NewEntry::rest_of_line` has refused what does not fit.
        let length = u16::try_from(entry.len()).unwrap_or(u16::MAX);
        bytes.extend(length.to_be_bytes());
        bytes.extend(entry);
    }
    bytes
}

/// The entries of a bundle, up to where it stops to make sense; and how many bytes are left over there.
pub(crate) fn split_entries(mut bytes: &[u8]) -> (Vec<&[u8]>, usize) {
    let mut entries = Vec::new();
    while entries.len() < TILE as usize {
        let Some((length, rest)) = bytes.split_first_chunk::<2>() else {
            break;
        };
        let Some((entry, rest)) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
        else {
            break;
        };
        entries.push(entry);
        bytes = rest;
    }
    (entries, bytes.len())
}

/// A whole file, or `None` when there is none. A file longer than `limit` is an error.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("longer than {limit} bytes"),
        ));
    }
    Ok(Some(bytes))
}

pub(crate) fn read_text(path: &Path, limit: u64) -> io::Result<Option<String>> {
    let Some(bytes) = read(path, limit)? else {
        return Ok(None);
    };
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
}

/// Writes a file whole: under another name, to the disk, then renamed; the folder follows. Whoever looks finds the
/// old one or the new one, also after a power loss.
pub(crate) fn replace(path: &Path, bytes: &[u8], mode: Option<u32>) -> Result<(), Error> {
    let mut batch = Batch::default();
    batch.write(path, bytes, mode)?;
    batch.finish()
}

/// Several files that become durable together: their data goes to the disk side by side, and a folder is synced once.
#[derive(Default)]
pub(crate) struct Batch {
    fresh: Vec<(File, PathBuf, PathBuf)>,
    folders: BTreeSet<PathBuf>,
}

impl Batch {
    pub fn write(&mut self, path: &Path, bytes: &[u8], mode: Option<u32>) -> Result<(), Error> {
        let folder = path.parent().unwrap_or(Path::new("."));
        create_folders(folder)?;
        let mut name = path.as_os_str().to_owned();
        name.push(".new");
        let fresh = PathBuf::from(name);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        if let Some(mode) = mode {
            options.mode(mode);
        }
        let file = options
            .open(&fresh)
            .and_then(|mut file| file.write_all(bytes).map(|()| file));
        let file = file.map_err(|error| Error::io(path, error))?;
        self.fresh.push((file, fresh, path.to_owned()));
        self.folders.insert(folder.to_owned());
        Ok(())
    }

    /// Nothing is in its place before this, and everything after it.
    pub fn finish(self) -> Result<(), Error> {
        let share = self.fresh.len().div_ceil(SYNCS_AT_ONCE).max(1);
        let (own, others) = self.fresh.split_at(share.min(self.fresh.len()));
        thread::scope(|scope| {
            let others: Vec<_> = others
                .chunks(share)
                .map(|share| scope.spawn(|| put_in_place(share)))
                .collect();
            let mut done = put_in_place(own);
            for other in others {
                done = done.and(other.join().unwrap_or_else(|it| panic::resume_unwind(it)));
            }
            done
        })?;
        for folder in &self.folders {
            let done = File::open(folder).and_then(|file| file.sync_all());
            done.map_err(|error| Error::io(folder, error))?;
        }
        Ok(())
    }
}

fn put_in_place(files: &[(File, PathBuf, PathBuf)]) -> Result<(), Error> {
    files.iter().try_for_each(|(file, fresh, path)| {
        let done = file.sync_all().and_then(|()| fs::rename(fresh, path));
        done.map_err(|error| Error::io(path, error))
    })
}

/// Creates folders so that they survive a power loss too.
fn create_folders(folder: &Path) -> Result<(), Error> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        create_folders(parent)?;
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(Error::io(folder, error));
            }
            _ => {}
        }
        let parent = if parent.as_os_str().is_empty() {
            Path::new(".")
        } else {
            parent
        };
        File::open(parent)
            .and_then(|file| file.sync_all())
            .map_err(|error| Error::io(parent, error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_numbered_as_c2sp_tlog_tiles_says() {
        // The example of the specification.
        assert_eq!(number(1_234_067), "x001/x234/067");
        assert_eq!(number(0), "000");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_000), "x001/000");
        let dir = Path::new("d");
        assert_eq!(
            partials(dir, Layer::Hashes(1), 5).join("17"),
            Path::new("d/tile/1/005.p/17")
        );
    }

    #[test]
    fn a_bundle_gives_back_its_entries_and_says_what_is_left_over() {
        let bundle = join_entries([b"one".as_slice(), b"", b"three"].into_iter());
        assert_eq!(bundle, b"\0\x03one\0\0\0\x05three");
        assert_eq!(
            split_entries(&bundle),
            (vec![b"one".as_slice(), b"", b"three"], 0)
        );
        assert_eq!(
            split_entries(&bundle[..bundle.len() - 1]),
            (vec![b"one".as_slice(), b""], 6)
        );
    }
}
