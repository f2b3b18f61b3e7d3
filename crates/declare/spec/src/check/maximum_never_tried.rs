//! Declared maxima that no scenario reaches.

use promise::say;

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A `rate_max` that is higher than the rate of every scenario.
    /// ja: どのシナリオの頻度よりも高い `rate_max`。
    /// # Why
    /// That so much can be carried is believed and not known.
    /// ja: それだけ処理できるという確証がありません。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// `rate_max: 500/s`, the largest scenario `400/s`
    /// ja: `rate_max: 500/s`, the largest scenario `400/s`
    /// # Fix
    /// Add a scenario that reaches it, or promise what was tried.
    /// ja: 最大値に達するシナリオを加えるか、試した値を約束します。
    "maximum-never-tried": Warning, needs ["load"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let load = &sight.spec.design.load;
    let Some(most) = load.acceptance.rate_max else { return };
    let Some((name, rate)) = design::rates(sight).into_iter().max_by(|a, b| a.1.0.total_cmp(&b.1.0)).filter(|(_, rate)| *rate < most) else { return };
    found
        .note(sight.places.at(&["load", "acceptance", "rate_max"]), say!("{most} is declared, and no scenario goes beyond {rate}", "{most} と宣言されていますが、どのシナリオも {rate} までです"))
        .also(sight.places.at(&["load", "scenarios", name, "rate"]), say!("the largest scenario", "最大のシナリオ"));
}
