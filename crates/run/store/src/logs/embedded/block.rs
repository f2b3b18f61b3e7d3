//! A block: some thousand rows of one stream and day, column by column.
//!
//! ```text
//! times | ids | shapes of the rows | columns, in the order of their places | header
//! header: description, squeezed (bytes.rs) | Bloom filters
//! ```
//!
//! The description holds the shapes, and for each column where it lies, its crc32, its least and greatest
//! number, and where its filter is; after the columns' filters comes that of all of them together. Whether a block can hold an answer is told by its header alone; a column
//! is read and decoded when it is asked for.

use std::{borrow::Cow, cell::OnceCell, sync::Arc};

use super::{
    bloom::Words,
    bytes::Squeeze,
    header::{Header, MESSAGES, Stretch, UNKNOWN, stretch},
    numbers::{self, Clock},
    shape::Kind,
    source::Source,
    table::{Column, Load, Presence, Table},
    text::{
        Texts,
        encode::{self, Encoder},
        read::Decoder,
    },
};
use crate::{
    Error,
    logs::any_text,
    numbers::{Effort, values},
    wire::{Reader, put_float, put_varint},
};

/// A search holds one block in memory; larger ones are hardly shorter.
pub(super) const ROWS_MAX: usize = 65_536;

/// A block that was written.
pub(super) struct Built {
    pub bytes: Vec<u8>,
    /// Where the header begins.
    pub header_at: usize,
    pub rows: usize,
    pub first: i64,
    pub last: i64,
}

/// Writes a table, whose rows must be in order.
pub(super) fn build(table: &Table, squeeze: &mut Squeeze) -> Result<Built, Error> {
    let mut bytes = Vec::new();
    let mut header = Vec::new();
    put_varint(&mut header, table.len() as u64);
    table.shapes.put(&mut header);
    let at = table.times()?;
    let times = stretch(&mut bytes, |out| numbers::put(at, None, squeeze, out));
    let ids = table.ids()?;
    let ids = stretch(&mut bytes, |out| put_ids(ids, squeeze, out));
    let shapes: Vec<i64> = (0..table.len())
        .map(|row| i64::from(table.shape(row)))
        .collect();
    let shape_of = stretch(&mut bytes, |out| numbers::put(&shapes, None, squeeze, out));
    [times, ids, shape_of]
        .iter()
        .for_each(|part| part.put(&mut header));
    let mut filters = Vec::new();
    let mut of_block = Words::default();
    for column in 0..table.shapes.places().len() {
        let mut out = Vec::new();
        let told = put_column(table, column, squeeze, &mut out)?;
        let part = stretch(&mut bytes, |bytes| bytes.append(&mut out));
        let filter = told.words.build();
        part.put(&mut header);
        header.push(told.flags | told.words.flags());
        put_float(&mut header, told.low);
        put_float(&mut header, told.high);
        put_varint(&mut header, told.references.len() as u64);
        told.references
            .iter()
            .for_each(|column| put_varint(&mut header, u64::from(*column)));
        put_varint(&mut header, filter.len() as u64);
        filters.extend_from_slice(&filter);
        of_block.add_all(&told.words);
    }
    let of_block = of_block.build();
    put_varint(&mut header, of_block.len() as u64);
    filters.extend_from_slice(&of_block);
    let header_at = bytes.len();
    squeeze.put(&header, &mut bytes);
    bytes.extend_from_slice(&filters);
    Ok(Built {
        bytes,
        header_at,
        rows: table.len(),
        first: at.first().copied().unwrap_or_default(),
        last: at.last().copied().unwrap_or_default(),
    })
}

/// What the header says of a column.
struct Told {
    flags: u8,
    low: f64,
    high: f64,
    words: Words,
    references: Vec<u32>,
}

