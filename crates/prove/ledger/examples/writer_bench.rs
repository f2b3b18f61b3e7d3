//! How many entries a second become durable: `cargo run --release -p tegata-ledger --example writer_bench [DIR]`.
//!
//! Prints one line for each batch size and number of callers, and first how long the disk alone takes for as many bytes
//! as such a batch has. DIR should lie on the disk that is asked about; `/tmp` may be memory.

use std::{
    env,
    fs::File,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use ledger::{Ledger, NewEntry};
use serde_json::json;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Bytes of a hundred of these entries with their hashes and checkpoint.
const BATCH_BYTES: usize = 24 << 10;
const SYNCS: usize = 500;

fn main() -> Result<(), Failure> {
    let root = env::args().nth(1).map_or_else(env::temp_dir, PathBuf::from);
    let root = root.join(format!("tegata-ledger-bench-{}", std::process::id()));
    std::fs::create_dir_all(&root)?;
    disk(&root)?;
    for (batch, rounds, callers) in [(1, 4_000, 1), (100, 2_000, 1), (100, 1_000, 4)] {
        let dir = root.join(format!("{batch}-{callers}"));
        let (ledger, _) = Ledger::open(&dir, "bench.example/ledger")?;
        let entries = entries(batch);
        let start = Instant::now();
        thread::scope(|scope| {
            let append = || (0..rounds).try_for_each(|_| ledger.append(entries.clone()).map(drop));
            let all: Vec<_> = (0..callers).map(|_| scope.spawn(append)).collect();
            all.into_iter().try_for_each(|caller| {
                caller
                    .join()
                    .map_err(|_| "a caller panicked")?
                    .map_err(Failure::from)
            })
        })?;
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "batch {batch}, callers {callers}: {:.0} entries/s durable ({} appends in {seconds:.2} s)",
            (batch * rounds * callers) as f64 / seconds,
            rounds * callers,
        );
    }
    std::fs::remove_dir_all(&root)?;
    Ok(())
}

fn entries(count: usize) -> Vec<NewEntry> {
    let entry = |n| NewEntry {
        at: "2026-11-22T00:00:00Z".to_owned(),
        kind: "transition".to_owned(),
        about: format!("promise-{n}"),
        body: json!({ "from": "kept", "to": "at_risk", "measured": 99.41, "target": 99.5, "window": "30d" }),
    };
    (0..count).map(entry).collect()
}

/// What one `fdatasync` takes here: of a file that grows, and of one that has its size.
fn disk(root: &Path) -> Result<(), Failure> {
    let bytes = vec![7; BATCH_BYTES];
    for (name, has_size) in [("grows", false), ("has its size", true)] {
        let file = File::create(root.join("disk"))?;
        if has_size {
            file.write_all_at(&vec![0; BATCH_BYTES * SYNCS], 0)?;
            file.sync_all()?;
        }
        let mut waits = Vec::with_capacity(SYNCS);
        for n in 0..SYNCS {
            file.write_all_at(&bytes, (n * BATCH_BYTES) as u64)?;
            let start = Instant::now();
            file.sync_data()?;
            waits.push(start.elapsed());
        }
        waits.sort();
        let mean = waits.iter().sum::<Duration>() / u32::try_from(SYNCS)?;
        println!(
            "fdatasync of {BATCH_BYTES} bytes, the file {name}: median {:?}, 99th percentile {:?}, mean {mean:?}",
            waits[SYNCS / 2],
            waits[SYNCS * 99 / 100],
        );
    }
    Ok(())
}
