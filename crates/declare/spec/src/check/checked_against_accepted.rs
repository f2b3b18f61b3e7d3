//! Figures that people check by hand and that a load test does not have to show.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A checklist item on a quantile of the answer time that is stricter than `load.acceptance.response` of the same quantile.
    /// ja: 同じ分位点の `load.acceptance.response` より厳しい、応答時間のチェック項目。
    /// # Why
    /// A test is passed by what the daily check calls wrong.
    /// ja: 日々の確認で異常とされる値でも試験に合格します。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// checked `p95 < 500ms`, accepted `p95 < 2s`
    /// ja: checked `p95 < 500ms`, accepted `p95 < 2s`
    /// # Fix
    /// Use one figure in both places.
    /// ja: 両方を同じ値にします。
    "checked-against-accepted": Warning, needs ["checklists", "load"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (list, it) in &sight.spec.design.checklists {
        for (at, item) in it.items.iter().enumerate() {
            let (Some(quantile), Some(checked)) = (&item.quantile, item.bound) else { continue };
            let Some(accepted) = sight.spec.design.load.acceptance.response.get(quantile) else { continue };
            if !checked.is_upper() || !checked.value.is_like(accepted.value) || checked.value.number() >= accepted.value.number() {
                continue;
            }
            found
                .note(sight.places.at(&["load", "acceptance", "response", quantile]), say!("{quantile} {accepted} is accepted in a load test, and each time `{list}` is gone through it must be {checked}", "負荷試験では {quantile} {accepted} で合格しますが、`{list}` では {checked} が条件です"))
                .also(sight.places.at(&["checklists", list, "items", &at.to_string(), "bound"]), say!("checked here", "ここで確認します"));
        }
    }
}
