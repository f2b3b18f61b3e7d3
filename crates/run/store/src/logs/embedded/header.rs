//! A block's header: what is known of it before its columns are read.

use std::sync::Arc;

use super::{
    block::ROWS_MAX,
    bloom::Filter,
    bytes::read_bytes,
    shape::{Kind, Shapes},
};
use crate::wire::{Reader, put_varint};

/// What a description takes at most: 2,000 fields of a few hundred bytes in some thousand shapes.
const DESCRIPTION_MAX: usize = 256 << 20;
/// A column holds messages, to which none refers.
pub(super) const MESSAGES: u8 = 4;
/// Texts whose words are not entered: those within lists, in blocks of old.
pub(super) const UNKNOWN: u8 = 8;

/// A stretch of the block, and its sum.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    pub offset: u64,
    pub len: usize,
    pub crc: u32,
}

#[derive(Debug)]
pub(super) struct Meta {
    pub stretch: Stretch,
    pub flags: u8,
    pub low: f64,
    pub high: f64,
    pub references: Vec<u32>,
    /// Where its filter is among the filters.
    pub filter: (usize, usize),
}

/// What is known of a block before its columns are read.
pub(super) struct Header {
    pub rows: usize,
    pub shapes: Arc<Shapes>,
    pub times: Stretch,
    pub ids: Stretch,
    pub shape_of: Stretch,
    pub columns: Vec<Meta>,
    pub filters: Vec<u8>,
    /// Where the filter of all columns together is among them.
    of_block: Option<(usize, usize)>,
    /// Flags of all columns together; [`UNKNOWN`] where one holds what is not entered.
    flags: u8,
    has_integers: bool,
}

/// Adds what `put` writes, and says where it lies.
pub(super) fn stretch(bytes: &mut Vec<u8>, put: impl FnOnce(&mut Vec<u8>)) -> Stretch {
    let offset = bytes.len();
    put(bytes);
    Stretch {
        offset: offset as u64,
        len: bytes.len() - offset,
        crc: crc32fast::hash(&bytes[offset..]),
    }
}

impl Stretch {
    pub fn put(&self, out: &mut Vec<u8>) {
        put_varint(out, self.len as u64);
        out.extend_from_slice(&self.crc.to_le_bytes());
    }

    /// Stretches follow one another, so that only their lengths are written.
    fn read(reader: &mut Reader<'_>, offset: &mut u64) -> Option<Self> {
        let len = reader.len()?;
        let stretch = Self {
            offset: *offset,
            len,
            crc: u32::from_le_bytes(reader.array()?),
        };
        *offset = offset.checked_add(len as u64)?;
        Some(stretch)
    }
}

impl Header {
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let description = read_bytes(&mut reader, DESCRIPTION_MAX)?;
        let filters = reader.rest().to_vec();
        let mut reader = Reader::new(&description);
        let rows = reader.len().filter(|rows| *rows <= ROWS_MAX)?;
        let shapes = Shapes::read(&mut reader)?;
        let mut offset = 0;
        let mut next = |reader: &mut Reader<'_>| Stretch::read(reader, &mut offset);
        let (times, ids, shape_of) = (next(&mut reader)?, next(&mut reader)?, next(&mut reader)?);
        let (mut columns, mut filter_at) = (Vec::new(), 0usize);
        for _ in shapes.places() {
            let stretch = next(&mut reader)?;
            let flags = reader.byte()?;
            let (low, high) = (reader.float()?, reader.float()?);
            let mut references = Vec::new();
            for _ in 0..reader.varint()? {
                references.push(u32::try_from(reader.varint()?).ok()?);
            }
            let end = filter_at
                .checked_add(reader.len()?)
                .filter(|end| *end <= filters.len())?;
            columns.push(Meta {
                stretch,
                flags,
                low,
                high,
                references,
                filter: (filter_at, end),
            });
            filter_at = end;
        }
        let of_block = if reader.rest().is_empty() {
            None
        } else {
            let end = filter_at.checked_add(reader.len()?);
            Some((filter_at, end.filter(|end| *end <= filters.len())?))
        };
        let kinds = || shapes.places().iter().map(|place| place.kind);
        let flags = columns.iter().map(|meta| meta.flags);
        Some(Self {
            flags: flags.fold(0, |all, flags| all | flags),
            has_integers: kinds().any(|kind| kind == Kind::Integer),
            rows,
            shapes: Arc::new(shapes),
            times,
            ids,
            shape_of,
            columns,
            filters,
            of_block,
        })
    }

    /// What is known of the words of a column: its own filter and those of what it refers to.
    pub fn filters(&self, column: usize) -> Vec<Filter<'_>> {
        let mut all = vec![self.filter(column)];
        all.extend(self.references(column));
        all
    }

    /// What is known of the words of all columns together, which is asked first: most words are in none of them.
    pub fn filter_of_all(&self) -> Filter<'_> {
        match self.of_block {
            Some((start, end)) if self.flags & UNKNOWN == 0 => Filter::Block {
                bits: self.filters.get(start..end).unwrap_or_default(),
                flags: self.flags,
                has_integers: self.has_integers,
            },
            _ => Filter::Unknown,
        }
    }

    /// What is known of the words of the columns that a column refers to.
    pub fn references(&self, column: usize) -> impl Iterator<Item = Filter<'_>> {
        let meta = self.columns.get(column);
        let all = meta.into_iter().flat_map(|meta| &meta.references);
        all.map(|column| self.filter(*column as usize))
    }

    fn filter(&self, column: usize) -> Filter<'_> {
        let kind = self.shapes.places().get(column).map(|place| place.kind);
        match (self.columns.get(column), kind) {
            (Some(_), Some(Kind::Integer)) => Filter::Integers,
            (Some(meta), Some(Kind::Text | Kind::List)) if meta.flags & UNKNOWN == 0 => {
                Filter::Bloom {
                    bits: self
                        .filters
                        .get(meta.filter.0..meta.filter.1)
                        .unwrap_or_default(),
                    flags: meta.flags,
                    block: self
                        .of_block
                        .and_then(|(start, end)| self.filters.get(start..end)),
                }
            }
            _ => Filter::Unknown,
        }
    }

    /// The least and the greatest number of a column.
    pub fn range(&self, column: usize) -> (f64, f64) {
        self.columns
            .get(column)
            .map_or((f64::NEG_INFINITY, f64::INFINITY), |meta| {
                (meta.low, meta.high)
            })
    }

    /// About how much memory it takes.
    pub fn weight(&self) -> usize {
        self.filters.len() + self.columns.len() * 256
    }
}
