//! Reading: the head and the blocks as one.
//!
//! A reader takes what the head has and the list of blocks together, so it sees every sample once while a head
//! is being sealed. Where two blocks tell of the same instant, because a sample came late and twice, the one
//! that was told first stands.

use std::{cell::RefCell, collections::BTreeSet, time::Duration};

use promise::{Timestamp, signal::Matcher};
use promql::Selection;

use super::{
    Shared,
    block::{Block, OpenBlock},
    codec::Decoder,
    head::Head,
    shelf::Seen,
};
use crate::{
    Error, HistogramSample, Labels, Sample, Series,
    metrics::bucket::{self, Bucketed},
};

/// How often a reader begins anew because blocks were merged under its hands. A merge takes seconds, a look at
/// the list none, so the second time is enough.
const TRIES_MAX: usize = 10;

impl Shared {
    pub(super) fn select(
        &self,
        matchers: &[Matcher],
        from: i64,
        to: i64,
    ) -> Result<Vec<Series>, Error> {
        self.select_within(matchers, from, to, &mut Room(self.query_samples_max))
    }

    fn select_within(
        &self,
        matchers: &[Matcher],
        from: i64,
        to: i64,
        room: &mut Room,
    ) -> Result<Vec<Series>, Error> {
        for _ in 0..TRIES_MAX {
            let mut left = *room;
            if let Some(found) = self.try_select(matchers, from, to, &mut left)? {
                *room = left;
                return Ok(found);
            }
        }
        Err(merged_again())
    }

    /// `None` where a block was merged before it was read.
    fn try_select(
        &self,
        matchers: &[Matcher],
        from: i64,
        to: i64,
        room: &mut Room,
    ) -> Result<Option<Vec<Series>>, Error> {
        if from > to {
            return Ok(Some(Vec::new()));
        }
        let (blocks, fresh) = {
            let head = self.head();
            (self.shelf.all(), head.snapshot(matchers, from, to))
        };
        let mut lists = Vec::new();
        let mut decoder = Decoder::default();
        for block in blocks
            .iter()
            .filter(|block| block.first <= to && block.last >= from)
        {
            decoder.change_block();
            // Kept only when the whole block was read, so that a damaged one leaves nothing half there.
            match self.shelf.with(block, |open| {
                open.select(block, matchers, (from, to), &mut decoder, room)
            })? {
                Seen::Read(list) => lists.push(list),
                Seen::SetAside => {}
                Seen::Gone => return Ok(None),
            }
        }
        let mut list = Vec::with_capacity(fresh.len());
        for series in fresh {
            let (samples, histograms) = series.read((from, to), &mut decoder);
            room.take(samples.len() + histograms.len())?;
            if !(samples.is_empty() && histograms.is_empty()) {
                let labels = series.labels;
                list.push(Series {
                    labels,
                    samples,
                    histograms,
                    exemplars: Vec::new(),
                });
            }
        }
        lists.push(list);
        Ok(Some(merged(lists)))
    }

    /// The labels of the series that may hold samples in `[from, to]`, from indices alone.
    pub(super) fn series(
        &self,
        matchers: &[Matcher],
        from: i64,
        to: i64,
    ) -> Result<Vec<Labels>, Error> {
        let found = RefCell::new(BTreeSet::new());
        let of_block = |open: &OpenBlock| {
            for i in open.index.matching(matchers) {
                if open
                    .index
                    .entry(i)
                    .is_some_and(|e| e.first <= to && e.last >= from)
                {
                    found.borrow_mut().insert(open.index.labels(i));
                }
            }
        };
        let of_head = |head: &Head| found.borrow_mut().extend(head.series(matchers, from, to));
        self.look_up((from, to), of_head, of_block)?;
        Ok(found.into_inner().into_iter().collect())
    }

    pub(super) fn label_values(
        &self,
        label: &str,
        matchers: &[Matcher],
    ) -> Result<Vec<String>, Error> {
        let values = RefCell::new(BTreeSet::new());
        let of_block = |open: &OpenBlock| {
            open.index.values(
                label,
                &open.index.matching(matchers),
                &mut values.borrow_mut(),
            );
        };
        let of_head = |head: &Head| head.values(label, matchers, &mut values.borrow_mut());
        self.look_up((i64::MIN, i64::MAX), of_head, of_block)?;
        Ok(values.into_inner().into_iter().collect())
    }

    pub(super) fn label_names(&self, matchers: &[Matcher]) -> Result<Vec<String>, Error> {
        let names = RefCell::new(BTreeSet::new());
        let of_block = |open: &OpenBlock| {
            open.index
                .names(&open.index.matching(matchers), &mut names.borrow_mut());
        };
        let of_head = |head: &Head| head.names(matchers, &mut names.borrow_mut());
        self.look_up((i64::MIN, i64::MAX), of_head, of_block)?;
        Ok(names.into_inner().into_iter().collect())
    }

    /// What was kept of dropped samples, and what those that are there say.
    pub(super) fn buckets(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
        width: Duration,
    ) -> Result<Vec<Bucketed>, Error> {
        let (from, to) = bucket::whole(from, to, width);
        let (from, to) = (from.as_millis(), to.as_millis());
        let numbers = || {
            self.shelf
                .all()
                .iter()
                .map(|block| block.numbers)
                .collect::<Vec<_>>()
        };
        for _ in 0..TRIES_MAX {
            let there = numbers();
            let fresh = bucket::of_series(self.select(matchers, from, to)?, width);
            let kept = self.rollups.read(matchers, (from, to), width, &there)?;
            // Else a block was dropped meanwhile, and would be counted twice or not at all.
            if numbers() == there {
                return Ok(bucket::merged(kept, fresh));
            }
        }
        Err(merged_again())
    }

