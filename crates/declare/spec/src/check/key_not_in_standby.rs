//! Keys that are not there when the other region takes over.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A key that names its `regions` but not the one to which a failover goes.
    /// ja: `regions` に切り替え先を含まない鍵。
    /// # Why
    /// The data are there and cannot be opened.
    /// ja: データがあっても復号できません。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// `regions: [us-east-1]`, failover `to: us-west-2`
    /// ja: `regions: [us-east-1]`, failover `to: us-west-2`
    /// # Fix
    /// Use a key of several regions, or a second key and re-encrypted copies.
    /// ja: 複数リージョンの鍵を使うか、切り替え先の鍵で複製を暗号化し直します。
    "key-not-in-standby": Error, needs ["security", "continuity"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, key) in sight.spec.design.security.keys.iter().filter(|(_, key)| !key.regions.is_empty()) {
        for (failover, it) in &sight.spec.design.continuity.failover {
            let Some(to) = it.to.as_ref().filter(|to| !key.regions.contains(to)) else { continue };
            found
                .note(sight.places.key(&["security", "keys", name, "regions"]), say!("`{name}` is not in {to}, where `{failover}` goes", "`{failover}` の切り替え先 {to} に `{name}` がありません"))
                .also(sight.places.at(&["continuity", "failover", failover, "to"]), say!("goes there", "切り替え先"));
        }
    }
}
