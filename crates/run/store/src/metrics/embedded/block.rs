//! A block: an immutable file of sealed samples.
//!
//! ```text
//! magic (8) | series data, one after another | columns | index, zstd | footer (96)
//! ```
//!
//! A series' data is the length of its chunks of floats, those chunks, and its chunks of histograms. Each has
//! its crc32 in the index, columns and index have theirs in the footer, and the footer carries one over itself,
//! so no byte can change unseen. Only the footer is kept in memory.

use std::{
    fs::File,
    io::{self, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    codec::{self, Columns, ColumnsBuilder, Decoder, Effort, histogram},
    deleted::Deleted,
    head::Head,
    index::{Builder, Entry, Index},
};
use crate::{
    Error, HistogramSample, Labels, Sample,
    wire::{Reader, put_varint},
};

const MAGIC: &[u8; 8] = b"tegataM2";
/// How the magic of any version begins.
const FAMILY: &[u8] = b"tegataM";
const NUMBERS: usize = 10;
const FOOTER: usize = NUMBERS * 8 + 16;
/// An index in memory; beyond it the block is no block of ours. A million series fit.
const INDEX_MAX: usize = 1 << 30;
/// zstd's own default; the index is a few percent of a block.
const ZSTD_LEVEL: i32 = 3;

/// What is known of a block without reading it.
#[derive(Debug)]
pub(super) struct Block {
    pub path: PathBuf,
    /// The first and the last segment of the write-ahead log whose samples it holds.
    pub numbers: (u64, u64),
    pub first: i64,
    pub last: i64,
    pub series: u64,
    pub samples: u64,
    pub bytes: u64,
    /// How often what it holds was merged.
    pub level: u64,
    /// The checksum of its footer, by which files that belong to it know it.
    pub crc: u32,
    /// What has been deleted of it since it was written.
    pub deleted: Arc<Deleted>,
    data_end: u64,
    columns_len: usize,
    index_len: usize,
    index_raw: usize,
    body_crc: u32,
}

/// A block that is being read.
pub(super) struct OpenBlock {
    path: PathBuf,
    file: File,
    base: i64,
    pub index: Index,
    pub columns: Columns,
}

/// Writes a block, series by series in the order of their labels.
pub(super) struct BlockWriter<'o> {
    out: &'o mut dyn Write,
    /// What times are told from.
    base: i64,
    last: i64,
    at: u64,
    samples: u64,
    builder: Builder,
    columns: ColumnsBuilder,
    data: Vec<u8>,
}

/// Writes what `head` holds.
pub(super) fn write_head(head: &Head, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = BlockWriter::begin(out, head.bounds.map_or(0, |(first, _)| first))?;
    let mut decoder = Decoder::default();
    for series in head.all() {
        let (samples, histograms) = series.read((i64::MIN, i64::MAX), &mut decoder);
        writer.add(&series.labels, &samples, &histograms)?;
    }
    writer.finish(0)
}

impl<'o> BlockWriter<'o> {
    /// `first` is the oldest time that will be told.
    pub fn begin(out: &'o mut dyn Write, first: i64) -> io::Result<Self> {
        out.write_all(MAGIC)?;
        Ok(Self {
            out,
            base: first,
            last: first,
            at: MAGIC.len() as u64,
            samples: 0,
            builder: Builder::default(),
            columns: ColumnsBuilder::default(),
            data: Vec::new(),
        })
    }

    /// Samples and histograms in order of time; a series without either is left out.
    pub fn add(
        &mut self,
        labels: &Labels,
        samples: &[Sample],
        histograms: &[HistogramSample],
    ) -> io::Result<()> {
        let ends = |first: Option<i64>, last: Option<i64>| first.zip(last);
        let floats = ends(
            samples.first().map(|s| s.at.as_millis()),
            samples.last().map(|s| s.at.as_millis()),
        );
        let others = ends(
            histograms.first().map(|s| s.at.as_millis()),
            histograms.last().map(|s| s.at.as_millis()),
        );
        let wider = |a: (i64, i64), b: (i64, i64)| (a.0.min(b.0), a.1.max(b.1));
        let Some(bounds) = floats.into_iter().chain(others).reduce(wider) else {
            return Ok(());
        };
        let mut floats = Vec::new();
        for stretch in codec::stretches(samples) {
            codec::encode(
                stretch,
                self.base,
                Effort::Thorough,
                Some(&mut self.columns),
                &mut floats,
            );
        }
        self.data.clear();
        put_varint(&mut self.data, floats.len() as u64);
        self.data.extend_from_slice(&floats);
        for stretch in histogram::stretches(histograms) {
            histogram::encode(
                stretch,
                self.base,
                Effort::Thorough,
                Some(&mut self.columns),
                &mut self.data,
            );
        }
        u32::try_from(self.data.len())
            .map_err(|_| io::Error::other("a series of more than 4 GiB"))?;
        self.builder.add(labels, &self.data, self.base, bounds);
        self.out.write_all(&self.data)?;
        self.at += self.data.len() as u64;
        self.last = self.last.max(bounds.1);
        self.samples += (samples.len() + histograms.len()) as u64;
        Ok(())
    }

