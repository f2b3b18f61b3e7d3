//! One of many that does more than it used to and more than the others do: a user, an address, a card.

use std::{collections::BTreeMap, time::Duration};

use promise::{Say, Timestamp, say};
use serde::{Deserialize, Serialize};

use super::{Firing, GROUPS_MAX, slices::Slices};
use crate::{
    anomaly::{Odd, Rates as Seen},
    log_rule::{Event, Kind, LogRule},
};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    slices: Slices,
    counts: BTreeMap<String, u32>,
    seen: Seen,
}

impl Rates {
    pub fn event(&mut self, rule: &LogRule, event: &Event, fire: &mut dyn FnMut(Firing)) {
        self.tick(rule, event.at, fire);
        let Some(name) = &event.key else {
            return;
        };
        if let Some(count) = self.counts.get_mut(name) {
            *count = count.saturating_add(1);
        } else if self.counts.len() < GROUPS_MAX {
            self.counts.insert(name.clone(), 1);
        }
    }

    /// Judges the stretches that are over.
    pub fn tick(&mut self, rule: &LogRule, at: Timestamp, fire: &mut dyn FnMut(Firing)) {
        let Kind::Rate {
            every,
            least,
            once_in,
        } = rule.kind
        else {
            return;
        };
        let risk = every.as_secs_f64() / once_in.as_secs_f64().max(every.as_secs_f64());
        for begin in self.slices.pass(every, at) {
            let counts = std::mem::take(&mut self.counts);
            for odd in self.seen.observe(&counts, risk) {
                if u64::from(odd.count) >= least {
                    fire(Firing {
                        at: begin,
                        key: Some(odd.name.clone()),
                        event: None,
                        figure: Some(f64::from(odd.count)),
                        why: Some(why(&odd, every)),
                    });
                }
            }
        }
    }
}

/// In words: what it did before, and what the others do.
fn why(odd: &Odd, every: Duration) -> Say {
    let minutes = every.as_secs().div_ceil(60);
    let Odd { name, count, .. } = odd;
    let others = two_digits(odd.others);
    match odd.own.map(two_digits) {
        Some(own) => say!(
            "{count} by {name} in {minutes} min: before, it was {own} on average, of the others {others}",
            "{name} が {minutes} 分間に {count} 件。これまでの平均は {own} 件、ほかの平均は {others} 件です"
        ),
        None => say!(
            "{count} by {name}, not seen before, in {minutes} min: the others have {others} on average",
            "初めて現れた {name} が {minutes} 分間に {count} 件。ほかの平均は {others} 件です"
        ),
    }
}

/// A rate as people read it: 0.15, 3.5, 120.
pub(super) fn two_digits(rate: f64) -> String {
    match rate {
        rate if rate >= 10.0 => format!("{rate:.0}"),
        rate if rate >= 1.0 => format!("{rate:.1}"),
        rate => format!("{rate:.2}"),
    }
}
