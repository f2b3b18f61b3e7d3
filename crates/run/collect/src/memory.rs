//! What a source said last time, so that the end of a series is noticed.
//!
//! A series that was there and is not there any more gets Prometheus's staleness marker: queries then
//! see that it ended instead of its last value for minutes. Series with the target's own timestamps get
//! none, as in Prometheus, because nobody knows when they are due.
//!
//! The text of a series is remembered too: known text needs neither parsing nor redaction again.

use std::collections::HashMap;

use promise::{Timestamp, say};
use store::{Labels, Sample, Series, metrics::STALE};

use crate::{
    parse::{Exposed, Scraped},
    redact::Redactor,
    scrape::FUTURE_MAX,
    trouble::Trouble,
};

#[derive(Debug, Default)]
pub(crate) struct Memory {
    slots: HashMap<Labels, Slot>,
    by_text: HashMap<Box<str>, (Labels, u64)>,
    turn: u64,
}

#[derive(Debug)]
struct Slot {
    /// The turn in which it was last there.
    seen: u64,
    /// Whether its last sample had no timestamp of its own.
    is_tracked: bool,
    /// Whether it went out in an accepted answer, so that its end must be told.
    is_told: bool,
}

/// An accepted answer.
#[derive(Debug)]
pub(crate) struct Heard {
    pub series: Vec<Series>,
    pub scraped: u64,
    pub added: u64,
}

impl Memory {
    /// Takes a whole answer, or none of it.
    pub fn accept(
        &mut self,
        scraped: &Scraped<'_>,
        at: Timestamp,
        target: &[(String, String)],
        own: &[Labels],
        redactor: &Redactor,
    ) -> Result<Heard, Trouble> {
        self.turn += 1;
        let mut series = Vec::with_capacity(scraped.samples.len() + own.len());
        let mut added = 0;
        for sample in &scraped.samples {
            if sample.at.is_some_and(|its| its > at + FUTURE_MAX) {
                return Err(from_the_future(sample));
            }
            let labels = self.labels(sample, target, redactor);
            // Our own `up` and `scrape_*` count, whatever a target claims about itself.
            if own.contains(&labels) {
                continue;
            }
            match self.slots.get_mut(&labels) {
                Some(slot) if slot.seen == self.turn => return Err(stands_twice(sample, &labels)),
                Some(slot) => (slot.seen, slot.is_tracked) = (self.turn, sample.at.is_none()),
                None => {
                    added += 1;
                    let slot = Slot {
                        seen: self.turn,
                        is_tracked: sample.at.is_none(),
                        is_told: false,
                    };
                    self.slots.insert(labels.clone(), slot);
                }
            }
            let at = sample.at.unwrap_or(at);
            series.push(Series {
                labels,
                samples: vec![Sample {
                    at,
                    value: sample.value,
                }],
                ..Series::default()
            });
        }
        let turn = self.turn;
        for (labels, slot) in self.slots.extract_if(|_, slot| slot.seen != turn) {
            if slot.is_told && slot.is_tracked {
                series.push(ended(labels, at));
            }
        }
        self.slots.values_mut().for_each(|slot| slot.is_told = true);
        self.by_text.retain(|_, (_, seen)| *seen == turn);
        Ok(Heard {
            series,
            scraped: scraped.samples.len() as u64,
            added,
        })
    }

    /// Takes series that were made here, such as a probe's.
    pub fn replace(&mut self, series: &mut Vec<Series>, at: Timestamp) {
        self.turn += 1;
        for one in series.iter() {
            let slot = Slot {
                seen: self.turn,
                is_tracked: true,
                is_told: true,
            };
            self.slots.insert(one.labels.clone(), slot);
        }
        let turn = self.turn;
        series.extend(
            self.slots
                .extract_if(|_, slot| slot.seen != turn)
                .map(|(labels, _)| ended(labels, at)),
        );
    }

    /// The source failed: everything that it said has ended.
    pub fn fail(&mut self, at: Timestamp) -> Vec<Series> {
        self.by_text.clear();
        self.slots
            .drain()
            .filter(|(_, slot)| slot.is_told && slot.is_tracked)
            .map(|(labels, _)| ended(labels, at))
            .collect()
    }

    fn labels(
        &mut self,
        sample: &Exposed<'_>,
        target: &[(String, String)],
        redactor: &Redactor,
    ) -> Labels {
        if let Some((labels, seen)) = self.by_text.get_mut(sample.series) {
            *seen = self.turn;
            return labels.clone();
        }
        let labels = attach(sample, target, redactor);
        self.by_text
            .insert(sample.series.into(), (labels.clone(), self.turn));
        labels
    }
}

/// The exposed labels, redacted, with the target's. An exposed label that the target's would hide is kept
/// as `exported_…`.
fn attach(sample: &Exposed<'_>, target: &[(String, String)], redactor: &Redactor) -> Labels {
    let mut pairs: Vec<(String, String)> = sample
        .labels()
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| {
            let value = redactor.field(&name, &value);
            (redactor.text(&name).into_owned(), value.into_owned())
        })
        .collect();
    for (name, _) in target {
        let Some(hidden) = pairs.iter().position(|(exposed, _)| exposed == name) else {
            continue;
        };
        let mut moved = format!("exported_{name}");
        while pairs.iter().chain(target).any(|(other, _)| *other == moved) {
            moved.insert_str(0, "exported_");
        }
        pairs[hidden].0 = moved;
    }
    pairs.extend(target.iter().cloned());
    Labels::new(pairs)
}

fn ended(labels: Labels, at: Timestamp) -> Series {
    Series {
        labels,
        samples: vec![Sample { at, value: STALE }],
        ..Series::default()
    }
}

fn stands_twice(sample: &Exposed<'_>, labels: &Labels) -> Trouble {
    let line = sample.line;
    Trouble::failed(say!(
        "line {line}: the series {labels} stands twice in one answer",
        "{line} 行目: 系列 {labels} が一つの応答に 2 度あります"
    ))
}

fn from_the_future(sample: &Exposed<'_>) -> Trouble {
    let line = sample.line;
    let minutes = FUTURE_MAX.as_secs() / 60;
    Trouble::failed(say!(
        "line {line}: a sample is stamped more than {minutes} minutes in the future",
        "{line} 行目: サンプルの時刻が {minutes} 分より先の未来です"
    ))
}
