//! What is not sealed yet: series in memory, with an inverted index over their labels.
//!
//! The head does not decide what may be appended (the writer does) and holds no file.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use promise::signal::Matcher;
use roaring::RoaringBitmap;

use super::{
    postings::Postings,
    series::{HeadSeries, Snapshot},
};
use crate::{Histogram, Labels};

#[derive(Default)]
pub(super) struct Head {
    /// By id, which is the order in which they came.
    series: Vec<HeadSeries>,
    postings: Postings,
    pub samples: u64,
    /// The times of the oldest and the newest sample.
    pub bounds: Option<(i64, i64)>,
    /// Ids in the order of their series' labels, as far as somebody asked for it.
    order: Mutex<Arc<Vec<u32>>>,
}

impl Head {
    /// Adds a series without samples; its id is the number of series before it.
    pub fn admit(&mut self, labels: Labels) {
        self.postings.push(&labels);
        self.series.push(HeadSeries::new(labels));
    }

    /// Adds a sample that the series does not hold yet.
    pub fn push(&mut self, id: u32, at: i64, value: f64) {
        if let Some(series) = self.series.get_mut(id as usize) {
            series.push(at, value);
            self.count(at);
        }
    }

    pub fn push_histogram(&mut self, id: u32, at: i64, value: &Arc<Histogram>) {
        if let Some(series) = self.series.get_mut(id as usize) {
            series.push_histogram(at, value);
            self.count(at);
        }
    }

    fn count(&mut self, at: i64) {
        let (first, last) = self.bounds.unwrap_or((at, at));
        self.bounds = Some((first.min(at), last.max(at)));
        self.samples += 1;
    }

    /// How many series have been admitted.
    pub fn len(&self) -> usize {
        self.series.len()
    }

    pub fn get(&self, id: u32) -> Option<&HeadSeries> {
        self.series.get(id as usize)
    }

    pub fn matching(&self, matchers: &[Matcher]) -> RoaringBitmap {
        self.postings
            .matching(matchers, |id| self.get(id).map(|series| &series.labels))
    }

    /// The series that all `matchers` accept, with what may lie in `[from, to]`, in the order of labels.
    pub fn snapshot(&self, matchers: &[Matcher], from: i64, to: i64) -> Vec<Snapshot> {
        let found = self.in_order(&self.matching(matchers));
        found
            .filter_map(|id| self.get(id)?.snapshot(from, to))
            .collect()
    }

    /// Every series that holds samples, in the order of labels.
    pub fn all(&self) -> impl Iterator<Item = Snapshot> {
        let order = self.order();
        (0..order.len()).filter_map(move |i| self.get(order[i])?.snapshot(i64::MIN, i64::MAX))
    }

    /// The labels of the series that all `matchers` accept and that touch `[from, to]`.
    pub fn series(&self, matchers: &[Matcher], from: i64, to: i64) -> Vec<Labels> {
        let found = self.matching(matchers);
        let touching = found
            .iter()
            .filter_map(|id| self.get(id))
            .filter(|s| s.touches(from, to));
        touching.map(|series| series.labels.clone()).collect()
    }

    pub fn values(&self, label: &str, matchers: &[Matcher], out: &mut BTreeSet<String>) {
        self.postings
            .values_among(label, &self.matching(matchers), out);
    }

    pub fn names(&self, matchers: &[Matcher], out: &mut BTreeSet<String>) {
        self.postings.names_among(&self.matching(matchers), out);
    }

    /// The label with the most values among the series of one source, and how many.
    pub fn widest(&self, source: &Matcher) -> Option<(&str, usize)> {
        self.postings
            .widest(&self.matching(std::slice::from_ref(source)))
    }

    /// Few are sorted by their labels; of many, each is looked up in the order of all.
    fn in_order(&self, found: &RoaringBitmap) -> impl Iterator<Item = u32> + use<> {
        let count = found.len();
        let ids: Vec<u32> = if count * 8 < self.series.len() as u64 {
            let mut few: Vec<u32> = found.iter().collect();
            few.sort_by(|a, b| self.labels(*a).cmp(&self.labels(*b)));
            few
        } else {
            self.order()
                .iter()
                .copied()
                .filter(|id| found.contains(*id))
                .collect()
        };
        ids.into_iter()
    }

    /// An empty head with the series for which `stays` gives their labels, in the same order of ids.
    pub fn successor(&self, stays: impl Fn(u32) -> Option<Labels>) -> Self {
        let mut next = Self::default();
        let mut new_ids = vec![None; self.series.len()];
        for (id, new_id) in (0u32..).zip(&mut new_ids) {
            if let Some(labels) = stays(id) {
                *new_id = u32::try_from(next.len()).ok();
                next.admit(labels);
            }
        }
        let order = self
            .order
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        // Where all were in order, those that stay are too.
        if order.len() == self.series.len() {
            let order: Vec<u32> = order
                .iter()
                .filter_map(|id| new_ids[*id as usize])
                .collect();
            next.order = Mutex::new(order.into());
        }
        next
    }

    fn labels(&self, id: u32) -> Option<&Labels> {
        self.get(id).map(|series| &series.labels)
    }

    fn order(&self) -> Arc<Vec<u32>> {
        let mut order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        if order.len() < self.series.len() {
            let mut ids: Vec<u32> = Vec::with_capacity(self.series.len());
            ids.extend(order.iter());
            ids.extend(
                (0..)
                    .skip(order.len())
                    .take(self.series.len() - order.len()),
            );
            // A stable sort merges the run that is sorted with the ids that have come since.
            ids.sort_by(|a, b| self.labels(*a).cmp(&self.labels(*b)));
            *order = ids.into();
        }
        order.clone()
    }
}
