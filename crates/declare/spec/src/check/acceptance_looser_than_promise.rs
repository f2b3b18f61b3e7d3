//! Load tests that are passed by what breaks the promise.

use promise::{say, quantity::Quantity};

use super::{Found, Sight, design, words};

rule! {
    /// # Finds
    /// A limit of `load.acceptance.response` that is longer than the latency promise of the same quantile; of several, the one whose name shares its words, or else the loosest.
    /// ja: 同じ分位点の応答時間の約束より長い `load.acceptance.response` の上限。約束が複数あれば、名前の語が共通するもの、なければ最も緩いものと比べます。
    /// # Why
    /// A test that was passed shows nothing about the promise.
    /// ja: 合格しても約束を守れることの証拠になりません。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// accepted `p99 < 5s`, promised `p99 <= 3s`
    /// ja: accepted `p99 < 5s`, promised `p99 <= 3s`
    /// # Fix
    /// Accept at most what is promised.
    /// ja: 約束以下の値を合格の条件にします。
    "acceptance-looser-than-promise": Warning, needs ["load", "promises", "monitoring"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let latencies = design::latencies(sight);
    for (key, bound) in &sight.spec.design.load.acceptance.response {
        let Quantity::Time(accepted) = bound.value else { continue };
        let quantile = words::quantile(key).unwrap_or_else(|| key.clone());
        let fitting = words::fitting(latencies.iter().filter(|it| it.quantile == quantile), &words::of_what([key.as_str()]));
        let Some(promise) = fitting.into_iter().max_by_key(|it| it.at_most) else { continue };
        let promised = promise.at_most;
        if accepted <= promised {
            continue;
        }
        found
            .note(sight.places.at(&["load", "acceptance", "response", key]), say!("a {quantile} of {accepted} is accepted, and {promised} is promised", "{quantile} が {accepted} でも合格しますが、約束は {promised} です"))
            .also(sight.places.at(&promise.path), say!("the promise", "約束"))
            .hint(say!("write `{key}: \"<= {promised}\"`", "`{key}: \"<= {promised}\"` にします"));
    }
}
