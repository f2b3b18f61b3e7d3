//! Least figures above the most, and small quantiles above large ones.

use promise::{say, quantity::Bound};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A minimum that is larger than its maximum, a target outside of both, or a lower quantile with a longer limit than a higher one.
    /// ja: 最小が最大より大きい、目標がその範囲の外、または低い分位点の上限が高い分位点より長い。
    /// # Why
    /// Both cannot hold.
    /// ja: 両方は成り立ちません。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// `p95: "< 2s"`, `p99: "< 1s"`
    /// ja: `p95: "< 2s"`, `p99: "< 1s"`
    /// # Fix
    /// Correct the one that was mistyped.
    /// ja: 書き間違えた方を直します。
    "figures-out-of-order": Error, needs ["load", "infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let design = &sight.spec.design;
    let mut pair = |low: &[&str], high: &[&str], is_wrong: bool| {
        if is_wrong {
            found
                .note(sight.places.at(low), say!("this must not be more than the other", "もう一方より大きくできません"))
                .also(sight.places.at(high), say!("the other", "もう一方"));
        }
    };
    let accepted = &design.load.acceptance;
    let rates = [("rate_min", accepted.rate_min), ("rate_target", accepted.rate_target), ("rate_max", accepted.rate_max)];
    let rates: Vec<_> = rates.into_iter().filter_map(|(name, rate)| Some((name, rate?))).collect();
    for two in rates.windows(2) {
        pair(&["load", "acceptance", two[0].0], &["load", "acceptance", two[1].0], two[0].1 > two[1].1);
    }
    let mut quantiles: Vec<(f64, &str, Bound)> = accepted.response.iter().filter_map(|(name, bound)| Some((name.strip_prefix('p')?.parse().ok()?, name.as_str(), *bound))).collect();
    quantiles.sort_by(|a, b| a.0.total_cmp(&b.0));
    for two in quantiles.windows(2) {
        let is_wrong = two[0].2.value.is_like(two[1].2.value) && two[0].2.value.number() > two[1].2.value.number();
        pair(&["load", "acceptance", "response", two[0].1], &["load", "acceptance", "response", two[1].1], is_wrong);
    }
    for (name, it) in &design.infrastructure.compute {
        let at = |field| ["infrastructure", "compute", name, field];
        pair(&at("instances_min"), &at("instances_max"), it.instances_min.zip(it.instances_max).is_some_and(|(a, b)| a > b));
        pair(&at("instances"), &at("instances_max"), it.instances.zip(it.instances_max).is_some_and(|(a, b)| a > b));
        pair(&at("instances_min"), &at("instances"), it.instances_min.zip(it.instances).is_some_and(|(a, b)| a > b));
    }
    for (name, it) in &design.infrastructure.databases {
        let at = |field| ["infrastructure", "databases", name, field];
        pair(&at("storage"), &at("storage_max"), it.storage.zip(it.storage_max).is_some_and(|(a, b)| a > b));
        let most = it.storage_max.or(it.storage);
        let field = if it.storage_max.is_some() { "storage_max" } else { "storage" };
        pair(&at("size"), &at(field), it.size.zip(most).is_some_and(|(a, b)| a > b));
    }
    for (name, it) in &design.load.scenarios {
        let at = |field| ["load", "scenarios", name, field];
        pair(&at("ramp_up"), &at("duration"), it.ramp_up.zip(it.duration).is_some_and(|(a, b)| a >= b));
    }
}
