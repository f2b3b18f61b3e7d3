//! The process is killed with a page that is not told yet: when is it told by the next one, with few and with many alerts open?

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::ensure;
use serde_json::json;

use super::{
    Far,
    figures::{fire, names},
    spec,
};
use crate::bench::instance::Instance;

const ROUNDS: usize = 5;
/// How long a page may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// An alert that was accepted and not told yet is told so long after the start of the process.
pub fn run(binary: &Path, folder: &Path, open: usize) -> anyhow::Result<String> {
    fs::create_dir_all(folder)?;
    let far = Far::start()?;
    let file = folder.join("spec.yaml");
    let data = folder.join("data");
    let mut took = Vec::new();
    let mut ready = Vec::new();
    for n in 0..ROUNDS {
        // It waits for followers longer than the process lives, and by the next start it has waited enough.
        fs::write(
            &file,
            spec(
                &far,
                "group_by: [alertname], group_wait: 3s, group_interval: 5s",
            ),
        )?;
        let instance = Instance::start(binary, &file, &data)?;
        if n == 0 {
            fire(&instance, &names("open", open))?;
            // Everything is told and at rest.
            thread::sleep(Duration::from_secs(open as u64 / 2_500));
        }
        let name = format!("restart-{n}");
        let alert = json!([{ "labels": { "alertname": name, "n": "0", "severity": "warning" } }]);
        let (status, _) = instance.post("/api/v2/alerts", &alert.to_string())?;
        ensure!(status == 200, "it was not taken: {status}");
        instance.kill()?;
        drop(instance);
        thread::sleep(Duration::from_secs(4));
        let begun = Instant::now();
        let _instance = Instance::start(binary, &file, &data)?;
        ready.push(begun.elapsed().as_secs_f64());
        let told = format!("{name}/0");
        while !far.heard().first.contains_key(&told) {
            ensure!(begun.elapsed() < PATIENCE, "it was not told");
            thread::sleep(Duration::from_millis(2));
        }
        took.push(begun.elapsed().as_secs_f64());
    }
    took.sort_by(f64::total_cmp);
    ready.sort_by(f64::total_cmp);
    Ok(format!(
        "Tegata: with {open} alerts open, from the start of the process after `kill -9` until it is ready, and to the page that was due | median {:.2} and {:.2} s, longest {:.2} and {:.2} s of {ROUNDS}",
        ready[ROUNDS / 2],
        took[ROUNDS / 2],
        ready[ROUNDS - 1],
        took[ROUNDS - 1],
    ))
}
