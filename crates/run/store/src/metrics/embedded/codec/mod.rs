//! A chunk: some samples of one series, in about a byte each.
//!
//! ```text
//! samples | first - base | last - first | length of the body | times | values
//! ```
//!
//! A steady interval costs one byte for the whole chunk. Times that many series of a block have in common,
//! as those of one scrape target do, stand once in the block's columns and are referred to; other times
//! are packed differences. Values are packed by `values`.
//!
//! Every value reads back with the same bits.

mod columns;
pub(super) mod histogram;

use promise::Timestamp;

pub(super) use self::columns::{Columns, ColumnsBuilder};
pub(super) use crate::numbers::Effort;
use crate::{
    Sample,
    numbers::{pack, values},
    wire::{Reader, put_signed, put_varint},
};

/// Samples of the longest chunk. Longer ones save little, and a look-up decodes a whole one.
pub(super) const CHUNK_SAMPLES: usize = 512;
/// Chunks of a block end where such a stretch ends, so that series of one target have the same times though one
/// began later. At 15 s it holds 480 samples.
const STRETCH_MILLIS: i64 = 2 * 3_600_000;

/// How the times of a chunk are written.
const STEADY: u8 = 0;
const PACKED: u8 = 1;
const COLUMN: u8 = 2;

/// Where and how long a chunk is, read without its samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub samples: usize,
    pub first: i64,
    pub last: i64,
}

impl Span {
    pub fn touches(&self, from: i64, to: i64) -> bool {
        self.first <= to && self.last >= from
    }

    /// About how many of its samples lie in `[from, to]`, as if they stood evenly: for whoever makes room for them.
    pub fn share(&self, (from, to): (i64, i64)) -> usize {
        let wanted = self.last.min(to).saturating_sub(self.first.max(from));
        let (Ok(wanted), Ok(whole)) = (
            u128::try_from(wanted),
            u128::try_from(self.last.saturating_sub(self.first)),
        ) else {
            return 0;
        };
        let samples = self.samples as u128 * wanted / whole.max(1);
        usize::try_from(samples).map_or(self.samples, |n| self.samples.min(n + 1))
    }
}

/// Samples in order of time, cut where the chunks of a block are to end.
pub(super) fn stretches(samples: &[Sample]) -> impl Iterator<Item = &[Sample]> {
    let stretch = |sample: &Sample| sample.at.as_millis().div_euclid(STRETCH_MILLIS);
    samples
        .chunk_by(move |a, b| stretch(a) == stretch(b))
        .flat_map(|one| one.chunks(CHUNK_SAMPLES))
}

/// Adds a chunk of `samples` (at least one, in order of time, at most [`CHUNK_SAMPLES`]) to `out`. Times that
/// other chunks may share go to `columns`.
pub(super) fn encode(
    samples: &[Sample],
    base: i64,
    effort: Effort,
    columns: Option<&mut ColumnsBuilder>,
    out: &mut Vec<u8>,
) {
    let times: Vec<i64> = samples.iter().map(|s| s.at.as_millis()).collect();
    let values: Vec<f64> = samples.iter().map(|s| s.value).collect();
    let mut body = Vec::with_capacity(2 * samples.len() + 16);
    put_times(&times, effort, columns, &mut body);
    values::encode(&values, effort, &mut body);
    put_chunk(&times, base, &body, out);
}

/// Adds the head of a chunk of such times, and its body.
pub(super) fn put_chunk(times: &[i64], base: i64, body: &[u8], out: &mut Vec<u8>) {
    let (Some(first), Some(last)) = (times.first(), times.last()) else {
        return;
    };
    put_varint(out, times.len() as u64);
    put_signed(out, first.wrapping_sub(base));
    put_varint(out, last.wrapping_sub(*first).cast_unsigned());
    put_varint(out, body.len() as u64);
    out.extend_from_slice(body);
}

