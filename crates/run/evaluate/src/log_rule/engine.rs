//! Rules over records as they arrive.
//!
//! A record is shown only to the rules that may mean it ([`Index`]), and each keeps what it has seen ([`Live`]). Time
//! passes by the events' own time, and by [`Engine::advance`] where none come, so a back-test over stored records sees
//! the ticks that the live evaluation saw.

use promise::Timestamp;
use serde::{Deserialize, Serialize};
use store::Record;

use super::{
    Event, Firing, LogRule, State, forget,
    index::Index,
    live::{Clocked, LATE_MAX, Live},
    recent::Recent,
};

/// Records that are looked at together: of these, what each rule holds while they wait for it.
const TOGETHER_MAX: usize = 4_096;

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
    /// Rules of which events wait to be taken.
    touched: Vec<usize>,
    /// The oldest record since it was last saved, and between that and the time before.
    oldest: [Option<Timestamp>; 2],
}

/// What is to be written down, and from when on records must be observed again after it is taken up.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Checkpoint {
    rules: Vec<Saved>,
    from: Timestamp,
}

/// What is kept of one rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Saved {
    pub(super) rule: String,
    pub(super) query: String,
    pub(super) base: Clocked,
    pub(super) current: Clocked,
    pub(super) recent: Recent,
    pub(super) seen: Option<Timestamp>,
    pub(super) told: Vec<Firing>,
    /// Up to when what was told is no longer known.
    #[serde(default)]
    pub(super) forgotten: Option<Timestamp>,
}

impl Engine {
    #[must_use]
    pub fn new(rules: Vec<LogRule>) -> Self {
        Self {
            index: Index::of(rules.iter()),
            rules: rules.into_iter().map(Live::new).collect(),
            meant: Vec::new(),
            touched: Vec::new(),
            oldest: [None; 2],
        }
    }

    pub fn rules(&self) -> impl Iterator<Item = &LogRule> {
        self.rules.iter().map(Live::rule)
    }

    /// Takes a record that is durable, and answers with what it made fire.
    pub fn observe(&mut self, record: &Record) -> Vec<Told> {
        self.observe_all([record])
    }

    /// The same for several. Within some thousand their order does not matter: each rule takes them by their time, so
    /// that those of one instant, whose ids come in any order, are late for nothing.
    pub fn observe_all<'r>(&mut self, records: impl IntoIterator<Item = &'r Record>) -> Vec<Told> {
        let (mut told, mut together) = (Vec::new(), 0);
        for record in records {
            self.meet(record);
            together += 1;
            if together == TOGETHER_MAX {
                together = 0;
                self.take(&mut told);
            }
        }
        self.take(&mut told);
        told
    }

    fn meet(&mut self, record: &Record) {
        let oldest = self.oldest[0].get_or_insert(record.at);
        *oldest = record.at.min(*oldest);
        self.index.find(record, &mut self.meant);
        for place in &self.meant {
            if let Some(live) = self.rules.get_mut(*place)
                && let Some(event) = Event::of(live.rule(), record)
                && live.meet(event)
            {
                self.touched.push(*place);
            }
        }
    }

    fn take(&mut self, told: &mut Vec<Told>) {
        self.touched.sort_unstable();
        for place in self.touched.drain(..) {
            if let Some(live) = self.rules.get_mut(place) {
                live.take(told);
            }
        }
    }

    /// Time has come until `now` though no record said so.
    pub fn advance(&mut self, now: Timestamp) -> Vec<Told> {
        let mut told = Vec::new();
        for live in &mut self.rules {
            live.advance(now, &mut told);
        }
        told
    }

    /// What is to be written down. What comes after it is as old as what came of late (a file is being read whose lines
    /// are of yesterday), or of about `now`; at the most five minutes older.
    #[must_use]
    pub fn save(&mut self, now: Timestamp) -> Checkpoint {
        let oldest = self.oldest.iter().flatten().fold(now, |a, b| a.min(*b));
        self.oldest = [None, self.oldest[0]];
        Checkpoint {
            rules: self.rules.iter().map(Live::save).collect(),
            from: oldest - LATE_MAX,
        }
    }

    /// Takes up what was saved, of rules that are as they were. Records since then are observed again; those that
    /// were seen count no second time. Answers from when on records must be observed again: a rule that was met last
    /// month asks for no more than the others.
    pub fn restore(&mut self, saved: Checkpoint) -> Option<Timestamp> {
        for rule in saved.rules {
            let same = |live: &&mut Live| {
                live.rule().name == rule.rule
                    && live.rule().query.as_str() == rule.query
                    && State::new(live.rule()).is_like(&rule.base.state)
            };
            if let Some(live) = self.rules.iter_mut().find(same) {
                live.restore(rule);
            }
        }
        let first = self.rules.iter().filter_map(Live::seen).min();
        first.map(|seen| (seen - LATE_MAX).max(saved.from))
    }

    /// Puts `instead` in the place of a value that rules remember as a group or as something seen, and answers of how many
    /// rules. Records that still hold it bring it back when they are observed again.
    pub fn forget(&mut self, value: &str, instead: &str) -> u64 {
        let mut rules = 0;
        for live in &mut self.rules {
            if let Some(saved) = forget::without(&live.save(), value, instead) {
                live.restore(saved);
                rules += 1;
            }
        }
        rules
    }

    /// Records that came later than [`LATE_MAX`], over all rules.
    #[must_use]
    pub fn too_late(&self) -> u64 {
        self.rules.iter().map(Live::too_late).sum()
    }
}

impl State {
    fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}
