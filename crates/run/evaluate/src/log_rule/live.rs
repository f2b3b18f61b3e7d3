//! One rule over events as they arrive, in whatever order.
//!
//! It keeps its state twice: as it was five minutes of event time ago (`base`) and as it is now (`current`), with the
//! events between the two. What comes in order is folded into `current` at once, so a rule fires on the very event. What
//! comes late, up to [`LATE_MAX`], is put in its place and all after it is folded again; what fires then and was not told
//! before is told, as late. A record that is there already counts no second time.
//!
//! Records of many senders are all a little late to each other. So that each of them does not cost five minutes of
//! events, the state is marked where late ones used to fall ([`Mark`]), and folding begins at the last mark before them.
//!
//! Time passes in whole minutes ([`TICK`]).

use std::{collections::VecDeque, time::Duration};

use promise::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Event, Firing, LogRule, Saved, State, Told, recent::Recent, untold};

/// How far behind the newest record of its rule a record may be and still count.
pub const LATE_MAX: Duration = Duration::from_secs(300);
/// How often time passes.
const TICK: Duration = Duration::from_secs(60);
/// Ticks that are made up for at once, a week of them; a longer silence is that long.
const TICKS_MAX: i64 = 10_080;
/// Events between the two states: five minutes at 300 a second of one rule. Beyond it fewer minutes are kept.
const RECENT_MAX: usize = 100_000;
/// By how many it is made smaller then at once.
const SETTLED_AT_ONCE: usize = RECENT_MAX / 8;
/// Firings that are remembered as told, of one rule.
const TOLD_MAX: usize = 10_000;
/// Marks of one rule: each is a state, and as large as one. With as few the next one before any event is at most some ten
/// times as far away as the event.
const MARKS_MAX: usize = 4;
/// Folding so many events again costs less than a copy of most states.
const MARK_EACH: usize = 64;

#[derive(Debug)]
pub(super) struct Live {
    rule: LogRule,
    base: Clocked,
    current: Clocked,
    /// All after `base`.
    recent: Recent,
    /// Oldest first.
    marks: Vec<Mark>,
    /// What fired since `base`, told or not; `None` after a start, until it is found out.
    fired: Option<VecDeque<Firing>>,
    /// Until when time has come for `current`.
    seen: Option<Timestamp>,
    told: Vec<Firing>,
    /// Up to when what was told is no longer known.
    forgotten: Option<Timestamp>,
    /// Events that wait to be taken.
    waiting: Vec<Event>,
    /// Records that came later than can count.
    too_late: u64,
}

/// A state and the last tick that it saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Clocked {
    pub(super) state: State,
    tick: Option<Timestamp>,
}

/// The state as it was before one of the recent events.
#[derive(Debug)]
struct Mark {
    /// How many of the recent events are folded.
    events: usize,
    /// How many times the rule had fired since `base`.
    fired: usize,
    state: Clocked,
}

impl Live {
    pub fn new(rule: LogRule) -> Self {
        let fresh = Clocked {
            state: State::new(&rule),
            tick: None,
        };
        Self {
            base: fresh.clone(),
            current: fresh,
            recent: Recent::default(),
            marks: Vec::new(),
            fired: Some(VecDeque::new()),
            seen: None,
            told: Vec::new(),
            forgotten: None,
            waiting: Vec::new(),
            too_late: 0,
            rule,
        }
    }

    pub fn rule(&self) -> &LogRule {
        &self.rule
    }

    pub fn seen(&self) -> Option<Timestamp> {
        self.seen
    }

    pub fn too_late(&self) -> u64 {
        self.too_late
    }

    pub fn save(&self) -> Saved {
        Saved {
            rule: self.rule.name.clone(),
            query: self.rule.query.as_str().to_owned(),
            base: self.base.clone(),
            current: self.current.clone(),
            recent: self.recent.clone(),
            seen: self.seen,
            told: self.told.clone(),
            forgotten: self.forgotten,
        }
    }

    pub fn restore(&mut self, saved: Saved) {
        (self.base, self.current) = (saved.base, saved.current);
        (self.recent, self.seen) = (saved.recent, saved.seen);
        (self.told, self.forgotten) = (saved.told, saved.forgotten);
        (self.marks, self.fired) = (Vec::new(), None);
    }

    /// Keeps an event until it is taken with others; whether it is the first of them.
    pub fn meet(&mut self, event: Event) -> bool {
        self.waiting.push(event);
        self.waiting.len() == 1
    }

