//! One series of the head: chunks, and the newest samples before they make one.
//!
//! A series waits for its next sample most of the time, and there are many, so what it keeps is small: its newest
//! samples as short bytes ([`Tail`]), then chunks, the last of which is encoded once more when it grows. Samples that
//! came late are kept apart, so the rest stays in order.

use std::{collections::BTreeMap, sync::Arc};

use promise::Timestamp;

use super::{
    codec::{self, CHUNK_SAMPLES, Columns, Decoder, Effort, histogram},
    tail::{self, Tail},
};
use crate::{Histogram, HistogramSample, Labels, Sample, wire::Reader};

/// A chunk that has grown so long is not encoded again before it is sealed.
const GROWN: usize = 128;
/// Late samples and histograms that wait to be encoded.
const LOOSE_MAX: usize = 64;

pub(super) struct HeadSeries {
    pub labels: Labels,
    chunks: Vec<Arc<[u8]>>,
    /// Ends with the newest sample, but for late ones.
    tail: Tail,
    /// What few series have.
    extra: Option<Box<Extra>>,
}

#[derive(Default, Clone)]
pub(super) struct Extra {
    late: BTreeMap<i64, u64>,
    late_chunks: Vec<Arc<[u8]>>,
    histograms: BTreeMap<i64, Arc<Histogram>>,
    histogram_chunks: Vec<Arc<[u8]>>,
}

/// A series as it was at one moment; cheap to take.
pub(super) struct Snapshot {
    pub labels: Labels,
    chunks: Vec<Arc<[u8]>>,
    tail: Vec<u8>,
    in_tail: usize,
    extra: Option<Box<Extra>>,
}

impl HeadSeries {
    pub fn new(labels: Labels) -> Self {
        Self {
            labels,
            chunks: Vec::new(),
            tail: Tail::new(),
            extra: None,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty() && self.tail.is_empty() && self.extra.is_none()
    }

    /// Adds a sample that the series does not hold yet.
    pub fn push(&mut self, at: i64, value: f64) {
        if at <= self.tail.last() {
            return self.push_late(at, value);
        }
        self.tail.push(at, value);
        if self.tail.is_full() {
            self.close_tail();
        }
    }

    fn push_late(&mut self, at: i64, value: f64) {
        let extra = self.extra.get_or_insert_default();
        extra.late.insert(at, value.to_bits());
        if extra.late.len() >= LOOSE_MAX {
            let late: Vec<Sample> = loose(&extra.late).collect();
            let mut bytes = Vec::new();
            codec::encode(&late, 0, Effort::Quick, None, &mut bytes);
            extra.late_chunks.push(bytes.into());
            extra.late.clear();
        }
    }

    pub fn push_histogram(&mut self, at: i64, value: &Arc<Histogram>) {
        let extra = self.extra.get_or_insert_default();
        extra.histograms.insert(at, value.clone());
        if extra.histograms.len() >= LOOSE_MAX {
            let open: Vec<HistogramSample> = loose_histograms(&extra.histograms).collect();
            for stretch in histogram::stretches(&open) {
                let mut bytes = Vec::new();
                histogram::encode(stretch, 0, Effort::Quick, None, &mut bytes);
                extra.histogram_chunks.push(bytes.into());
            }
            extra.histograms.clear();
        }
    }

    /// Encodes the tail together with the chunk before it, if that is still short.
    fn close_tail(&mut self) {
        let mut samples = Vec::with_capacity(GROWN + self.tail.len());
        let grows = |chunk: &&Arc<[u8]>| span(chunk).is_some_and(|span| span.samples < GROWN);
        let open = self.chunks.last().filter(grows).cloned();
        if let Some(open) = &open {
            read_chunk(
                open,
                (i64::MIN, i64::MAX),
                &mut Decoder::default(),
                &mut samples,
            );
        }
        tail::read(self.tail.bytes(), &mut samples);
        debug_assert!(samples.len() <= CHUNK_SAMPLES);
        let mut bytes = Vec::with_capacity(2 * samples.len());
        codec::encode(&samples, 0, Effort::Quick, None, &mut bytes);
        if open.is_some() {
            self.chunks.pop();
        }
        self.chunks.reserve_exact(1);
        self.chunks.push(bytes.into());
        self.tail.clear();
    }

    /// The bits of the sample at just this time.
    pub fn value_at(&self, at: i64) -> Option<u64> {
        let late = self.extra.iter().flat_map(|extra| &extra.late_chunks);
        let mut found = Vec::new();
        for chunk in self.chunks.iter().chain(late) {
            read_chunk(chunk, (at, at), &mut Decoder::default(), &mut found);
        }
        tail::read(self.tail.bytes(), &mut found);
        let here = found.iter().find(|sample| sample.at.as_millis() == at);
        let late = || self.extra.as_ref()?.late.get(&at).copied();
        here.map(|sample| sample.value.to_bits()).or_else(late)
    }

    /// The histogram at just this time.
    pub fn histogram_at(&self, at: i64) -> Option<Arc<Histogram>> {
        let extra = self.extra.as_ref()?;
        if let Some(found) = extra.histograms.get(&at) {
            return Some(found.clone());
        }
        let mut found = Vec::new();
        for chunk in &extra.histogram_chunks {
            read_histograms(chunk, (at, at), &mut Decoder::default(), &mut found);
        }
        found.pop().map(|sample| sample.value)
    }

    /// Whether nothing stands at this time.
    pub fn is_free(&self, at: i64) -> bool {
        self.value_at(at).is_none() && self.histogram_at(at).is_none()
    }

    /// Whether samples may lie in `[from, to]`, seen without decoding them.
    pub fn touches(&self, from: i64, to: i64) -> bool {
        let inside = |at: &i64| (from..=to).contains(at);
        let touches = |chunk: &Arc<[u8]>| span(chunk).is_some_and(|span| span.touches(from, to));
        let tail = || {
            let first = self.tail.first();
            first.is_some_and(|first| first <= to && self.tail.last() >= from)
        };
        let extra = |extra: &Extra| {
            extra.late.keys().any(inside)
                || extra.histograms.keys().any(inside)
                || extra
                    .late_chunks
                    .iter()
                    .chain(&extra.histogram_chunks)
                    .any(touches)
        };
        self.chunks.iter().any(touches) || tail() || self.extra.as_deref().is_some_and(extra)
    }

    /// What may hold samples in `[from, to]`.
    pub fn snapshot(&self, from: i64, to: i64) -> Option<Snapshot> {
        if self.is_empty() {
            return None;
        }
        let touches = |chunk: &&Arc<[u8]>| span(chunk).is_some_and(|span| span.touches(from, to));
        let is_recent = self.tail.last() >= from;
        Some(Snapshot {
            labels: self.labels.clone(),
            chunks: self.chunks.iter().filter(touches).cloned().collect(),
            tail: if is_recent {
                self.tail.bytes().to_vec()
            } else {
                Vec::new()
            },
            in_tail: if is_recent { self.tail.len() } else { 0 },
            extra: self.extra.clone(),
        })
    }
}

impl Snapshot {
    /// Whether it holds nothing but floats that came in order.
    pub fn is_plain(&self) -> bool {
        self.extra.is_none()
    }

