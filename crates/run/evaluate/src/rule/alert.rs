//! The life of an alert: pending, firing, resolved. Pure.
//!
//! Two watches are kept. The *ticks* of the group's interval alone decide as Prometheus decides: when an alert
//! becomes pending, when `for` has passed, when it resolves. *Early* looks between ticks, made because data
//! arrived, may only let it fire sooner: when the condition was true at every look, early or tick, for as long as
//! `for` asks. An early look never resolves a firing alert, and never forgets what the ticks have counted.
//!
//! So, for the same data, whenever Prometheus would be firing, this fires too; and what fires here beyond that
//! began while the condition had been seen true without a break for `for`, and ends at the next tick that
//! finds it false.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use promise::{Cause, Timestamp};
use promql::{Labels, Number};

/// How long a resolved alert is remembered, so that whoever must be told of its end can be; as in Prometheus.
const RESOLVED_KEPT: Duration = Duration::from_secs(900);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Pending,
    Firing,
    /// Its condition has ended after it fired.
    Resolved,
}

/// One alert of a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// With `alertname` and the rule's labels.
    pub labels: Labels,
    pub annotations: Labels,
    pub value: Number,
    pub state: State,
    /// When its condition began.
    pub active_at: Timestamp,
    pub fired_at: Option<Timestamp>,
    pub resolved_at: Option<Timestamp>,
    /// Since when it fires only because of `keep_firing_for`.
    pub kept_since: Option<Timestamp>,
    /// What its condition reads is missing since then, and why: it fires on, for silence is not success. One that is
    /// resolved with it was given up, and nobody knows whether its condition ended.
    pub stale: Option<(Timestamp, Cause)>,
    /// Since when every look found the condition true.
    unbroken: Option<Timestamp>,
    /// Since when every tick did.
    ticked: Option<Timestamp>,
}

/// One element of a rule's answer, with what the rule makes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub labels: Labels,
    pub annotations: Labels,
    pub value: Number,
}

/// Why the rule is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Data came, or `for` has passed.
    Early,
    /// The group's interval.
    Tick,
}

/// What has become of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Fired,
    Resolved,
    /// Its inputs have vanished; it fires on.
    Lost,
    /// They are back, and the condition still holds.
    Regained,
}

/// Why the condition of a firing alert cannot be seen any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    pub cause: Cause,
    /// It has been so for as long as anybody wants to hear of it: the alert ends without evidence, and says so.
    pub is_given_up: bool,
}

/// What the state machine is told of its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    pub hold: Duration,
    pub keep_firing_for: Duration,
    /// Alerts that one look may bring; 0 is no limit.
    pub limit: u64,
}

/// The alerts of one rule, by their labels.
#[derive(Debug, Clone, Default)]
pub struct Alerts {
    all: BTreeMap<Labels, Alert>,
}

/// More alerts than the group's `limit`: none is kept, as in Prometheus.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("exceeded limit of {limit} with {found} alerts")]
pub struct OverLimit {
    pub limit: u64,
    pub found: u64,
}

impl Alerts {
    pub fn iter(&self) -> impl Iterator<Item = &Alert> {
        self.all.values()
    }

    /// Pending and firing ones.
    pub fn active(&self) -> impl Iterator<Item = &Alert> {
        self.all
            .values()
            .filter(|alert| alert.state != State::Resolved)
    }

    /// The firing ones that an answer does not hold any more: before they resolve, somebody should look whether
    /// what they read is still there.
    #[must_use]
    pub fn missing(&self, found: &[Found]) -> Vec<Labels> {
        let is_found = |labels: &Labels| found.iter().any(|found| found.labels == *labels);
        self.all
            .values()
            .filter(|alert| alert.state == State::Firing && !is_found(&alert.labels))
            .map(|alert| alert.labels.clone())
            .collect()
    }

