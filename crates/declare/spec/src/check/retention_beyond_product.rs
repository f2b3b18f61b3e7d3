//! Backups and messages that the product does not keep so long.

use promise::{say, unit::Span};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A `backup_retention` that is longer than the product keeps automatic backups, or a `retention` of a queue that is longer than it keeps messages.
    /// ja: 製品が自動バックアップを保持できる期間より長い `backup_retention`、またはメッセージを保持できる期間より長いキューの `retention`。
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
    /// Keep longer ones as snapshots or exports of your own; what a queue must hold longer belongs in a store.
    /// ja: 長期分は自分のスナップショットや書き出しで残します。メッセージを長く残すなら、別の保管先に置きます。
    "retention-beyond-product": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let it = &sight.spec.design.infrastructure;
    let backups = it.databases.iter().map(|(name, it)| ("databases", name, &it.product, "backup_retention", it.backup_retention, "backup_retention_max"));
    let messages = it.queues.iter().map(|(name, it)| ("queues", name, &it.product, "retention", it.retention, "retention_max"));
    for (section, name, product, field, keep, limit) in backups.chain(messages) {
        let (Some(keep), Some(product)) = (keep, product) else { continue };
        let Some((most, fact)) = sight.facts().limit::<Span>(product, limit).filter(|(most, _)| keep > *most) else { continue };
        found
            .note(sight.places.at(&["infrastructure", section, name, field]), say!("{keep} is more than the {most} that `{product}` keeps", "{keep} は `{product}` の上限 {most} を超えています"))
            .also(sight.places.at(&["infrastructure", section, name, "product"]), say!("keeps {most} at most", "上限は {most} です"))
            .hint(say!("write `{field}: {most}` or less", "`{field}: {most}` 以下にします"))
            .source(fact.source());
    }
}
