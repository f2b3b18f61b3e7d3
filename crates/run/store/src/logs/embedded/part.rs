//! A part: an immutable file with blocks of one stream and one day (UTC).
//!
//! ```text
//! magic (8) | blocks (block.rs) | footer | length of the footer, crc32 of footer and sum (8) | SHA-256 (32) | magic (8)
//! footer: stream | day | parts that this one replaces | blocks
//! a block: offset | length | where its header begins | crc32 of the header (4) | rows | first | last time
//! ```
//!
//! The SHA-256 is of everything before the footer's length: whoever knows it can tell that not one line was
//! changed. Rows that were deleted are named in a file beside the part (`gone.rs`) until a merge leaves them
//! out.

use std::{
    fs::File,
    io::{self, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

use promise::Timestamp;
use roaring::RoaringBitmap;
use sha2::{Digest, Sha256};

use super::{
    block::{self, Built, ROWS_MAX},
    header::Header,
    headers::Headers,
    source::Source,
    table::Table,
};
use crate::{
    Error,
    logs::Seal,
    wire::{Reader, put_signed, put_text, put_varint},
};

const MAGIC: &[u8; 8] = b"tegataL2";
const SUM: usize = 32;
const TRAILER: usize = 8 + SUM + 8;
/// A part has some thousand blocks at most; far beyond that it is none.
const FOOTER_MAX: usize = 64 << 20;
pub(super) const DAY_MILLIS: i64 = 86_400_000;

/// Where a block lies, and which times it covers.
#[derive(Debug, Clone)]
pub(super) struct BlockAt {
    pub offset: u64,
    pub len: usize,
    header_at: usize,
    header_crc: u32,
    pub rows: usize,
    pub first: i64,
    pub last: i64,
}

/// A part in a file, or one of a single block that is still in memory.
pub(super) struct Part {
    pub path: PathBuf,
    pub stream: Arc<str>,
    pub day: i64,
    pub bytes: u64,
    pub sum: [u8; SUM],
    pub replaces: Vec<String>,
    blocks: Vec<BlockAt>,
    memory: Option<Arc<[u8]>>,
    /// The header of the one block in memory.
    own: OnceLock<Arc<Header>>,
    gone: RwLock<Arc<RoaringBitmap>>,
}

impl BlockAt {
    pub fn of(built: &Built, offset: u64) -> Self {
        Self {
            offset,
            len: built.bytes.len(),
            header_at: built.header_at,
            header_crc: crc32fast::hash(&built.bytes[built.header_at..]),
            rows: built.rows,
            first: built.first,
            last: built.last,
        }
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_varint(out, self.offset);
        put_varint(out, self.len as u64);
        put_varint(out, self.header_at as u64);
        out.extend_from_slice(&self.header_crc.to_le_bytes());
        put_varint(out, self.rows as u64);
        put_signed(out, self.first);
        put_signed(out, self.last);
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            offset: reader.varint()?,
            len: reader.len()?,
            header_at: reader.len()?,
            header_crc: u32::from_le_bytes(reader.array()?),
            rows: reader.len().filter(|rows| *rows <= ROWS_MAX)?,
            first: reader.signed()?,
            last: reader.signed()?,
        })
    }
}

