//! How well what is new is told from what is usual: `nab_bench FOLDER`, where FOLDER is a copy of the public Numenta Anomaly
//! Benchmark (58 series with 116 labelled windows).
//!
//! The judge is the benchmark's: a detection in a window counts by how early it comes, one outside costs by how far it
//! lies from the window before (Lavin and Ahmad, "Evaluating Real-time Anomaly Detection Algorithms", ICMLA 2015). It is
//! shown to be right by the result files that the benchmark publishes together with their scores. A detector sees each value
//! once, in order, and nothing that comes later; it is not told how long a series is.
//!
//! Held out: a threshold is chosen on a random half of the series and judged on the other, the mean of 40 halvings; and the
//! same where the detector's own numbers, and which of its sides it looks from, are chosen on that half too.
#![allow(
    clippy::cast_precision_loss,
    clippy::unwrap_used,
    clippy::cast_possible_truncation
)]

use std::{collections::BTreeMap, fs, path::Path};

use evaluate::anomaly::Novelty;
use promise::Timestamp;
use rand::{SeedableRng, seq::SliceRandom};
use rand_pcg::Pcg64;

/// Of a true positive, a missed window and a false positive: standard, few false positives, few misses.
const PROFILES: [(f64, f64, f64); 3] = [(1.0, 1.0, 0.11), (1.0, 1.0, 0.22), (1.0, 2.0, 0.11)];
const HALVINGS: usize = 40;
/// The benchmark lets a detector learn so much of a series, and of 5,000 values at most.
const PROBATION: f64 = 0.15;
/// Published, to be found again: standard, low FP, low FN.
const PUBLISHED: [(&str, [f64; 3]); 4] = [
    ("numenta", [70.10, 63.12, 74.32]),
    ("ARTime", [74.85, 65.15, 80.36]),
    ("contextOSE", [69.90, 66.98, 73.18]),
    ("null", [0.0, 0.0, 0.0]),
];

struct Series {
    name: String,
    values: Vec<(Timestamp, f64)>,
    /// Per value: its window, and what a detection there is worth before weights. `None` while on probation.
    worth: Vec<Option<(Option<usize>, f64)>>,
    windows: usize,
}

/// Detections of one series: where, and how sure.
type Told = Vec<(usize, f64)>;

fn sigmoid(x: f64) -> f64 {
    if x > 3.0 {
        -1.0
    } else {
        2.0 / (1.0 + (5.0 * x).exp()) - 1.0
    }
}

fn time(text: &str) -> Timestamp {
    let text = text.split('.').next().unwrap_or(text).replace(' ', "T");
    format!("{text}Z").parse().unwrap()
}

fn series(folder: &Path) -> Vec<Series> {
    let labels = fs::read_to_string(folder.join("labels/combined_windows.json")).unwrap();
    let labels: BTreeMap<String, Vec<[String; 2]>> = serde_json::from_str(&labels).unwrap();
    let mut first = 0;
    let read = |(name, windows): (String, Vec<[String; 2]>)| {
        let text = fs::read_to_string(folder.join("data").join(&name)).unwrap();
        let values: Vec<(Timestamp, f64)> = text
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(','))
            .map(|(at, value)| (time(at), value.trim().parse().unwrap()))
            .collect();
        let place = |at: &String| values.iter().position(|value| value.0 == time(at)).unwrap();
        let windows: Vec<(usize, usize)> = windows
            .iter()
            .map(|[from, to]| (place(from), place(to)))
            .collect();
        let probation = (PROBATION * values.len() as f64)
            .floor()
            .min(PROBATION * 5_000.0);
        let worth = |n: usize| {
            let inside = windows
                .iter()
                .position(|(from, to)| (*from..=*to).contains(&n));
            let before = windows.iter().rev().find(|(_, to)| *to < n);
            let worth = match (inside, before) {
                (Some(window), _) => {
                    let (from, to) = windows[window];
                    sigmoid(-((to - n + 1) as f64) / (to - from + 1) as f64) / sigmoid(-1.0)
                }
                (None, None) => -1.0,
                (None, Some((from, to))) => sigmoid((n - to) as f64 / (to - from) as f64),
            };
            (n as f64 >= probation).then_some((inside.map(|window| first + window), worth))
        };
        let read = Series {
            worth: (0..values.len()).map(worth).collect(),
            windows: windows.len(),
            name,
            values,
        };
        first += read.windows;
        read
    };
    labels.into_iter().map(read).collect()
}

