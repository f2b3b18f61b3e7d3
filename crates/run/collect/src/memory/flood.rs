//! Who floods: a person who reads that a limit was passed wants to know what to take away.

use std::collections::{BTreeMap, BTreeSet};

use promise::say;
use store::Labels;

use crate::trouble::Trouble;

/// Names the metric with the most series, and in it the label with the most values.
pub(super) fn trouble<'l>(present: impl Iterator<Item = &'l Labels>, limit: u64) -> Trouble {
    let mut metrics: BTreeMap<&str, Vec<&Labels>> = BTreeMap::new();
    for labels in present {
        metrics.entry(labels.metric()).or_default().push(labels);
    }
    // The first of equals, so that the same flood is always told in the same words.
    let most = metrics.iter().rev().max_by_key(|(_, series)| series.len());
    let Some((metric, series)) = most else {
        return Trouble::refused(say!(
            "more than {limit} series (series_max)",
            "系列が {limit} 個(series_max)を超えました"
        ));
    };
    let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in series.iter().flat_map(|labels| labels.iter()) {
        values.entry(name).or_default().insert(value);
    }
    let (label, distinct) = values
        .iter()
        .rev()
        .map(|(name, values)| (*name, values.len()))
        .max_by_key(|(_, distinct)| *distinct)
        .unwrap_or_default();
    let count = series.len();
    Trouble::refused(say!(
        "more than {limit} series (series_max); {count} of them are `{metric}`, whose label `{label}` has {distinct} values",
        "系列が {limit} 個(series_max)を超えました。うち {count} 個は `{metric}` で、そのラベル `{label}` の値は {distinct} 種類あります"
    ))
}
