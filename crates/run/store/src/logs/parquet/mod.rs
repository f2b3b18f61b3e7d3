//! Parquet, as far as a cold copy of logs needs it to be written: flat columns that may be absent, plain or by
//! dictionary, pages squeezed by zstd.
//!
//! Other programs (DuckDB, pandas, Spark, Athena) read these files without us, which is the point of a copy
//! that is kept for years. Written after the format's own description, `apache/parquet-format`.

mod thrift;

use std::{
    collections::HashMap,
    io::{self, Write},
};

use self::thrift::Struct;
use crate::wire::put_varint;

const MAGIC: &[u8; 4] = b"PAR1";
/// A page's level by zstd: a cold copy is written once and kept long.
const LEVEL: i32 = 9;
/// A dictionary of more values is seldom shorter than the values.
const ENTRIES_MAX: usize = 32_768;

const PLAIN: i32 = 0;
const RLE: i32 = 3;
const RLE_DICTIONARY: i32 = 8;
const ZSTD: i32 = 6;
const OPTIONAL: i32 = 1;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Integer,
    Unsigned,
    Float,
    Truth,
    /// Milliseconds since 1970.
    Time,
    Text,
    Json,
}

impl Kind {
    fn physical(self) -> i32 {
        match self {
            Self::Truth => 0,
            Self::Integer | Self::Unsigned | Self::Time => 2,
            Self::Float => 5,
            Self::Text | Self::Json => 6,
        }
    }

    /// What the format calls the converted type.
    fn meaning(self) -> Option<i32> {
        match self {
            Self::Text => Some(0),
            Self::Time => Some(9),
            Self::Unsigned => Some(14),
            Self::Json => Some(19),
            Self::Integer | Self::Float | Self::Truth => None,
        }
    }
}

/// The values of one column of a group of rows; `None` where a row does not have it.
#[derive(Debug, Clone)]
pub(crate) enum Values {
    Texts(Vec<Option<String>>),
    /// Of any kind that takes eight bytes, as its bits.
    Words(Vec<Option<u64>>),
    Truths(Vec<Option<bool>>),
}

impl Values {
    pub fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text | Kind::Json => Self::Texts(Vec::new()),
            Kind::Truth => Self::Truths(Vec::new()),
            _ => Self::Words(Vec::new()),
        }
    }

    fn present(&self) -> Vec<bool> {
        match self {
            Self::Texts(all) => all.iter().map(Option::is_some).collect(),
            Self::Words(all) => all.iter().map(Option::is_some).collect(),
            Self::Truths(all) => all.iter().map(Option::is_some).collect(),
        }
    }
}

/// Writes a file group by group.
pub(crate) struct Writer<'w> {
    out: &'w mut dyn Write,
    columns: Vec<(String, Kind)>,
    offset: u64,
    rows: u64,
    groups: Vec<Struct>,
}

impl<'w> Writer<'w> {
    pub fn new(out: &'w mut dyn Write, columns: Vec<(String, Kind)>) -> io::Result<Self> {
        let mut writer = Self {
            out,
            columns,
            offset: 0,
            rows: 0,
            groups: Vec::new(),
        };
        writer.put(MAGIC)?;
        Ok(writer)
    }

    /// Adds rows: for each column as many values.
    pub fn group(&mut self, rows: usize, values: &[Values]) -> io::Result<()> {
        if rows == 0 {
            return Ok(());
        }
        let (mut chunks, begin) = (Vec::new(), self.offset);
        for (i, values) in values.iter().enumerate() {
            chunks.push(self.chunk(i, rows, values)?);
        }
        self.rows += rows as u64;
        let bytes = self.offset - begin;
        self.groups.push(
            Struct::default()
                .structs(1, chunks)
                .i64(2, bytes)
                .i64(3, rows as u64),
        );
        Ok(())
    }

    pub fn finish(mut self) -> io::Result<u64> {
        let count = i32::try_from(self.columns.len()).map_err(io::Error::other)?;
        let mut schema = vec![Struct::default().text(4, "log").i32(5, count)];
        for (name, kind) in &self.columns {
            let column = Struct::default()
                .i32(1, kind.physical())
                .i32(3, OPTIONAL)
                .text(4, name);
            schema.push(match kind.meaning() {
                Some(meaning) => column.i32(6, meaning),
                None => column,
            });
        }
        let footer = Struct::default()
            .i32(1, 1)
            .structs(2, schema)
            .i64(3, self.rows)
            .structs(4, std::mem::take(&mut self.groups))
            .text(6, concat!("tegata ", env!("CARGO_PKG_VERSION")))
            .end();
        let len = u32::try_from(footer.len()).map_err(io::Error::other)?;
        self.put(&footer)?;
        self.put(&len.to_le_bytes())?;
        self.put(MAGIC)?;
        Ok(self.offset)
    }

