//! Backups that are gone before the next one is there.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A backup whose `retention` is shorter than its `every`.
    /// ja: `retention` が `every` より短いバックアップ。
    /// # Why
    /// Part of the time there is no backup at all.
    /// ja: バックアップが一つもない時間ができます。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// `{ every: 7d, retention: 3d }`
    /// ja: `{ every: 7d, retention: 3d }`
    /// # Fix
    /// Keep each for at least twice the interval.
    /// ja: 間隔の 2 倍以上保存します。
    "backup-kept-too-short": Error, needs ["continuity"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.continuity.backups {
        let (Some(every), Some(keep)) = (it.every, it.retention) else { continue };
        if keep < every {
            found
                .note(sight.places.at(&["continuity", "backups", name, "retention"]), say!("kept {keep}, and the next one comes after {every}", "{keep} で消えますが、次は {every} 後です"))
                .also(sight.places.at(&["continuity", "backups", name, "every"]), say!("the interval", "間隔"));
        }
    }
}
