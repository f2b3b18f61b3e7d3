//! What a firing alert reads, and whether it is still there.
//!
//! An empty answer has two causes that a query cannot tell apart: the condition ended, or nobody says any more
//! whether it holds. Here they are told apart by looking at the series behind the alert and at the sources that
//! bring them.

use std::collections::{BTreeMap, BTreeSet};

use promise::{Cause, Say, Timestamp};
use promql::{Labels, Query, Series, is_stale};

use super::source::Source;

/// Sources remembered for one alert. A condition over more targets is watched through its series alone.
const SOURCES_MAX: usize = 1_000;

/// Targets, and which of them are in trouble now.
#[derive(Debug, Default)]
pub struct Sources {
    /// By `job/instance`.
    pub failing: BTreeMap<String, Cause>,
}

/// What was there when an alert began to fire.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Inputs {
    /// For each selector, what it found.
    seen: Vec<Seen>,
    /// `job/instance` of the series.
    sources: BTreeSet<String>,
    /// The labels of the element.
    origin: Labels,
}

/// What one selector finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Seen {
    Nothing,
    /// A series with one sample in reach, which is not enough for a rate.
    One,
    More,
}

impl Inputs {
    /// What `query` reads at `at` for the element of its answer with these labels.
    pub async fn of(origin: &Labels, query: &Query, source: &impl Source, at: Timestamp) -> Self {
        let mut inputs = Self {
            origin: origin.clone(),
            ..Self::default()
        };
        for selection in query.selections(at, at) {
            let found = source.select(&selection.matchers, selection.from, selection.to);
            // A store that cannot be read now leaves this selector unwatched.
            let found = found.await.unwrap_or_default();
            let mut best = Seen::Nothing;
            for series in found.iter().filter(|series| agrees(&series.labels, origin)) {
                best = best.max(seen(series));
                let (job, instance) = (series.labels.get("job"), series.labels.get("instance"));
                if !instance.is_empty() && inputs.sources.len() < SOURCES_MAX {
                    inputs.sources.insert(format!("{job}/{instance}"));
                }
            }
            inputs.seen.push(best);
        }
        inputs
    }

    /// Why the alert's condition cannot be seen any more; `None` where it can, so that it has ended.
    /// `before` is unknown after a restart.
    pub async fn lost(
        before: Option<&Self>,
        query: &Query,
        source: &impl Source,
        sources: &Sources,
        at: Timestamp,
    ) -> Option<Cause> {
        let failing = before.and_then(|before| {
            before
                .sources
                .iter()
                .find_map(|name| sources.failing.get(name))
        });
        if let Some(cause) = failing {
            return Some(cause.clone());
        }
        let mut any = false;
        for (place, selection) in query.selections(at, at).into_iter().enumerate() {
            let was = before.map(|before| before.seen.get(place).copied().unwrap_or(Seen::Nothing));
            if was == Some(Seen::Nothing) {
                continue;
            }
            let found = source
                .select(&selection.matchers, selection.from, selection.to)
                .await;
            let now = match &found {
                Ok(found) => found
                    .iter()
                    .filter(|series| {
                        before.is_none_or(|before| agrees(&series.labels, &before.origin))
                    })
                    .map(seen)
                    .max()
                    .unwrap_or(Seen::Nothing),
                Err(why) => {
                    return Some(Cause::Failed {
                        error: Say::same(why.to_string()),
                    });
                }
            };
            if was.is_some_and(|was| now < was) {
                return Some(Cause::Absent);
            }
            any |= now > Seen::Nothing;
        }
        (before.is_none() && !any).then_some(Cause::Absent)
    }
}

/// A series speaks for an element when no label of the one contradicts the other.
fn agrees(series: &Labels, origin: &Labels) -> bool {
    origin
        .iter()
        .filter(|(name, _)| *name != "__name__")
        .all(|(name, value)| matches!(series.get(name), own if own.is_empty() || own == value))
}

fn seen(series: &Series) -> Seen {
    let newest = series.samples.last();
    let newest_histogram = series.histograms.last();
    let ended = match (newest, newest_histogram) {
        (Some(float), Some(histogram)) if histogram.at > float.at => histogram.value.is_stale(),
        (Some(float), _) => is_stale(float.value),
        (None, Some(histogram)) => histogram.value.is_stale(),
        (None, None) => true,
    };
    match series.len() {
        _ if ended => Seen::Nothing,
        1 => Seen::One,
        _ => Seen::More,
    }
}
