//! Least rates that a scenario cannot reach, for it does not offer so much.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A `rate_min` that is higher than the rate of a scenario of kind `normal`, `peak` or `stress`.
    /// ja: `normal`・`peak`・`stress` のシナリオの頻度より高い `rate_min`。
    /// # Why
    /// No system can carry more than it is given: the scenario fails however good it is.
    /// ja: 与えた以上の処理はできないため、どれほど優れていても不合格になります。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// `rate_min: 100/s`, normal `50/s`
    /// ja: `rate_min: 100/s`, normal `50/s`
    /// # Fix
    /// Say per scenario what must be carried, or offer more.
    /// ja: 処理量の条件をシナリオごとに決めるか、頻度を上げます。
    "minimum-never-offered": Error, needs ["load"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let load = &sight.spec.design.load;
    let Some(least) = load.acceptance.rate_min else { return };
    for (name, it) in &load.scenarios {
        if !matches!(it.kind.as_deref(), Some("normal" | "peak" | "stress")) {
            continue;
        }
        let Some(rate) = it.rate.filter(|rate| *rate < least) else { continue };
        found
            .note(sight.places.at(&["load", "scenarios", name, "rate"]), say!("{rate} is offered, and at least {least} must be carried", "与えるのは {rate} ですが、{least} 以上の処理が条件です"))
            .also(sight.places.at(&["load", "acceptance", "rate_min"]), say!("the condition", "条件"));
    }
}
