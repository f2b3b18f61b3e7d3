//! Admitting samples: which are new, late, known already, or refused. What is admitted is not seen before the
//! log has it, and is taken back where the log refuses it.

use std::sync::Arc;

use promise::signal::Matcher;
use xxhash_rust::xxh3::xxh3_64;

use super::{
    annex::Annex,
    codec::histogram,
    head::Head,
    records::AppendRecord,
    registry::{Known, Newest, Registry, SOURCE},
    shelf::{Shelf, Standing},
    writer::{Writer, head_mut, oldest_taken},
};
use crate::{
    Error, Exemplar, Histogram, Labels, Series,
    commit::Group,
    metrics::{Appended, Flood},
    wal::Wal,
};

/// What was admitted in one group of requests.
#[derive(Default)]
pub(super) struct Staged {
    pub appends: Group<Appended>,
    pub news: News,
}

/// Samples that are admitted but not yet durable.
#[derive(Default)]
pub(super) struct News {
    runs: Vec<Run>,
    samples: Vec<(i64, f64)>,
    histograms: Vec<(i64, u64, Arc<Histogram>)>,
    exemplars: Vec<(u32, Exemplar)>,
}

/// What one request brought for one series.
struct Run {
    id: u32,
    samples: (usize, usize),
    histograms: (usize, usize),
    /// What to take back should the log refuse.
    before: Newest,
    was_logged: bool,
}

/// What becomes of one sample.
enum Verdict {
    New,
    Known,
    Conflicting,
    TooOld,
}

impl Writer {
    /// Admits a batch. Samples of series over a limit are left out; the rest is there whole or not at all.
    pub(super) fn stage(
        &mut self,
        batch: Vec<Series>,
        staged: &mut Staged,
    ) -> Result<Appended, Error> {
        let mut appended = Appended::default();
        let mut record = AppendRecord::default();
        let first_run = staged.news.runs.len();
        for series in batch {
            if series.is_empty() && series.exemplars.is_empty() {
                continue;
            }
            let id = match self.registry.find(&series.labels) {
                Some(id) => id,
                None => match self.get_to_know(&series) {
                    Ok(Some(id)) => id,
                    Ok(None) => {
                        appended.over_limit += series.len() as u64;
                        appended.flood = self.flood_of(&series.labels);
                        continue;
                    }
                    Err(error) => {
                        self.undo(&mut staged.news, first_run);
                        return Err(error);
                    }
                },
            };
            self.stage_series(id, &series, staged, &mut record, &mut appended);
        }
        if let Some(payload) = record.finish()
            && let Err(error) = Wal::frame(&mut staged.appends.frames, &payload)
        {
            self.undo(&mut staged.news, first_run);
            return Err(error);
        }
        Ok(appended)
    }

    fn undo(&mut self, news: &mut News, first_run: usize) {
        news.take_back_from(first_run, &mut self.registry);
    }