impl Part {
    /// A block that is in no file yet.
    pub fn in_memory(stream: Arc<str>, day: i64, built: Built) -> Self {
        Self {
            path: PathBuf::from("memory"),
            stream,
            day,
            bytes: built.bytes.len() as u64,
            sum: [0; SUM],
            replaces: Vec::new(),
            blocks: vec![BlockAt::of(&built, 0)],
            memory: Some(built.bytes.into()),
            own: OnceLock::new(),
            gone: RwLock::default(),
        }
    }

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
        let sum: [u8; SUM] = reader.array().ok_or_else(wrong)?;
        let footer_at = trailer_at.checked_sub(len as u64).ok_or_else(wrong)?;
        if &magic != MAGIC || reader.rest() != MAGIC || len > FOOTER_MAX {
            return Err(wrong());
        }
        let mut footer = vec![0; len];
        file.read_exact_at(&mut footer, footer_at).map_err(io)?;
        if footer_crc(&footer, &sum) != crc {
            return Err(wrong());
        }
        let mut reader = Reader::new(&footer);
        let mut read = || {
            let (stream, day) = (reader.text()?.into(), reader.signed()?);
            let (mut replaces, mut blocks) = (Vec::new(), Vec::new());
            for _ in 0..reader.varint()? {
                replaces.push(reader.text()?.to_owned());
            }
            for _ in 0..reader.varint()? {
                blocks.push(BlockAt::read(&mut reader)?);
            }
            Some((stream, day, replaces, blocks))
        };
        let (stream, day, replaces, blocks) = read().ok_or_else(wrong)?;
        Ok(Self {
            path: path.to_owned(),
            stream,
            day,
            bytes,
            sum,
            replaces,
            blocks,
            memory: None,
            own: OnceLock::new(),
            gone: RwLock::default(),
        })
    }

    pub fn blocks(&self) -> &[BlockAt] {
        &self.blocks
    }

    pub fn name(&self) -> String {
        self.path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    /// The SHA-256 as it is written.
    pub fn sum_hex(&self) -> String {
        self.sum.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub fn seal(&self) -> Seal {
        Seal {
            name: self.name(),
            stream: self.stream.to_string(),
            first: Timestamp::from_millis(self.first()),
            last: Timestamp::from_millis(self.last()),
            records: self.rows(),
            bytes: self.bytes,
            sha256: self.sum_hex(),
            replaces: self.replaces.clone(),
        }
    }

    /// Rows that are not gone.
    pub fn rows(&self) -> u64 {
        self.blocks
            .iter()
            .map(|block| block.rows as u64)
            .sum::<u64>()
            - self.gone().len()
    }

    pub fn first(&self) -> i64 {
        self.blocks
            .iter()
            .map(|block| block.first)
            .min()
            .unwrap_or(i64::MAX)
    }

    pub fn last(&self) -> i64 {
        self.blocks
            .iter()
            .map(|block| block.last)
            .max()
            .unwrap_or(i64::MIN)
    }

    /// Rows that were deleted: [`row_number`] of each.
    pub fn gone(&self) -> Arc<RoaringBitmap> {
        self.gone
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub fn set_gone(&self, gone: RoaringBitmap) {
        *self.gone.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(gone);
    }

    /// From where its blocks are read; open for as long as it is kept.
    pub fn source(&self) -> Result<Source, Error> {
        if let Some(bytes) = &self.memory {
            return Ok(Source::Memory(bytes.clone()));
        }
        let file = File::open(&self.path).map_err(|e| Error::io(&self.path, e))?;
        Ok(Source::File {
            file: Arc::new(file),
            path: Arc::new(self.path.clone()),
        })
    }

    /// A header that was read lately costs nothing: then its file is not even opened.
    pub fn header(&self, block: usize, headers: &Headers) -> Result<Arc<Header>, Error> {
        let read = || {
            let source = self.source()?;
            let at = self.blocks.get(block).ok_or_else(|| source.damaged(0))?;
            let damaged = || source.damaged(at.offset);
            let len = at.len.checked_sub(at.header_at).ok_or_else(damaged)?;
            let bytes = source.read(at.offset.saturating_add(at.header_at as u64), len)?;
            if crc32fast::hash(&bytes) != at.header_crc {
                return Err(damaged());
            }
            Header::read(&bytes)
                .filter(|header| header.rows == at.rows)
                .ok_or_else(damaged)
        };
        if self.memory.is_none() {
            return headers.get((&self.path, block), read);
        }
        if let Some(header) = self.own.get() {
            return Ok(header.clone());
        }
        let header = Arc::new(read()?);
        Ok(self.own.get_or_init(|| header).clone())
    }

    pub fn table(&self, block: usize, source: Source, header: Arc<Header>) -> Result<Table, Error> {
        let at = self.blocks.get(block);
        let at = at.ok_or_else(|| source.damaged(0))?;
        block::open(source, at.offset, (at.first, at.last), header)
    }

    /// The bytes of a block as they are.
    pub fn copy(&self, block: &BlockAt, source: &Source) -> Result<Vec<u8>, Error> {
        source.read(block.offset, block.len)
    }

    /// Whether the file is still what was written; reads all of it.
    pub fn verify(&self) -> Result<(), Error> {
        let io = |e| Error::io(&self.path, e);
        let mut file = File::open(&self.path)
            .map_err(io)?
            .take_but(TRAILER)
            .map_err(io)?;
        let mut sha = Sha256::new();
        io::copy(&mut file, &mut HashWriter(&mut sha)).map_err(io)?;
        if sha.finalize()[..] == self.sum {
            return Ok(());
        }
        Err(Error::damaged(
            &self.path,
            "its SHA-256 is not the one that was written",
        ))
    }
}

/// The number by which a row of a part is named.
pub(super) fn row_number(block: usize, row: usize) -> Option<u32> {
    u32::try_from(block.checked_mul(ROWS_MAX)?.checked_add(row)?).ok()
}

trait TakeBut {
    fn take_but(self, tail: usize) -> io::Result<io::Take<File>>;
}

impl TakeBut for File {
    fn take_but(self, tail: usize) -> io::Result<io::Take<File>> {
        let len = self.metadata()?.len().saturating_sub(tail as u64);
        Ok(io::Read::take(self, len))
    }
}

struct HashWriter<'h>(&'h mut Sha256);

impl Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn footer_crc(footer: &[u8], sum: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(footer);
    crc.update(sum);
    crc.finalize()
}

/// Writes a part block by block.
pub(super) struct PartWriter<'w> {
    out: &'w mut dyn Write,
    sha: Sha256,
    offset: u64,
    blocks: Vec<BlockAt>,
}

