//! The queries of the public PromQL compliance set, over series of our own, one range each.

use promise::Timestamp;
use promql::{Labels, Sample, Series};

use crate::{
    Moment,
    data::{Dice, END_SECS, START_SECS},
    differs,
    peer::Peer,
};

/// `name: value, value` lines, then templates.
const TEMPLATES: &str = include_str!("compliance.txt");
/// Queries that the public set expands to.
const QUERIES: usize = 539;

pub fn run(seed: u64) -> Result<usize, String> {
    let queries = queries()?;
    if queries.len() != QUERIES {
        return Err(format!(
            "the templates give {} queries, not {QUERIES}",
            queries.len()
        ));
    }
    let series = series(&mut Dice::new(seed));
    let mut peer = Peer::start(&series)?;
    // The public tester asks for ten minutes by ten seconds.
    let end = (END_SECS - 300) * 1_000;
    let moment = Moment::Range(end - 600_000, end, 10_000);
    let mut different = 0;
    for query in &queries {
        if let Err(why) = differs(query, moment, &mut peer, &series)? {
            different += 1;
            println!("{query}\n  {why}\n");
        }
    }
    println!(
        "{} of {} queries answered as by Prometheus",
        queries.len() - different,
        queries.len()
    );
    Ok(different)
}

fn queries() -> Result<Vec<String>, String> {
    let mut variables: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut queries = Vec::new();
    for line in TEMPLATES.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some((name, values)) = line
            .strip_prefix("let ")
            .and_then(|rest| rest.split_once(": "))
        {
            variables.push((name, values.split(", ").collect()));
            continue;
        }
        let mut open = vec![line.to_owned()];
        for (name, values) in &variables {
            let hole = format!("<{name}>");
            if line.contains(&hole) {
                open = open
                    .iter()
                    .flat_map(|text| values.iter().map(|value| text.replace(&hole, value)))
                    .collect();
            }
        }
        if let Some(wrong) = open
            .iter()
            .find(|text| text.contains("<op") || text.contains("<f"))
        {
            return Err(format!("`{wrong}` names what is not known"));
        }
        queries.append(&mut open);
    }
    Ok(queries)
}

/// What the demo service of the public set measures, in our own names.
fn series(dice: &mut Dice) -> Vec<Series> {
    let mut all = Vec::new();
    for instance in [
        "shop.example:10000",
        "shop.example:10001",
        "shop.example:10002",
    ] {
        let mut add =
            |name: &str,
             more: &[(&str, &str)],
             next: &mut dyn FnMut(&mut Dice, i64, f64) -> Option<f64>| {
                let base = [("__name__", name), ("instance", instance), ("job", "shop")];
                let labels = Labels::new(base.iter().chain(more).copied());
                let (mut samples, mut value) = (Vec::new(), 0.0);
                let shift = dice.below(5_000) as i64;
                let mut at = START_SECS * 1_000 + shift;
                while at < END_SECS * 1_000 {
                    if let Some(next) = next(dice, at, value) {
                        value = next;
                        let at = Timestamp::from_millis(at);
                        samples.push(Sample { at, value });
                    }
                    at += 5_000;
                }
                all.push(Series::new(labels, samples));
            };
        let walk = |dice: &mut Dice, _: i64, before: f64| {
            Some((before + dice.below(2_000_000) as f64 - 900_000.0).abs())
        };
        for kind in ["used", "free", "buffers", "cached"] {
            add("memory_bytes", &[("type", kind)], &mut walk.clone());
        }
        add("cpus", &[], &mut |_, _, _| Some(4.0));
        for mode in ["user", "system", "idle"] {
            add(
                "cpu_seconds_total",
                &[("mode", mode)],
                &mut |dice: &mut Dice, _, before| {
                    Some(if dice.chance(1) {
                        0.0
                    } else {
                        before + dice.below(5_000) as f64 / 1_000.0
                    })
                },
            );
        }
        add("disk_bytes", &[], &mut walk.clone());
        add(
            "last_success_seconds",
            &[],
            &mut |dice: &mut Dice, at, before| {
                let now = (at / 1_000) as f64;
                Some(if before == 0.0 || dice.chance(5) {
                    now
                } else {
                    before
                })
            },
        );
        add("now_and_then", &[], &mut |dice: &mut Dice, at, _| {
            // Silent for ten minutes of every twenty.
            ((at / 600_000) % 2 == 0).then(|| dice.below(100) as f64)
        });
        for path in ["/a", "/b"] {
            for bound in ["0.05", "0.1", "0.5", "1", "+Inf"] {
                let weight = bound.parse::<f64>().unwrap_or(2.0).min(2.0) * 10.0;
                add(
                    "duration_seconds_bucket",
                    &[("path", path), ("le", bound)],
                    &mut |_, _, before| Some(before + weight.ceil()),
                );
            }
            add(
                "duration_seconds_count",
                &[("path", path)],
                &mut |_, _, before| Some(before + 20.0),
            );
            add(
                "duration_seconds_sum",
                &[("path", path)],
                &mut |dice: &mut Dice, _, before| Some(before + dice.below(900) as f64 / 100.0),
            );
        }
    }
    Series::merged(all)
}
