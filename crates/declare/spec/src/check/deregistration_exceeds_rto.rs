//! Load balancers that let go later than the recovery must have ended.

use promise::say;

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A `deregistration_delay` that is as long as the shortest `rto`.
    /// ja: 最短の `rto` 以上の `deregistration_delay`。
    /// # Why
    /// Replacing a group waits for the old one to be let go.
    /// ja: 群の入れ替えが、古い側の切り離しを待ちます。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// `deregistration_delay: 5m`, `rto: 5m`
    /// ja: `deregistration_delay: 5m`, `rto: 5m`
    /// # Fix
    /// Write the time that the longest request takes.
    /// ja: 最も長い要求の時間にします。
    "deregistration-exceeds-rto": Warning, needs ["infrastructure", "service"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let Some((tier, rto)) = design::rtos(sight, &[]).into_iter().min_by_key(|(_, rto)| *rto) else { return };
    for (name, it) in &sight.spec.design.infrastructure.load_balancers {
        let Some(delay) = it.deregistration_delay.filter(|delay| *delay >= rto) else { continue };
        found
            .note(sight.places.at(&["infrastructure", "load_balancers", name, "deregistration_delay"]), say!("letting go takes {delay}; `{tier}` must be back in {rto}", "切り離しに {delay} かかりますが、`{tier}` は {rto} で復旧する約束です"))
            .also(sight.places.at(&["service", "tiers", tier, "rto"]), say!("the recovery time that is promised", "約束した復旧時間"));
    }
}