impl<'w> PartWriter<'w> {
    pub fn new(out: &'w mut dyn Write) -> io::Result<Self> {
        let mut writer = Self {
            out,
            sha: Sha256::new(),
            offset: 0,
            blocks: Vec::new(),
        };
        writer.put(MAGIC)?;
        Ok(writer)
    }

    /// Adds a block whose bytes are those of another part.
    pub fn block(&mut self, at: &BlockAt, bytes: &[u8]) -> io::Result<()> {
        let offset = self.offset;
        self.put(bytes)?;
        self.blocks.push(BlockAt {
            offset,
            ..at.clone()
        });
        Ok(())
    }

    pub fn built(&mut self, built: &Built) -> io::Result<()> {
        self.block(&BlockAt::of(built, 0), &built.bytes)
    }

    pub fn finish(mut self, stream: &str, day: i64, replaces: &[String]) -> io::Result<()> {
        let mut footer = Vec::new();
        put_text(&mut footer, stream);
        put_signed(&mut footer, day);
        put_varint(&mut footer, replaces.len() as u64);
        replaces.iter().for_each(|name| put_text(&mut footer, name));
        put_varint(&mut footer, self.blocks.len() as u64);
        self.blocks.iter().for_each(|block| block.put(&mut footer));
        let len = u32::try_from(footer.len()).map_err(io::Error::other)?;
        self.put(&footer)?;
        let sum = self.sha.finalize();
        self.out.write_all(&len.to_le_bytes())?;
        self.out
            .write_all(&footer_crc(&footer, &sum).to_le_bytes())?;
        self.out.write_all(&sum)?;
        self.out.write_all(MAGIC)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sha.update(bytes);
        self.out.write_all(bytes)?;
        self.offset += bytes.len() as u64;
        Ok(())
    }
}
