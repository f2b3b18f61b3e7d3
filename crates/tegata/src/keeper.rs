//! Keeps the board: which verdict stands, since when, what was recorded of it, and the worst of each day.
//!
//! The board shows every verdict as it is. What goes to the ledger and to people is steadier: worse news at
//! once, better news when it has held for [`SETTLE`], so that a promise at its edge does not page all night.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use console::board::{Row, STRIP_DAYS};
use evaluate::Judged;
use promise::{Evidence, Promise, State, Timestamp, Verdict};

/// How long an improvement must hold before it is recorded and told.
const SETTLE: Duration = Duration::from_secs(10);
/// After a start nothing has been collected yet; *unproven* is shown but not yet recorded.
const GRACE: Duration = Duration::from_secs(15);
/// A verdict that does not change is written down once a day all the same, with its evidence.
const SEAL_EVERY: Duration = Duration::from_secs(24 * 3600);

/// What the ledger and the responders are to be told.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) promise: Arc<Promise>,
    pub(crate) verdict: Verdict,
    pub(crate) evidence: Evidence,
    /// The state recorded before; the same as the verdict's for a daily seal.
    pub(crate) before: Option<State>,
    /// When the first of the present bad verdicts was given. Being unproven is no bad evidence, but none.
    pub(crate) bad_since: Timestamp,
}

impl Record {
    pub(crate) fn is_transition(&self) -> bool {
        self.before != Some(self.verdict.state)
    }
}

struct Kept {
    latest: Judged,
    since: Timestamp,
    recorded: Option<(State, Timestamp)>,
    better_since: Option<Timestamp>,
    bad_since: Timestamp,
    entry: Option<u64>,
    days: BTreeMap<jiff::civil::Date, State>,
}

/// All promises of one generation of the spec.
pub(crate) struct Keeper {
    started: Timestamp,
    kept: BTreeMap<String, Kept>,
    past: BTreeMap<String, Past>,
}

/// What is known of a promise from before this start.
#[derive(Debug, Clone, Default)]
pub(crate) struct Past {
    pub(crate) state: Option<(State, Timestamp)>,
    pub(crate) entry: Option<u64>,
    pub(crate) days: BTreeMap<jiff::civil::Date, State>,
}

/// The worst state of a day, to be kept for the strip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Day {
    pub(crate) promise: String,
    pub(crate) date: jiff::civil::Date,
    pub(crate) worst: State,
}

impl Keeper {
    pub(crate) fn new(started: Timestamp, past: BTreeMap<String, Past>) -> Self {
        Self {
            started,
            kept: BTreeMap::new(),
            past,
        }
    }

    /// Takes a verdict and answers with what must be recorded because of it.
    pub(crate) fn take(&mut self, judged: Judged) -> Option<Record> {
        let now = judged.verdict.at;
        let id = judged.promise.id.clone();
        if !self.kept.contains_key(&id) {
            let past = self.past.remove(&id).unwrap_or_default();
            let since = past
                .state
                .filter(|(state, _)| *state == judged.verdict.state)
                .map_or(now, |(_, at)| at);
            self.kept.insert(
                id.clone(),
                Kept {
                    since,
                    recorded: past.state,
                    better_since: None,
                    bad_since: past
                        .state
                        .filter(|(state, _)| is_bad(*state))
                        .map_or(now, |(_, at)| at),
                    entry: past.entry,
                    days: past.days,
                    latest: judged.clone(),
                },
            );
        }
        let kept = self.kept.get_mut(&id)?;
        if kept.latest.verdict.state != judged.verdict.state {
            kept.since = now;
            if !is_bad(kept.latest.verdict.state) {
                // The fault is as old as the evidence that showed it, not as the verdict.
                let turned = judged.promise.kind.as_judge().turned(&judged.verdict);
                kept.bad_since = turned.unwrap_or(now).min(now);
            }
        }
        kept.latest = judged;
        kept.settle(now, self.started)
    }

    /// What has become due for recording only because time has passed.
    pub(crate) fn settle(&mut self, now: Timestamp) -> Vec<Record> {
        let started = self.started;
        self.kept
            .values_mut()
            .filter_map(|kept| kept.settle(now, started))
            .collect()
    }

    /// Notes where a record lies, and answers with the day whose worst state it changed.
    pub(crate) fn recorded(&mut self, record: &Record, entry: Option<u64>) -> Option<Day> {
        let kept = self.kept.get_mut(&record.promise.id)?;
        kept.entry = entry.or(kept.entry);
        let zone = record.promise.zone();
        let date = record.verdict.at.to_zoned(&zone).date();
        let worst = kept
            .days
            .get(&date)
            .map_or(record.verdict.state, |day| record.verdict.state.min(*day));
        if kept.days.insert(date, worst) == Some(worst) {
            return None;
        }
        Some(Day {
            promise: record.promise.id.clone(),
            date,
            worst,
        })
    }

    /// The rows as they stand now. `incidents` maps a promise to its open incident.
    pub(crate) fn rows(&self, now: Timestamp, incidents: &BTreeMap<String, String>) -> Vec<Row> {
        // The canary's alarm breaks by design; whether it arrives has a row of its own.
        let is_shown = |kept: &&Kept| kept.latest.promise.id != respond::canary::ALARM;
        self.kept
            .values()
            .filter(is_shown)
            .map(|kept| kept.row(now, incidents))
            .collect()
    }

    pub(crate) fn latest(&self, id: &str) -> Option<&Judged> {
        self.kept.get(id).map(|kept| &kept.latest)
    }
}