    fn stage_series(
        &mut self,
        id: u32,
        series: &Series,
        staged: &mut Staged,
        record: &mut AppendRecord,
        appended: &mut Appended,
    ) {
        let news = &mut staged.news;
        let Some(known) = self.registry.get(id) else {
            return;
        };
        let run = Run {
            id,
            samples: (news.samples.len(), news.samples.len()),
            histograms: (news.histograms.len(), news.histograms.len()),
            before: known.newest,
            was_logged: known.logged,
        };
        let number = u32::try_from(news.runs.len()).ok();
        news.runs.push(run);
        for sample in &series.samples {
            let (at, print) = (sample.at.as_millis(), sample.value.to_bits());
            if count(self.admit(id, at, print, Kind::Float, news), appended) {
                news.samples.push((at, sample.value));
            }
        }
        for sample in &series.histograms {
            let at = sample.at.as_millis();
            if !histogram::is_sound(&sample.value) {
                appended.malformed += 1;
            } else {
                let print = print_of(&sample.value);
                if count(self.admit(id, at, print, Kind::Histogram, news), appended) {
                    news.histograms.push((at, print, sample.value.clone()));
                }
            }
        }
        let exemplars = news.exemplars.len();
        {
            let annex = self.shared.annex();
            let wanted = series
                .exemplars
                .iter()
                .filter(|e| annex.wants(&series.labels, e));
            news.exemplars.extend(wanted.map(|e| (id, e.clone())));
        }
        let (Some(run), Some(known)) = (news.runs.last_mut(), self.registry.get_mut(id)) else {
            return;
        };
        run.samples.1 = news.samples.len();
        run.histograms.1 = news.histograms.len();
        let brought = (
            &news.samples[run.samples.0..],
            &news.histograms[run.histograms.0..],
        );
        if brought.0.is_empty() && brought.1.is_empty() && exemplars == news.exemplars.len() {
            news.runs.pop();
            return;
        }
        known.newest.run = number;
        if !std::mem::replace(&mut known.logged, true) {
            record.name(id, &known.labels);
        }
        if !brought.0.is_empty() {
            record.run(id, brought.0);
        }
        brought
            .1
            .iter()
            .for_each(|(at, _, value)| record.histogram(id, *at, value));
        news.exemplars[exemplars..]
            .iter()
            .for_each(|(_, exemplar)| record.exemplar(id, exemplar));
    }

    fn admit(&mut self, id: u32, at: i64, print: u64, kind: Kind, news: &News) -> Verdict {
        let options = &self.options;
        let Some(known) = self.registry.get_mut(id) else {
            return Verdict::TooOld;
        };
        let newest = &mut known.newest;
        if at > newest.at {
            (newest.at, newest.print) = (at, Some(print));
            return Verdict::New;
        }
        let there = if at == newest.at && newest.print.is_some() {
            newest.print
        } else if at < oldest_taken(newest.at, options) {
            return Verdict::TooOld;
        } else {
            let run = newest.run;
            let labels = &known.labels;
            news.print_at(run, at)
                .or_else(|| kind.print_at(&self.shared.head(), id, at))
                .or_else(|| sealed_print_at(&self.shared.shelf, labels, at))
        };
        match there {
            None => Verdict::New,
            Some(there) if there == print => Verdict::Known,
            Some(_) => Verdict::Conflicting,
        }
    }

    /// Gives a new series an id. `None` where there are too many already.
    fn get_to_know(&mut self, series: &Series) -> Result<Option<u32>, Error> {
        let of_source = self.registry.of_source(series.labels.get(SOURCE));
        if self.registry.len() >= self.options.series_max
            || of_source >= self.options.source_series_max
        {
            return Ok(None);
        }
        let newest = Newest::at(self.newest_sealed(series)?);
        head_mut(&self.shared).admit(series.labels.clone());
        let known = Known {
            labels: series.labels.clone(),
            newest,
            logged: false,
        };
        Ok(Some(self.registry.add(known)))
    }

    /// Why the series of such labels are refused. Worked out once for each source between two seals.
    fn flood_of(&self, labels: &Labels) -> Option<Flood> {
        let source = labels.get(SOURCE);
        if let Some(known) = self.shared.floods().get(source).cloned() {
            return Some(known);
        }
        let head = self.shared.head();
        let all = self.registry.len() >= self.options.series_max;
        let matcher = Matcher::equal(SOURCE, source);
        let (label, values) = head.widest(&matcher).unwrap_or(("", 0));
        let limit = if all {
            self.options.series_max
        } else {
            self.options.source_series_max
        };
        let flood = Flood {
            source: source.to_owned(),
            limit: limit as u64,
            label: label.to_owned(),
            values: values as u64,
        };
        drop(head);
        tracing::warn!(
            source,
            limit,
            label = flood.label,
            values,
            "new series are refused, there are too many"
        );
        self.shared.floods().add(flood.clone());
        Some(flood)
    }
}

