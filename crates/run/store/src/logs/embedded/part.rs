//! A part: an immutable file with the rows of one stream and one day (UTC), in the order of time, then id.
//!
//! ```text
//! magic (8) | blocks, each a zstd frame of rows | footer, JSON | its length and crc32 (8) | magic (8)
//! ```
//!
//! Each block's crc32 stands in the footer. Only the footer is kept in memory.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::Row;
use crate::{Error, wire::Reader};

const MAGIC: &[u8; 8] = b"tegataL1";
const TRAILER: usize = 16;
/// A search holds one block in memory; larger ones compress hardly better.
const BLOCK_ROWS: usize = 65_536;
const BLOCK_BYTES: usize = 2 << 20;
/// A block is closed by the row that fills it, and a row is at most 1 MiB and its head.
const BLOCK_BYTES_MAX: usize = BLOCK_BYTES + (2 << 20);
/// A day of a stream has at most a few thousand blocks between two seals; far beyond that it is no part.
const FOOTER_MAX: usize = 64 << 20;
/// zstd's own default: 3 compresses JSON about tenfold at hundreds of MB/s.
const ZSTD_LEVEL: i32 = 3;

pub(super) struct Part {
    pub path: PathBuf,
    pub stream: String,
    pub bytes: u64,
    blocks: Vec<Block>,
}

#[derive(Serialize, Deserialize)]
struct Footer {
    stream: String,
    blocks: Vec<Block>,
}

/// Where a block lies and which times it covers.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Block {
    offset: u64,
    len: usize,
    raw: usize,
    crc: u32,
    rows: u64,
    pub first: i64,
    pub last: i64,
}

/// The file of `rows`, which must be in order.
pub(super) fn build(stream: &str, rows: &[Row]) -> io::Result<Vec<u8>> {
    let mut out = MAGIC.to_vec();
    let mut blocks = Vec::new();
    let mut rest = rows;
    while let (Some(first), mut n, mut raw) = (rest.first(), 0, Vec::new()) {
        while n < BLOCK_ROWS.min(rest.len()) && raw.len() < BLOCK_BYTES {
            rest[n].put(&mut raw);
            n += 1;
        }
        let packed = zstd::bulk::compress(&raw, ZSTD_LEVEL)?;
        blocks.push(Block {
            offset: out.len() as u64,
            len: packed.len(),
            raw: raw.len(),
            crc: crc32fast::hash(&packed),
            rows: n as u64,
            first: first.at,
            last: rest[n - 1].at,
        });
        out.extend_from_slice(&packed);
        rest = &rest[n..];
    }
    let footer = serde_json::to_vec(&Footer {
        stream: stream.to_owned(),
        blocks,
    })?;
    let len = u32::try_from(footer.len()).map_err(io::Error::other)?;
    out.extend_from_slice(&footer);
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(&crc32fast::hash(&footer).to_le_bytes());
    out.extend_from_slice(MAGIC);
    Ok(out)
}

impl Part {
    /// Reads the footer. `Damaged` where it is not what was written.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let io = |e| Error::io(path, e);
        let wrong = || Error::damaged(path, "its footer is not what was written");
        let file = File::open(path).map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        let trailer_at = bytes
            .checked_sub(TRAILER as u64)
            .filter(|at| *at >= 8)
            .ok_or_else(wrong)?;
        let (mut magic, mut trailer) = ([0; 8], [0; TRAILER]);
        file.read_exact_at(&mut magic, 0).map_err(io)?;
        file.read_exact_at(&mut trailer, trailer_at).map_err(io)?;
        let mut reader = Reader::new(&trailer);
        let mut number = || reader.array().map(u32::from_le_bytes).ok_or_else(wrong);
        let (len, crc) = (number()? as usize, number()?);
        let footer_at = trailer_at.checked_sub(len as u64).ok_or_else(wrong)?;
        if &magic != MAGIC || &trailer[8..] != MAGIC || len > FOOTER_MAX {
            return Err(wrong());
        }
        let mut footer = vec![0; len];
        file.read_exact_at(&mut footer, footer_at).map_err(io)?;
        if crc32fast::hash(&footer) != crc {
            return Err(wrong());
        }
        let Footer { stream, blocks } = serde_json::from_slice(&footer).map_err(|_| wrong())?;
        Ok(Self {
            path: path.to_owned(),
            stream,
            bytes,
            blocks,
        })
    }

    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    pub fn rows(&self) -> u64 {
        self.blocks.iter().map(|block| block.rows).sum()
    }

    pub fn last(&self) -> i64 {
        self.blocks
            .iter()
            .map(|block| block.last)
            .max()
            .unwrap_or(i64::MIN)
    }

    pub fn read(&self, block: Block) -> Result<Vec<Row>, Error> {
        let wrong = || {
            Error::damaged(
                &self.path,
                format!("the block at byte {} is not what was written", block.offset),
            )
        };
        if block.raw > BLOCK_BYTES_MAX || block.len as u64 > self.bytes {
            return Err(wrong());
        }
        let file = File::open(&self.path).map_err(|e| Error::io(&self.path, e))?;
        let mut packed = vec![0; block.len];
        file.read_exact_at(&mut packed, block.offset)
            .map_err(|e| match e.kind() {
                io::ErrorKind::UnexpectedEof => wrong(),
                _ => Error::io(&self.path, e),
            })?;
        if crc32fast::hash(&packed) != block.crc {
            return Err(wrong());
        }
        let raw = zstd::bulk::decompress(&packed, block.raw).map_err(|_| wrong())?;
        let mut reader = Reader::new(&raw);
        let mut rows = Vec::new();
        while !reader.is_empty() {
            rows.push(Row::read(&mut reader).ok_or_else(wrong)?);
        }
        Ok(rows)
    }
}
