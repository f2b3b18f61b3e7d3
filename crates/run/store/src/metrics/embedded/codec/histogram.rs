//! Native histograms: one layout for a chunk, then a column for each field and bucket.
//!
//! A chunk holds histograms of the same schema, spans and bounds, so that a bucket's counts stand one after
//! another and pack as any other counter's values do. Where the layout changes, the next chunk begins.

use promise::Timestamp;
use promql::series::{Buckets, Reset, Span as BucketSpan};

use super::{
    CHUNK_SAMPLES, Columns, ColumnsBuilder, Decoder, Effort, Span, pack, put_chunk, put_times,
    values,
};
use crate::{
    Histogram, HistogramSample,
    wire::{Reader, put_float, put_signed, put_varint},
};

/// Buckets of one histogram; schema 8 with a bucket for each of Prometheus's usual 160 is far below.
pub(in super::super) const BUCKETS_MAX: usize = 16_384;

/// Whether a histogram is what its spans say, and of bearable size.
pub(in super::super) fn is_sound(histogram: &Histogram) -> bool {
    let sides = [&histogram.positive, &histogram.negative];
    sides.iter().all(|side| {
        side.is_whole() && side.counts.len() <= BUCKETS_MAX && side.spans.len() <= BUCKETS_MAX
    }) && histogram.custom_bounds.len() <= BUCKETS_MAX
}

/// Histograms in order of time, cut where their layout changes or a chunk is full.
pub(in super::super) fn stretches(
    samples: &[HistogramSample],
) -> impl Iterator<Item = &[HistogramSample]> {
    samples
        .chunk_by(|a, b| same_layout(&a.value, &b.value))
        .flat_map(|same| same.chunks(CHUNK_SAMPLES))
}

fn same_layout(a: &Histogram, b: &Histogram) -> bool {
    a.schema == b.schema
        && a.zero_threshold.to_bits() == b.zero_threshold.to_bits()
        && a.positive.spans == b.positive.spans
        && a.negative.spans == b.negative.spans
        && a.custom_bounds.len() == b.custom_bounds.len()
        && a.custom_bounds
            .iter()
            .zip(&b.custom_bounds)
            .all(|(a, b)| a.to_bits() == b.to_bits())
}

/// Adds a chunk of one of the [`stretches`] to `out`.
pub(in super::super) fn encode(
    samples: &[HistogramSample],
    base: i64,
    effort: Effort,
    columns: Option<&mut ColumnsBuilder>,
    out: &mut Vec<u8>,
) {
    let Some(first) = samples.first() else { return };
    let times: Vec<i64> = samples.iter().map(|s| s.at.as_millis()).collect();
    let mut body = Vec::new();
    put_times(&times, effort, columns, &mut body);
    put_layout(&first.value, &mut body);
    let resets: Vec<i64> = samples
        .iter()
        .map(|s| i64::from(reset_to(s.value.reset)))
        .collect();
    pack::pack(&resets, effort, &mut body);
    let mut column = |of: &dyn Fn(&Histogram) -> f64| {
        let values: Vec<f64> = samples.iter().map(|s| of(&s.value)).collect();
        values::encode(&values, effort, &mut body);
    };
    column(&|h| h.count);
    column(&|h| h.sum);
    column(&|h| h.zero_count);
    for bucket in 0..first.value.positive.counts.len() {
        column(&|h| h.positive.counts[bucket]);
    }
    for bucket in 0..first.value.negative.counts.len() {
        column(&|h| h.negative.counts[bucket]);
    }
    put_chunk(&times, base, &body, out);
}

/// One histogram by itself, as the log keeps it.
pub(in super::super) fn put(histogram: &Histogram, out: &mut Vec<u8>) {
    put_layout(histogram, out);
    out.push(reset_to(histogram.reset));
    let fields = [histogram.count, histogram.sum, histogram.zero_count];
    let counts = histogram
        .positive
        .counts
        .iter()
        .chain(&histogram.negative.counts);
    fields
        .iter()
        .chain(counts)
        .for_each(|value| put_float(out, *value));
}

