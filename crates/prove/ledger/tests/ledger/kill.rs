//! `kill -9` at random moments: nothing acknowledged is lost, and the ledger opens and verifies.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use ledger::Ledger;
use rand_pcg::{
    Pcg64,
    rand_core::{Rng, SeedableRng},
};

use crate::{ORIGIN, check, entry};

const KILLS: usize = 120;
/// Kills of one ledger, before a new one is begun: verifying takes as long as a ledger is.
const KILLS_EACH: usize = 30;
const SEED: u64 = 20_261_122;
const CHILD: &str = "TEGATA_LEDGER_KILL_DIR";

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
        writeln!(out, "acknowledged {end}").unwrap();
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
        let mut child = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "kill::child_that_appends_until_it_is_killed",
                "--nocapture",
            ])
            .env(CHILD, dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
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