    fn chunk(&mut self, column: usize, rows: usize, values: &Values) -> io::Result<Struct> {
        let (name, kind) = self
            .columns
            .get(column)
            .cloned()
            .unwrap_or((String::new(), Kind::Text));
        let begin = self.offset;
        let mut plain_bytes = 0;
        let (dictionary_at, page, encoding) = match by_dictionary(values) {
            Some((entries, count, indices)) => {
                let head = Struct::default().i32(1, length(count)?).i32(2, PLAIN);
                plain_bytes += self.page(2, 7, head, &entries)?;
                (Some(begin), indices, RLE_DICTIONARY)
            }
            None => (None, plain(values), PLAIN),
        };
        let mut body = levels(&values.present());
        body.extend_from_slice(&page);
        let at = self.offset;
        let head = Struct::default()
            .i32(1, length(rows)?)
            .i32(2, encoding)
            .i32(3, RLE)
            .i32(4, RLE);
        plain_bytes += self.page(0, 5, head, &body)?;
        let meta = Struct::default()
            .i32(1, kind.physical())
            .i32s(2, &[encoding, PLAIN, RLE])
            .texts(3, &[&name])
            .i32(4, ZSTD)
            .i64(5, rows as u64)
            .i64(6, plain_bytes)
            .i64(7, self.offset - begin)
            .i64(9, at);
        let meta = match dictionary_at {
            Some(at) => meta.i64(11, at),
            None => meta,
        };
        Ok(Struct::default().i64(2, begin).of(3, meta))
    }

    /// Writes a page of a type, whose own header stands in a field of the page's. Returns its size unsqueezed.
    fn page(&mut self, page_type: i32, field: u8, own: Struct, body: &[u8]) -> io::Result<u64> {
        let squeezed = zstd::bulk::compress(body, LEVEL)?;
        let header = Struct::default()
            .i32(1, page_type)
            .i32(2, length(body.len())?)
            .i32(3, length(squeezed.len())?)
            .of(field, own)
            .end();
        self.put(&header)?;
        self.put(&squeezed)?;
        Ok((header.len() + body.len()) as u64)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.offset += bytes.len() as u64;
        Ok(())
    }
}

fn length(n: usize) -> io::Result<i32> {
    i32::try_from(n).map_err(io::Error::other)
}

/// Which rows have a value, with their length in front.
fn levels(present: &[bool]) -> Vec<u8> {
    let mut levels = Vec::new();
    put_packed(&mut levels, present.iter().map(|is| u32::from(*is)), 1);
    let mut out = u32::try_from(levels.len())
        .unwrap_or(u32::MAX)
        .to_le_bytes()
        .to_vec();
    out.append(&mut levels);
    out
}

/// One run of the hybrid encoding: numbers of so many bits, in groups of eight, the first in the lowest bits.
fn put_packed(out: &mut Vec<u8>, numbers: impl ExactSizeIterator<Item = u32>, width: u32) {
    let groups = numbers.len().div_ceil(8);
    put_varint(out, (groups as u64) << 1 | 1);
    let end = out.len() + groups * width as usize;
    let (mut bits, mut held) = (0u64, 0);
    for n in numbers {
        bits |= u64::from(n) << held;
        held += width;
        while held >= 8 {
            out.push(bits.to_le_bytes()[0]);
            bits >>= 8;
            held -= 8;
        }
    }
    if held > 0 {
        out.push(bits.to_le_bytes()[0]);
    }
    out.resize(end, 0);
}

fn put_bytes(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// The values that are there, one after another.
fn plain(values: &Values) -> Vec<u8> {
    let mut out = Vec::new();
    match values {
        Values::Texts(all) => all
            .iter()
            .flatten()
            .for_each(|text| put_bytes(&mut out, text)),
        Values::Words(all) => all
            .iter()
            .flatten()
            .for_each(|word| out.extend_from_slice(&word.to_le_bytes())),
        Values::Truths(all) => {
            for truths in all.iter().flatten().collect::<Vec<_>>().chunks(8) {
                out.push(
                    truths
                        .iter()
                        .enumerate()
                        .fold(0, |byte, (i, truth)| byte | u8::from(**truth) << i),
                );
            }
        }
    }
    out
}

/// Entries, how many, and the place of each value among them; where values repeat often enough.
fn by_dictionary(values: &Values) -> Option<(Vec<u8>, usize, Vec<u8>)> {
    let Values::Texts(all) = values else {
        return None;
    };
    let (mut known, mut entries, mut indices) = (HashMap::new(), Vec::new(), Vec::new());
    for text in all.iter().flatten() {
        let next = known.len();
        let index = *known.entry(text.as_str()).or_insert_with(|| {
            put_bytes(&mut entries, text);
            next
        });
        if known.len() > ENTRIES_MAX {
            return None;
        }
        indices.push(u32::try_from(index).ok()?);
    }
    if known.is_empty() || known.len() * 2 > indices.len() {
        return None;
    }
    // One value needs no bits, which not every reader expects.
    let width = (usize::BITS - (known.len() - 1).leading_zeros()).max(1);
    let mut out = vec![u8::try_from(width).ok()?];
    put_packed(&mut out, indices.into_iter(), width);
    Some((entries, known.len(), out))
}