    /// The exemplars in `[from, to]` of such series, in the order of labels.
    pub(super) fn exemplars(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Vec<Series> {
        let annex = self.annex();
        let accepted = annex
            .exemplars()
            .filter(|(labels, _)| matchers.iter().all(|m| m.accepts(labels.get(&m.name))));
        let mut found: Vec<Series> = accepted
            .map(|(labels, all)| {
                let inside = all.iter().filter(|e| (from..=to).contains(&e.at));
                let exemplars = inside.cloned().collect();
                Series {
                    labels: labels.clone(),
                    exemplars,
                    ..Series::default()
                }
            })
            .filter(|series| !series.exemplars.is_empty())
            .collect();
        found.sort_by(|a, b| a.labels.cmp(&b.labels));
        found
    }

    /// Every series that the selections name, each once. All together are one query.
    pub(super) fn gather(&self, selections: Vec<Selection>) -> Result<Vec<Series>, Error> {
        let mut lists = Vec::with_capacity(selections.len());
        let mut room = Room(self.query_samples_max);
        for selection in selections {
            let (from, to) = (selection.from.as_millis(), selection.to.as_millis());
            lists.push(self.select_within(&selection.matchers, from, to, &mut room)?);
        }
        Ok(merged(lists))
    }

    /// Shows the head and each block that touches the range. What is added to a set twice does no harm, so a look
    /// that met a merge begins anew.
    fn look_up(
        &self,
        (from, to): (i64, i64),
        of_head: impl Fn(&Head),
        of_block: impl Fn(&OpenBlock),
    ) -> Result<(), Error> {
        for _ in 0..TRIES_MAX {
            let blocks = {
                let head = self.head();
                of_head(&head);
                self.shelf.all()
            };
            let mut gone = false;
            for block in blocks
                .iter()
                .filter(|block| block.first <= to && block.last >= from)
            {
                let seen = self.shelf.with(block, |open| {
                    of_block(open);
                    Ok(())
                })?;
                gone |= matches!(seen, Seen::Gone);
            }
            if !gone {
                return Ok(());
            }
        }
        Err(merged_again())
    }
}

fn merged_again() -> Error {
    Error::Remote("the blocks were merged again and again".to_owned())
}

impl OpenBlock {
    /// Each accepted series with its samples in the range, in the order of labels.
    fn select(
        &self,
        block: &Block,
        matchers: &[Matcher],
        (from, to): (i64, i64),
        decoder: &mut Decoder,
        room: &mut Room,
    ) -> Result<Vec<Series>, Error> {
        let found = self.index.matching(matchers);
        let mut list = Vec::with_capacity(found.len());
        for i in found {
            let Some(entry) = self
                .index
                .entry(i)
                .filter(|e| e.first <= to && e.last >= from)
            else {
                continue;
            };
            let (samples, histograms) =
                self.read(&block.deleted, (i, entry), (from, to), decoder)?;
            room.take(samples.len() + histograms.len())?;
            if !(samples.is_empty() && histograms.is_empty()) {
                let labels = self.index.labels(i);
                list.push(Series {
                    labels,
                    samples,
                    histograms,
                    exemplars: Vec::new(),
                });
            }
        }
        Ok(list)
    }
}

/// How many samples a query may still read.
#[derive(Clone, Copy)]
struct Room(usize);

impl Room {
    /// In Prometheus's words, because scripts that were written for it read them.
    fn take(&mut self, n: usize) -> Result<(), Error> {
        let over = || {
            let what =
                "query processing would load too many samples into memory in query execution";
            Error::Query(what.to_owned())
        };
        self.0 = self.0.checked_sub(n).ok_or_else(over)?;
        Ok(())
    }
}

/// Lists in the order of labels as one. What comes first tells the older samples, or told them first.
fn merged(mut lists: Vec<Vec<Series>>) -> Vec<Series> {
    lists.retain(|list| !list.is_empty());
    if lists.len() <= 1 {
        return lists.pop().unwrap_or_default();
    }
    let mut all: Vec<Series> = lists.into_iter().flatten().collect();
    // A stable sort finds the runs that the lists are and merges them.
    all.sort_by(|a, b| a.labels.cmp(&b.labels));
    let mut out: Vec<Series> = Vec::with_capacity(all.len());
    for next in all {
        match out.last_mut() {
            Some(last) if last.labels == next.labels => {
                last.samples.extend(next.samples);
                last.histograms.extend(next.histograms);
            }
            _ => out.push(next),
        }
    }
    for series in &mut out {
        in_order(&mut series.samples, &mut series.histograms);
    }
    out
}

/// Puts samples in the order of time. At one instant the first that was told stands.
pub(super) fn in_order(samples: &mut Vec<Sample>, histograms: &mut Vec<HistogramSample>) {
    if !samples.is_sorted_by(|a, b| a.at < b.at) {
        samples.sort_by_key(|sample| sample.at);
        samples.dedup_by_key(|sample| sample.at);
    }
    if !histograms.is_sorted_by(|a, b| a.at < b.at) {
        histograms.sort_by_key(|sample| sample.at);
        histograms.dedup_by_key(|sample| sample.at);
    }
    if !samples.is_empty() {
        histograms.retain(|h| samples.binary_search_by_key(&h.at, |s| s.at).is_err());
    }
}
