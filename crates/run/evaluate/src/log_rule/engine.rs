//! Rules over records as they arrive.
//!
//! Each rule keeps its state twice: as it was five minutes of event time ago (`base`) and as it is now (`current`),
//! with the events between the two. What comes in order is folded into `current` at once, so a rule fires on the very
//! event. What comes late, up to [`LATE_MAX`], is put in its place and all since `base` is folded again; what fires then
//! and was not told before is told, as late. A record that is there already counts no second time.
//!
//! Time passes in whole minutes ([`TICK`]) of the events' own time, and by [`Engine::advance`] where none come, so a
//! back-test over stored records sees the ticks that the live evaluation saw.

use std::time::Duration;

use promise::Timestamp;
use serde::{Deserialize, Serialize};
use store::Record;

use super::{Event, Firing, LogRule, State, index::Index, recent::Recent};

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

/// A firing that is to be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    pub rule: String,
    pub firing: Firing,
    /// It was found only when a late record came.
    pub late: bool,
}

#[derive(Debug)]
pub struct Engine {
    rules: Vec<Live>,
    index: Index,
    /// Rules that the record at hand may be an event of.
    meant: Vec<usize>,
}

#[derive(Debug)]
struct Live {
    rule: LogRule,
    base: Clocked,
    current: Clocked,
    /// All after `base`.
    recent: Recent,
    /// Until when time has come for `current`.
    seen: Option<Timestamp>,
    told: Vec<Firing>,
    /// Records that came later than can count.
    too_late: u64,
}

/// A state and the last tick that it saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Clocked {
    state: State,
    tick: Option<Timestamp>,
}

/// What is kept of one rule over a restart.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Saved {
    rule: String,
    query: String,
    base: Clocked,
    current: Clocked,
    recent: Recent,
    seen: Option<Timestamp>,
    told: Vec<Firing>,
}

impl Engine {
    #[must_use]
    pub fn new(rules: Vec<LogRule>) -> Self {
        let live = |rule: LogRule| {
            let fresh = Clocked {
                state: State::new(&rule),
                tick: None,
            };
            Live {
                base: fresh.clone(),
                current: fresh,
                recent: Recent::default(),
                seen: None,
                told: Vec::new(),
                too_late: 0,
                rule,
            }
        };
        Self {
            index: Index::of(rules.iter()),
            rules: rules.into_iter().map(live).collect(),
            meant: Vec::new(),
        }
    }

    pub fn rules(&self) -> impl Iterator<Item = &LogRule> {
        self.rules.iter().map(|live| &live.rule)
    }

    /// Takes a record that is durable, and answers with what it made fire.
    pub fn observe(&mut self, record: &Record) -> Vec<Told> {
        let mut told = Vec::new();
        self.index.find(record, &mut self.meant);
        for place in &self.meant {
            if let Some(live) = self.rules.get_mut(*place)
                && let Some(event) = Event::of(&live.rule, record)
            {
                live.take(event, &mut told);
            }
        }
        told
    }

    /// Time has come until `now` though no record said so.
    pub fn advance(&mut self, now: Timestamp) -> Vec<Told> {
        let mut told = Vec::new();
        for live in self.rules.iter_mut().filter(|live| live.rule.ticks()) {
            if live.seen.is_none_or(|seen| seen < now) {
                live.seen = Some(now);
                let mut fired = Vec::new();
                live.current
                    .pass(&live.rule, now, &mut |firing| fired.push(firing));
                live.tell(fired, false, &mut told);
                live.settle();
            }
        }
        told
    }

    /// What is to be written down together with the place in the log up to which it stands.
    #[must_use]
    pub fn save(&self) -> Vec<Saved> {
        let save = |live: &Live| Saved {
            rule: live.rule.name.clone(),
            query: live.rule.query.as_str().to_owned(),
            base: live.base.clone(),
            current: live.current.clone(),
            recent: live.recent.clone(),
            seen: live.seen,
            told: live.told.clone(),
        };
        self.rules.iter().map(save).collect()
    }

