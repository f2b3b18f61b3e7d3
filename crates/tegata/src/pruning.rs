//! Pruning the ledger: which entries are past their retention, and what of them is still needed.
//!
//! A verdict is judged again by the promise as it was declared. Where that declaration goes and the verdict stays, the
//! declaration is carried over first, so that `tegata prove` can judge all that is kept.

use std::collections::BTreeMap;

use ledger::{Cut, Entry, Ledger, NewEntry, PRUNED};
use promise::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::logs::Hold;

use crate::book::{self, kind};

/// The name under which a legal hold of a stream holds the ledger, too; one of `*` does.
pub(crate) const STREAM: &str = "tegata_ledger";
/// Entries that are looked at together: they go in such steps.
const STEP: u64 = 4_096;
/// Steps of one pruning: a million entries, some 300 MB of which each is read and hashed.
const STEPS_MAX: u64 = 256;

/// The body of a `promise_carried` entry: what an entry that was pruned declared.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Carried {
    pub(crate) declared: u64,
    pub(crate) promise: Value,
}

/// Up to when entries may go: not what a hold covers, nor what came after it.
pub(crate) fn held_back(cut: Timestamp, holds: &[Hold]) -> Timestamp {
    let held = holds.iter().filter(|hold| hold.covers(STREAM));
    held.map(|hold| hold.from).fold(cut, Ord::min)
}

/// Drops the bodies of entries that are all older than `cut`. `why` says by what, or for whom.
pub(crate) fn prune(
    ledger: &Ledger,
    cut: Timestamp,
    now: Timestamp,
    why: &Value,
) -> Result<Option<Cut>, ledger::Error> {
    let (to, carried) = past(ledger, cut)?;
    if to == ledger.kept_from() {
        return Ok(None);
    }
    let carried: Vec<NewEntry> = carried
        .into_iter()
        .map(|(id, carried)| book::entry(now, kind::PROMISE_CARRIED, &id, json!(carried)))
        .collect();
    for some in carried.chunks(ledger::limit::BATCH_ENTRIES) {
        ledger.append(some.to_vec())?;
    }
    ledger.prune(to, |cut| {
        book::entry(now, PRUNED, "", cut.body(why.clone()))
    })
}

type Declared = BTreeMap<String, Carried>;

/// How far all entries are older than `cut`, and the newest declaration of each promise among them.
fn past(ledger: &Ledger, cut: Timestamp) -> Result<(u64, Declared), ledger::Error> {
    let mut to = ledger.kept_from();
    let mut declared = Declared::new();
    for _ in 0..STEPS_MAX {
        // The entry that says so, and what is carried over, must not go with it.
        if to + STEP >= ledger.len() {
            break;
        }
        let mut step = declared.clone();
        let mut at = to;
        let mut is_past = true;
        while is_past && at < to + STEP {
            let entries = ledger.entries(at..to + STEP)?;
            at += entries.len() as u64;
            is_past = entries.iter().all(|entry| is_older(entry, cut));
            entries.into_iter().for_each(|entry| note(&mut step, entry));
        }
        if !is_past {
            break;
        }
        declared = step;
        to += STEP;
    }
    Ok((to, declared))
}

/// One whose time cannot be read stays, and all after it.
fn is_older(entry: &Entry, cut: Timestamp) -> bool {
    entry.at.parse::<Timestamp>().is_ok_and(|at| at < cut)
}

fn note(declared: &mut Declared, entry: Entry) {
    match entry.kind.as_str() {
        kind::PROMISE => {
            let carried = Carried {
                declared: entry.index,
                promise: entry.body,
            };
            declared.insert(entry.about, carried);
        }
        kind::PROMISE_CARRIED => {
            if let Ok(carried) = serde_json::from_value(entry.body) {
                declared.insert(entry.about, carried);
            }
        }
        kind::PROMISE_WITHDRAWN => drop(declared.remove(&entry.about)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_millis(secs * 1_000)
    }

    /// One entry a second; two declarations of a promise, and one that is withdrawn.
    #[test]
    fn whole_steps_that_are_past_go_and_the_newest_declarations_are_carried_over() {
        let dir = tempfile::tempdir().unwrap();
        let (ledger, _) = Ledger::open(dir.path(), "test").unwrap();
        let one = |n: i64| match n {
            5 | 10 => book::entry(at(n), kind::PROMISE, "pay", json!({ "id": n })),
            7 => book::entry(at(n), kind::PROMISE, "gone", json!({})),
            9 => book::entry(at(n), kind::PROMISE_WITHDRAWN, "gone", json!({})),
            _ => book::entry(at(n), kind::CONSOLE, "", json!({})),
        };
        for from in (0..9_000).step_by(1_000) {
            ledger
                .append((from..from + 1_000).map(one).collect())
                .unwrap();
        }
        drop(ledger);
        let (ledger, _) = Ledger::open(dir.path(), "test").unwrap();
        let why = json!({ "keep": "1d" });
        // 8,191 s is when the second step ends: a cut there takes the first alone.
        let cut = prune(&ledger, at(8_191), at(9_000), &why).unwrap().unwrap();
        assert_eq!(cut.range, (0, 4_096));
        let carried = ledger
            .newest(kind::PROMISE_CARRIED, "pay")
            .unwrap()
            .unwrap();
        assert_eq!(
            carried.body,
            json!({ "declared": 10, "promise": { "id": 10 } })
        );
        assert_eq!(ledger.newest(kind::PROMISE_CARRIED, "gone").unwrap(), None);
        assert_eq!(prune(&ledger, at(8_191), at(9_000), &why).unwrap(), None);
        let said = ledger.newest(PRUNED, "").unwrap().unwrap();
        assert_eq!((&said.body["to"], &said.body["why"]), (&json!(4_096), &why));
    }

    #[test]
    fn a_legal_hold_of_everything_or_of_the_ledger_keeps_what_it_covers_and_what_came_after() {
        let hold = |stream: &str, from| Hold {
            name: "matter".to_owned(),
            stream: stream.to_owned(),
            from: at(from),
            to: at(900),
        };
        assert_eq!(held_back(at(500), &[hold("payment_*", 100)]), at(500));
        assert_eq!(
            held_back(at(500), &[hold("*", 100), hold("tegata_ledger", 50)]),
            at(50)
        );
        assert_eq!(held_back(at(500), &[hold("*", 600)]), at(500));
    }
}
