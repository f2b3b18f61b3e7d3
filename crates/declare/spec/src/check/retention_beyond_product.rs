//! Backups that the product does not keep so long.

use promise::{say, unit::Span};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A `backup_retention` that is longer than the product keeps automatic backups.
    /// ja: 製品が自動バックアップを保持できる期間より長い `backup_retention`。
    /// # Why
    /// The provider refuses the setting, or the older ones are silently gone.
    /// ja: 設定が拒まれるか、古いものが残りません。
    /// # Source
    /// The provider's page, in the table `limits`.
    /// ja: 提供者の資料(`limits` の表)。
    /// # Example
    /// `{ product: rds, backup_retention: 90d }`
    /// ja: `{ product: rds, backup_retention: 90d }`
    /// # Fix
    /// Keep longer ones as snapshots or exports of your own.
    /// ja: 長期分は自分のスナップショットや書き出しで残します。
    "retention-beyond-product": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.infrastructure.databases {
        let (Some(keep), Some(product)) = (it.backup_retention, &it.product) else { continue };
        let Some((most, fact)) = sight.facts().limit::<Span>(product, "backup_retention_max").filter(|(most, _)| keep > *most) else { continue };
        found
            .note(sight.places.at(&["infrastructure", "databases", name, "backup_retention"]), say!("{keep} is more than the {most} that `{product}` keeps", "{keep} は `{product}` の上限 {most} を超えています"))
            .source(fact.source());
    }
}
