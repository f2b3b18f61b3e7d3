//! Which lines of equally many symbols are of one template.
//!
//! As in Brain (Yu, He, Chen, Wu, "Brain: Log Parsing with Bidirectional Parallel Tree", IEEE TSC 16, 2023) a tree is
//! grown from the place with the fewest different words: a place with few is a choice between statements, one with many a
//! variable. Ours works on patterns rather than lines, so it can be asked again whenever a new one comes, and what stands
//! in a place tells how many are many.

use std::collections::BTreeMap;

use super::lex::{Kind, Symbol};

/// More different words than this in one place are a variable. What looks like a name or a value is one sooner.
const WORDS_MAX: usize = 4;
const VALUES_MAX: usize = 3;
/// Lines of one template share at least this part of their words: SimSeq of Drain (He, Zhu, Zheng, Lyu, ICWS 2017).
const SHARED: f64 = 0.5;

/// The number of places that differ, and whether the words that are shared suffice.
#[allow(clippy::cast_precision_loss)]
fn is_enough(shared: usize, differing: usize) -> bool {
    shared as f64 >= SHARED * (shared + differing) as f64
}

/// Whether a line is of a pattern as it stands.
pub(super) fn matches(pattern: &[Symbol], line: &[Symbol]) -> bool {
    if pattern.len() != line.len() {
        return false;
    }
    let (mut shared, mut differing) = (0, 0);
    for (known, symbol) in pattern.iter().zip(line) {
        match (known == symbol, known.varies()) {
            (true, false) => shared += 1,
            (true, true) => {}
            (false, true) => differing += 1,
            (false, false) => return false,
        }
    }
    is_enough(shared, differing)
}

/// Parts patterns of one length into those that are one template each, given by their places.
pub(super) fn split(patterns: &[&[Symbol]]) -> Vec<Vec<usize>> {
    let mut groups = Vec::new();
    // Each round parts a group in two or more, so there are no more rounds than patterns.
    let mut open = vec![(0..patterns.len()).collect::<Vec<_>>()];
    while let Some(members) = open.pop() {
        let Some(place) = choice(patterns, &members) else {
            groups.push(members);
            continue;
        };
        let mut parts: BTreeMap<Symbol, Vec<usize>> = BTreeMap::new();
        for member in members {
            parts
                .entry(patterns[member][place])
                .or_default()
                .push(member);
        }
        open.extend(parts.into_values());
    }
    groups
}

/// The place at which a group parts; `None` where it is one template.
fn choice(patterns: &[&[Symbol]], members: &[usize]) -> Option<usize> {
    let first = members.first().map_or(&[][..], |first| patterns[*first]);
    let mut shared = 0;
    let mut places = Vec::new();
    for place in 0..first.len() {
        let words = members.iter().map(|member| patterns[*member].get(place));
        let mut different: Vec<Symbol> = words.flatten().copied().collect();
        different.sort_unstable();
        different.dedup();
        match different.as_slice() {
            [only] => shared += usize::from(!only.varies()),
            _ => places.push((place, different)),
        }
    }
    let is_enough = is_enough(shared, places.len());
    let choices = places
        .iter()
        .filter(|(place, words)| !is_enough || !is_variable(*place, words))
        .map(|(place, words)| (words.len(), *place));
    if is_enough {
        choices.min().map(|(_, place)| place)
    } else {
        // Statements begin differently and end alike: the first difference tells most.
        choices.map(|(_, place)| place).min()
    }
}

fn is_variable(place: usize, words: &[Symbol]) -> bool {
    let all = |kind| words.iter().all(|word| word.is(kind));
    if words.iter().any(|word| word.varies()) {
        true
    } else if all(Kind::Name) {
        words.len() > VALUES_MAX
    } else if place == 0 {
        false
    } else if all(Kind::Value) {
        words.len() > VALUES_MAX
    } else {
        words.len() > WORDS_MAX
    }
}