/// Reads one chunk's head and gives its body; `None` where the bytes are no chunk.
pub(super) fn next<'b>(reader: &mut Reader<'b>, base: i64) -> Option<(Span, &'b [u8])> {
    let samples = reader.len()?;
    let first = base.wrapping_add(reader.signed()?);
    let last = first.wrapping_add(reader.varint()?.cast_signed());
    let len = reader.len()?;
    let body = reader.take(len)?;
    let span = Span {
        samples,
        first,
        last,
    };
    (1..=CHUNK_SAMPLES)
        .contains(&samples)
        .then_some((span, body))
}

pub(super) fn put_times(
    times: &[i64],
    effort: Effort,
    columns: Option<&mut ColumnsBuilder>,
    out: &mut Vec<u8>,
) {
    let step = |pair: &[i64]| pair[1].wrapping_sub(pair[0]);
    let mut steps = times.windows(2).map(step);
    let first = steps.next();
    if steps.all(|step| Some(step) == first) {
        out.push(STEADY);
        return;
    }
    let steps: Vec<i64> = times.windows(2).map(step).collect();
    let mut packed = Vec::with_capacity(times.len());
    pack::pack(&steps, effort, &mut packed);
    match columns.and_then(|columns| columns.index_of(times.len(), &packed)) {
        Some(column) => {
            out.push(COLUMN);
            put_varint(out, u64::from(column));
        }
        None => {
            out.push(PACKED);
            out.extend_from_slice(&packed);
        }
    }
}

/// Reads chunks. Keeps what it needs from one to the next, so reading many costs no allocation each.
#[derive(Default)]
pub(super) struct Decoder {
    times: Vec<i64>,
    numbers: Vec<i64>,
    columns: columns::Read,
}

impl Decoder {
    /// Adds the samples in `[from, to]` of a chunk to `out`. `None` where the body is damaged.
    pub fn samples(
        &mut self,
        (span, body): (Span, &[u8]),
        columns: &Columns,
        (from, to): (i64, i64),
        out: &mut Vec<Sample>,
    ) -> Option<()> {
        let mut reader = Reader::new(body);
        self.times(span, &mut reader, columns)?;
        let skip = self.times.partition_point(|at| *at < from);
        let end = self.times.partition_point(|at| *at <= to);
        let mut times = self.times.get(skip..end)?.iter();
        // Whoever reads many chunks has made room for all of them.
        out.reserve(times.len());
        values::decode(
            &mut reader,
            span.samples,
            skip,
            &mut self.numbers,
            |value| {
                if let Some(at) = times.next() {
                    let at = Timestamp::from_millis(*at);
                    out.push(Sample { at, value });
                }
            },
        )
    }

    /// Reads the times of a chunk. They are in `self.times` until the next.
    pub fn times(
        &mut self,
        span: Span,
        reader: &mut Reader<'_>,
        columns: &Columns,
    ) -> Option<&[i64]> {
        self.times.clear();
        match reader.byte()? {
            STEADY => {
                let steps = i64::try_from(span.samples.max(2) - 1).ok()?;
                let step =
                    span.last.wrapping_sub(span.first).cast_unsigned() / steps.cast_unsigned();
                let mut at = span.first;
                self.times.resize_with(span.samples, || {
                    let here = at;
                    at = at.wrapping_add(step.cast_signed());
                    here
                });
            }
            PACKED => {
                pack::unpack(reader, span.samples - 1, &mut self.times)?;
                sum_up(span.first, &mut self.times);
            }
            COLUMN => {
                let column = usize::try_from(reader.varint()?).ok()?;
                let offsets = self.columns.get(columns, column, span.samples)?;
                self.times.extend(
                    offsets
                        .iter()
                        .map(|offset| span.first.wrapping_add(*offset)),
                );
            }
            _ => return None,
        }
        Some(&self.times)
    }

    /// Forgets the columns that it has read; to be called before chunks of another block.
    pub fn change_block(&mut self) {
        self.columns = columns::Read::default();
    }
}

/// Makes of `steps` the times that begin with `first`.
fn sum_up(first: i64, steps: &mut Vec<i64>) {
    let mut at = first;
    for step in steps.iter_mut() {
        at = at.wrapping_add(*step);
        *step = at;
    }
    steps.insert(0, first);
}

#[cfg(test)]
mod tests;
