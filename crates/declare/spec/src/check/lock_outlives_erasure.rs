//! Backups that keep a person's data longer than it may be kept.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A backup whose `locked_for` is longer than `compliance.erased_within`, where no key is destroyed instead (`erased_by_key`).
    /// ja: `locked_for` が `compliance.erased_within` より長いバックアップ(`erased_by_key` で鍵を壊す場合を除く)。
    /// # Why
    /// Until the lock ends nobody can delete what was promised to be gone, however much they are asked to.
    /// ja: ロックが終わるまで、消去を約束したデータを誰も消せません。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// `erased_within: 30d`, `locked_for: 90d`
    /// ja: `erased_within: 30d`, `locked_for: 90d`
    /// # Fix
    /// Encrypt each person's data with a key of its own and destroy that, or lock for less.
    /// ja: 本人ごとの鍵で暗号化して鍵を壊すか、ロックの期間を短くします。
    "lock-outlives-erasure": Error, needs ["compliance", "continuity"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let compliance = &sight.spec.design.compliance;
    let Some(within) = compliance.erased_within.filter(|_| compliance.erased_by_key != Some(true)) else { return };
    for (name, it) in &sight.spec.design.continuity.backups {
        let Some(locked) = it.locked_for.filter(|locked| *locked > within) else { continue };
        found
            .note(sight.places.at(&["continuity", "backups", name, "locked_for"]), say!("locked for {locked}, and a person's data is to be gone within {within}, here too", "{locked} ロックされますが、個人のデータはここからも {within} 以内に消去する約束です"))
            .also(sight.places.at(&["compliance", "erased_within"]), say!("the erasure", "消去の期限"));
    }
}
