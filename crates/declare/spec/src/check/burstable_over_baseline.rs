//! Machines that are meant to run above what they can keep up.

use promise::{say, unit::Percent};

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A group of burstable machines whose `target_cpu` is above their baseline.
    /// ja: `target_cpu` がベースラインを超えるバースト型の群。
    /// # Why
    /// Above the baseline they live on credits: when those are gone they are throttled, or each hour costs more.
    /// ja: ベースラインを超えるとクレジットを消費し、尽きると性能が落ちるか追加料金がかかります。
    /// # Source
    /// The provider's page, in the table `burstable`.
    /// ja: 提供者の資料(`burstable` の表)。
    /// # Example
    /// `t3.large` (baseline 30 %) with `target_cpu: 60 %`
    /// ja: `t3.large` (baseline 30 %) with `target_cpu: 60 %`
    /// # Fix
    /// Use machines that are not burstable, or aim below the baseline.
    /// ja: バースト型でない型を使うか、目標をベースライン以下にします。
    "burstable-over-baseline": Warning, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.infrastructure.compute {
        let (Some(instance), Some(target)) = (it.instance.as_deref(), it.target_cpu) else { continue };
        let Some(fact) = sight.facts().one("burstable", &[design::machine(instance)]) else { continue };
        let Some(baseline) = fact.figure::<Percent>("baseline").filter(|baseline| target > *baseline) else { continue };
        found
            .note(sight.places.at(&["infrastructure", "compute", name, "instance"]), say!("`{instance}` keeps up {baseline} and bursts above; it is meant to run at {target}", "`{instance}` が維持できるのは {baseline} までですが、{target} で動かす設定です"))
            .also(sight.places.at(&["infrastructure", "compute", name, "target_cpu"]), say!("the target", "目標"))
            .source(fact.source());
    }
}
