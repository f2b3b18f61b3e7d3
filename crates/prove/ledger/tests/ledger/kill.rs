//! `kill -9` at random moments: nothing acknowledged is lost, and the ledger opens and verifies.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
};

use ledger::{Cut, Ledger, NewEntry, personal};
use rand_pcg::{
    Pcg64,
    rand_core::{Rng, SeedableRng},
};
use serde_json::json;

use crate::{ORIGIN, check, entry};

const KILLS: usize = 120;
/// Kills of one ledger, before a new one is begun: verifying takes as long as a ledger is.
const KILLS_EACH: usize = 30;
const SEED: u64 = 20_261_122;
const CHILD: &str = "TEGATA_LEDGER_KILL_DIR";

/// A test of this file in a process of its own; what it tells comes by its standard error.
fn child(test: &str, folder: &str, dir: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", &format!("kill::{test}"), "--nocapture"])
        .env(folder, dir)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Not a test by itself: the process that is killed. Says each size once it is acknowledged.
#[test]
fn child_that_appends_until_it_is_killed() {
    let Ok(dir) = env::var(CHILD) else { return };
    let (ledger, _) = Ledger::open(dir.as_ref(), ORIGIN).unwrap();
    let mut out = std::io::stderr();
    for round in ledger.len().. {
        let size = ledger.len();
        let batch = (size..size + 1 + round % 40).map(entry).collect();
        let end = ledger.append(batch).unwrap().end;
        // In one write: a line that is killed between its words says nothing.
        let line = format!("acknowledged {end}\n");
        out.write_all(line.as_bytes()).unwrap();
    }
}

#[test]
fn nothing_acknowledged_is_lost_by_kill_9() {
    let mut dir = tempfile::tempdir().unwrap();
    let mut random = Pcg64::seed_from_u64(SEED);
    let mut acknowledged = 0;
    let mut entries = 0;
    let mut cut = 0;
    for kill in 0..KILLS {
        if kill % KILLS_EACH == 0 {
            entries += acknowledged;
            acknowledged = 0;
            dir = tempfile::tempdir().unwrap();
        }
        let mut child = child("child_that_appends_until_it_is_killed", CHILD, dir.path());
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        // Killed after some acknowledgements: where in the next commit, roll or publication it is by then is chance.
        let enough = 1 + random.next_u32() % 12;
        let mut told = 0;
        for line in lines.by_ref() {
            if let Some(size) = line.unwrap().strip_prefix("acknowledged ") {
                acknowledged = size.parse().unwrap();
                told += 1;
            }
            if told >= enough {
                break;
            }
        }
        // A few hundred to a few ten thousand turns of nothing, so that not every kill comes just after a commit.
        (0..random.next_u32() % 200_000).for_each(|n| {
            std::hint::black_box(n);
        });
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines.map_while(Result::ok) {
            if let Some(size) = line.strip_prefix("acknowledged ") {
                acknowledged = size.parse().unwrap();
            }
        }
        assert!(told >= enough, "kill {kill}: the child ended by itself");
        let verified = check(dir.path()).unwrap();
        assert!(
            verified.size >= acknowledged,
            "kill {kill}: {acknowledged} acknowledged, {} there",
            verified.size
        );
        let (ledger, opened) = Ledger::open(dir.path(), ORIGIN).unwrap();
        assert!(ledger.len() >= acknowledged);
        assert_eq!(
            ledger.entry(acknowledged - 1).unwrap().body,
            entry(acknowledged - 1).body
        );
        cut += opened.recovered.len();
    }
    println!(
        "{KILLS} kills, {} entries acknowledged, none lost, {cut} torn commits cut",
        entries + acknowledged
    );
}

const PRUNED: &str = "TEGATA_LEDGER_KILL_PRUNED";
const PRUNE_KILLS: usize = 20;
/// Bodies go in steps of so many entries.
const STEP: u64 = 4_096;

/// Not a test by itself: prunes all but its newest step, grows by a step, and so on. Says what it is about to do.
#[test]
fn child_that_prunes_until_it_is_killed() {
    let Ok(dir) = env::var(PRUNED) else { return };
    let (ledger, _) = Ledger::open(dir.as_ref(), ORIGIN).unwrap();
    let mut out = std::io::stderr();
    loop {
        let size = ledger.len();
        for from in (size..size + STEP).step_by(1_024) {
            // Some bodies hold a value that lies beside them, and goes with them.
            let named = |n: u64| NewEntry {
                body: json!({ "n": n, "by": personal("Sato") }),
                ..entry(n)
            };
            let one = |n| if n % 64 == 0 { named(n) } else { entry(n) };
            ledger
                .append((from..from + 1_024).map(one).collect())
                .unwrap();
        }
        writeln!(out, "grown {}", ledger.len()).unwrap();
        let keep_from = ledger.len() - STEP;
        let about = |cut: &Cut| NewEntry {
            at: "2027-11-22T00:00:00Z".into(),
            kind: ledger::PRUNED.into(),
            about: String::new(),
            body: cut.body(json!("past")),
        };
        if ledger.prune(keep_from, about).unwrap().is_some() {
            writeln!(out, "pruned {}", ledger.kept_from()).unwrap();
        }
    }
}

#[test]
fn a_pruning_that_is_killed_is_finished_by_the_next_start_and_nothing_that_stays_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let mut random = Pcg64::seed_from_u64(SEED);
    let (mut grown, mut pruned, mut finished) = (0, 0, 0);
    for kill in 0..PRUNE_KILLS {
        let mut child = child("child_that_prunes_until_it_is_killed", PRUNED, dir.path());
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut hear = |line: String| {
            let number = |name: &str| line.strip_prefix(name).and_then(|n| n.parse::<u64>().ok());
            grown = number("grown ").unwrap_or(grown);
            pruned = number("pruned ").unwrap_or(pruned);
            line.starts_with("grown ")
        };
        // After it has grown it prunes: how far it is by then is chance.
        while !hear(lines.next().unwrap().unwrap()) {}
        (0..random.next_u32() % 4_000_000).for_each(|n| {
            std::hint::black_box(n);
        });
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines.map_while(Result::ok) {
            hear(line);
        }
        // Bodies beyond what is noted, or before it, lie there until the next start.
        let (ledger, _) = Ledger::open(dir.path(), ORIGIN).unwrap();
        let (size, kept_from) = (ledger.len(), ledger.kept_from());
        assert!(size >= grown && kept_from >= pruned, "kill {kill}");
        assert!(kept_from + STEP <= size && kept_from % STEP == 0);
        finished += u64::from(kept_from > pruned);
        for index in [kept_from, kept_from + STEP / 2, size - 1] {
            assert_eq!(ledger.entry(index).unwrap().index, index, "kill {kill}");
        }
        drop(ledger);
        let first = dir
            .path()
            .join(format!("tile/entries/{:03}", kept_from / 256 % 1_000));
        if kept_from > 0 && kept_from / 256 < 1_000 {
            assert!(first.exists());
            let before = format!("tile/entries/{:03}", kept_from / 256 - 1);
            assert!(
                !dir.path().join(before).exists(),
                "kill {kill}: it was not finished"
            );
        }
        let found = check(dir.path()).unwrap();
        assert_eq!(
            (found.size, found.kept_from),
            (size, kept_from),
            "kill {kill}"
        );
        let proof = ledger::prove(dir.path(), kept_from + 64).unwrap().unwrap();
        let key = std::fs::read_to_string(dir.path().join("key.pub")).unwrap();
        proof.verify(key.trim(), &[]).unwrap();
    }
    println!(
        "{PRUNE_KILLS} kills while pruning, {grown} entries, none lost; {finished} times the next start had something to finish"
    );
}