pub(in super::super) fn read(reader: &mut Reader<'_>) -> Option<Histogram> {
    let mut histogram = read_layout(reader)?;
    histogram.reset = reset_of(i64::from(reader.byte()?))?;
    histogram.count = reader.float()?;
    histogram.sum = reader.float()?;
    histogram.zero_count = reader.float()?;
    for side in [&mut histogram.positive, &mut histogram.negative] {
        for count in &mut side.counts {
            *count = reader.float()?;
        }
    }
    Some(histogram)
}

impl Decoder {
    /// Adds the histograms in `[from, to]` of a chunk to `out`. `None` where the body is damaged.
    pub fn histograms(
        &mut self,
        (span, body): (Span, &[u8]),
        columns: &Columns,
        (from, to): (i64, i64),
        out: &mut Vec<HistogramSample>,
    ) -> Option<()> {
        let mut reader = Reader::new(body);
        let times = self.times(span, &mut reader, columns)?.to_vec();
        let layout = read_layout(&mut reader)?;
        let mut all = vec![layout; times.len()];
        let mut resets = Vec::with_capacity(times.len());
        pack::unpack(&mut reader, times.len(), &mut resets)?;
        for (histogram, reset) in all.iter_mut().zip(resets) {
            histogram.reset = reset_of(reset)?;
        }
        self.column(&mut reader, &mut all, |h| Some(&mut h.count))?;
        self.column(&mut reader, &mut all, |h| Some(&mut h.sum))?;
        self.column(&mut reader, &mut all, |h| Some(&mut h.zero_count))?;
        for bucket in 0..all.first()?.positive.counts.len() {
            self.column(&mut reader, &mut all, |h| h.positive.counts.get_mut(bucket))?;
        }
        for bucket in 0..all.first()?.negative.counts.len() {
            self.column(&mut reader, &mut all, |h| h.negative.counts.get_mut(bucket))?;
        }
        let inside = times
            .into_iter()
            .zip(all)
            .filter(|(at, _)| (from..=to).contains(at));
        out.extend(inside.map(|(at, value)| HistogramSample {
            at: Timestamp::from_millis(at),
            value: value.into(),
        }));
        Some(())
    }

    fn column(
        &mut self,
        reader: &mut Reader<'_>,
        all: &mut [Histogram],
        field: impl Fn(&mut Histogram) -> Option<&mut f64>,
    ) -> Option<()> {
        let n = all.len();
        let mut next = all.iter_mut();
        values::decode(reader, n, 0, &mut self.numbers, |value| {
            if let Some(place) = next.next().and_then(&field) {
                *place = value;
            }
        })
    }
}

fn put_layout(histogram: &Histogram, out: &mut Vec<u8>) {
    put_signed(out, i64::from(histogram.schema));
    put_float(out, histogram.zero_threshold);
    for side in [&histogram.positive, &histogram.negative] {
        put_varint(out, side.spans.len() as u64);
        for span in &side.spans {
            put_signed(out, i64::from(span.offset));
            put_varint(out, u64::from(span.len));
        }
    }
    put_varint(out, histogram.custom_bounds.len() as u64);
    histogram
        .custom_bounds
        .iter()
        .for_each(|bound| put_float(out, *bound));
}

fn read_layout(reader: &mut Reader<'_>) -> Option<Histogram> {
    let schema = i8::try_from(reader.signed()?).ok()?;
    let zero_threshold = reader.float()?;
    let positive = read_spans(reader)?;
    let negative = read_spans(reader)?;
    let mut custom_bounds = Vec::new();
    for _ in 0..reader.len().filter(|n| *n <= BUCKETS_MAX)? {
        custom_bounds.push(reader.float()?);
    }
    Some(Histogram {
        schema,
        zero_threshold,
        positive,
        negative,
        custom_bounds,
        ..Histogram::default()
    })
}