    /// Takes an answer at `at`. `lost` says which of the firing alerts that it does not hold have lost their inputs.
    pub fn take(
        &mut self,
        found: Vec<Found>,
        at: Timestamp,
        look: Look,
        terms: Terms,
        lost: &BTreeMap<Labels, Lost>,
    ) -> Result<Vec<(Labels, Turn)>, OverLimit> {
        let mut turns = Vec::new();
        let here: BTreeSet<Labels> = found.iter().map(|found| found.labels.clone()).collect();
        for found in found {
            turns.extend(self.sees(found, at, look));
        }
        let mut gone = Vec::new();
        for (labels, alert) in &mut self.all {
            if !here.contains(labels) {
                let (keep, turn) = alert.misses(at, look, terms.keep_firing_for, lost.get(labels));
                turns.extend(turn.map(|turn| (labels.clone(), turn)));
                if !keep {
                    gone.push(labels.clone());
                }
            } else if alert.is_ripe(at, look, terms.hold) {
                alert.state = State::Firing;
                alert.fired_at = Some(at);
                turns.push((labels.clone(), Turn::Fired));
            }
        }
        for labels in gone {
            self.all.remove(&labels);
        }
        let active = u64::try_from(self.active().count()).unwrap_or(u64::MAX);
        if terms.limit > 0 && active > terms.limit {
            self.all.clear();
            return Err(OverLimit {
                limit: terms.limit,
                found: active,
            });
        }
        Ok(turns)
    }

    fn sees(&mut self, found: Found, at: Timestamp, look: Look) -> Option<(Labels, Turn)> {
        let labels = found.labels.clone();
        let known = self.all.get(&labels);
        if known.is_none_or(|alert| alert.state == State::Resolved) {
            let fresh = Alert {
                labels: found.labels.clone(),
                annotations: Labels::default(),
                value: found.value.clone(),
                state: State::Pending,
                active_at: at,
                fired_at: None,
                resolved_at: None,
                kept_since: None,
                stale: None,
                unbroken: None,
                ticked: None,
            };
            self.all.insert(labels.clone(), fresh);
        }
        let alert = self.all.get_mut(&labels)?;
        alert.annotations = found.annotations;
        alert.value = found.value;
        alert.kept_since = None;
        alert.unbroken.get_or_insert(at);
        if look == Look::Tick {
            alert.ticked.get_or_insert(at);
        }
        alert.stale.take().map(|_| (labels, Turn::Regained))
    }

    /// Nobody can say at `at` whether the conditions of those that fire still hold.
    pub fn blinded(&mut self, at: Timestamp, cause: &Cause) -> Vec<(Labels, Turn)> {
        let firing = self
            .all
            .iter_mut()
            .filter(|(_, alert)| alert.state == State::Firing && alert.stale.is_none());
        firing
            .map(|(labels, alert)| {
                alert.stale = Some((at, cause.clone()));
                (labels.clone(), Turn::Lost)
            })
            .collect()
    }

    /// When time alone may let a pending alert fire.
    #[must_use]
    pub fn ripe_at(&self, hold: Duration) -> Option<Timestamp> {
        self.all
            .values()
            .filter(|alert| alert.state == State::Pending)
            .filter_map(|alert| Some(alert.unbroken? + hold))
            .min()
    }

    /// Puts back what was active before a restart.
    pub fn restore(&mut self, alert: Restored, now: Timestamp) {
        let Restored {
            labels,
            active_at,
            last,
            is_firing,
        } = alert;
        // The time in which nobody looked counts for nobody.
        let shifted = if is_firing {
            active_at
        } else {
            active_at + now.since(last)
        };
        self.all.insert(
            labels.clone(),
            Alert {
                labels,
                annotations: Labels::default(),
                value: Number::Float(f64::NAN),
                state: if is_firing {
                    State::Firing
                } else {
                    State::Pending
                },
                active_at: shifted,
                fired_at: is_firing.then_some(last),
                resolved_at: None,
                kept_since: None,
                stale: None,
                unbroken: Some(shifted),
                ticked: Some(shifted),
            },
        );
    }

    /// Moves the beginning of a pending alert, as Prometheus does once after a restart.
    pub fn began(&mut self, labels: &Labels, at: Timestamp) {
        if let Some(alert) = self.all.get_mut(labels) {
            alert.active_at = at;
            alert.ticked = Some(at);
            alert.unbroken = Some(at);
        }
    }
}

/// What the stored series say of an alert from before a restart.
#[derive(Debug, Clone, PartialEq)]
pub struct Restored {
    pub labels: Labels,
    pub active_at: Timestamp,
    /// When it was last written.
    pub last: Timestamp,
    pub is_firing: bool,
}

