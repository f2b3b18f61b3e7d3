//! How many entries a second become durable: `cargo run --release -p tegata-ledger --example writer_bench [DIR]`.
//!
//! Prints one line for each batch size. DIR should lie on the disk that is asked about; `/tmp` may be memory.

use std::{env, path::PathBuf, time::Instant};

use ledger::{Ledger, NewEntry};
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = env::args().nth(1).map_or_else(env::temp_dir, PathBuf::from);
    for (batch, rounds) in [(1_usize, 4_000_usize), (100, 2_000)] {
        let dir = root.join(format!(
            "tegata-ledger-bench-{}-{batch}",
            std::process::id()
        ));
        let (ledger, _) = Ledger::open(&dir, "bench.example/ledger")?;
        let entries: Vec<NewEntry> = (0..batch)
            .map(|n| NewEntry {
                at: "2026-11-22T00:00:00Z".to_owned(),
                kind: "transition".to_owned(),
                about: format!("promise-{n}"),
                body: json!({ "from": "kept", "to": "at_risk", "measured": 99.41, "target": 99.5, "window": "30d" }),
            })
            .collect();
        let start = Instant::now();
        for _ in 0..rounds {
            ledger.append(entries.clone())?;
        }
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "batch {batch}: {:.0} entries/s durable ({rounds} commits in {seconds:.2} s)",
            (batch * rounds) as f64 / seconds
        );
        drop(ledger);
        std::fs::remove_dir_all(&dir)?;
    }
    Ok(())
}
