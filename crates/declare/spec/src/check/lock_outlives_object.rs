//! Objects that shall be deleted while nobody may delete them.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A bucket whose `expires_after` is shorter than `locked_for`.
    /// ja: `expires_after` が `locked_for` より短い保管先。
    /// # Why
    /// One of the two rules does not do what it says, and the retention that the lock was for is in doubt.
    /// ja: どちらかの設定が働かず、ロックの目的である保存期間が疑わしくなります。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// `{ locked_for: 365d, expires_after: 90d }`
    /// ja: `{ locked_for: 365d, expires_after: 90d }`
    /// # Fix
    /// Expire after the lock ends.
    /// ja: ロックの終了後に削除します。
    "lock-outlives-object": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.infrastructure.buckets {
        let (Some(locked), Some(expires)) = (it.locked_for, it.expires_after) else { continue };
        if expires < locked {
            found
                .note(sight.places.at(&["infrastructure", "buckets", name, "expires_after"]), say!("deleted after {expires}, but locked for {locked}", "{expires} で削除しますが、{locked} ロックされています"))
                .also(sight.places.at(&["infrastructure", "buckets", name, "locked_for"]), say!("the lock", "ロック"));
        }
    }
}
