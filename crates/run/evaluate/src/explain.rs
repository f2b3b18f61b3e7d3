//! What a promise is judged by, for `explain` and the promise's page.

use std::collections::BTreeSet;

use promise::{Cause, Signal, Timestamp, Window, signal::Part};

use crate::{
    evaluator::Evaluator,
    gather::{Form, Gather},
};

/// Series named for one signal.
const SERIES_MAX: usize = 50;
/// Metric names remembered for hints.
const NAMES_MAX: usize = 20_000;
/// Names offered where a selector matches nothing.
const HINTS_MAX: usize = 5;

/// What a promise is judged by.
#[derive(Debug, Clone)]
pub struct Explained {
    pub window: Option<Window>,
    pub heard: Vec<Heard>,
    /// The sources that have spoken for it.
    pub sources: Vec<Fed>,
}

/// One signal and what was found for it.
#[derive(Debug, Clone)]
pub struct Heard {
    pub signal: Signal,
    /// At most 50 of the series or log conditions that feed it.
    pub series: Vec<String>,
    pub series_total: usize,
    /// Facts kept, and the end of the newest.
    pub facts: usize,
    pub newest: Option<Timestamp>,
    /// Counter resets since the start.
    pub resets: u64,
    /// What could not be followed because of a bound.
    pub refused: u64,
    /// Why the query failed at last.
    pub wrong: Option<String>,
    /// Metrics with a similar name, where nothing was found.
    pub similar: Vec<String>,
}

/// A source that has spoken for a promise.
#[derive(Debug, Clone)]
pub struct Fed {
    pub source: String,
    pub last: Timestamp,
    /// Why it does not speak now, as far as its newest round tells.
    pub failing: Option<Cause>,
}

/// Metric names that were seen.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeSet<String>);

impl Names {
    pub fn note(&mut self, name: &str) {
        if self.0.len() < NAMES_MAX && !self.0.contains(name) {
            self.0.insert(name.to_owned());
        }
    }

    /// Names that share the most words with `wanted`.
    fn similar(&self, wanted: &str) -> Vec<String> {
        let words: BTreeSet<&str> = wanted.split('_').filter(|word| word.len() > 2).collect();
        let shared = |name: &str| name.split('_').filter(|word| words.contains(word)).count();
        let mut found: Vec<(usize, &String)> = self
            .0
            .iter()
            .map(|name| (shared(name), name))
            .filter(|(shared, _)| *shared > 0)
            .collect();
        found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.len().cmp(&b.1.len())));
        found
            .into_iter()
            .take(HINTS_MAX)
            .map(|(_, name)| name.clone())
            .collect()
    }
}

impl Evaluator {
    /// What a promise is judged by: its signals, the series and sources found for them.
    #[must_use]
    pub fn explain(&self, id: &str) -> Option<Explained> {
        let watch = &self.watches[*self.by_id.get(id)?];
        let judge = watch.promise.kind.as_judge();
        let signals = judge.signals();
        let heard = signals
            .into_iter()
            .zip(&watch.gathers)
            .map(|(signal, gather)| self.heard(signal, gather))
            .collect();
        let sources = watch.feeds.iter().map(|(name, feed)| Fed {
            source: name.to_string(),
            last: feed.last,
            failing: self
                .sources
                .get(name)
                .and_then(|source| source.failing.clone()),
        });
        Some(Explained {
            window: judge.window(),
            heard,
            sources: sources.collect(),
        })
    }

    fn heard(&self, signal: Signal, gather: &Gather) -> Heard {
        let (mut series, refused, resets, wrong): (Vec<String>, u64, u64, Option<String>) =
            match &gather.form {
                Form::Events(events) => {
                    let all = events.totals.series().chain(events.parts.series());
                    let all: BTreeSet<String> = all.map(ToString::to_string).collect();
                    let refused = events.totals.refused + events.parts.refused;
                    (
                        all.into_iter().collect(),
                        refused,
                        events.totals.resets + events.parts.resets,
                        None,
                    )
                }
                Form::Spread(spread) => {
                    let all = spread.counters.series().map(ToString::to_string).collect();
                    (all, spread.counters.refused, spread.counters.resets, None)
                }
                Form::Level(level) => (
                    level.series.iter().map(ToString::to_string).collect(),
                    0,
                    0,
                    level.wrong.clone(),
                ),
                Form::Beat { heard, .. } => {
                    (heard.iter().map(ToString::to_string).collect(), 0, 0, None)
                }
                Form::Pairs(pairs) => {
                    let shown = vec![format!(
                        "start: {} end: {} by: {}",
                        pairs.start, pairs.end, pairs.by,
                    )];
                    (shown, pairs.refused, 0, None)
                }
                Form::Count(matching) | Form::LogBeat(matching) => (
                    vec![format!("{} ({})", matching.query, matching.matched)],
                    0,
                    0,
                    None,
                ),
            };
        let similar = if series.is_empty() {
            self.similar(&signal)
        } else {
            Vec::new()
        };
        let series_total = series.len();
        series.sort();
        series.truncate(SERIES_MAX);
        let (facts, newest) = (gather.timeline.len(), gather.timeline.newest());
        Heard {
            signal,
            series,
            series_total,
            facts,
            newest,
            resets,
            refused,
            wrong,
            similar,
        }
    }

    fn similar(&self, signal: &Signal) -> Vec<String> {
        let wanted = match signal {
            Signal::Events {
                total,
                part: Part::Good(_) | Part::Bad(_),
            } => total.metric(),
            Signal::Spread { histogram } => histogram.metric(),
            Signal::Beat { series } => series.metric(),
            Signal::Level { query } => query
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .max_by_key(|w| w.len()),
            Signal::Pairs { .. } | Signal::LogBeat { .. } | Signal::Count { .. } => None,
        };
        wanted
            .map(|wanted| self.names.similar(wanted))
            .unwrap_or_default()
    }
}
