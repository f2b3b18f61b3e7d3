//! What a source said last time, so that the end of a series is noticed and known text costs nothing again.
//!
//! A series that was there and is not there any more gets Prometheus's staleness marker: queries then
//! see that it ended instead of its last value for minutes. Series with the target's own timestamps get
//! none, as in Prometheus, because nobody knows when they are due.
//!
//! A series is known by its text (or its bytes, in a protocol buffer): of known text the labels were made,
//! redacted and relabelled before. An answer is taken whole or, after a mistake in it, not at all.

mod attach;
mod floats;
mod flood;
mod keyed;
mod metadata;
mod table;

use std::{collections::HashMap, sync::Arc, time::Duration};

use promise::{Timestamp, say};
use store::{Floats, HistogramSample, Labels, Sample, Series, metrics::STALE};

use crate::{
    parse::{self, protobuf::Value},
    trouble::Trouble,
};

pub(crate) use attach::Attach;
pub(crate) use floats::Gathered;
pub(crate) use keyed::{Keyed, Place};
pub(crate) use metadata::owned;

use metadata::Told;
use table::Table;

/// As in Prometheus: a sample later than this beyond our own clock is no mistake of a clock but a lie.
pub(crate) const FUTURE_MAX: Duration = Duration::from_secs(600);
/// As OpenMetrics 1.0 bounds an exemplar: its label names and values together, in characters.
const EXEMPLAR_MAX: usize = 128;

#[derive(Debug, Default)]
pub(crate) struct Memory {
    table: Table,
    /// The series of the floats of the last answer, in its order.
    names: Arc<[Labels]>,
    /// The newest exemplar of each series: targets repeat it until the next one comes.
    exemplars: HashMap<Place, u64>,
    told: Told,
}

/// Series that may stand twice in an answer, each of which is compared with all others; more of them are a mistake.
const TWICE_MAX: u64 = 100;

/// An accepted answer.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub floats: Floats,
    /// What is more than a float, and what has ended.
    pub series: Vec<Series>,
    pub metadata: Vec<store::Metadata>,
    pub scraped: u64,
    pub kept: u64,
    pub added: u64,
    /// How many samples were left out because their series had one before, and which series is the first.
    pub twice: Option<(u64, Labels)>,
}

/// One answer while it is being read.
pub(crate) struct Hearing<'m> {
    memory: &'m mut Memory,
    attach: &'m Attach,
    at: Timestamp,
    series_max: u64,
    floats: Gathered,
    heard: Heard,
}

impl Memory {
    /// Begins to take an answer; it must be finished, or [`Memory::fail`] be told.
    pub fn hear<'m>(
        &'m mut self,
        at: Timestamp,
        attach: &'m Attach,
        series_max: u64,
    ) -> Hearing<'m> {
        self.table.begin();
        Hearing {
            floats: Gathered::after(self.names.clone()),
            memory: self,
            attach,
            at,
            series_max,
            heard: Heard::default(),
        }
    }

    /// Takes series that were made here, such as a probe's.
    pub fn replace(&mut self, series: &mut Vec<Series>, at: Timestamp) {
        self.table.begin();
        for one in series.iter() {
            let key = one.labels.to_string();
            let place = match self.table.find(key.as_bytes()) {
                Some(place) => place,
                None => self.table.add(key.as_bytes(), Some(one.labels.clone())),
            };
            self.table.see(place, true);
        }
        self.table.finish(|labels| series.push(ended(labels, at)));
    }

    /// The source failed: everything that it said has ended.
    pub fn fail(&mut self, at: Timestamp) -> Vec<Series> {
        self.exemplars.clear();
        let mut series = Vec::new();
        self.table.fail(|labels| series.push(ended(labels, at)));
        series
    }
}

