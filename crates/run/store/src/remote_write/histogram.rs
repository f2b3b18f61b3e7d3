//! `Histogram`, the same in both versions: counts are absolute floats, or integers of which buckets hold the
//! differences.

use std::sync::Arc;

use promise::Timestamp;
use promql::series::{Buckets, CUSTOM_BOUNDS, Histogram, HistogramSample, Reset, Span};

use super::{Error, read::Budget};
use crate::protobuf::{Field, Writer, unzigzag, zigzag};

/// One sign of a histogram as the message holds it.
#[derive(Default)]
struct Side {
    spans: Vec<Span>,
    deltas: Vec<i64>,
    counts: Vec<f64>,
}

impl Side {
    #[allow(clippy::cast_precision_loss)]
    fn buckets(self, is_float: bool) -> Result<Buckets, Error> {
        let counts = if is_float {
            self.counts
        } else {
            let mut count = 0i64;
            let mut counts = Vec::with_capacity(self.deltas.len());
            for delta in self.deltas {
                count = count
                    .checked_add(delta)
                    .filter(|count| *count >= 0)
                    .ok_or(Error::Histogram("a bucket holds less than nothing"))?;
                counts.push(count as f64);
            }
            counts
        };
        let buckets = Buckets {
            spans: self.spans,
            counts,
        };
        if !buckets.is_whole() {
            return Err(Error::Histogram("the spans do not name its buckets"));
        }
        if buckets.counts.iter().any(|count| *count < 0.0) {
            return Err(Error::Histogram("a bucket holds less than nothing"));
        }
        Ok(buckets)
    }
}

#[allow(clippy::cast_precision_loss)]
pub(super) fn read(field: &Field<'_>, budget: &mut Budget) -> Result<HistogramSample, Error> {
    let (mut positive, mut negative) = (Side::default(), Side::default());
    let mut value = Histogram::default();
    let (mut at, mut schema, mut is_float) = (0, 0, false);
    for field in field.message()? {
        let field = field?;
        if (8..=13).contains(&field.number) || field.number == 16 {
            // A packed number takes a byte at least.
            budget.take(field.bytes().map_or(1, |bytes| bytes.len().max(1)))?;
        }
        match field.number {
            1 => value.count = field.uint()? as f64,
            2 => (value.count, is_float) = (field.double()?, true),
            3 => value.sum = field.double()?,
            4 => schema = field.zigzag()?,
            5 => value.zero_threshold = field.double()?,
            6 => value.zero_count = field.uint()? as f64,
            7 => value.zero_count = field.double()?,
            8 => negative.spans.push(span(&field)?),
            9 => field.varints(&mut negative.deltas, unzigzag)?,
            10 => field.fixed64s(&mut negative.counts, f64::from_bits)?,
            11 => positive.spans.push(span(&field)?),
            12 => field.varints(&mut positive.deltas, unzigzag)?,
            13 => field.fixed64s(&mut positive.counts, f64::from_bits)?,
            14 => {
                value.reset = match field.uint()? {
                    1 => Reset::Yes,
                    2 => Reset::No,
                    3 => Reset::Gauge,
                    _ => Reset::Unknown,
                }
            }
            15 => at = field.int()?,
            16 => field.fixed64s(&mut value.custom_bounds, f64::from_bits)?,
            _ => {}
        }
    }
    value.schema = match i8::try_from(schema) {
        Ok(schema) if schema == CUSTOM_BOUNDS || (-4..=8).contains(&schema) => schema,
        _ => return Err(Error::Histogram("its schema is not known")),
    };
    value.positive = positive.buckets(is_float)?;
    value.negative = negative.buckets(is_float)?;
    check(&value)?;
    Ok(HistogramSample {
        at: Timestamp::from_millis(at),
        value: Arc::new(value),
    })
}

fn check(value: &Histogram) -> Result<(), Error> {
    if value.schema == CUSTOM_BOUNDS {
        let rises = value.custom_bounds.is_sorted_by(|a, b| a < b);
        if !rises {
            return Err(Error::Histogram("its bounds do not rise"));
        }
        let beyond = value.custom_bounds.len();
        let is_bounded =
            |(index, _)| usize::try_from(index).is_ok_and(|index: usize| index <= beyond);
        if !value.positive.iter().all(is_bounded) {
            return Err(Error::Histogram("a bucket lies beyond its bounds"));
        }
        if !value.negative.counts.is_empty() || value.zero_count != 0.0 {
            return Err(Error::Histogram(
                "bounds of its own leave no room for others",
            ));
        }
    } else if !value.custom_bounds.is_empty() {
        return Err(Error::Histogram("its schema has no bounds of its own"));
    }
    if value.count < 0.0 || value.zero_count < 0.0 {
        return Err(Error::Histogram("it counts less than nothing"));
    }
    Ok(())
}

/// `BucketSpan`: `sint32 offset = 1`, `uint32 length = 2`.
fn span(field: &Field<'_>) -> Result<Span, Error> {
    let wrong = |_| Error::Histogram("a span is longer than any");
    let mut span = Span { offset: 0, len: 0 };
    for part in field.message()? {
        let part = part?;
        match part.number {
            1 => span.offset = i32::try_from(part.zigzag()?).map_err(wrong)?,
            2 => span.len = u32::try_from(part.uint()?).map_err(wrong)?,
            _ => {}
        }
    }
    Ok(span)
}

/// Written with float counts, which hold whatever we hold.
pub(super) fn write(out: &mut Writer, sample: &HistogramSample) {
    let value = &*sample.value;
    out.double(2, value.count)
        .double(3, value.sum)
        .uint(4, zigzag(value.schema.into()))
        .double(5, value.zero_threshold)
        .double(7, value.zero_count);
    side(out, 8, &value.negative);
    side(out, 11, &value.positive);
    let reset = match value.reset {
        Reset::Unknown => 0,
        Reset::Yes => 1,
        Reset::No => 2,
        Reset::Gauge => 3,
    };
    out.uint(14, reset).int(15, sample.at.as_millis());
    if !value.custom_bounds.is_empty() {
        out.doubles(16, value.custom_bounds.iter().copied());
    }
}

/// Spans in field `first`, absolute counts two fields later.
fn side(out: &mut Writer, first: u32, buckets: &Buckets) {
    for span in &buckets.spans {
        out.message(first, |out| {
            out.zigzag(1, span.offset.into()).uint(2, span.len.into());
        });
    }
    if !buckets.counts.is_empty() {
        out.doubles(first + 2, buckets.counts.iter().copied());
    }
}
