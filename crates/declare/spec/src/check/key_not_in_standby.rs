//! Keys that are not there when the other region takes over.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A key that names its `regions` but not the one to which a failover goes, or that stands by where the failover names none.
    /// ja: `regions` に切り替え先(書かれていなければ待機リージョン)を含まない鍵。
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
    let design = &sight.spec.design;
    let named = design.continuity.failover.iter().filter_map(|(failover, it)| Some((it.to.as_ref()?, vec!["continuity", "failover", failover.as_str(), "to"])));
    // A failover that does not say where it goes takes over where something stands by.
    let is_silent = !design.continuity.failover.is_empty() && design.continuity.failover.values().all(|it| it.to.is_none());
    let regions = design.infrastructure.regions.iter().filter(|(_, it)| is_silent && it.role.as_deref() == Some("standby"));
    let standing_by = regions.map(|(region, _)| (region, vec!["infrastructure", "regions", region.as_str(), "role"]));
    let places: Vec<(&String, Vec<&str>)> = named.chain(standing_by).collect();
    for (name, key) in design.security.keys.iter().filter(|(_, key)| !key.regions.is_empty()) {
        for (to, at) in places.iter().filter(|(to, _)| !key.regions.contains(to)) {
            found
                .note(sight.places.key(&["security", "keys", name, "regions"]), say!("`{name}` is not in {to}, which takes over", "切り替え先 {to} に `{name}` がありません"))
                .also(sight.places.at(at), say!("takes over", "切り替え先"));
        }
    }
}
