//! Machines that may be sick for as long as a recovery may last.

use promise::say;

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A `health_check_grace` that is as long as the shortest `rto`.
    /// ja: 最短の `rto` 以上の `health_check_grace`。
    /// # Why
    /// A machine that starts sick during a recovery is replaced only after the recovery should have ended.
    /// ja: 復旧中に起動に失敗したサーバーは、復旧の期限が過ぎるまで交換されません。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// `health_check_grace: 5m`, `rto: 5m`
    /// ja: `health_check_grace: 5m`, `rto: 5m`
    /// # Fix
    /// Write the time that a start really takes.
    /// ja: 実際の起動時間を書きます。
    "grace-exceeds-rto": Warning, needs ["service", "infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let Some((tier, rto)) = design::rtos(sight, &[]).into_iter().min_by_key(|(_, rto)| *rto) else { return };
    for (name, compute) in &sight.spec.design.infrastructure.compute {
        let Some(grace) = compute.health_check_grace.filter(|grace| *grace >= rto) else { continue };
        found
            .note(
                sight.places.at(&["infrastructure", "compute", name, "health_check_grace"]),
                say!("a machine may be sick for {grace} before it is replaced; all of `{tier}` must be back in {rto}", "異常なサーバーが {grace} 交換されませんが、`{tier}` は {rto} で復旧する約束です"),
            )
            .also(sight.places.at(&["service", "tiers", tier, "rto"]), say!("the recovery time that is promised", "約束した復旧時間"))
            .hint(say!("set it a little above the time that a start takes", "起動にかかる時間より少し長い値にします"));
    }
}
