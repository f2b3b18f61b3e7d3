//! A histogram with classic buckets, native ones, or both.

use promise::say;
use store::{
    Histogram,
    metrics::{Buckets, Reset, Span},
    protobuf::{Field, Reader, unzigzag},
};

use super::{Exemplar, ParseError, count, exemplar, wrong};

#[derive(Default)]
pub(super) struct Read<'b> {
    pub count: f64,
    pub sum: f64,
    pub buckets: Vec<Bucket<'b>>,
    pub native: Option<Histogram>,
    /// Of the native one; with their times, without which nobody could tell a new one from an old.
    pub exemplars: Vec<Exemplar<'b>>,
}

#[derive(Default)]
pub(super) struct Bucket<'b> {
    pub bound: f64,
    /// Of all observations up to the bound.
    pub count: f64,
    pub exemplar: Option<Exemplar<'b>>,
}

/// The buckets of one sign: whole numbers come as differences, fractions as they are.
#[derive(Default)]
struct Side {
    spans: Vec<Span>,
    deltas: Vec<i64>,
    counts: Vec<f64>,
}

/// Schemas whose bounds are powers of two; others this format does not know.
const SCHEMAS: std::ops::RangeInclusive<i64> = -4..=8;

pub(super) fn read(message: Reader<'_>, is_gauge: bool) -> Result<Read<'_>, ParseError> {
    let mut read = Read::default();
    let mut native = Histogram::default();
    let (mut positive, mut negative) = (Side::default(), Side::default());
    let (mut float_count, mut float_zeros) = (0.0, 0.0);
    let mut schema = 0;
    for field in message {
        let field = field?;
        match field.number {
            1 => read.count = count(field.uint())?,
            2 => read.sum = field.double()?,
            3 => read.buckets.push(bucket(&field)?),
            4 => float_count = field.double()?,
            5 => schema = field.zigzag()?,
            6 => native.zero_threshold = field.double()?,
            7 => native.zero_count = count(field.uint())?,
            8 => float_zeros = field.double()?,
            9 => negative.spans.push(span(&field)?),
            10 => field.varints(&mut negative.deltas, unzigzag)?,
            11 => field.fixed64s(&mut negative.counts, f64::from_bits)?,
            12 => positive.spans.push(span(&field)?),
            13 => field.varints(&mut positive.deltas, unzigzag)?,
            14 => field.fixed64s(&mut positive.counts, f64::from_bits)?,
            16 => read.exemplars.push(exemplar(&field)?),
            _ => {}
        }
    }
    let is_float = float_count > 0.0 || float_zeros > 0.0;
    if is_float {
        (read.count, native.zero_count) = (float_count, float_zeros);
    }
    // A native histogram without any observation is told by a span of no length.
    let is_native = !positive.spans.is_empty()
        || !negative.spans.is_empty()
        || native.zero_threshold > 0.0
        || native.zero_count > 0.0;
    if is_native {
        if !SCHEMAS.contains(&schema) {
            return Err(wrong(say!(
                "a native histogram has schema {schema}, which does not exist",
                "ネイティブヒストグラムのスキーマ {schema} は存在しません"
            )));
        }
        native.schema = i8::try_from(schema).unwrap_or_default();
        (native.count, native.sum) = (read.count, read.sum);
        native.positive = positive.buckets(is_float)?;
        native.negative = negative.buckets(is_float)?;
        native.reset = if is_gauge {
            Reset::Gauge
        } else {
            Reset::Unknown
        };
        if read.exemplars.is_empty() {
            let classic = read
                .buckets
                .iter()
                .filter_map(|bucket| bucket.exemplar.clone());
            read.exemplars.extend(classic);
        }
        read.exemplars.retain(|exemplar| exemplar.at.is_some());
        read.native = Some(native);
    }
    Ok(read)
}

impl Side {
    fn buckets(self, is_float: bool) -> Result<Buckets, ParseError> {
        let counts = if is_float {
            self.counts
        } else {
            summed(&self.deltas)?
        };
        let buckets = Buckets {
            spans: self.spans,
            counts,
        };
        let is_sound = buckets.is_whole() && buckets.counts.iter().all(|count| *count >= 0.0);
        is_sound.then_some(buckets).ok_or_else(unsound)
    }
}

/// 1, 1, -2 are the counts 1, 2, 0.
#[allow(clippy::cast_precision_loss)]
fn summed(deltas: &[i64]) -> Result<Vec<f64>, ParseError> {
    let mut count = 0i64;
    let counts = deltas.iter().map(|delta| {
        count = count.checked_add(*delta)?;
        Some(count as f64)
    });
    counts.collect::<Option<_>>().ok_or_else(unsound)
}

fn unsound() -> ParseError {
    wrong(say!(
        "the buckets of a native histogram do not fit its spans",
        "ネイティブヒストグラムのバケットとスパンが合いません"
    ))
}

fn bucket<'b>(field: &Field<'b>) -> Result<Bucket<'b>, ParseError> {
    let mut bucket = Bucket::default();
    for field in field.message()? {
        let field = field?;
        match field.number {
            1 => bucket.count = count(field.uint())?,
            2 => bucket.bound = field.double()?,
            3 => bucket.exemplar = Some(exemplar(&field)?),
            4 => {
                let float = field.double()?;
                if float > 0.0 {
                    bucket.count = float;
                }
            }
            _ => {}
        }
    }
    Ok(bucket)
}

fn span(field: &Field<'_>) -> Result<Span, ParseError> {
    let mut span = Span { offset: 0, len: 0 };
    for field in field.message()? {
        let field = field?;
        match field.number {
            1 => span.offset = i32::try_from(field.zigzag()?).map_err(|_| unsound())?,
            2 => span.len = u32::try_from(field.uint()?).map_err(|_| unsound())?,
            _ => {}
        }
    }
    Ok(span)
}