fn is_bad(state: State) -> bool {
    matches!(state, State::AtRisk | State::Broken)
}

impl Kept {
    fn settle(&mut self, now: Timestamp, started: Timestamp) -> Option<Record> {
        let state = self.latest.verdict.state;
        let before = self.recorded.map(|(state, _)| state);
        let due = match self.recorded {
            _ if state == State::Unproven && now.since(started) < GRACE => false,
            None => true,
            Some((recorded, at)) if recorded == state => {
                self.better_since = None;
                now.since(at) >= SEAL_EVERY
            }
            Some((recorded, _)) if state.greenness() > recorded.greenness() => {
                now.since(*self.better_since.get_or_insert(now)) >= SETTLE
            }
            Some(_) => true,
        };
        if !due {
            return None;
        }
        self.better_since = None;
        self.recorded = Some((state, now));
        Some(Record {
            promise: self.latest.promise.clone(),
            verdict: self.latest.verdict.clone(),
            evidence: self.latest.evidence.clone(),
            before,
            bad_since: self.bad_since,
        })
    }

    fn row(&self, now: Timestamp, incidents: &BTreeMap<String, String>) -> Row {
        let promise = &self.latest.promise;
        let today = now.to_zoned(&promise.zone()).date();
        let days = i64::try_from(STRIP_DAYS).unwrap_or(0);
        let strip = (0..days)
            .rev()
            .map(|back| {
                let date = today.saturating_sub(jiff::Span::new().days(back));
                let state = self.days.get(&date).copied();
                if back == 0 {
                    Some(state.map_or(self.latest.verdict.state, |s| {
                        s.min(self.latest.verdict.state)
                    }))
                } else {
                    state
                }
            })
            .collect();
        Row {
            promise: promise.clone(),
            verdict: self.latest.verdict.clone(),
            since: self.since,
            strip,
            entry: self.entry,
            incident: incidents.get(&promise.id).cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use promise::Reason;
    use serde_json::json;

    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_millis(1_767_225_600_000 + secs * 1_000)
    }

    fn judged(state: State, secs: i64) -> Judged {
        let promise = json!({
            "id": "alive", "kind": "freshness", "name": null, "owner": null, "tier": null, "severity": null,
            "runbook": null, "clauses": [], "series": "up", "logs": null, "within": "1m", "warn_at": null,
            "since": at(0), "time_zone": "UTC",
        });
        let reason = Reason {
            code: "heard".to_owned(),
            figures: Vec::new(),
        };
        let (measured, budget, newest, due) = (None, None, None, None);
        Judged {
            promise: Arc::new(serde_json::from_value(promise).unwrap()),
            evidence: Evidence::default(),
            verdict: Verdict {
                state,
                reason,
                measured,
                budget,
                severity: None,
                corrected: None,
                newest,
                due,
                at: at(secs),
            },
            before: None,
        }
    }

    /// What was recorded of a run of states, each with its second.
    fn recorded(states: &[(State, i64)]) -> Vec<(State, i64)> {
        let mut keeper = Keeper::new(at(0), BTreeMap::new());
        let mut all = Vec::new();
        for (state, secs) in states {
            let record = keeper.take(judged(*state, *secs));
            all.extend(record.map(|record| (record.verdict.state, *secs)));
        }
        all
    }

    #[test]
    fn worse_news_is_recorded_at_once_and_better_news_when_it_has_held() {
        use State::{Broken, Kept};
        let states = [
            (Kept, 20),
            (Broken, 21),
            (Kept, 22),
            (Broken, 25),
            (Kept, 30),
            (Kept, 39),
            (Kept, 40),
        ];
        assert_eq!(recorded(&states), [(Kept, 20), (Broken, 21), (Kept, 40)]);
    }

    #[test]
    fn silence_is_a_fault_from_when_its_time_was_up() {
        let mut keeper = Keeper::new(at(0), BTreeMap::new());
        let mut heard = judged(State::Kept, 20);
        heard.verdict.newest = Some(at(18));
        keeper.take(heard);
        // A minute may pass from the last beat at 18.
        let mut silent = judged(State::Broken, 80);
        silent.verdict.newest = Some(at(18));
        let record = keeper.take(silent).unwrap();
        assert_eq!(record.bad_since, at(78));
    }

    #[test]
    fn right_after_a_start_being_unproven_is_no_news() {
        use State::{Kept, Unproven};
        assert_eq!(
            recorded(&[(Unproven, 1), (Unproven, 14), (Kept, 14)]),
            [(Kept, 14)]
        );
        assert_eq!(recorded(&[(Unproven, 1), (Unproven, 15)]), [(Unproven, 15)]);
    }

    #[test]
    fn what_does_not_change_is_sealed_once_a_day() {
        use State::Kept;
        let day = 86_400;
        assert_eq!(
            recorded(&[(Kept, 20), (Kept, day), (Kept, day + 20)]),
            [(Kept, 20), (Kept, day + 20)]
        );
    }

    #[test]
    fn the_worst_of_a_day_stays_on_its_strip() {
        let mut keeper = Keeper::new(at(0), BTreeMap::new());
        for (state, secs) in [(State::Broken, 20), (State::Kept, 30), (State::Kept, 41)] {
            if let Some(record) = keeper.take(judged(state, secs)) {
                keeper.recorded(&record, None);
            }
        }
        let rows = keeper.rows(at(60), &BTreeMap::new());
        assert_eq!(rows[0].verdict.state, State::Kept);
        assert_eq!(rows[0].strip.last(), Some(&Some(State::Broken)));
    }
}