    pub fn finish(self, level: u64) -> io::Result<()> {
        let series = self.builder.series;
        let (columns, index) = (self.columns.finish(), self.builder.finish());
        let packed = zstd::bulk::compress(&index, ZSTD_LEVEL)?;
        let mut crc = crc32fast::Hasher::new();
        for part in [&columns, &packed] {
            self.out.write_all(part)?;
            crc.update(part);
        }
        let numbers: [u64; NUMBERS] = [
            self.at,
            columns.len() as u64,
            packed.len() as u64,
            index.len() as u64,
            series,
            self.samples,
            self.base.cast_unsigned(),
            self.last.cast_unsigned(),
            level,
            0,
        ];
        let mut footer: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        footer.extend_from_slice(&crc.finalize().to_le_bytes());
        let whole = crc32fast::hash(&footer);
        footer.extend_from_slice(&whole.to_le_bytes());
        footer.extend_from_slice(b"end of b");
        self.out.write_all(&footer)
    }
}

impl Block {
    /// Reads the footer. `Damaged` where it is not what was written.
    pub fn open(path: &Path, numbers: (u64, u64)) -> Result<Self, Error> {
        let file = File::open(path).map_err(|e| Error::io(path, e))?;
        let bytes = file.metadata().map_err(|e| Error::io(path, e))?.len();
        let damaged = |why: &str| Error::damaged(path, why);
        let footer_at = bytes
            .checked_sub(FOOTER as u64)
            .filter(|at| *at >= MAGIC.len() as u64);
        let footer_at = footer_at.ok_or_else(|| damaged("it is too short"))?;
        let (mut magic, mut footer) = ([0; MAGIC.len()], [0; FOOTER]);
        read_at(&file, path, &mut magic, 0)?;
        if &magic != MAGIC && magic.starts_with(FAMILY) && magic[7].is_ascii_digit() {
            return Err(Error::OtherFormat {
                path: path.to_owned(),
                found: u64::from(magic[7] - b'0'),
                reads: super::FORMAT,
            });
        }
        read_at(&file, path, &mut footer, footer_at)?;
        let parsed = parse_footer(&footer).filter(|_| &magic == MAGIC);
        let (told, body_crc, crc) =
            parsed.ok_or_else(|| damaged("its footer is not what was written"))?;
        let [
            data_end,
            columns,
            index,
            index_raw,
            series,
            samples,
            first,
            last,
            level,
            _,
        ] = told;
        let size = |n: u64| usize::try_from(n).ok().filter(|n| *n <= INDEX_MAX);
        let sizes = (size(columns), size(index), size(index_raw));
        let end = data_end
            .checked_add(columns)
            .and_then(|at| at.checked_add(index));
        let ((Some(columns_len), Some(index_len), Some(index_raw)), true) =
            (sizes, end == Some(footer_at))
        else {
            return Err(damaged("its index is not where the footer says"));
        };
        Ok(Self {
            path: path.to_owned(),
            numbers,
            first: first.cast_signed(),
            last: last.cast_signed(),
            series,
            samples,
            bytes,
            level,
            crc,
            deleted: Arc::new(Deleted::open(path, crc)?),
            data_end,
            columns_len,
            index_len,
            index_raw,
            body_crc,
        })
    }

    /// The same block, of which more has been deleted.
    pub fn with_deleted(&self, deleted: Deleted) -> Self {
        Self {
            path: self.path.clone(),
            deleted: Arc::new(deleted),
            ..*self
        }
    }

