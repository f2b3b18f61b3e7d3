//! Another level after a moment that a record tells of: a deploy, a switch, a change of settings.

use std::{collections::BTreeMap, time::Duration};

use promise::{Say, Timestamp, say};
use serde::{Deserialize, Serialize};

use super::{Firing, plain::pairs, rates::two_digits, slices::Slices};
use crate::{
    anomaly::{Change, Watch},
    log_rule::{Event, Key, Kind, LogRule},
};

/// Groups of one rule.
const GROUPS_MAX: usize = 1_000;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Changed {
    slices: Slices,
    #[serde(with = "pairs")]
    groups: BTreeMap<Key, Group>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Group {
    count: u32,
    watch: Watch,
}

impl Changed {
    pub fn event(&mut self, rule: &LogRule, event: &Event, fire: &mut dyn FnMut(Firing)) {
        self.tick(rule, event.at, fire);
        // That which matches further is the moment itself.
        if event.matches {
            for group in self.groups.values_mut() {
                group.watch.begin(event.at);
            }
        } else if self.groups.len() < GROUPS_MAX || self.groups.contains_key(&event.key) {
            let group = self.groups.entry(event.key.clone()).or_default();
            group.count = group.count.saturating_add(1);
        }
    }

    /// Judges the stretches that are over.
    pub fn tick(&mut self, rule: &LogRule, at: Timestamp, fire: &mut dyn FnMut(Firing)) {
        let Kind::Changed { every, .. } = rule.kind else {
            return;
        };
        for begin in self.slices.pass(every, at) {
            for (key, group) in &mut self.groups {
                let count = std::mem::take(&mut group.count);
                if let Some(change) = group.watch.observe(f64::from(count)) {
                    fire(Firing {
                        at: begin,
                        key: key.clone(),
                        event: None,
                        figure: Some(change.after),
                        why: Some(why(&change, every)),
                    });
                }
            }
        }
    }
}

fn why(change: &Change, every: Duration) -> Say {
    let minutes = every.as_secs().div_ceil(60);
    let (before, after) = (two_digits(change.before), two_digits(change.after));
    let since = change.since;
    say!(
        "{after} in {minutes} min on average since the change at {since}; before it, {before}",
        "{since} の変更以降、{minutes} 分間に平均 {after} 件です。それまでは {before} 件でした"
    )
}