/// The best score of each profile over all thresholds, and the threshold; or the scores at given ones.
fn score(
    all: &[Series],
    told: &[Told],
    of: &dyn Fn(usize) -> bool,
    at: Option<[f64; 3]>,
) -> [(f64, f64); 3] {
    let mut detections = Vec::new();
    let (mut windows, mut total) = (0, 0);
    for (n, series) in all.iter().enumerate() {
        total += series.windows;
        if of(n) {
            windows += series.windows;
            let worth = |(place, sure): &(usize, f64)| Some((*sure, series.worth[*place]?));
            detections.extend(told[n].iter().filter_map(worth));
        }
    }
    detections.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut scores = [(0.0, f64::INFINITY); 3];
    for (profile, (hit, miss, alarm)) in PROFILES.into_iter().enumerate() {
        let nothing = -miss * windows as f64;
        let percent = |sum: f64| 100.0 * (sum - nothing) / (hit * windows as f64 - nothing);
        let mut best = vec![-miss; total];
        let (mut sum, mut last) = (nothing, f64::INFINITY);
        let mut note = |sum: f64, threshold: f64| {
            if at.is_none() && percent(sum) > scores[profile].0 {
                scores[profile] = (percent(sum), threshold);
            }
        };
        for (sure, (window, worth)) in &detections {
            if at.is_some_and(|at| *sure < at[profile]) {
                break;
            }
            if *sure != last {
                note(sum, last);
                last = *sure;
            }
            match window {
                None => sum += worth * alarm,
                Some(window) => {
                    sum += (worth * hit - best[*window]).max(0.0);
                    best[*window] = best[*window].max(worth * hit);
                }
            }
        }
        note(sum, last);
        if let Some(at) = at {
            scores[profile] = (percent(sum), at[profile]);
        }
    }
    scores
}

/// Which half of the series each halving tunes on.
fn halvings(n: usize) -> Vec<Vec<bool>> {
    let mut random = Pcg64::seed_from_u64(58);
    let halving = |_| {
        let mut half: Vec<bool> = (0..n).map(|i| i < n / 2).collect();
        half.shuffle(&mut random);
        half
    };
    (0..HALVINGS).map(halving).collect()
}

/// The mean over halvings of what the best of `variants` on one half gets on the other.
fn held_out(all: &[Series], variants: &[Vec<Told>], halvings: &[Vec<bool>]) -> [f64; 3] {
    let windows: usize = all.iter().map(|series| series.windows).sum();
    let mut mean = [0.0; 3];
    for half in halvings {
        for side in [false, true] {
            let tuned = variants
                .iter()
                .map(|told| (told, score(all, told, &|n| half[n] == side, None)))
                .max_by(|a, b| total(&a.1).total_cmp(&total(&b.1)));
            let Some((told, best)) = tuned else { continue };
            let found = score(
                all,
                told,
                &|n| half[n] != side,
                Some(best.map(|best| best.1)),
            );
            let judged = all.iter().enumerate().filter(|(n, _)| half[*n] != side);
            let share =
                judged.map(|(_, series)| series.windows).sum::<usize>() as f64 / windows as f64;
            for (mean, found) in mean.iter_mut().zip(found) {
                *mean += found.0 * share / halvings.len() as f64;
            }
        }
    }
    mean
}

fn total(scores: &[(f64, f64); 3]) -> f64 {
    scores.iter().map(|score| score.0).sum()
}

fn three(scores: [f64; 3]) -> String {
    scores.map(|score| format!("{score:.2}")).join(" / ")
}

