//! Which firings are news: events that were folded again fire again, and a late one moves what fires after it.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Duration,
};

use promise::Timestamp;

use super::{Firing, Key};

/// Those of what `fired` that are no firing told before: each told one stands for the very same, or for one within the
/// same stretch. The first `known` fired before what was folded again. What is not after `forgotten` may have been told.
pub(super) fn untold(
    told: &[Firing],
    forgotten: Option<Timestamp>,
    fired: &VecDeque<Firing>,
    known: usize,
    over: Duration,
) -> Vec<Firing> {
    // Where there are no stretches, only the very same counts, and what fired before is none of what fired since.
    let from = if over.is_zero() { known } else { 0 };
    if fired.len() == from {
        return Vec::new();
    }
    let mut open: HashMap<_, Vec<&Firing>> = HashMap::with_capacity(told.len());
    for firing in told {
        open.entry(identity(firing)).or_default().push(firing);
    }
    let mut left = Vec::new();
    for firing in fired.range(from..) {
        let same = open.get_mut(&identity(firing)).and_then(Vec::pop);
        if same.is_none() && forgotten.is_none_or(|until| firing.at > until) {
            left.push(firing);
        }
    }
    if left.is_empty() || over.is_zero() {
        return left.into_iter().cloned().collect();
    }
    // Each in the order of its time, so that one look at all finds who stands for whom.
    let mut near: BTreeMap<&Key, VecDeque<Timestamp>> = BTreeMap::new();
    let mut rest: Vec<&Firing> = open.into_values().flatten().collect();
    rest.sort_by_key(|firing| firing.at);
    for firing in rest {
        near.entry(&firing.key).or_default().push_back(firing.at);
    }
    left.sort_by_key(|firing| firing.at);
    let stands = |firing: &&Firing| {
        let Some(told) = near.get_mut(&firing.key) else {
            return true;
        };
        while told.front().is_some_and(|at| *at + over <= firing.at) {
            told.pop_front();
        }
        if told.front().is_some_and(|at| *at < firing.at + over) {
            told.pop_front();
            return false;
        }
        true
    };
    left.into_iter().filter(stands).cloned().collect()
}

fn identity(firing: &Firing) -> (&Key, Option<u128>, Timestamp) {
    (&firing.key, firing.event, firing.at)
}
