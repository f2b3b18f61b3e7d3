//! What is not sealed yet: series in memory, with an inverted index over their labels.
//!
//! The head does not decide what may be appended (the writer does) and holds no file.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use promise::signal::{Match, Matcher};

use super::codec::{self, CHUNK_SAMPLES, Span};
use crate::{Labels, Sample};

#[derive(Default)]
pub(super) struct Head {
    /// By id, which is the order in which they came.
    series: Vec<HeadSeries>,
    postings: Postings,
    pub samples: u64,
    /// The times of the oldest and the newest sample.
    pub bounds: Option<(i64, i64)>,
}

struct HeadSeries {
    labels: Labels,
    chunks: Vec<Chunk>,
    /// The newest samples, fewer than make a chunk.
    tail: Vec<Sample>,
}

#[derive(Clone)]
pub(super) struct Chunk {
    pub span: Span,
    /// With the chunk's head.
    pub bytes: Arc<[u8]>,
}

/// A series as it was at one moment.
pub(super) struct Snapshot {
    pub labels: Labels,
    pub chunks: Vec<Chunk>,
    pub tail: Vec<Sample>,
}

impl Head {
    /// Adds a series without samples; its id is the number of series before it.
    pub fn admit(&mut self, labels: Labels) {
        let id = u32::try_from(self.series.len()).unwrap_or(u32::MAX);
        self.postings.add(id, &labels);
        self.series.push(HeadSeries {
            labels,
            chunks: Vec::new(),
            tail: Vec::new(),
        });
    }

    /// Adds samples that are newer than all that the series holds.
    pub fn append(&mut self, id: u32, samples: &[Sample]) {
        let Some(series) = self.series.get_mut(id as usize) else {
            return;
        };
        for sample in samples {
            let at = sample.at.as_millis();
            let (first, last) = self.bounds.unwrap_or((at, at));
            self.bounds = Some((first.min(at), last.max(at)));
            series.tail.push(*sample);
            if series.tail.len() == CHUNK_SAMPLES {
                series.close_chunk();
            }
        }
        self.samples += samples.len() as u64;
    }

    /// How many series have been admitted.
    pub fn len(&self) -> usize {
        self.series.len()
    }

    /// The series that all `matchers` accept and their chunks that touch `[from, to]`.
    pub fn snapshot(&self, matchers: &[Matcher], from: i64, to: i64) -> Vec<Snapshot> {
        let touches = |chunk: &&Chunk| chunk.span.first <= to && chunk.span.last >= from;
        self.matching(matchers)
            .map(|series| Snapshot {
                labels: series.labels.clone(),
                chunks: series.chunks.iter().filter(touches).cloned().collect(),
                tail: series.tail.clone(),
            })
            .collect()
    }

    /// The labels of the series that hold samples and that all `matchers` accept.
    pub fn labels<'h>(&'h self, matchers: &'h [Matcher]) -> impl Iterator<Item = &'h Labels> {
        self.matching(matchers).map(|series| &series.labels)
    }

    /// Every series that holds samples, by labels, with its samples as one run of chunks.
    pub fn sealed(&self) -> Vec<(&Labels, Vec<u8>, i64, i64)> {
        let mut all: Vec<_> = self.series.iter().filter_map(HeadSeries::sealed).collect();
        all.sort_by(|a, b| a.0.cmp(b.0));
        all
    }

    fn matching<'h>(&'h self, matchers: &'h [Matcher]) -> impl Iterator<Item = &'h HeadSeries> {
        let all = || (0..u32::try_from(self.series.len()).unwrap_or(u32::MAX)).collect();
        let candidates = self.postings.fewest(matchers).unwrap_or_else(all);
        let series = candidates
            .into_iter()
            .filter_map(|id| self.series.get(id as usize));
        series
            .filter(|s| !s.is_empty() && matchers.iter().all(|m| m.accepts(s.labels.get(&m.name))))
    }
}

impl HeadSeries {
    fn is_empty(&self) -> bool {
        self.chunks.is_empty() && self.tail.is_empty()
    }

    fn close_chunk(&mut self) {
        let (Some(first), Some(last)) = (self.tail.first(), self.tail.last()) else {
            return;
        };
        let span = Span {
            samples: self.tail.len(),
            first: first.at.as_millis(),
            last: last.at.as_millis(),
        };
        let mut bytes = Vec::new();
        codec::encode(&self.tail, &mut bytes);
        self.chunks.push(Chunk {
            span,
            bytes: bytes.into(),
        });
        self.tail.clear();
    }

    fn sealed(&self) -> Option<(&Labels, Vec<u8>, i64, i64)> {
        let mut bytes: Vec<u8> = self
            .chunks
            .iter()
            .flat_map(|chunk| chunk.bytes.iter().copied())
            .collect();
        codec::encode(&self.tail, &mut bytes);
        let tail_first = self.tail.first().map(|s| s.at.as_millis());
        let tail_last = self.tail.last().map(|s| s.at.as_millis());
        let first = self.chunks.first().map(|c| c.span.first).or(tail_first)?;
        let last = tail_last.or(self.chunks.last().map(|c| c.span.last))?;
        Some((&self.labels, bytes, first, last))
    }
}

/// For each label and value the ids of the series that have it, ascending.
#[derive(Default)]
struct Postings(HashMap<Box<str>, BTreeMap<Box<str>, Vec<u32>>>);

impl Postings {
    fn add(&mut self, id: u32, labels: &Labels) {
        for (name, value) in labels.iter() {
            // The entry API would copy the name of every label of every series.
            if !self.0.contains_key(name) {
                self.0.insert(name.into(), BTreeMap::new());
            }
            let Some(values) = self.0.get_mut(name) else {
                continue;
            };
            match values.get_mut(value) {
                Some(ids) => ids.push(id),
                None => {
                    values.insert(value.into(), vec![id]);
                }
            }
        }
    }

    /// The shortest list that one matcher alone allows, ascending. `None` where every matcher also accepts
    /// a series without its label, so that lists say nothing.
    fn fewest(&self, matchers: &[Matcher]) -> Option<Vec<u32>> {
        let lists = matchers
            .iter()
            .filter(|m| !m.accepts(""))
            .map(|m| self.allowed_by(m));
        lists.min_by_key(Vec::len)
    }

    fn allowed_by(&self, matcher: &Matcher) -> Vec<u32> {
        let Some(values) = self.0.get(matcher.name.as_str()) else {
            return Vec::new();
        };
        if let Match::Equal(value) = &matcher.test {
            return values.get(value.as_str()).cloned().unwrap_or_default();
        }
        let accepted = values.iter().filter(|(value, _)| matcher.accepts(value));
        let mut ids: Vec<u32> = accepted.flat_map(|(_, ids)| ids).copied().collect();
        ids.sort_unstable();
        ids
    }
}