/// Whether the sample is to be stored.
fn count(verdict: Verdict, appended: &mut Appended) -> bool {
    let counter = match verdict {
        Verdict::New => &mut appended.stored,
        Verdict::Known => &mut appended.known,
        Verdict::Conflicting => &mut appended.out_of_order,
        Verdict::TooOld => &mut appended.too_old,
    };
    *counter += 1;
    matches!(verdict, Verdict::New)
}

#[derive(Clone, Copy)]
enum Kind {
    Float,
    Histogram,
}

impl Kind {
    /// What tells the sample apart that stands at this time. At one instant there is one of either kind.
    fn print_at(self, head: &Head, id: u32, at: i64) -> Option<u64> {
        let series = head.get(id)?;
        let float = || series.value_at(at);
        let histogram = || series.histogram_at(at).map(|h| print_of(&h));
        match self {
            Self::Float => float().or_else(histogram),
            Self::Histogram => histogram().or_else(float),
        }
    }
}

/// What cannot be read now is stored once more, and read once when it can be.
fn sealed_print_at(shelf: &Shelf, labels: &Labels, at: i64) -> Option<u64> {
    Some(match shelf.at(labels, at).ok()?? {
        Standing::Float(value) => value.to_bits(),
        Standing::Histogram(value) => print_of(&value),
    })
}

fn print_of(value: &Histogram) -> u64 {
    let mut bytes = Vec::new();
    histogram::put(value, &mut bytes);
    xxh3_64(&bytes)
}

impl News {
    /// What tells the sample at this time apart, in the run and in those before it of the same series.
    fn print_at(&self, run: Option<u32>, at: i64) -> Option<u64> {
        // The run that is being staged is the last, and its ends are not known yet.
        let current = self.runs.last()?;
        let mut next = Some((current, self.samples.len(), self.histograms.len()));
        let mut before = run;
        while let Some((run, samples, histograms)) = next {
            let floats = self.samples.get(run.samples.0..samples)?;
            if let Some((_, value)) = floats.iter().find(|(there, _)| *there == at) {
                return Some(value.to_bits());
            }
            let histograms = self.histograms.get(run.histograms.0..histograms)?;
            if let Some((_, print, _)) = histograms.iter().find(|(there, ..)| *there == at) {
                return Some(*print);
            }
            next = before.and_then(|n| self.runs.get(n as usize)).map(|run| {
                before = run.before.run;
                (run, run.samples.1, run.histograms.1)
            });
        }
        None
    }

    /// Makes it visible.
    pub fn show(&self, head: &mut Head, annex: &mut Annex) {
        for run in &self.runs {
            for (at, value) in &self.samples[run.samples.0..run.samples.1] {
                head.push(run.id, *at, *value);
            }
            for (at, _, value) in &self.histograms[run.histograms.0..run.histograms.1] {
                head.push_histogram(run.id, *at, value);
            }
        }
        for (id, exemplar) in &self.exemplars {
            if let Some(series) = head.get(*id) {
                annex.add(&series.labels, exemplar.clone());
            }
        }
    }

    /// Ends the group: runs are counted anew in the next.
    pub fn settle(&self, registry: &mut Registry) {
        for run in &self.runs {
            if let Some(known) = registry.get_mut(run.id) {
                known.newest.run = None;
            }
        }
    }

    pub fn take_back(mut self, registry: &mut Registry) {
        self.take_back_from(0, registry);
    }

    fn take_back_from(&mut self, first: usize, registry: &mut Registry) {
        // Backwards: a series that was appended to twice gets back what it had before the first.
        for run in self.runs.drain(first..).rev() {
            self.samples.truncate(run.samples.0);
            self.histograms.truncate(run.histograms.0);
            if let Some(known) = registry.get_mut(run.id) {
                (known.newest, known.logged) = (run.before, run.was_logged);
            }
        }
    }
}
