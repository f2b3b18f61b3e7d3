//! Load tests that are passed with more failures than the promise leaves.

use promise::{say, unit::Percent};

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A share under `load.acceptance.errors` that is larger than every promise of success leaves.
    /// ja: 成功の約束が許す割合より大きい `load.acceptance.errors` の値。
    /// # Why
    /// A test that was passed shows nothing about the promise.
    /// ja: 合格しても約束を守れることの証拠になりません。
    /// # Source
    /// No number of ours: 100 % minus the promise of success.
    /// ja: 独自の数値はありません。100 % から成功の約束を引いた値です。
    /// # Example
    /// accepted errors `1 %`, promised success `99.5 %`
    /// ja: accepted errors `1 %`, promised success `99.5 %`
    /// # Fix
    /// Accept at most what the promise leaves.
    /// ja: 約束が許す割合以下を合格の条件にします。
    "accepted-errors-beyond-promise": Warning, needs ["load", "promises", "monitoring"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let successes = design::successes(sight);
    let Some(loosest) = successes.iter().min_by(|a, b| a.at_least.0.total_cmp(&b.at_least.0)) else { return };
    let left = Percent(((1.0 - loosest.at_least.0) * 1e12).round() / 1e12);
    for (what, share) in &sight.spec.design.load.acceptance.errors {
        if *share > left {
            found
                .note(sight.places.at(&["load", "acceptance", "errors", what]), say!("{share} may fail in the test, and the promise leaves {left}", "試験では {share} の失敗を許しますが、約束が許すのは {left} です"))
                .also(sight.places.at(&loosest.path), say!("the promise of success", "成功の約束"));
        }
    }
}
