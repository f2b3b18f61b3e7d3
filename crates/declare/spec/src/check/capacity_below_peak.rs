//! Groups that cannot carry what is to be carried.

use promise::{say, quantity::Rate};

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A group whose `instances_max` × `rate_each` is less than the largest scenario of kind `normal` or `peak`, or than `rate_max`.
    /// ja: `instances_max` × `rate_each` が、`normal`・`peak` の最大のシナリオまたは `rate_max` より小さい群。
    /// # Why
    /// At the peak there are no more machines to start.
    /// ja: ピーク時にこれ以上増やせません。
    /// # Source
    /// No number of ours: machines times rate.
    /// ja: 独自の数値はありません。台数 × 頻度です。
    /// # Example
    /// `4 × 20/s = 80/s < 100/s`
    /// ja: `4 × 20/s = 80/s < 100/s`
    /// # Fix
    /// Allow more machines, or promise less.
    /// ja: 台数の上限を上げるか、約束を下げます。
    "capacity-below-peak": Error, needs ["infrastructure", "load"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let Some((path, wanted)) = design::demand(sight) else { return };
    for (name, it) in &sight.spec.design.infrastructure.compute {
        let (Some(most), Some(each)) = (it.instances_max, it.rate_each) else { continue };
        #[allow(clippy::cast_precision_loss)]
        let carries = Rate(most as f64 * each.0);
        if carries >= wanted {
            continue;
        }
        found
            .note(sight.places.at(&["infrastructure", "compute", name, "instances_max"]), say!("{most} × {each} = {carries}, less than {wanted}", "{most} × {each} = {carries} で、{wanted} に足りません"))
            .also(sight.places.at(&path), say!("to be carried", "処理すべき頻度"));
    }
}