    /// About how many samples it holds in such a range.
    pub fn expected(&self, range: (i64, i64)) -> usize {
        let spans = self.chunks.iter().filter_map(|chunk| span(chunk));
        let of_extra = |extra: &Extra| {
            let chunks = extra.late_chunks.iter().chain(&extra.histogram_chunks);
            let spans = chunks.filter_map(|chunk| span(chunk));
            let packed: usize = spans.map(|span| span.share(range)).sum();
            packed + extra.late.len() + extra.histograms.len()
        };
        spans.map(|span| span.share(range)).sum::<usize>()
            + self.in_tail
            + self.extra.as_deref().map_or(0, of_extra)
    }

    /// The samples in `[from, to]`, in order of time.
    pub fn read(
        &self,
        (from, to): (i64, i64),
        decoder: &mut Decoder,
    ) -> (Vec<Sample>, Vec<HistogramSample>) {
        let mut samples = Vec::with_capacity(self.expected((from, to)));
        let mut histograms = Vec::new();
        for chunk in &self.chunks {
            read_chunk(chunk, (from, to), decoder, &mut samples);
        }
        let inside = |at: Timestamp| (from..=to).contains(&at.as_millis());
        let before = samples.len();
        tail::read(&self.tail, &mut samples);
        let mut kept = before;
        for i in before..samples.len() {
            if inside(samples[i].at) {
                samples.swap(kept, i);
                kept += 1;
            }
        }
        samples.truncate(kept);
        if let Some(extra) = &self.extra {
            for chunk in &extra.late_chunks {
                read_chunk(chunk, (from, to), decoder, &mut samples);
            }
            samples.extend(loose(&extra.late).filter(|s| inside(s.at)));
            samples.sort_by_key(|s| s.at);
            for chunk in &extra.histogram_chunks {
                read_histograms(chunk, (from, to), decoder, &mut histograms);
            }
            histograms.extend(loose_histograms(&extra.histograms).filter(|s| inside(s.at)));
            histograms.sort_by_key(|s| s.at);
        }
        (samples, histograms)
    }
}

fn loose(late: &BTreeMap<i64, u64>) -> impl Iterator<Item = Sample> {
    late.iter().map(|(at, bits)| Sample {
        at: Timestamp::from_millis(*at),
        value: f64::from_bits(*bits),
    })
}

fn loose_histograms(open: &BTreeMap<i64, Arc<Histogram>>) -> impl Iterator<Item = HistogramSample> {
    open.iter().map(|(at, value)| HistogramSample {
        at: Timestamp::from_millis(*at),
        value: value.clone(),
    })
}

fn span(chunk: &[u8]) -> Option<codec::Span> {
    codec::next(&mut Reader::new(chunk), 0).map(|(span, _)| span)
}

/// Chunks in memory are what `encode` made, so what cannot be read is not there.
fn read_chunk(chunk: &[u8], range: (i64, i64), decoder: &mut Decoder, out: &mut Vec<Sample>) {
    if let Some(chunk) = codec::next(&mut Reader::new(chunk), 0)
        && chunk.0.touches(range.0, range.1)
    {
        let read = decoder.samples(chunk, &Columns::default(), range, out);
        debug_assert!(read.is_some());
    }
}

fn read_histograms(
    chunk: &[u8],
    range: (i64, i64),
    decoder: &mut Decoder,
    out: &mut Vec<HistogramSample>,
) {
    if let Some(chunk) = codec::next(&mut Reader::new(chunk), 0)
        && chunk.0.touches(range.0, range.1)
    {
        let read = decoder.histograms(chunk, &Columns::default(), range, out);
        debug_assert!(read.is_some());
    }
}
