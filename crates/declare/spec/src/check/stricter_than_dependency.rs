//! Promises stricter than what is promised to us.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A tier that needs a dependency whose `availability` is lower than the tier's, without a `fallback`.
    /// ja: 層の `availability` より低い可用性の依存先に頼り、`fallback` もない。
    /// # Why
    /// While it is down, so are we; its promise to us is the most that we can promise on.
    /// ja: それが止まればこちらも止まるため、相手の約束がこちらの上限になります。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// tier `99.95 %`, dependency `99.9 %`
    /// ja: tier `99.95 %`, dependency `99.9 %`
    /// # Fix
    /// Name a fallback, get a better promise, or promise less.
    /// ja: 代替を用意するか、より良い約束を得るか、約束を下げます。
    "stricter-than-dependency": Warning, needs ["service", "dependencies"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.dependencies {
        let (Some(theirs), None) = (it.availability, &it.fallback) else { continue };
        for tier in &it.needed_by {
            let Some(ours) = sight.spec.service.tiers.get(tier).and_then(|tier| tier.availability).filter(|ours| *ours > theirs) else { continue };
            found
                .note(sight.places.at(&["service", "tiers", tier, "availability"]), say!("`{tier}` promises {ours}, and `{name}`, which it needs, {theirs}", "`{tier}` の約束は {ours} ですが、頼っている `{name}` は {theirs} です"))
                .also(sight.places.at(&["dependencies", name, "availability"]), say!("promised to us", "相手の約束"));
        }
    }
}
