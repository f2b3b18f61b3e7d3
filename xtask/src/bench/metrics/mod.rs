//! `cargo xtask bench metrics`: this binary, Prometheus and VictoriaMetrics side by side in one run.
//!
//! Each measure is taken of all three in turn, and again, so that a busy machine is busy for each of them; the
//! median of the rounds is told. Time is the processor's, read from the kernel for the whole process.

mod alert;
mod http;
mod ingest;
mod load;
mod query;
mod system;

use std::{
    env,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};

use crate::peers::newest::Newest;
use system::Kind;

/// The three, in the order in which the table shows them.
const ALL: [Kind; 3] = [Kind::Tegata, Kind::Prometheus, Kind::VictoriaMetrics];

/// Rounds of a measure: an odd number, so that the median is one of them.
const ROUNDS: usize = 3;

/// One line of the table: a figure for each of the three.
struct Row {
    what: String,
    unit: &'static str,
    found: [Option<f64>; 3],
}

/// What the measures need to know.
struct Bench {
    tegata: PathBuf,
    peers: PathBuf,
    folder: PathBuf,
}

/// Which measures are taken; all of them when none is named.
type Measure = (&'static str, fn(&Bench) -> anyhow::Result<Vec<Row>>);
const MEASURES: &[Measure] = &[
    ("write", ingest::remote_write),
    ("scrape", ingest::scrape),
    ("disk", ingest::disk),
    ("query", query::ranges),
    ("rules", query::rules),
    ("alert", alert::detection),
    ("push", alert::pushed),
];

pub fn run(tegata: PathBuf, peers: &Newest, folder: &Path, only: &[String]) -> anyhow::Result<()> {
    let known = |name: &String| MEASURES.iter().any(|(measure, _)| measure == name);
    let names: Vec<&str> = MEASURES.iter().map(|(name, _)| *name).collect();
    ensure!(
        only.iter().all(known),
        "the measures are {}",
        names.join(", ")
    );
    let bench = Bench {
        tegata,
        peers: peers.programs(),
        folder: folder.to_owned(),
    };
    println!(
        "| what | tegata | Prometheus | VictoriaMetrics | Prometheus / tegata | VictoriaMetrics / tegata |"
    );
    println!("|---|---|---|---|---|---|");
    for (name, measure) in MEASURES {
        if !only.is_empty() && !only.iter().any(|wanted| wanted == name) {
            continue;
        }
        let rows = measure(&bench).with_context(|| format!("the measure `{name}`"))?;
        rows.iter().for_each(|row| println!("{}", row.line()));
    }
    Ok(())
}

impl Row {
    fn line(&self) -> String {
        let mut line = format!("| {}", self.what);
        let figure = |n: &Option<f64>| n.map_or_else(|| "-".to_owned(), |n| figure(n, self.unit));
        for found in &self.found {
            // Writing to a string does not fail.
            let _ = write!(line, " | {}", figure(found));
        }
        for peer in &self.found[1..] {
            let ratio = self.found[0].zip(*peer).map(|(ours, theirs)| theirs / ours);
            let _ = write!(
                line,
                " | {}",
                ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"))
            );
        }
        line + " |"
    }
}

/// Three digits that count.
fn figure(n: f64, unit: &str) -> String {
    let digits = match n.abs() {
        n if n >= 100.0 => 0,
        n if n >= 10.0 => 1,
        n if n >= 1.0 => 2,
        _ => 3,
    };
    format!("{n:.digits$} {unit}")
}

/// Takes a measure of each of the three in turn, [`ROUNDS`] times, and tells the medians.
fn interleaved(
    mut measure: impl FnMut(Kind, usize) -> anyhow::Result<Option<f64>>,
) -> anyhow::Result<[Option<f64>; 3]> {
    let mut found: [Vec<f64>; 3] = Default::default();
    for round in 0..ROUNDS {
        for (place, kind) in ALL.into_iter().enumerate() {
            let one = measure(kind, round).with_context(|| kind.name())?;
            found[place].extend(one);
        }
    }
    Ok(found.map(median))
}

fn median(mut all: Vec<f64>) -> Option<f64> {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied()
}

/// A number from the environment, for shorter or longer runs.
fn setting(name: &str, default: usize) -> usize {
    let set = env::var(name).ok().and_then(|text| text.parse().ok());
    set.unwrap_or(default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_figures_and_ratios() {
        let row = Row {
            what: "x".to_owned(),
            unit: "s",
            found: [Some(0.5), Some(2.0), None],
        };
        assert_eq!(row.line(), "| x | 0.500 s | 2.00 s | - | 4.00 | - |");
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
    }
}
