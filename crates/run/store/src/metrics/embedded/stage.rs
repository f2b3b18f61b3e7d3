//! Admitting samples: which are new, late, known already, or refused.

use promise::signal::Matcher;
use xxhash_rust::xxh3::xxh3_64;

use super::{
    codec::histogram,
    head::Head,
    news::{Mark, News},
    records::AppendRecord,
    registry::{Known, Newest, SOURCE},
    shelf::{Shelf, Standing},
    writer::{Writer, head_mut, oldest_taken},
};
use crate::{
    Error, Histogram, Labels, Sample, Series,
    commit::Group,
    metrics::{Appended, Batch, Flood},
    wal::Wal,
};

/// What was admitted in one group of requests.
#[derive(Default)]
pub(super) struct Staged {
    pub appends: Group<Appended>,
    pub news: News,
}

impl Staged {
    /// `run`: where the group before ended.
    pub fn after(run: u32) -> Self {
        Self {
            news: News::after(run),
            ..Self::default()
        }
    }
}

/// What becomes of one sample.
enum Verdict {
    New,
    Known,
    Conflicting,
    TooOld,
}

/// One request that is being admitted.
#[derive(Default)]
struct Admission {
    record: AppendRecord,
    appended: Appended,
}

impl Writer {
    /// Admits a batch. Samples of series over a limit are left out; the rest is there whole or not at all.
    pub(super) fn stage(&mut self, batch: &Batch, staged: &mut Staged) -> Result<Appended, Error> {
        let mut admission = Admission::default();
        let first_run = staged.news.len();
        let framed = self
            .stage_all(batch, &mut staged.news, &mut admission)
            .and_then(|()| match admission.record.finish() {
                Some(payload) => Wal::frame(&mut staged.appends.frames, &payload),
                None => Ok(()),
            });
        match framed {
            Ok(()) => Ok(admission.appended),
            Err(error) => {
                staged.news.take_back_from(first_run, &mut self.registry);
                Err(error)
            }
        }
    }

    fn stage_all(
        &mut self,
        batch: &Batch,
        news: &mut News,
        admission: &mut Admission,
    ) -> Result<(), Error> {
        for (labels, sample) in batch.floats.iter().flat_map(crate::Floats::iter) {
            let first = Some(sample.at.as_millis());
            if let Some(id) = self.meet(labels, first, 1, &mut admission.appended)? {
                self.stage_float(id, *sample, news, admission);
            }
        }
        for series in &batch.series {
            if series.is_empty() && series.exemplars.is_empty() {
                continue;
            }
            let floats = series.samples.first().map(|sample| sample.at);
            let others = series.histograms.first().map(|sample| sample.at);
            let first = floats.into_iter().chain(others).min();
            let first = first.map(promise::Timestamp::as_millis);
            let told = series.len() as u64;
            if let Some(id) = self.meet(&series.labels, first, told, &mut admission.appended)? {
                self.stage_series(id, series, news, admission);
            }
        }
        Ok(())
    }

    /// The series' id. `None` where there are too many; then what was `told` of it is refused.
    fn meet(
        &mut self,
        labels: &Labels,
        first: Option<i64>,
        told: u64,
        appended: &mut Appended,
    ) -> Result<Option<u32>, Error> {
        if let Some(id) = self.registry.find(labels) {
            return Ok(Some(id));
        }
        let id = self.get_to_know(labels, first)?;
        if id.is_none() {
            appended.over_limit += told;
            appended.flood = self.flood_of(labels);
        }
        Ok(id)
    }

    fn stage_float(&mut self, id: u32, sample: Sample, news: &mut News, admission: &mut Admission) {
        let Some(before) = self.registry.get(id).map(|known| known.newest) else {
            return;
        };
        let (at, from) = (sample.at.as_millis(), news.mark());
        let verdict = self.admit(id, at, sample.value.to_bits(), Kind::Float, (news, from));
        if count(verdict, &mut admission.appended) {
            news.samples.push((at, sample.value));
            self.log(id, from, before, news, &mut admission.record);
        }
    }

    fn stage_series(
        &mut self,
        id: u32,
        series: &Series,
        news: &mut News,
        admission: &mut Admission,
    ) {
        let Some(before) = self.registry.get(id).map(|known| known.newest) else {
            return;
        };
        let (from, appended) = (news.mark(), &mut admission.appended);
        for sample in &series.samples {
            let (at, print) = (sample.at.as_millis(), sample.value.to_bits());
            if count(
                self.admit(id, at, print, Kind::Float, (news, from)),
                appended,
            ) {
                news.samples.push((at, sample.value));
            }
        }
        for sample in &series.histograms {
            let at = sample.at.as_millis();
            if !histogram::is_sound(&sample.value) {
                appended.malformed += 1;
            } else {
                let print = print_of(&sample.value);
                if count(
                    self.admit(id, at, print, Kind::Histogram, (news, from)),
                    appended,
                ) {
                    news.histograms.push((at, print, sample.value.clone()));
                }
            }
        }
        if !series.exemplars.is_empty() {
            let annex = self.shared.annex();
            let wanted = series
                .exemplars
                .iter()
                .filter(|e| annex.wants(&series.labels, e));
            news.exemplars.extend(wanted.map(|e| (id, e.clone())));
        }
        let (floats, histograms) = news.since(from);
        if !(floats.is_empty() && histograms.is_empty() && news.exemplars_since(from).is_empty()) {
            self.log(id, from, before, news, &mut admission.record);
        }
    }

    /// What was admitted since `from` becomes a run, and goes into the record.
    fn log(
        &mut self,
        id: u32,
        from: Mark,
        before: Newest,
        news: &mut News,
        record: &mut AppendRecord,
    ) {
        let number = news.close(id, from, before);
        let Some(known) = self.registry.get_mut(id) else {
            return;
        };
        known.newest.run = number;
        if !std::mem::replace(&mut known.newest.is_logged, true) {
            record.name(id, &known.labels);
        }
        let (floats, histograms) = news.since(from);
        if !floats.is_empty() {
            record.run(id, floats);
        }
        for (at, _, value) in histograms {
            record.histogram(id, *at, value);
        }
        for (_, exemplar) in news.exemplars_since(from) {
            record.exemplar(id, exemplar);
        }
    }

    fn admit(
        &mut self,
        id: u32,
        at: i64,
        print: u64,
        kind: Kind,
        (news, open): (&News, Mark),
    ) -> Verdict {
        let Some(known) = self.registry.get_mut(id) else {
            return Verdict::TooOld;
        };
        let newest = &mut known.newest;
        if at > newest.at {
            newest.set(at, print);
            return Verdict::New;
        }
        let there = if at == newest.at && newest.print().is_some() {
            newest.print()
        } else if at < oldest_taken(newest.at, &self.options) {
            return Verdict::TooOld;
        } else {
            let run = newest.run;
            let labels = &known.labels;
            news.print_at(id, run, open, at)
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
    fn get_to_know(&mut self, labels: &Labels, first: Option<i64>) -> Result<Option<u32>, Error> {
        let of_source = self.registry.of_source(labels.get(SOURCE));
        if self.registry.len() >= self.options.series_max
            || of_source >= self.options.source_series_max
        {
            return Ok(None);
        }
        let sealed = match first {
            Some(first) => self.newest_sealed(labels, first)?,
            None => None,
        };
        head_mut(&self.shared).admit(labels.clone());
        Ok(Some(self.registry.add(Known {
            labels: labels.clone(),
            newest: Newest::at(sealed),
        })))
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