impl Hearing<'_> {
    /// The place of a series that was seen before.
    pub fn find(&mut self, key: &[u8]) -> Option<Place> {
        self.memory.table.find(key)
    }

    /// Makes a place for a series that was never seen.
    pub fn add(&mut self, key: &[u8], exposed: &parse::Pairs<'_>) -> Place {
        self.memory.table.add(key, self.attach.labels(exposed))
    }

    pub fn sample(
        &mut self,
        place: Place,
        value: Value,
        its: Option<Timestamp>,
        exemplars: &[parse::Exemplar<'_>],
    ) -> Result<(), Trouble> {
        self.heard.scraped += 1;
        let its = its.filter(|_| self.attach.honors_timestamps());
        if its.is_some_and(|its| its > self.at + FUTURE_MAX) {
            return Err(from_the_future(self.memory.table.labels(place)));
        }
        if self.memory.table.labels(place).is_none() {
            // Relabelling has dropped it.
            return Ok(());
        }
        let seen = self.memory.table.see(place, its.is_none());
        let Some(labels) = self.memory.table.labels(place) else {
            return Ok(());
        };
        let at = its.unwrap_or(self.at);
        if seen == table::Seen::Twice {
            // Which of two values is true nobody can tell; the same one told twice harms nobody.
            let (count, _) = self.heard.twice.get_or_insert((0, labels.clone()));
            *count += 1;
            if *count > TWICE_MAX || self.contradicts(labels, &value, at) {
                return Err(two_values(labels));
            }
            return Ok(());
        }
        self.heard.added += u64::from(seen == table::Seen::New);
        self.heard.kept += 1;
        if self.heard.kept > self.series_max {
            return Err(flood::trouble(self.memory.table.present(), self.series_max));
        }
        let mut series = match value {
            Value::Float(value) if exemplars.is_empty() => {
                self.floats.push(labels, Sample { at, value });
                return Ok(());
            }
            Value::Float(value) => Series::new(labels.clone(), vec![Sample { at, value }]),
            Value::Histogram(value) => Series {
                labels: labels.clone(),
                histograms: vec![HistogramSample { at, value }],
                ..Series::default()
            },
        };
        for exemplar in exemplars {
            series.exemplars.extend(self.exemplar(place, exemplar, at));
        }
        self.heard.series.push(series);
        Ok(())
    }

    /// Whether this answer has told another value of the series at that time.
    fn contradicts(&self, labels: &Labels, value: &Value, at: Timestamp) -> bool {
        let told = self.heard.series.iter().filter(|one| one.labels == *labels);
        let floats = self.floats.iter().filter(|(told, _)| *told == labels);
        let mut floats = floats
            .map(|(_, sample)| sample)
            .chain(told.clone().flat_map(|one| &one.samples));
        match value {
            Value::Float(value) => {
                floats.any(|told| told.at == at && told.value.to_bits() != value.to_bits())
            }
            Value::Histogram(value) => told
                .flat_map(|one| &one.histograms)
                .any(|told| told.at == at && told.value != *value),
        }
    }

    /// One that was told before is not told again.
    fn exemplar(
        &mut self,
        place: Place,
        exemplar: &parse::Exemplar<'_>,
        at: Timestamp,
    ) -> Option<store::Exemplar> {
        let chars = |text: &str| text.chars().count();
        let length: usize = exemplar
            .labels
            .iter()
            .map(|(n, v)| chars(n) + chars(v))
            .sum();
        if length > EXEMPLAR_MAX {
            return None;
        }
        let hash = attach::hash(exemplar);
        if self.memory.exemplars.insert(place, hash) == Some(hash) {
            return None;
        }
        Some(store::Exemplar {
            labels: self.attach.redacted(&exemplar.labels),
            at: exemplar.at.unwrap_or(at),
            value: exemplar.value,
        })
    }

    /// The answer was read to its end.
    pub fn finish(self, metadata: &[parse::Metadata<'_>]) -> Heard {
        let mut heard = self.heard;
        let Memory {
            table,
            names,
            exemplars,
            told,
        } = self.memory;
        heard.floats = self.floats.finish();
        names.clone_from(heard.floats.names());
        table.finish(|labels| heard.series.push(ended(labels, self.at)));
        // Places move when the dead are buried; an exemplar told twice does less harm than one attached wrongly.
        if table.bury() {
            exemplars.clear();
        }
        heard.metadata = told.changes(metadata, &self.attach.redactor);
        heard
    }
}

fn ended(labels: &Labels, at: Timestamp) -> Series {
    Series::new(labels.clone(), vec![Sample { at, value: STALE }])
}

fn two_values(labels: &Labels) -> Trouble {
    Trouble::failed(say!(
        "{labels} stands twice in the answer, with different values",
        "{labels} が応答に 2 度あり、値が違います"
    ))
}

fn from_the_future(labels: Option<&Labels>) -> Trouble {
    let minutes = FUTURE_MAX.as_secs() / 60;
    let series = labels.map(ToString::to_string).unwrap_or_default();
    Trouble::failed(say!(
        "a sample of {series} is stamped more than {minutes} minutes in the future",
        "{series} のサンプルの時刻が {minutes} 分より先の未来です"
    ))
}
