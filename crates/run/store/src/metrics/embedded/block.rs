//! A block: an immutable file of sealed samples.
//!
//! ```text
//! magic (8) | series data, one after another | index, zstd | footer (68)
//! ```
//!
//! Each series' data has its crc32 in the index, the index has its own in the footer, and the footer
//! carries one over itself, so no byte can change unseen. Only the footer is kept in memory.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use promise::signal::Matcher;

use super::{
    codec,
    head::Head,
    index::{Builder, Entry, Index},
};
use crate::{Error, Labels, Sample, wire::Reader};

const MAGIC: &[u8; 8] = b"tegataM1";
const FOOTER: usize = 68;
/// An index in memory; beyond it the block is no block of ours. A million series fit.
const INDEX_MAX: usize = 1 << 30;
/// zstd's own default; the index is a few percent of a block.
const ZSTD_LEVEL: i32 = 3;

/// What is known of a block without reading it.
#[derive(Debug)]
pub(super) struct Block {
    pub path: PathBuf,
    /// The last segment of the write-ahead log whose samples it holds.
    pub number: u64,
    pub first: i64,
    pub last: i64,
    pub series: u64,
    pub samples: u64,
    pub bytes: u64,
    index_at: u64,
    index_len: usize,
    index_raw: usize,
    index_crc: u32,
}

/// A block that is being read.
pub(super) struct OpenBlock {
    path: PathBuf,
    file: File,
    pub index: Index,
}

/// The file of what `head` holds; `None` where that is nothing.
pub(super) fn build(head: &Head) -> io::Result<Option<Vec<u8>>> {
    let sealed = head.sealed();
    let Some((first, last)) = head.bounds.filter(|_| !sealed.is_empty()) else {
        return Ok(None);
    };
    let mut out = MAGIC.to_vec();
    let mut builder = Builder::default();
    for (labels, data, first, last) in &sealed {
        builder.add(labels, data, *first, *last);
        out.extend_from_slice(data);
    }
    let index = builder.finish();
    let packed = zstd::bulk::compress(&index, ZSTD_LEVEL)?;
    let index_at = out.len() as u64;
    out.extend_from_slice(&packed);
    let footer_at = out.len();
    for number in [
        index_at,
        packed.len() as u64,
        index.len() as u64,
        sealed.len() as u64,
        head.samples,
    ] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    out.extend_from_slice(&first.to_le_bytes());
    out.extend_from_slice(&last.to_le_bytes());
    out.extend_from_slice(&crc32fast::hash(&packed).to_le_bytes());
    let crc = crc32fast::hash(&out[footer_at..]);
    out.extend_from_slice(&crc.to_le_bytes());
    out.extend_from_slice(b"end.");
    Ok(Some(out))
}

impl Block {
    /// Reads the footer. `Damaged` where it is not what was written.
    pub fn open(path: &Path, number: u64) -> Result<Self, Error> {
        let file = File::open(path).map_err(|e| Error::io(path, e))?;
        let bytes = file.metadata().map_err(|e| Error::io(path, e))?.len();
        let footer_at = bytes.checked_sub(FOOTER as u64).filter(|at| *at >= 8);
        let footer_at = footer_at.ok_or_else(|| Error::damaged(path, "it is too short"))?;
        let (mut magic, mut footer) = ([0; 8], [0; FOOTER]);
        file.read_exact_at(&mut magic, 0)
            .map_err(|e| Error::io(path, e))?;
        file.read_exact_at(&mut footer, footer_at)
            .map_err(|e| Error::io(path, e))?;
        let parsed = parse_footer(&footer).filter(|_| &magic == MAGIC);
        let (numbers, index_crc) =
            parsed.ok_or_else(|| Error::damaged(path, "its footer is not what was written"))?;
        let [index_at, index_len, index_raw, series, samples, first, last] = numbers;
        let size = |n: u64| usize::try_from(n).ok().filter(|n| *n <= INDEX_MAX);
        match (size(index_len), size(index_raw)) {
            (Some(index_len), Some(index_raw))
                if index_at.checked_add(index_len as u64) == Some(footer_at) =>
            {
                Ok(Self {
                    path: path.to_owned(),
                    number,
                    first: first.cast_signed(),
                    last: last.cast_signed(),
                    series,
                    samples,
                    bytes,
                    index_at,
                    index_len,
                    index_raw,
                    index_crc,
                })
            }
            _ => Err(Error::damaged(
                path,
                "its index is not where the footer says",
            )),
        }
    }

    pub fn load(&self) -> Result<OpenBlock, Error> {
        let file = File::open(&self.path).map_err(|e| Error::io(&self.path, e))?;
        let mut packed = vec![0; self.index_len];
        read_at(&file, &self.path, &mut packed, self.index_at)?;
        let wrong = || Error::damaged(&self.path, "its index is not what was written");
        if crc32fast::hash(&packed) != self.index_crc {
            return Err(wrong());
        }
        let index = zstd::bulk::decompress(&packed, self.index_raw).map_err(|_| wrong())?;
        let index = Index::read(&index, MAGIC.len() as u64).ok_or_else(wrong)?;
        Ok(OpenBlock {
            path: self.path.clone(),
            file,
            index,
        })
    }
}

fn parse_footer(footer: &[u8; FOOTER]) -> Option<([u64; 7], u32)> {
    let crc = crc32fast::hash(&footer[..FOOTER - 8]);
    let mut reader = Reader::new(footer);
    let mut numbers = [0; 7];
    for number in &mut numbers {
        *number = u64::from_le_bytes(reader.array()?);
    }
    let index_crc = u32::from_le_bytes(reader.array()?);
    let whole = u32::from_le_bytes(reader.array()?) == crc && reader.take(4)? == b"end.";
    whole.then_some((numbers, index_crc))
}

fn read_at(file: &File, path: &Path, out: &mut [u8], at: u64) -> Result<(), Error> {
    file.read_exact_at(out, at).map_err(|e| match e.kind() {
        io::ErrorKind::UnexpectedEof => Error::damaged(path, "it ends too early"),
        _ => Error::io(path, e),
    })
}

impl OpenBlock {
    /// Gives each accepted series with its samples in `[from, to]` to `found`, in the order of labels.
    pub fn select(
        &self,
        matchers: &[Matcher],
        from: i64,
        to: i64,
        mut found: impl FnMut(Labels, Vec<Sample>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for (labels, entry) in self.index.matching(matchers) {
            if entry.first <= to && entry.last >= from {
                found(labels, self.samples(entry, from, to)?)?;
            }
        }
        Ok(())
    }

    fn samples(&self, entry: Entry, from: i64, to: i64) -> Result<Vec<Sample>, Error> {
        let mut data = vec![0; entry.len as usize];
        read_at(&self.file, &self.path, &mut data, entry.offset)?;
        let wrong = || {
            Error::damaged(
                &self.path,
                format!("samples at byte {} are not what was written", entry.offset),
            )
        };
        if crc32fast::hash(&data) != entry.crc {
            return Err(wrong());
        }
        let mut reader = Reader::new(&data);
        let mut samples = Vec::new();
        while !reader.is_empty() {
            let (span, body) = codec::next(&mut reader).ok_or_else(wrong)?;
            if span.first <= to && span.last >= from {
                codec::decode(span, body, &mut samples).ok_or_else(wrong)?;
            }
        }
        samples.retain(|s| (from..=to).contains(&s.at.as_millis()));
        Ok(samples)
    }
}