#[allow(clippy::cast_precision_loss)]
fn put_column(
    table: &Table,
    column: usize,
    squeeze: &mut Squeeze,
    out: &mut Vec<u8>,
) -> Result<Told, Error> {
    let values = table.column(column)?;
    let rows = table.presence(column);
    let at = times_of(table, &rows)?;
    let mut told = Told {
        flags: 0,
        low: f64::INFINITY,
        high: f64::NEG_INFINITY,
        words: Words::default(),
        references: Vec::new(),
    };
    let mut range = |numbers: &mut dyn Iterator<Item = f64>| {
        for n in numbers {
            told.low = told.low.min(n);
            told.high = told.high.max(n);
        }
    };
    match &**values {
        Column::Texts(Texts::Plain(plain)) => {
            let mut encoder = Encoder {
                table,
                squeeze,
                words: Words::default(),
                references: Vec::new(),
            };
            encoder.column(plain, &rows, &at, out);
            (told.words, told.references) = (encoder.words, encoder.references);
            told.flags = if encode::are_messages(plain) {
                MESSAGES
            } else {
                0
            };
        }
        Column::Lists(Texts::Plain(plain)) => {
            let mut encoder = Encoder {
                table,
                squeeze,
                words: Words::default(),
                references: Vec::new(),
            };
            encoder.data(plain, out);
            for list in plain.iter() {
                match serde_json::from_str(list) {
                    Ok(list) => any_text(&list, &mut |text| {
                        told.words.add(text);
                        false
                    }),
                    // What cannot be read now is told when it is asked for.
                    Err(_) => {
                        told.flags |= UNKNOWN;
                        false
                    }
                };
            }
        }
        Column::Texts(_) | Column::Lists(_) => return Err(Error::Closed),
        Column::Integers(all) => {
            range(&mut all.iter().map(|n| *n as f64));
            numbers::put(
                all,
                Some(Clock {
                    at: &at,
                    a_second: 1000,
                }),
                squeeze,
                out,
            );
        }
        Column::Unsigned(all) => {
            range(&mut all.iter().map(|n| *n as f64));
            let bits: Vec<i64> = all.iter().map(|n| n.cast_signed()).collect();
            numbers::put(&bits, None, squeeze, out);
        }
        Column::Floats(all) => {
            range(&mut all.iter().copied());
            values::encode(all, Effort::Thorough, out);
        }
        Column::Truths(all) => {
            let bits: Vec<i64> = all.iter().map(|truth| i64::from(*truth)).collect();
            numbers::put(&bits, None, squeeze, out);
        }
    }
    Ok(told)
}

/// The times of the rows that have a column.
fn times_of<'t>(table: &'t Table, rows: &Presence) -> Result<Cow<'t, [i64]>, Error> {
    let all = table.times()?;
    Ok(match rows {
        Presence::All => Cow::Borrowed(all),
        Presence::Some(rows) => {
            let at = |row: &u32| all.get(*row as usize).copied().unwrap_or_default();
            Cow::Owned(rows.iter().map(at).collect())
        }
    })
}

fn put_ids(ids: &[u128], squeeze: &mut Squeeze, out: &mut Vec<u8>) {
    for shift in [64, 0] {
        let half = |id: &u128| {
            u64::try_from(id >> shift & u128::from(u64::MAX))
                .unwrap_or_default()
                .cast_signed()
        };
        numbers::put(
            &ids.iter().map(half).collect::<Vec<_>>(),
            None,
            squeeze,
            out,
        );
    }
}

/// A block whose columns are read as they are asked for.
struct Loader {
    source: Source,
    offset: u64,
    header: Arc<Header>,
}

/// The block that begins at `offset`, whose rows lie between two times, as a table.
pub(super) fn open(
    source: Source,
    offset: u64,
    span: (i64, i64),
    header: Arc<Header>,
) -> Result<Table, Error> {
    let loader = Loader {
        source,
        offset,
        header,
    };
    let header = &loader.header;
    let shapes = header.shapes.len();
    let shape_of = loader.numbers(&header.shape_of)?.into_iter().map(|shape| {
        let shape = usize::try_from(shape)
            .ok()
            .filter(|shape| *shape < shapes)?;
        u32::try_from(shape).ok()
    });
    let shape_of = shape_of
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| loader.damaged())?;
    let shapes = header.shapes.clone();
    Ok(Table::loaded(shapes, shape_of, span, Box::new(loader)))
}