    pub fn load(&self) -> Result<OpenBlock, Error> {
        let file = File::open(&self.path).map_err(|e| Error::io(&self.path, e))?;
        let mut body = vec![0; self.columns_len + self.index_len];
        read_at(&file, &self.path, &mut body, self.data_end)?;
        let wrong = || Error::damaged(&self.path, "its index is not what was written");
        if crc32fast::hash(&body) != self.body_crc {
            return Err(wrong());
        }
        let packed = body.split_off(self.columns_len);
        let index = zstd::bulk::decompress(&packed, self.index_raw).map_err(|_| wrong())?;
        let index = Index::read(&index, MAGIC.len() as u64, self.first).ok_or_else(wrong)?;
        let columns = Columns::read(body).ok_or_else(wrong)?;
        Ok(OpenBlock {
            path: self.path.clone(),
            file,
            base: self.first,
            index,
            columns,
        })
    }
}

/// The numbers, the checksum of columns and index, and the footer's own.
fn parse_footer(footer: &[u8; FOOTER]) -> Option<([u64; NUMBERS], u32, u32)> {
    let crc = crc32fast::hash(&footer[..FOOTER - 12]);
    let mut reader = Reader::new(footer);
    let mut numbers = [0; NUMBERS];
    for number in &mut numbers {
        *number = u64::from_le_bytes(reader.array()?);
    }
    let body_crc = u32::from_le_bytes(reader.array()?);
    let whole = u32::from_le_bytes(reader.array()?) == crc && reader.take(8)? == b"end of b";
    whole.then_some((numbers, body_crc, crc))
}

fn read_at(file: &File, path: &Path, out: &mut [u8], at: u64) -> Result<(), Error> {
    file.read_exact_at(out, at).map_err(|e| match e.kind() {
        io::ErrorKind::UnexpectedEof => Error::damaged(path, "it ends too early"),
        _ => Error::io(path, e),
    })
}

impl OpenBlock {
    /// The samples of one series in `[from, to]`, but those that were deleted.
    pub fn read(
        &self,
        deleted: &Deleted,
        (i, entry): (usize, Entry),
        (from, to): (i64, i64),
        decoder: &mut Decoder,
    ) -> Result<(Vec<Sample>, Vec<HistogramSample>), Error> {
        let mut data = vec![0; entry.len as usize];
        read_at(&self.file, &self.path, &mut data, entry.offset)?;
        let wrong = || {
            let what = format!("samples at byte {} are not what was written", entry.offset);
            Error::damaged(&self.path, what)
        };
        if crc32fast::hash(&data) != entry.crc {
            return Err(wrong());
        }
        let (mut samples, mut histograms) = (Vec::new(), Vec::new());
        self.decode(&data, (from, to), decoder, &mut samples, &mut histograms)
            .ok_or_else(wrong)?;
        if let Some(gone) = deleted.of(i) {
            samples.retain(|s| !gone.holds(s.at.as_millis()));
            histograms.retain(|s| !gone.holds(s.at.as_millis()));
        }
        Ok((samples, histograms))
    }

    fn decode(
        &self,
        data: &[u8],
        (from, to): (i64, i64),
        decoder: &mut Decoder,
        samples: &mut Vec<Sample>,
        histograms: &mut Vec<HistogramSample>,
    ) -> Option<()> {
        let mut reader = Reader::new(data);
        let len = reader.len()?;
        let floats = reader.take(len)?;
        let (mut ahead, mut expected) = (Reader::new(floats), 0);
        while let Some((span, _)) = codec::next(&mut ahead, self.base) {
            expected += span.share((from, to));
        }
        samples.reserve_exact(expected);
        let mut floats = Reader::new(floats);
        while !floats.is_empty() {
            let chunk = codec::next(&mut floats, self.base)?;
            if chunk.0.touches(from, to) {
                decoder.samples(chunk, &self.columns, (from, to), samples)?;
            }
        }
        while !reader.is_empty() {
            let chunk = codec::next(&mut reader, self.base)?;
            if chunk.0.touches(from, to) {
                decoder.histograms(chunk, &self.columns, (from, to), histograms)?;
            }
        }
        Some(())
    }

    pub fn weight(&self) -> usize {
        self.index.weight() + self.columns.weight()
    }
}
