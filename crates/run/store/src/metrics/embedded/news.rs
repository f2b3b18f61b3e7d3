//! Samples that are admitted but not yet durable: not seen before the log has them, and taken back where the log
//! refuses them.

use std::sync::Arc;

use super::{
    annex::Annex,
    head::Head,
    registry::{Newest, Registry},
};
use crate::{Exemplar, Histogram};

/// A histogram: its time in milliseconds, what tells it apart, and itself.
type Held = (i64, u64, Arc<Histogram>);

/// What one group of requests brings.
#[derive(Default)]
pub(super) struct News {
    /// The number of the first run: each has one among all that were ever staged, so that nothing that is known of
    /// series need be put right after a group.
    first: u32,
    runs: Vec<Run>,
    pub samples: Vec<(i64, f64)>,
    pub histograms: Vec<Held>,
    pub exemplars: Vec<(u32, Exemplar)>,
}

/// What one request brought for one series.
struct Run {
    id: u32,
    /// Where its samples, histograms and exemplars begin; they end where those of the next begin.
    from: Mark,
    /// What to take back should the log refuse.
    before: Newest,
}

/// How much there is of each. A group is bounded far below 2^32 of anything.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    samples: u32,
    histograms: u32,
    exemplars: u32,
}

impl News {
    /// `first`: the end of the group before.
    pub fn after(first: u32) -> Self {
        Self {
            first,
            ..Self::default()
        }
    }

    /// How many runs there are.
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// The number that the next run will have.
    pub fn end(&self) -> u32 {
        self.first.wrapping_add(short(self.runs.len()))
    }

    pub fn mark(&self) -> Mark {
        Mark {
            samples: short(self.samples.len()),
            histograms: short(self.histograms.len()),
            exemplars: short(self.exemplars.len()),
        }
    }

    /// The floats and the histograms that have been added since.
    pub fn since(&self, mark: Mark) -> (&[(i64, f64)], &[Held]) {
        (
            self.samples.get(mark.samples as usize..).unwrap_or(&[]),
            self.histograms
                .get(mark.histograms as usize..)
                .unwrap_or(&[]),
        )
    }

    pub fn exemplars_since(&self, mark: Mark) -> &[(u32, Exemplar)] {
        self.exemplars.get(mark.exemplars as usize..).unwrap_or(&[])
    }

    /// What was added since `from` is a run of this series. Gives its number.
    pub fn close(&mut self, id: u32, from: Mark, before: Newest) -> u32 {
        let number = self.end();
        self.runs.push(Run { id, from, before });
        number
    }

    /// What tells the sample at this time apart, among those since `open` and in the runs of the same series, of
    /// which `newest` is the last.
    pub fn print_at(&self, id: u32, newest: u32, open: Mark, at: i64) -> Option<u64> {
        if let Some(found) = self.print_between(open, self.mark(), at) {
            return Some(found);
        }
        let place = |number: u32| number.wrapping_sub(self.first) as usize;
        let (mut next, mut end) = (place(newest), self.runs.len());
        // A number of a group before is past the end, or, once all numbers were used, a run of another series.
        while let Some(run) = self.runs.get(next).filter(|run| next < end && run.id == id) {
            let until = self.runs.get(next + 1).map_or(open, |after| after.from);
            if let Some(found) = self.print_between(run.from, until, at) {
                return Some(found);
            }
            (next, end) = (place(run.before.run), next);
        }
        None
    }

    fn print_between(&self, from: Mark, to: Mark, at: i64) -> Option<u64> {
        let floats = self
            .samples
            .get(from.samples as usize..to.samples as usize)?;
        if let Some((_, value)) = floats.iter().find(|(there, _)| *there == at) {
            return Some(value.to_bits());
        }
        let histograms = self
            .histograms
            .get(from.histograms as usize..to.histograms as usize)?;
        let found = histograms.iter().find(|(there, ..)| *there == at);
        found.map(|(_, print, _)| *print)
    }

    /// Makes it visible.
    pub fn show(&self, head: &mut Head, annex: &mut Annex) {
        let all = self.mark();
        let ends = self.runs.iter().skip(1).map(|run| run.from).chain([all]);
        for (run, end) in self.runs.iter().zip(ends) {
            for (at, value) in &self.samples[run.from.samples as usize..end.samples as usize] {
                head.push(run.id, *at, *value);
            }
            let histograms = run.from.histograms as usize..end.histograms as usize;
            for (at, _, value) in &self.histograms[histograms] {
                head.push_histogram(run.id, *at, value);
            }
        }
        for (id, exemplar) in &self.exemplars {
            if let Some(series) = head.get(*id) {
                annex.add(&series.labels, exemplar.clone());
            }
        }
    }

    /// Forgets the runs from the `first`th on, as if they had never been admitted.
    pub fn take_back_from(&mut self, first: usize, registry: &mut Registry) {
        // Backwards: a series that was appended to twice gets back what it had before the first.
        for run in self.runs.drain(first..).rev() {
            self.samples.truncate(run.from.samples as usize);
            self.histograms.truncate(run.from.histograms as usize);
            self.exemplars.truncate(run.from.exemplars as usize);
            if let Some(known) = registry.get_mut(run.id) {
                known.newest = run.before;
            }
        }
    }
}

fn short(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
