//! Asynchronous copies whose lag nobody bounds.

use promise::say;

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// An asynchronous replica without `lag_max`, and without an alert that `measures: lag`, where a tier has an `rpo`.
    /// ja: 層に `rpo` があるのに、`lag_max` も、`measures: lag` の警報もない非同期の複製。
    /// # Why
    /// An asynchronous copy has no bound of its own: on a bad day it is minutes behind, and a failover loses them.
    /// ja: 非同期の複製には上限がなく、悪い日には数分遅れ、切り替えでその分を失います。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// `replicas: { dr: { mode: async } }`, `rpo: 30s`
    /// ja: `replicas: { dr: { mode: async } }`, `rpo: 30s`
    /// # Fix
    /// Write `lag_max`, watch it, and do not promote beyond it.
    /// ja: `lag_max` を書いて監視し、それを超えたら昇格しません。
    "lag-unbounded": Warning, needs ["service", "continuity", "infrastructure", "monitoring"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    // Of which copy an alert is, its name alone tells: any of the tier bounds it.
    let is_told = |tier: Option<&str>| {
        let mut alerts = sight.spec.design.monitoring.alerts.values();
        alerts.any(|it| it.measures.as_deref() == Some("lag") && it.when.is_some() && (tier.is_none() || it.tier.is_none() || it.tier.as_deref() == tier))
    };
    for copy in design::copies(sight) {
        if is_told(copy.tier) {
            continue;
        }
        if copy.mode != Some("async") || copy.lag_max.is_some() {
            continue;
        }
        let Some((tier, rpo)) = design::rpos(sight, copy.tier).into_iter().min_by_key(|(_, rpo)| *rpo) else { continue };
        found
            .note(sight.places.at(&copy.path), say!("nothing bounds how far this copy falls behind; RPO of `{tier}` is {rpo}", "この複製の遅れに上限がありませんが、`{tier}` の RPO は {rpo} です"))
            .also(sight.places.at(&["service", "tiers", tier, "rpo"]), say!("what may be lost", "失ってよい長さ"))
            .hint(say!("add `lag_max`, at most half of {rpo}", "{rpo} の半分以下の `lag_max` を加えます"));
    }
}
