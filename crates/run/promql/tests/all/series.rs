//! Series in promtool's notation: `1+2x3` is 1 3 5 7, `_` is no sample, `stale` ends the series.

use promise::Timestamp;
use promql::{Labels, Sample, Series};

/// Milliseconds between the samples of a test series; the first stands at 0.
pub const INTERVAL: i64 = 60_000;

/// `name{a="b"}` and its values.
pub fn series(text: &str, values: &str) -> Series {
    let (name, rest) = text.split_once('{').unwrap_or((text, "}"));
    let mut labels = vec![("__name__".to_owned(), name.to_owned())];
    for pair in rest
        .trim_end_matches('}')
        .split(',')
        .filter(|pair| !pair.is_empty())
    {
        let (label, value) = pair.split_once('=').unwrap();
        labels.push((
            label.trim().to_owned(),
            value.trim().trim_matches('"').to_owned(),
        ));
    }
    let labels = Labels::new(labels.into_iter().filter(|(_, value)| !value.is_empty()));
    let mut points = Vec::new();
    let mut at = 0;
    for word in values.split_whitespace() {
        for value in expand(word) {
            if let Some(value) = value {
                points.push(Sample {
                    at: Timestamp::from_millis(at),
                    value,
                });
            }
            at += INTERVAL;
        }
    }
    Series::new(labels, points)
}

fn expand(word: &str) -> Vec<Option<f64>> {
    if word == "_" {
        return vec![None];
    }
    if word == "stale" {
        return vec![Some(f64::from_bits(0x7ff0_0000_0000_0002))];
    }
    if let Some(times) = word.strip_prefix("_x") {
        return vec![None; times.parse().unwrap()];
    }
    let Some((start, times)) = word.split_once('x') else {
        return vec![Some(word.parse().unwrap())];
    };
    let times: u32 = times.parse().unwrap();
    let cut = start.rfind(['+', '-']).filter(|cut| *cut > 0).unwrap();
    let (first, step): (f64, f64) = (start[..cut].parse().unwrap(), start[cut..].parse().unwrap());
    (0..=times)
        .map(|i| Some(first + step * f64::from(i)))
        .collect()
}