    /// Takes the events that wait.
    pub fn take(&mut self, told: &mut Vec<Told>) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.sort_unstable_by_key(|event| (event.at, event.id));
        // Where the first of those stands that are not in order.
        let mut late = None;
        for event in waiting.drain(..) {
            let (at, place) = (event.at, (event.at, event.id));
            if self.seen.is_some_and(|seen| at < seen - LATE_MAX) {
                self.too_late += 1;
                continue;
            }
            let Some(is_newest) = self.recent.put(event) else {
                continue;
            };
            let in_order = is_newest && self.seen.is_none_or(|seen| at >= seen);
            match late {
                None if in_order => self.follow(at, told),
                None => late = Some(place),
                Some(_) => {}
            }
        }
        self.waiting = waiting;
        if let Some(place) = late {
            self.fold_again(place, told);
        }
        self.settle();
    }

    /// Folds the newest event, which came in order.
    fn follow(&mut self, at: Timestamp, told: &mut Vec<Told>) {
        self.seen = Some(at);
        let mut fired = Vec::new();
        if let Some(event) = self.recent.newest() {
            self.current
                .fold(&self.rule, event, &mut |firing| fired.push(firing));
        }
        self.note(&fired);
        self.tell(fired, None, told);
    }

    /// Folds all from `place` on again, where the first of those stands that did not come in order.
    fn fold_again(&mut self, place: (Timestamp, u128), told: &mut Vec<Told>) {
        let first = self.recent.before(place);
        self.marks.retain(|mark| mark.events <= first);
        let (mut state, begin, known) = match self.marks.last() {
            Some(mark) => (mark.state.clone(), mark.events, mark.fired),
            None => (self.base.clone(), 0, 0),
        };
        let mut fired = self.fired.take().unwrap_or_default();
        fired.truncate(known);
        for (folded, event) in (begin..).zip(self.recent.from(begin)) {
            if folded == first && first - begin >= MARK_EACH {
                self.marks.push(Mark {
                    events: first,
                    fired: fired.len(),
                    state: state.clone(),
                });
            }
            state.fold(&self.rule, event, &mut |firing| fired.push_back(firing));
        }
        let before = self.seen;
        self.seen = before.max(self.recent.newest().map(|event| event.at));
        if let Some(seen) = self.seen {
            state.pass(&self.rule, seen, &mut |firing| fired.push_back(firing));
        }
        self.current = state;
        let new = untold::untold(&self.told, self.forgotten, &fired, known, self.rule.over());
        self.fired = Some(fired);
        self.thin(first);
        // Of one instant none is late.
        let late = before.filter(|before| place.0 < *before);
        self.tell(new, late, told);
    }

    /// Leaves few marks, and of two that are near each other the older one.
    fn thin(&mut self, first: usize) {
        while self.marks.len() > MARKS_MAX {
            let nearness = |n: &usize| {
                let (this, next) = (self.marks[*n].events, self.marks[n + 1].events);
                // How far the next one is, in parts per thousand of how far this one is from where late ones fall.
                (next - this) * 1_000 / (first + 1 - this.min(first))
            };
            let Some(nearest) = (0..self.marks.len() - 1).min_by_key(nearness) else {
                return;
            };
            self.marks.remove(nearest + 1);
        }
    }

    /// Time has come until `now` though no event said so.
    pub fn advance(&mut self, now: Timestamp, told: &mut Vec<Told>) {
        if !self.rule.ticks() || self.seen.is_some_and(|seen| seen >= now) {
            return;
        }
        self.seen = Some(now);
        let mut fired = Vec::new();
        self.current
            .pass(&self.rule, now, &mut |firing| fired.push(firing));
        self.note(&fired);
        self.tell(fired, None, told);
        self.settle();
    }

    fn note(&mut self, fired: &[Firing]) {
        if let Some(all) = &mut self.fired {
            all.extend(fired.iter().cloned());
        }
    }

    /// `late` is how far time had come when an event came late; what fires after that is not late.
    fn tell(&mut self, fired: Vec<Firing>, late: Option<Timestamp>, told: &mut Vec<Told>) {
        for firing in fired {
            self.told.push(firing.clone());
            told.push(Told {
                rule: self.rule.name.clone(),
                late: late.is_some_and(|late| firing.at <= late),
                firing,
            });
        }
        let excess = self.told.len().saturating_sub(TOLD_MAX);
        let forgotten = self.told.drain(..excess).map(|firing| firing.at).max();
        self.forgotten = self.forgotten.max(forgotten);
    }

    /// What can no longer be joined by a late record becomes the base.
    fn settle(&mut self) {
        let Some(seen) = self.seen else {
            return;
        };
        let floor = seen - LATE_MAX;
        // Many at once: the base lags behind a little.
        if self.recent.early().is_some_and(|event| event.at >= floor)
            && self.recent.len() <= RECENT_MAX
        {
            return;
        }
        let excess = self.recent.len().saturating_sub(RECENT_MAX);
        let old = self.recent.before((floor, 0));
        let old = match excess {
            0 => old,
            _ => old.max(excess + SETTLED_AT_ONCE),
        };
        let (base, rule, mut fired) = (&mut self.base, &self.rule, 0);
        self.recent
            .take(old, |event| base.fold(rule, event, &mut |_| fired += 1));
        if let Some(all) = &mut self.fired {
            all.drain(..fired.min(all.len()));
        }
        self.marks.retain_mut(|mark| {
            let is_after = mark.events > old;
            (mark.events, mark.fired) = (
                mark.events.saturating_sub(old),
                mark.fired.saturating_sub(fired),
            );
            is_after
        });
        // Only now: what is folded again from the base must be known as told.
        let over = self.rule.over();
        self.told.retain(|firing| firing.at >= floor - over);
    }
}

