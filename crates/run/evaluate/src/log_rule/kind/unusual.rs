//! More records than usual: each whole stretch of time is counted, and judged against what is usual at its hour of the week
//! and against how far counts stray by themselves.

use std::{collections::BTreeMap, time::Duration};

use promise::{Say, Timestamp, say};
use serde::{Deserialize, Serialize};

use super::{Firing, plain::pairs, slices::Slices};
use crate::{
    anomaly::{Distance, Seasonal, Tail},
    log_rule::{Event, Key, Kind, LogRule},
};

/// Groups of one rule: each remembers its weeks.
const GROUPS_MAX: usize = 200;
/// While the tail is not known yet, nothing nearer than this is unusual: of a normal one, 1 in 10^15.
const DEVIATIONS: f64 = 8.0;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Unusual {
    slices: Slices,
    #[serde(with = "pairs")]
    groups: BTreeMap<Key, Group>,
    /// Of all groups together: a rule promises alerts, not a group.
    tail: Tail,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Group {
    count: u32,
    seen: Seasonal,
}

impl Unusual {
    pub fn event(&mut self, rule: &LogRule, event: &Event, fire: &mut dyn FnMut(Firing)) {
        self.tick(rule, event.at, fire);
        if self.groups.len() >= GROUPS_MAX && !self.groups.contains_key(&event.key) {
            return;
        }
        let group = self.groups.entry(event.key.clone()).or_default();
        group.count = group.count.saturating_add(1);
    }

    /// Judges the stretches that are over.
    pub fn tick(&mut self, rule: &LogRule, at: Timestamp, fire: &mut dyn FnMut(Firing)) {
        let Kind::Unusual { every, .. } = rule.kind else {
            return;
        };
        for begin in self.slices.pass(every, at) {
            self.close(rule, begin, fire);
        }
    }

    fn close(&mut self, rule: &LogRule, begin: Timestamp, fire: &mut dyn FnMut(Firing)) {
        let Kind::Unusual {
            every,
            least,
            once_in,
        } = rule.kind
        else {
            return;
        };
        let risk = every.as_secs_f64() / once_in.as_secs_f64().max(every.as_secs_f64());
        let bound = self
            .tail
            .bound(risk)
            .unwrap_or(DEVIATIONS)
            .max(DEVIATIONS / 2.0);
        for (key, group) in &mut self.groups {
            let count = std::mem::take(&mut group.count);
            let value = f64::from(count);
            if let Some(distance) = group.seen.distance(begin, value) {
                // Of another hour too little is known to be as strict: mornings follow nights.
                let bound = if distance.is_seasonal {
                    bound
                } else {
                    bound * 3.0
                };
                if distance.deviations > bound && u64::from(count) >= least {
                    fire(Firing {
                        at: begin,
                        key: key.clone(),
                        event: None,
                        figure: Some(value),
                        why: Some(why(count, every, &distance)),
                    });
                } else if distance.is_seasonal {
                    // What was told is not what happens by itself.
                    self.tail.learn(distance.deviations);
                }
            }
            group.seen.learn(begin, value);
        }
    }
}

/// In words: how much more it is, and than what.
fn why(count: u32, every: Duration, distance: &Distance) -> Say {
    let minutes = every.as_secs().div_ceil(60);
    let usual = distance.usual;
    let times = (f64::from(count) / usual.max(1.0)).round();
    match (distance.is_seasonal, usual < 0.5) {
        (true, false) => say!(
            "{count} in {minutes} min: {times} × what is usual at this hour of the week ({usual})",
            "{minutes} 分間に {count} 件。この曜日・時間帯の通常({usual} 件)の {times} 倍です"
        ),
        (true, true) => say!(
            "{count} in {minutes} min: at this hour of the week there are usually none",
            "{minutes} 分間に {count} 件。この曜日・時間帯には通常ありません"
        ),
        (false, false) => say!(
            "{count} in {minutes} min: {times} × what was usual in the last hours ({usual})",
            "{minutes} 分間に {count} 件。直近数時間の通常({usual} 件)の {times} 倍です"
        ),
        (false, true) => say!(
            "{count} in {minutes} min: in the last hours there were usually none",
            "{minutes} 分間に {count} 件。直近数時間には通常ありませんでした"
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::log_rule::one_line;

    const STRETCH: i64 = 300_000;

    fn told(counts: impl Iterator<Item = u32>) -> Vec<(i64, Firing)> {
        let rule = one_line::read("r", "status:failed AND count unusual over 5m by user").unwrap();
        let mut state = Unusual::default();
        let mut told = Vec::new();
        for (n, count) in (0..).zip(counts) {
            for i in 0..count {
                let event = Event {
                    id: u128::from(i),
                    at: Timestamp::from_millis(n * STRETCH + 1_000),
                    key: Some("ito".into()),
                    values: Vec::new(),
                    matches: false,
                };
                state.event(&rule, &event, &mut |firing| told.push((n, firing)));
            }
            let end = Timestamp::from_millis((n + 1) * STRETCH);
            state.tick(&rule, end, &mut |firing| told.push((n, firing)));
        }
        told
    }

    /// A day is 288 stretches; by day there are about 20 a stretch, by night 2.
    fn ordinary(n: u32) -> u32 {
        let is_day = (96..240).contains(&(n % 288));
        (if is_day { 20 } else { 2 }) + n * 7 % 5
    }

    #[test]
    fn fourteen_times_the_usual_fires_and_ordinary_weeks_do_not() {
        let attack = 4 * 2_016 + 30;
        let counts = (0..attack + 20).map(|n| if n == attack { 49 } else { ordinary(n) });
        let told = told(counts);
        assert_eq!(told.len(), 1, "{told:?}");
        let (n, firing) = &told[0];
        assert_eq!(
            (*n, firing.figure, firing.key.as_deref()),
            (i64::from(attack), Some(49.0), Some("ito"))
        );
        // Of the hour there were 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6 and 6: 3.5 is the middle, and 49 is 14 times as many.
        assert_eq!(
            firing.why.as_ref().unwrap().en,
            "49 in 5 min: 14 × what is usual at this hour of the week (3.5)"
        );
    }

    #[test]
    fn the_same_by_day_is_no_surprise_and_nothing_is_told_while_nothing_is_known() {
        let noon = 4 * 2_016 + 150;
        assert!(told((0..noon + 5).map(|n| if n == noon { 40 } else { ordinary(n) })).is_empty());
        assert!(told([1, 500, 3].into_iter()).is_empty());
    }

    #[test]
    fn a_long_silence_is_made_up_for_and_costs_no_more_than_a_week() {
        let rule = one_line::read("r", "a AND count unusual over 5m").unwrap();
        let mut state = Unusual::default();
        for at in [0, i64::MAX / 2] {
            let event = Event {
                id: 1,
                at: Timestamp::from_millis(at),
                key: None,
                values: Vec::new(),
                matches: false,
            };
            state.event(&rule, &event, &mut |_| {});
        }
        assert_eq!(state.groups.len(), 1);
    }
}
