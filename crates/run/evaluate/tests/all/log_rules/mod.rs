//! Log rules against ElastAlert2's own classes, and against themselves under disorder.

mod disorder;
mod elastalert;
mod unusual;

use evaluate::log_rule::{Event, LogRule};
use promise::Timestamp;
use serde_json::{Map, Value};
use store::Record;

/// 2026-01-05T00:00:00Z, in milliseconds.
pub const START: i64 = 1_767_571_200_000;

/// A small generator, so that a case can be named by its seed (xorshift64, Marsaglia 2003).
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }

    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()].clone()
    }
}

pub fn record(id: u128, at: i64, fields: Value) -> Record {
    let fields: Map<String, Value> = fields.as_object().unwrap().clone();
    Record {
        id,
        at: Timestamp::from_millis(at),
        stream: "s".to_owned(),
        fields,
    }
}

pub fn event(rule: &LogRule, record: &Record) -> Event {
    Event::of(rule, record).unwrap()
}