impl Loader {
    fn read(&self, part: &Stretch) -> Result<Vec<u8>, Error> {
        let offset = self
            .offset
            .checked_add(part.offset)
            .ok_or_else(|| self.damaged())?;
        let bytes = self.source.read(offset, part.len)?;
        if crc32fast::hash(&bytes) != part.crc {
            return Err(self.damaged());
        }
        Ok(bytes)
    }

    /// A number for each row.
    fn numbers(&self, part: &Stretch) -> Result<Vec<i64>, Error> {
        let bytes = self.read(part)?;
        let numbers = numbers::read(&mut Reader::new(&bytes), self.header.rows, None);
        numbers.ok_or_else(|| self.damaged())
    }

    fn decode(
        &self,
        bytes: &[u8],
        kind: Kind,
        column: usize,
        table: &Table,
        apart: bool,
    ) -> Option<Column> {
        let rows = table.presence(column);
        let count = table.values(column);
        let mut reader = Reader::new(bytes);
        // Few columns hold times, and a search that reads no such column need not know when its rows were.
        let known = OnceCell::new();
        let at = || {
            let times = known.get_or_init(|| times_of(table, &rows).ok());
            times.as_deref()
        };
        let clock = || {
            Some(Clock {
                at: at()?,
                a_second: 1000,
            })
        };
        let decoder = Decoder {
            table,
            rows: &rows,
            at: &at,
            refers: !apart,
        };
        let integers = |reader: &mut Reader<'_>| numbers::read(reader, count, None);
        Some(match kind {
            Kind::Text => Column::Texts(decoder.column(&mut reader, count)?),
            Kind::List => Column::Lists(decoder.column(&mut reader, count)?),
            Kind::Integer => Column::Integers(numbers::read(&mut reader, count, Some(&clock))?),
            Kind::Unsigned => Column::Unsigned(
                integers(&mut reader)?
                    .into_iter()
                    .map(i64::cast_unsigned)
                    .collect(),
            ),
            Kind::Truth => {
                Column::Truths(integers(&mut reader)?.into_iter().map(|n| n != 0).collect())
            }
            Kind::Float => {
                let mut all = Vec::with_capacity(count);
                values::decode(&mut reader, count, 0, &mut Vec::new(), |value| {
                    all.push(value)
                })?;
                (all.len() == count).then_some(Column::Floats(all))?
            }
        })
    }
}

impl Load for Loader {
    fn load(&self, column: usize, table: &Table, apart: bool) -> Result<Column, Error> {
        let meta = self
            .header
            .columns
            .get(column)
            .ok_or_else(|| self.damaged())?;
        let place = table
            .shapes
            .places()
            .get(column)
            .ok_or_else(|| self.damaged())?;
        let bytes = self.read(&meta.stretch)?;
        self.decode(&bytes, place.kind, column, table, apart)
            .ok_or_else(|| self.damaged())
    }

    fn times(&self) -> Result<Vec<i64>, Error> {
        self.numbers(&self.header.times)
    }

    fn ids(&self) -> Result<Vec<u128>, Error> {
        let bytes = self.read(&self.header.ids)?;
        let mut reader = Reader::new(&bytes);
        let mut half =
            || numbers::read(&mut reader, self.header.rows, None).ok_or_else(|| self.damaged());
        let (high, low) = (half()?, half()?);
        let join = |(high, low): (i64, i64)| {
            u128::from(high.cast_unsigned()) << 64 | u128::from(low.cast_unsigned())
        };
        Ok(high.into_iter().zip(low).map(join).collect())
    }

    fn is_message(&self, column: usize) -> bool {
        self.header
            .columns
            .get(column)
            .is_none_or(|meta| meta.flags & MESSAGES != 0)
    }

    fn header(&self) -> &Header {
        &self.header
    }

    fn damaged(&self) -> Error {
        self.source.damaged(self.offset)
    }
}