/// What the benchmark published of a detector.
fn published(folder: &Path, all: &[Series], detector: &str) -> Vec<Told> {
    let read = |series: &Series| {
        let (kind, file) = series.name.split_once('/').unwrap();
        let file = folder
            .join("results")
            .join(detector)
            .join(kind)
            .join(format!("{detector}_{file}"));
        let text = fs::read_to_string(file).unwrap();
        let column = text
            .lines()
            .next()
            .unwrap()
            .split(',')
            .position(|name| name == "anomaly_score")
            .unwrap();
        let sure = |line: &str| line.split(',').nth(column).unwrap().parse().unwrap();
        text.lines().skip(1).map(sure).enumerate().collect()
    };
    all.iter().map(read).collect()
}

/// Distances of all values, from which variants of the detector are made without running it again.
fn distances(all: &[Series]) -> Vec<Vec<Vec<f64>>> {
    let look = |series: &Series| {
        let mut seen = Novelty::default();
        series
            .values
            .iter()
            .map(|(at, value)| seen.observe(*at, *value).distances.to_vec())
            .collect()
    };
    all.iter().map(look).collect()
}

/// The detector with other numbers: its sides, the unit of a surprise, how long one stands.
fn variant(distances: &[Vec<Vec<f64>>], sides: u32, unit: f64, rest: usize) -> Vec<Told> {
    let one = |values: &Vec<Vec<f64>>| {
        let (mut told, mut strangest, mut until) = (Vec::new(), 0.0, 0);
        for (n, of) in values.iter().enumerate() {
            let chosen = of
                .iter()
                .enumerate()
                .filter(|(side, _)| sides >> side & 1 == 1);
            let sure: f64 = chosen.map(|(_, distance)| (distance / unit).ln_1p()).sum();
            if n >= until {
                strangest = 0.0;
            }
            if sure > strangest {
                (strangest, until) = (sure, n + rest);
                told.push((n, sure));
            }
        }
        told
    };
    distances.iter().map(one).collect()
}

/// Seconds that this thread had a core for, whatever else the machine does.
fn cpu_secs() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split_whitespace()
        .next()
        .unwrap()
        .parse::<f64>()
        .unwrap()
        / 1e9
}

fn main() {
    let folder = std::env::args()
        .nth(1)
        .expect("the folder of the benchmark");
    let folder = Path::new(&folder);
    let all = series(folder);
    let halvings = halvings(all.len());
    println!("standard / low FP / low FN, and held out with the threshold alone");
    for (detector, known) in PUBLISHED {
        let told = published(folder, &all, detector);
        let found = score(&all, &told, &|_| true, None).map(|score| score.0);
        let held = held_out(&all, &[told], &halvings);
        println!(
            "{detector:12} {} (published {}); held out {}",
            three(found),
            three(known),
            three(held)
        );
    }
    let start = cpu_secs();
    let ours: Vec<Told> = all
        .iter()
        .map(|series| {
            let mut seen = Novelty::default();
            let look = |(n, (at, value)): (usize, &(Timestamp, f64))| {
                let found = seen.observe(*at, *value);
                found.is_news.then_some((n, found.score))
            };
            series.values.iter().enumerate().filter_map(look).collect()
        })
        .collect();
    let values: usize = all.iter().map(|series| series.values.len()).sum();
    let each = (cpu_secs() - start) * 1e6 / values as f64;
    let found = score(&all, &ours, &|_| true, None);
    println!(
        "tegata       {} at {:.2}, {:.2}, {:.2}; {each:.1} µs a value",
        three(found.map(|score| score.0)),
        found[0].1,
        found[1].1,
        found[2].1
    );
    println!(
        "   held out, the thresholds: {}",
        three(held_out(&all, &[ours], &halvings))
    );
    let distances = distances(&all);
    let sides = distances.iter().flatten().next().map_or(0, Vec::len) as u32;
    let every = (1_u32 << sides) - 1;
    let mut variants = Vec::new();
    for without in (0..sides).map(|side| 1 << side).chain([0]) {
        for unit in [0.05, 0.1, 0.2] {
            for rest in [60, 100, 150] {
                variants.push(variant(&distances, every & !without, unit, rest));
            }
        }
    }
    println!(
        "   held out, one of {} variants and the thresholds: {}",
        variants.len(),
        three(held_out(&all, &variants, &halvings))
    );
}