impl Alert {
    fn is_ripe(&self, at: Timestamp, look: Look, hold: Duration) -> bool {
        let held = |since: Option<Timestamp>| {
            since.is_some_and(|since| since <= at && at.since(since) >= hold)
        };
        self.state == State::Pending
            && (held(self.unbroken) || (look == Look::Tick && held(self.ticked)))
    }

    /// The answer does not hold it. Whether it is kept, and what has become of it.
    fn misses(
        &mut self,
        at: Timestamp,
        look: Look,
        keep_firing_for: Duration,
        lost: Option<&Lost>,
    ) -> (bool, Option<Turn>) {
        self.unbroken = None;
        if self.state == State::Firing
            && let Some(lost) = lost
        {
            let first = self.stale.is_none();
            let since = self.stale.take().map_or(at, |(since, _)| since);
            self.stale = Some((since, lost.cause.clone()));
            if lost.is_given_up {
                self.state = State::Resolved;
                self.resolved_at = Some(at);
                return (true, Some(Turn::Resolved));
            }
            return (true, first.then_some(Turn::Lost));
        }
        match (look, self.state) {
            (Look::Early, State::Pending) => {
                if let Some(ticked) = self.ticked {
                    self.active_at = ticked;
                }
                (self.ticked.is_some(), None)
            }
            (Look::Early, _) => (true, None),
            (Look::Tick, State::Pending) => (false, None),
            (Look::Tick, State::Firing) => {
                self.stale = None;
                if !keep_firing_for.is_zero() {
                    let since = *self.kept_since.get_or_insert(at);
                    if at.since(since) < keep_firing_for {
                        return (true, None);
                    }
                }
                self.state = State::Resolved;
                self.resolved_at = Some(at);
                (true, Some(Turn::Resolved))
            }
            (Look::Tick, State::Resolved) => {
                let kept = self
                    .resolved_at
                    .is_some_and(|end| at.since(end) <= RESOLVED_KEPT);
                (kept, None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_millis(secs * 1_000)
    }

    fn found() -> Vec<Found> {
        vec![Found {
            labels: Labels::new([("alertname", "A")]),
            annotations: Labels::default(),
            value: Number::Float(1.0),
        }]
    }

    fn terms(hold: u64, keep: u64) -> Terms {
        Terms {
            hold: Duration::from_secs(hold),
            keep_firing_for: Duration::from_secs(keep),
            limit: 0,
        }
    }

    /// Plays looks at seconds, each with what was found, and says in which it was firing.
    fn play(looks: &[(i64, Look, bool)], terms: Terms) -> Vec<bool> {
        let mut alerts = Alerts::default();
        looks
            .iter()
            .map(|(secs, look, is_true)| {
                let found = if *is_true { found() } else { Vec::new() };
                alerts
                    .take(found, at(*secs), *look, terms, &BTreeMap::new())
                    .unwrap();
                alerts.iter().any(|alert| alert.state == State::Firing)
            })
            .collect()
    }

    use Look::{Early, Tick};

    #[test]
    fn an_alert_fires_once_its_condition_has_held_for_so_long() {
        let looks = [
            (0, Tick, true),
            (60, Tick, true),
            (120, Tick, true),
            (180, Tick, false),
        ];
        assert_eq!(play(&looks, terms(120, 0)), [false, false, true, false]);
    }

    #[test]
    fn an_early_look_lets_it_fire_sooner_and_never_resolves_it() {
        let looks = [
            (10, Early, true),
            (60, Tick, true),
            (130, Early, true),
            (140, Early, false),
            (180, Tick, false),
        ];
        assert_eq!(
            play(&looks, terms(120, 0)),
            [false, false, true, true, false]
        );
    }

    #[test]
    fn an_early_break_takes_the_head_start_but_not_what_the_ticks_have_counted() {
        let looks = [
            (0, Tick, true),
            (30, Early, false),
            (60, Tick, true),
            (90, Early, true),
            (120, Tick, true),
        ];
        assert_eq!(
            play(&looks, terms(120, 0)),
            [false, false, false, false, true]
        );
    }

    #[test]
    fn keep_firing_for_counts_from_the_first_tick_without_it() {
        // False from 60 on, kept for 120: resolved at 180.
        let looks = [
            (0, Tick, true),
            (60, Tick, false),
            (120, Tick, false),
            (180, Tick, false),
        ];
        assert_eq!(play(&looks, terms(0, 120)), [true, true, true, false]);
    }

    fn lost(is_given_up: bool) -> BTreeMap<Labels, Lost> {
        let lost = Lost {
            cause: Cause::Absent,
            is_given_up,
        };
        BTreeMap::from([(found()[0].labels.clone(), lost)])
    }

    #[test]
    fn what_is_given_up_ends_without_evidence_and_says_so() {
        let (mut alerts, terms) = (Alerts::default(), terms(0, 300));
        let none = BTreeMap::new();
        alerts.take(found(), at(0), Tick, terms, &none).unwrap();
        let turns = alerts.take(Vec::new(), at(60), Tick, terms, &lost(false));
        assert_eq!(turns.unwrap()[0].1, Turn::Lost);
        let turns = alerts.take(Vec::new(), at(120), Tick, terms, &lost(true));
        assert_eq!(turns.unwrap()[0].1, Turn::Resolved);
        let alert = alerts.iter().next().unwrap();
        assert_eq!(alert.state, State::Resolved);
        assert_eq!(alert.stale, Some((at(60), Cause::Absent)));
        // What fires anew has its evidence again.
        alerts.take(found(), at(180), Tick, terms, &none).unwrap();
        assert_eq!(alerts.iter().next().unwrap().stale, None);
    }

    #[test]
    fn lost_inputs_keep_it_firing_until_they_are_back() {
        let mut alerts = Alerts::default();
        let terms = terms(0, 0);
        alerts
            .take(found(), at(0), Tick, terms, &BTreeMap::new())
            .unwrap();
        let lost = lost(false);
        let turns = alerts.take(Vec::new(), at(60), Tick, terms, &lost).unwrap();
        assert_eq!(turns[0].1, Turn::Lost);
        assert_eq!(
            alerts
                .take(Vec::new(), at(120), Tick, terms, &lost)
                .unwrap(),
            []
        );
        assert_eq!(
            alerts.iter().next().unwrap().stale,
            Some((at(60), Cause::Absent))
        );
        let turns = alerts
            .take(found(), at(180), Tick, terms, &BTreeMap::new())
            .unwrap();
        assert_eq!(turns[0].1, Turn::Regained);
        let turns = alerts
            .take(Vec::new(), at(240), Tick, terms, &BTreeMap::new())
            .unwrap();
        assert_eq!(turns[0].1, Turn::Resolved);
    }

    proptest! {
        /// Looks each 5 s, of which every twelfth is a tick: whenever the ticks alone fire, all looks together fire;
        /// and what they fire beyond that began with an unbroken run of truth.
        #[test]
        fn early_looks_only_let_it_fire_earlier(
            truth in prop::collection::vec(prop::bool::weighted(0.8), 12..240),
            hold in 0u64..400, keep in prop::sample::select(vec![0u64, 0, 90, 200]),
        ) {
            let look = |place: usize| if place.is_multiple_of(12) { Tick } else { Early };
            let all: Vec<(i64, Look, bool)> = truth
                .iter()
                .enumerate()
                .map(|(place, is_true)| (i64::try_from(place).unwrap() * 5, look(place), *is_true))
                .collect();
            let ticks: Vec<(i64, Look, bool)> = all.iter().copied().filter(|(_, look, _)| *look == Tick).collect();
            let early = play(&all, terms(hold, keep));
            let strict = play(&ticks, terms(hold, keep));
            for (tick, fires) in strict.iter().enumerate() {
                prop_assert!(!fires || early[tick * 12], "tick {tick} fires only without early looks");
            }
            for place in 0..early.len() {
                let began = early[place] && (place == 0 || !early[place - 1]);
                let strictly = look(place) == Tick && strict[place / 12];
                if began && !strictly {
                    let back = usize::try_from(hold.div_ceil(5)).unwrap();
                    prop_assert!(place >= back && truth[place - back..=place].iter().all(|is_true| *is_true));
                }
                let ended = place > 0 && early[place - 1] && !early[place];
                prop_assert!(!ended || (look(place) == Tick && !truth[place]));
            }
        }
    }
}
