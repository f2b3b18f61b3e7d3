//! Backups that nobody has ever restored.

use promise::say;

use super::{Found, Sight};
use crate::diagnostic::Level;

rule! {
    /// # Finds
    /// A backup without `restore_tested_every` and without a drill of it.
    /// ja: `restore_tested_every` も訓練もないバックアップ。
    /// # Why
    /// That a backup can be restored, and how long it takes, is known only from having done it.
    /// ja: 復元できるか、どれだけかかるかは、実際に復元して初めて分かります。
    /// # Source
    /// No number of ours. HIPAA 164.308(a)(7)(ii)(D) and ISO 22301 8.5 ask for tests.
    /// ja: 独自の数値はありません。HIPAA 164.308(a)(7)(ii)(D) と ISO 22301 8.5 は試験を求めています。
    /// # Example
    /// `backups: { db: { every: 1d } }`
    /// ja: `backups: { db: { every: 1d } }`
    /// # Fix
    /// Add `restore_tested_every`, or a drill with `of:` this backup.
    /// ja: `restore_tested_every` か、このバックアップを `of:` とする訓練を加えます。
    "restore-never-tried": Warning, needs ["continuity"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let continuity = &sight.spec.design.continuity;
    let mut tiers = sight.spec.service.tiers.values();
    let is_promised = tiers.any(|it| it.rto.is_some() || it.rpo.is_some()) || !sight.spec.profiles.is_empty();
    let never = continuity.backups.iter().filter(|(name, backup)| {
        let of = |drill: &crate::section::continuity::Drill| {
            let of = drill.of.as_ref();
            of == Some(*name) || (of.is_some() && of == backup.of.as_ref()) || (of.is_some() && of == backup.tier.as_ref())
        };
        backup.restore_tested_every.is_none() && !continuity.drills.values().any(of)
    });
    let never: Vec<&str> = never.map(|(name, _)| name.as_str()).collect();
    let Some(first) = never.first() else { return };
    let all = never.join("`, `");
    let diagnostic = found.note(sight.places.key(&["continuity", "backups", first]), say!("nobody restores `{all}` to see whether it works", "`{all}` の復元を試す予定がありません"));
    diagnostic.hint(say!("add `restore_tested_every: 90d`", "`restore_tested_every: 90d` などを加えます"));
    // Where no recovery is promised, nothing rests on it.
    if !is_promised {
        diagnostic.level(Level::Advice);
    }
}