    /// Takes up what was saved, of rules that are as they were. Records since then are observed again; those that
    /// were seen count no second time. Answers from when on records must be observed again.
    pub fn restore(&mut self, saved: Vec<Saved>) -> Option<Timestamp> {
        for saved in saved {
            let same = |live: &&mut Live| {
                live.rule.name == saved.rule
                    && live.rule.query.as_str() == saved.query
                    && State::new(&live.rule).is_like(&saved.base.state)
            };
            if let Some(live) = self.rules.iter_mut().find(same) {
                (live.base, live.current) = (saved.base, saved.current);
                (live.recent, live.seen, live.told) = (saved.recent, saved.seen, saved.told);
            }
        }
        self.rules
            .iter()
            .filter_map(|live| live.seen)
            .min()
            .map(|seen| seen - LATE_MAX)
    }

    /// Records that came later than [`LATE_MAX`], over all rules.
    #[must_use]
    pub fn too_late(&self) -> u64 {
        self.rules.iter().map(|live| live.too_late).sum()
    }
}

impl State {
    fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl Live {
    fn take(&mut self, event: Event, told: &mut Vec<Told>) {
        if self.seen.is_some_and(|seen| event.at < seen - LATE_MAX) {
            self.too_late += 1;
            return;
        }
        let Some(is_newest) = self.recent.put(event) else {
            return;
        };
        let newest = self
            .recent
            .newest()
            .filter(|event| is_newest && self.seen.is_none_or(|seen| event.at >= seen));
        let in_order = newest.is_some();
        let mut fired = Vec::new();
        if let Some(event) = newest {
            self.seen = Some(event.at);
            self.current
                .fold(&self.rule, event, &mut |firing| fired.push(firing));
        } else {
            self.current = self.base.clone();
            for event in self.recent.iter() {
                self.current
                    .fold(&self.rule, event, &mut |firing| fired.push(firing));
            }
            if let Some(seen) = self.seen {
                self.current
                    .pass(&self.rule, seen, &mut |firing| fired.push(firing));
            }
            fired = self.untold(fired);
        }
        self.tell(fired, !in_order, told);
        self.settle();
    }

    /// Those of what fired again that are no firing told before: each told one stands for one within the same stretch.
    fn untold(&self, fired: Vec<Firing>) -> Vec<Firing> {
        let mut open: Vec<&Firing> = self.told.iter().collect();
        let mut rest = Vec::new();
        let over = self.rule.over();
        // First those that are the very same, then those that are near.
        for same in [true, false] {
            let mut left = Vec::new();
            for firing in if same {
                fired.clone()
            } else {
                std::mem::take(&mut rest)
            } {
                let is = |told: &&Firing| {
                    told.key == firing.key
                        && if same {
                            told.event == firing.event && told.at == firing.at
                        } else {
                            told.at.since(firing.at).max(firing.at.since(told.at)) < over
                        }
                };
                match open.iter().position(is) {
                    Some(found) => {
                        open.swap_remove(found);
                    }
                    None => left.push(firing),
                }
            }
            rest = left;
        }
        rest
    }

    fn tell(&mut self, fired: Vec<Firing>, late: bool, told: &mut Vec<Told>) {
        for firing in fired {
            self.told.push(firing.clone());
            told.push(Told {
                rule: self.rule.name.clone(),
                firing,
                late,
            });
        }
        let excess = self.told.len().saturating_sub(TOLD_MAX);
        self.told.drain(..excess);
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
        let old = match excess {
            0 => self.recent.older(floor),
            _ => self.recent.older(floor).max(excess + SETTLED_AT_ONCE),
        };
        let (base, rule) = (&mut self.base, &self.rule);
        self.recent
            .take(old, |event| base.fold(rule, event, &mut |_| {}));
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
