//! Two different retentions of the same backup.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A backup whose `retention` differs from the `backup_retention` of the database that it is of.
    /// ja: 対象のデータベースの `backup_retention` と異なる `retention`。
    /// # Why
    /// Only one of them can be what is set, and the auditor reads the other.
    /// ja: 実際の設定はどちらか一方で、監査人はもう一方を読みます。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// `retention: 30d`, `backup_retention: 7d`
    /// ja: `retention: 30d`, `backup_retention: 7d`
    /// # Fix
    /// Write the same in both places, or name the longer-lived backup on its own.
    /// ja: 同じ値にするか、長期のバックアップを別の名前で書きます。
    "retention-stated-twice": Error, needs ["continuity", "infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.continuity.backups {
        let database = it.of.as_ref().and_then(|of| sight.spec.design.infrastructure.databases.get_key_value(of));
        let (Some((of, database)), Some(keep), Some(true)) = (database, it.retention, it.automatic) else { continue };
        let Some(other) = database.backup_retention.filter(|other| *other != keep) else { continue };
        found
            .note(sight.places.at(&["continuity", "backups", name, "retention"]), say!("{keep} here and {other} at the database", "ここでは {keep}、データベースでは {other} です"))
            .also(sight.places.at(&["infrastructure", "databases", of, "backup_retention"]), say!("{other}", "{other}"));
    }
}