impl Clocked {
    fn fold(&mut self, rule: &LogRule, event: &Event, fire: &mut dyn FnMut(Firing)) {
        self.pass(rule, event.at, fire);
        self.state.event(rule, event, fire);
    }

    /// Every whole minute up to `to`.
    fn pass(&mut self, rule: &LogRule, to: Timestamp, fire: &mut dyn FnMut(Firing)) {
        let width = i64::try_from(TICK.as_millis()).unwrap_or(i64::MAX);
        let last = to.as_millis().div_euclid(width);
        let first = self
            .tick
            .map_or(last, |tick| tick.as_millis().div_euclid(width) + 1)
            .max(last - TICKS_MAX);
        for minute in first..=last {
            let at = Timestamp::from_millis(minute * width);
            self.tick = Some(at);
            if rule.ticks() {
                self.state.tick(rule, at, fire);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::log_rule::{Scalar, one_line};

    const LINES: [&str; 6] = [
        "status:failed AND count > 3 over 1m by user",
        "status:failed AND count >= 2 over 30s",
        "status:failed AND count < 1 over 2m",
        "value new of country by user over 7d",
        "status:failed AND rate unusual over 1m by user",
        "status:failed AND count unusual over 1m",
    ];

    fn event(n: usize, at: i64) -> Event {
        Event {
            // Of one instant, the last to come stands first.
            id: u128::MAX - u128::try_from(n).unwrap(),
            at: Timestamp::from_millis(at),
            key: Some(["ann", "bob"][n % 2].to_owned()),
            values: vec![Some(Scalar::Text(["JP", "US"][n % 3 % 2].to_owned()))],
            matches: false,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Of each rule 900 events over 10 minutes or so, each up to a minute late, several together.
        #[test]
        fn whatever_the_order_it_ends_as_the_order_of_time_ends(
            events in prop::collection::vec((0..1_500_i64, 0..60_000_i64), 300..900),
            together in prop::collection::vec(1..40_usize, 1..30),
        ) {
            let mut at = 0;
            let mut ordered: Vec<(Event, i64)> = events
                .iter()
                .enumerate()
                .map(|(n, (gap, late))| {
                    at += gap / 500 * gap;
                    (event(n, at), at + late)
                })
                .collect();
            ordered.sort_by_key(|(event, _)| (event.at, event.id));
            let mut arriving = ordered.clone();
            arriving.sort_by_key(|(_, arrives)| *arrives);
            for line in LINES {
                let rule = one_line::read("r", line).unwrap();
                let (mut lived, mut calm) = (Live::new(rule.clone()), Live::new(rule.clone()));
                let mut told = Vec::new();
                for (event, _) in &ordered {
                    calm.meet(event.clone());
                    calm.take(&mut told);
                }
                let mut rest = &arriving[..];
                for many in together.iter().cycle() {
                    let (now, later) = rest.split_at((*many).min(rest.len()));
                    for (event, _) in now {
                        lived.meet(event.clone());
                    }
                    lived.take(&mut told);
                    rest = later;
                    if rest.is_empty() {
                        break;
                    }
                }
                prop_assert_eq!(lived.too_late, 0);
                prop_assert_eq!(&lived.current, &calm.current, "{}", line);
                // What it remembers as fired is what its base and the events since then give.
                let (mut state, mut fired) = (lived.base.clone(), VecDeque::new());
                for event in lived.recent.iter() {
                    state.fold(&rule, event, &mut |firing| fired.push_back(firing));
                }
                if let Some(seen) = lived.seen {
                    state.pass(&rule, seen, &mut |firing| fired.push_back(firing));
                }
                prop_assert_eq!(&state, &lived.current, "{}", line);
                prop_assert_eq!(Some(&fired), lived.fired.as_ref(), "{}", line);
                // All of it was told, and each for itself.
                let left = untold::untold(&lived.told, lived.forgotten, &fired, 0, rule.over());
                prop_assert_eq!(left, vec![], "{}", line);
            }
        }
    }
}
