//! Spikes that are smaller than the usual peak.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A scenario of kind `spike` whose rate is lower than that of a `peak` scenario.
    /// ja: `peak` のシナリオより頻度の低い `spike` のシナリオ。
    /// # Why
    /// A spike is what comes on top of the peak; this one shows less than the peak already did.
    /// ja: スパイクはピークを超える負荷です。これではピーク以下しか確かめられません。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// spike `100/s`, peak `200/s`
    /// ja: spike `100/s`, peak `200/s`
    /// # Fix
    /// Raise it above the peak.
    /// ja: ピークより高くします。
    "spike-below-peak": Warning, needs ["load"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let of_kind = |kind: &'static str| sight.spec.design.load.scenarios.iter().filter(move |(_, it)| it.kind.as_deref() == Some(kind)).filter_map(|(name, it)| Some((name, it.rate?)));
    let Some((peak, most)) = of_kind("peak").max_by(|a, b| a.1.0.total_cmp(&b.1.0)) else { return };
    for (name, rate) in of_kind("spike").filter(|(_, rate)| *rate < most) {
        found
            .note(sight.places.at(&["load", "scenarios", name, "rate"]), say!("a spike of {rate}, and `{peak}` has {most}", "スパイクは {rate} ですが、`{peak}` は {most} です"))
            .also(sight.places.at(&["load", "scenarios", peak, "rate"]), say!("the peak", "ピーク"));
    }
}
