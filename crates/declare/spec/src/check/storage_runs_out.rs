//! Databases that will be full within three months.

use promise::{say, unit::Bytes};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A database whose `size` and 90 days of `growth_per_day` are more than `storage_max` (or `storage`).
    /// ja: `size` に 90 日分の `growth_per_day` を加えると `storage_max`(または `storage`)を超えるデータベース。
    /// # Why
    /// A full database stops writing.
    /// ja: 容量が尽きると書き込みが止まります。
    /// # Source
    /// 90 days: time to order, test and move.
    /// ja: 90 日: 調達・試験・移行に要る期間。
    /// # Example
    /// `400 GB + 90 × 5 GB = 850 GB > 800 GB`
    /// ja: `400 GB + 90 × 5 GB = 850 GB > 800 GB`
    /// # Fix
    /// Let it grow further, or delete what is old.
    /// ja: 上限を上げるか、古いデータを消します。
    "storage-runs-out": Warning, needs ["infrastructure"], check
}

/// Time to order, test and move.
const DAYS: u64 = 90;

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.infrastructure.databases {
        let (Some(size), Some(growth), Some(room)) = (it.size, it.growth_per_day, it.storage_max.or(it.storage)) else { continue };
        let then = Bytes(size.0.saturating_add(growth.0.saturating_mul(DAYS)));
        if then <= room {
            continue;
        }
        let field = if it.storage_max.is_some() { "storage_max" } else { "storage" };
        found
            .note(sight.places.at(&["infrastructure", "databases", name, field]), say!("{size} + {DAYS} × {growth} = {then}, more than {room}", "{size} + {DAYS} × {growth} = {then} で、{room} を超えます"))
            .also(sight.places.at(&["infrastructure", "databases", name, "growth_per_day"]), say!("each day", "1 日の増加"));
    }
}
