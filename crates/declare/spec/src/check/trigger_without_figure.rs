//! Triggers that say no figure.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// Triggers without `after`, `when`, or `interval` and `failures`; one finding for each failover.
    /// ja: `after`・`when`・`interval` と `failures` のいずれもない条件(切り替えごとに 1 件)。
    /// # Why
    /// "Is down" means a different moment to everyone; a machine cannot judge it, and a blip moves the service.
    /// ja: 「停止した」の意味は人によって違い、機械では判定できません。一瞬の乱れで切り替わります。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// `text: database failure detected`
    /// ja: `text: database failure detected`
    /// # Fix
    /// Say what is asked, how often, and how many times in a row.
    /// ja: 何を、どの間隔で、何回続けて確かめるかを書きます。
    "trigger-without-figure": Warning, needs ["continuity"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, failover) in &sight.spec.design.continuity.failover {
        let bare: Vec<&str> = failover.triggers.iter().filter(|(_, it)| it.waits().is_none() && it.when.is_none()).map(|(name, _)| name.as_str()).collect();
        if let Some(first) = bare.first() {
            let all = bare.join(", ");
            found
                .note(sight.places.key(&["continuity", "failover", name, "triggers", first]), say!("when exactly? No figure is given: {all}", "いつ成り立つのか、数値がありません: {all}"))
                .hint(say!("add `after`, or `interval` and `failures`", "`after`、または `interval` と `failures` を加えます"));
        }
    }
}
