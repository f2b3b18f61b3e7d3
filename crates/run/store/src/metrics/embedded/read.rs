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
    packed::{Packed, Piece, merged},
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
        let mut room = Room(self.query_samples_max);
        let found = self.select_within(matchers, from, to, &mut room)?;
        let mut decoder = Decoder::default();
        let whole = found
            .into_iter()
            .map(|piece| piece.into_series(&mut decoder));
        Ok(whole.filter(|series| !series.is_empty()).collect())
    }

    fn select_within(
        &self,
        matchers: &[Matcher],
        from: i64,
        to: i64,
        room: &mut Room,
    ) -> Result<Vec<Piece>, Error> {
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
    ) -> Result<Option<Vec<Piece>>, Error> {
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
            room.take(series.expected((from, to)))?;
            list.push(Piece::of_head(series, (from, to), &mut decoder));
        }
        lists.push(list);
        Ok(Some(merged(lists, &mut decoder)))
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
    pub(super) fn gather(&self, selections: Vec<Selection>) -> Result<Packed, Error> {
        let mut lists = Vec::with_capacity(selections.len());
        let mut room = Room(self.query_samples_max);
        for selection in selections {
            let (from, to) = (selection.from.as_millis(), selection.to.as_millis());
            lists.push(self.select_within(&selection.matchers, from, to, &mut room)?);
        }
        Ok(Packed::new(merged(lists, &mut Decoder::default())))
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
    ) -> Result<Vec<Piece>, Error> {
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
                let series = Series {
                    labels,
                    samples,
                    histograms,
                    exemplars: Vec::new(),
                };
                list.push(Piece::from(series));
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
