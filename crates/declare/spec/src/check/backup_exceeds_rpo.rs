//! Backups that lose more than may be lost, with nothing beside them that loses less.

use promise::{say, unit::Span};

use super::{Found, Sight, design};
use crate::section::{continuity::Backup, infrastructure::data::Database};

rule! {
    /// # Finds
    /// A tier whose `rpo` is shorter than its backup's `every` or `loses_at_most`, or than what its product's point-in-time recovery loses, and for which no replica is declared.
    /// ja: 層の `rpo` が、バックアップの `every`・`loses_at_most`、または製品の任意時点復元で失われうる長さより短く、複製も宣言されていない。
    /// # Why
    /// What was written since the last backup is gone.
    /// ja: 直近のバックアップ以降の書き込みが失われます。
    /// # Source
    /// What the spec says; for point-in-time recovery the provider's page, in the table `limits`.
    /// ja: 仕様の値。任意時点復元は提供者の資料(`limits` の表)。
    /// # Example
    /// `rpo: 30s` with backups `every: 1d`
    /// ja: `rpo: 30s` with backups `every: 1d`
    /// # Fix
    /// Add a replica with a bound on its lag, back up more often, or promise a longer recovery point.
    /// ja: 遅れの上限を定めた複製を加えるか、間隔を短くするか、長い目標復旧時点を約束します。
    "backup-exceeds-rpo": Error, needs ["service", "continuity", "infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let design = &sight.spec.design;
    for (name, backup) in &design.continuity.backups {
        // Of several backups of one thing, a monthly one beside a daily one, only that which loses least is restored.
        let loses = |it: &Backup| it.loses_at_most.or(it.every);
        // One of which nothing says of what it is lies beside all others.
        let is_of_all = backup.of.is_none() && backup.tier.is_none();
        let mut others = design.continuity.backups.iter().filter(|(other, it)| {
            *other != name && (is_of_all || (it.of == backup.of && it.tier == backup.tier))
        });
        if others.any(|(_, other)| match (loses(other), loses(backup)) {
            (Some(other), Some(own)) => other < own,
            (None, _) => other.point_in_time == Some(true),
            (Some(_), None) => false,
        }) {
            continue;
        }
        let database = backup
            .of
            .as_ref()
            .and_then(|of| design.infrastructure.databases.get(of));
        // A provider's own backups go back to any point; what they lose is `point_in_time` of its product.
        let is_held = |it: &Database| !it.replicas.is_empty() || it.backup_retention.is_some();
        let has_replica = database.is_some_and(|it| !it.replicas.is_empty())
            || (is_of_all && design.infrastructure.databases.values().any(is_held))
            || design
                .continuity
                .replication
                .values()
                .any(|it| is_of_all || (it.of == backup.of && it.mode.is_some()));
        if has_replica || (backup.of.is_some() && database.is_none()) {
            continue;
        }
        let product = database
            .and_then(|it| it.product.as_deref())
            .unwrap_or_default();
        // RDS and Aurora keep the log wherever they keep backups of their own.
        let mut same = design.infrastructure.databases.values();
        let keeps_own = same.any(|it| it.product.as_deref() == Some(product) && it.backup_retention.is_some());
        let goes_back = backup.point_in_time == Some(true)
            || (["rds", "aurora"].contains(&product) && keeps_own);
        let fact = sight
            .facts()
            .limit::<Span>(product, "point_in_time")
            .filter(|_| goes_back);
        let loses = match (backup.loses_at_most, &fact, Some(goes_back)) {
            (Some(loses), ..) => Some(loses),
            (None, Some((loses, _)), _) => Some(*loses),
            (None, None, Some(true)) => None,
            (None, None, _) => backup.every,
        };
        let Some(loses) = loses else { continue };
        // No backup loses nothing: what must not, rests on something else, unless it is all that there is.
        let all = design::rpos(sight, backup.tier.as_deref());
        let is_only_zero = all.iter().all(|(_, rpo)| rpo.0.is_zero());
        let lost = all.into_iter().filter(|(_, rpo)| is_only_zero || !rpo.0.is_zero());
        let Some((tier, rpo)) = lost.min_by_key(|(_, rpo)| *rpo) else {
            continue;
        };
        if loses <= rpo {
            continue;
        }
        let field = if backup.loses_at_most.is_some() {
            "loses_at_most"
        } else if fact.is_some() && backup.point_in_time.is_some() {
            "point_in_time"
        } else {
            "every"
        };
        let diagnostic = found.note(
            sight.places.at(&["continuity", "backups", name, field]),
            say!("this may lose the newest {loses}; RPO of `{tier}` is {rpo}, and nothing else is declared that loses less", "直近 {loses} が失われえますが、`{tier}` の RPO は {rpo} で、ほかの手段が宣言されていません"),
        );
        diagnostic.also(
            sight.places.at(&["service", "tiers", tier, "rpo"]),
            say!("what may be lost", "失ってよい長さ"),
        );
        diagnostic.hint(say!(
            "declare a replica with `mode` and `lag_max`",
            "`mode` と `lag_max` を持つ複製を宣言します"
        ));
        if let Some((_, fact)) = fact {
            diagnostic.source(fact.source());
        }
    }
}