/// Spans, with zeroes for the counts.
fn read_spans(reader: &mut Reader<'_>) -> Option<Buckets> {
    let (mut spans, mut buckets) = (Vec::new(), 0usize);
    for _ in 0..reader.len()? {
        let offset = i32::try_from(reader.signed()?).ok()?;
        let len = u32::try_from(reader.varint()?).ok()?;
        buckets = buckets
            .checked_add(len as usize)
            .filter(|n| *n <= BUCKETS_MAX)?;
        spans.push(BucketSpan { offset, len });
    }
    Some(Buckets {
        spans,
        counts: vec![0.0; buckets],
    })
}

fn reset_to(reset: Reset) -> u8 {
    match reset {
        Reset::Unknown => 0,
        Reset::Yes => 1,
        Reset::No => 2,
        Reset::Gauge => 3,
    }
}

fn reset_of(n: i64) -> Option<Reset> {
    [Reset::Unknown, Reset::Yes, Reset::No, Reset::Gauge]
        .into_iter()
        .nth(usize::try_from(n).ok()?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::cast_precision_loss)]

    use super::*;
    use crate::metrics::STALE;

    fn histogram(i: i64) -> Histogram {
        let buckets = |n: i64| Buckets {
            spans: vec![
                BucketSpan { offset: -3, len: 2 },
                BucketSpan { offset: 4, len: 1 },
            ],
            counts: vec![(i * n) as f64, (i * n * 2) as f64, i as f64],
        };
        Histogram {
            schema: 3,
            reset: if i % 7 == 0 { Reset::Yes } else { Reset::No },
            count: (i * 9) as f64,
            sum: i as f64 / 3.0,
            zero_threshold: 1e-128,
            zero_count: (i % 5) as f64,
            positive: buckets(3),
            negative: buckets(5),
            custom_bounds: vec![],
        }
    }

    fn samples() -> Vec<HistogramSample> {
        let mut all: Vec<Histogram> = (0..200).map(histogram).collect();
        all[50] = Histogram::stale();
        all[60].custom_bounds = vec![0.1, f64::INFINITY];
        all[61].sum = f64::NAN;
        let sample = |(at, value): (i64, Histogram)| HistogramSample {
            at: Timestamp::from_millis(at * 15_000),
            value: value.into(),
        };
        (0..).zip(all).map(sample).collect()
    }

    #[test]
    fn histograms_read_back_bit_by_bit() {
        let all = samples();
        let cut: Vec<usize> = stretches(&all).map(<[_]>::len).collect();
        assert_eq!(
            cut,
            [50, 1, 9, 1, 139],
            "before and after the marker, and around other bounds"
        );
        let mut bytes = Vec::new();
        for stretch in stretches(&all) {
            encode(stretch, 7, Effort::Thorough, None, &mut bytes);
        }
        let (mut reader, mut decoder, mut out) =
            (Reader::new(&bytes), Decoder::default(), Vec::new());
        while !reader.is_empty() {
            let chunk = super::super::next(&mut reader, 7).unwrap();
            decoder
                .histograms(chunk, &Columns::default(), (i64::MIN, i64::MAX), &mut out)
                .unwrap();
        }
        // Debug shows NaN as NaN, and their bits are compared beside it.
        assert_eq!(format!("{out:?}"), format!("{all:?}"));
        assert_eq!(out[50].value.sum.to_bits(), STALE.to_bits());
        assert_eq!(out[61].value.sum.to_bits(), f64::NAN.to_bits());
        for sample in &all {
            let mut one = Vec::new();
            put(&sample.value, &mut one);
            assert_eq!(
                format!("{:?}", read(&mut Reader::new(&one)).unwrap()),
                format!("{:?}", *sample.value)
            );
        }
    }

    #[test]
    fn damaged_histograms_never_panic() {
        let (mut bytes, mut one) = (Vec::new(), Vec::new());
        encode(&samples()[..40], 0, Effort::Thorough, None, &mut bytes);
        put(&histogram(3), &mut one);
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            if let Some(chunk) = super::super::next(&mut Reader::new(&flipped), 0) {
                let _ = Decoder::default().histograms(
                    chunk,
                    &Columns::default(),
                    (0, i64::MAX),
                    &mut Vec::new(),
                );
            }
            let mut short = one.clone();
            short.truncate(at);
            let _ = read(&mut Reader::new(&short));
        }
    }
}
