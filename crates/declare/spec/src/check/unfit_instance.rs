//! Machines that cannot do the job.

use promise::say;

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A search engine's data node or master on a kind of machine that its provider advises against.
    /// ja: 提供者が避けるよう勧める型の、検索エンジンのデータノードやマスター。
    /// # Why
    /// The cluster fails under load, just when its logs are needed.
    /// ja: ログが必要な高負荷時にクラスターが止まります。
    /// # Source
    /// The provider's page, in the table `unfit`.
    /// ja: 提供者の資料(`unfit` の表)。
    /// # Example
    /// `master_instance: t3.small.search`
    /// ja: `master_instance: t3.small.search`
    /// # Fix
    /// Use a general-purpose machine.
    /// ja: 汎用の型を使います。
    "unfit-instance": Warning, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.infrastructure.search {
        for (field, job, instance) in [("instance", "search", &it.instance), ("master_instance", "search_master", &it.master_instance)] {
            let Some(instance) = instance.as_deref() else { continue };
            let Some(fact) = sight.facts().one("unfit", &[job, design::machine(instance)]) else { continue };
            let (why, why_ja) = (fact.get("why"), fact.get("why_ja"));
            found
                .note(sight.places.at(&["infrastructure", "search", name, field]), say!("`{instance}` cannot do this: {why}", "`{instance}` では不十分です: {why_ja}"))
                .source(fact.source());
        }
    }
}
