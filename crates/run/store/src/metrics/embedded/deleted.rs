//! What has been deleted of a block since it was written.
//!
//! The block stays as it is; beside it lies a file that says which stretches of which series are gone. It is
//! written whole before the deletion is acknowledged, and names the block by its checksum, so that it cannot be
//! taken for that of another. Compaction writes the block anew without them.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    Error,
    disk::Disk,
    wire::{Reader, put_signed, put_varint},
};

const MAGIC: &[u8; 8] = b"tegataD2";

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Deleted {
    /// By where a series stands in the block's index.
    by_series: BTreeMap<usize, Stretches>,
}

/// Both ends of each stretch are gone, too.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Stretches(Vec<(i64, i64)>);

impl Stretches {
    pub fn holds(&self, at: i64) -> bool {
        self.0.iter().any(|(from, to)| (*from..=*to).contains(&at))
    }

    fn add(&mut self, from: i64, to: i64) {
        if !self.0.iter().any(|(f, t)| *f <= from && *t >= to) {
            self.0.retain(|(f, t)| !(from <= *f && to >= *t));
            self.0.push((from, to));
        }
    }
}

impl Deleted {
    pub fn is_empty(&self) -> bool {
        self.by_series.is_empty()
    }

    pub fn of(&self, series: usize) -> Option<&Stretches> {
        self.by_series.get(&series)
    }

    pub fn add(&mut self, series: usize, from: i64, to: i64) {
        self.by_series.entry(series).or_default().add(from, to);
    }

    /// What lies beside the block at `path`. `Damaged` where that cannot be read: then nobody knows what of the
    /// block may be seen.
    pub fn open(block: &Path, crc: u32) -> Result<Self, Error> {
        let path = beside(block);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(e) => return Err(Error::io(path, e)),
        };
        let (of, deleted) = Self::read(&bytes)
            .ok_or_else(|| Error::damaged(block, "what was deleted of it cannot be read"))?;
        if of == crc {
            return Ok(deleted);
        }
        // Left over from the block that this one has replaced.
        fs::remove_file(&path).map_err(|e| Error::io(path, e))?;
        Ok(Self::default())
    }

    pub fn save(&self, disk: &dyn Disk, block: &Path, crc: u32) -> Result<(), Error> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&crc.to_le_bytes());
        put_varint(&mut out, self.by_series.len() as u64);
        for (series, stretches) in &self.by_series {
            put_varint(&mut out, *series as u64);
            put_varint(&mut out, stretches.0.len() as u64);
            for (from, to) in &stretches.0 {
                put_signed(&mut out, *from);
                put_signed(&mut out, *to);
            }
        }
        let whole = crc32fast::hash(&out);
        out.extend_from_slice(&whole.to_le_bytes());
        let path = beside(block);
        disk.write_whole(&path, &out)
            .map_err(|e| Error::io(path, e))
    }

    fn read(bytes: &[u8]) -> Option<(u32, Self)> {
        let (body, whole) = bytes.split_last_chunk::<4>()?;
        if crc32fast::hash(body) != u32::from_le_bytes(*whole) {
            return None;
        }
        let mut reader = Reader::new(body.strip_prefix(MAGIC)?);
        let of = u32::from_le_bytes(reader.array()?);
        let mut deleted = Self::default();
        for _ in 0..reader.varint()? {
            let series = reader.len()?;
            for _ in 0..reader.varint()? {
                deleted.add(series, reader.signed()?, reader.signed()?);
            }
        }
        Some((of, deleted))
    }
}

/// The file beside a block.
pub(super) fn beside(block: &Path) -> PathBuf {
    block.with_extension("deleted")
}
