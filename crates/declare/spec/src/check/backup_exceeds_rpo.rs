//! Backups that lose more than may be lost, with nothing beside them that loses less.

use promise::{say, unit::Span};

use super::{Found, Sight, design};
use crate::section::continuity::Backup;

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
        let has_replica = database.is_some_and(|it| !it.replicas.is_empty())
            || design
                .continuity
                .replication
                .values()
                .any(|it| it.of == backup.of && it.mode.is_some());
        if has_replica || (backup.of.is_some() && database.is_none()) {
            continue;
        }
        let product = database
            .and_then(|it| it.product.as_deref())
            .unwrap_or_default();
        let fact = sight
            .facts()
            .limit::<Span>(product, "point_in_time")
            .filter(|_| backup.point_in_time == Some(true));
        let loses = match (backup.loses_at_most, &fact, backup.point_in_time) {
            (Some(loses), ..) => Some(loses),
            (None, Some((loses, _)), _) => Some(*loses),
            (None, None, Some(true)) => None,
            (None, None, _) => backup.every,
        };
        let Some(loses) = loses else { continue };
        let Some((tier, rpo)) = design::rpos(sight, backup.tier.as_deref())
            .into_iter()
            .min_by_key(|(_, rpo)| *rpo)
        else {
            continue;
        };
        if loses <= rpo {
            continue;
        }
        let field = if backup.loses_at_most.is_some() {
            "loses_at_most"
        } else if fact.is_some() {
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
