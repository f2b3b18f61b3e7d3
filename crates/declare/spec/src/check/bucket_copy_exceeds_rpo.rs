//! Object stores whose copies come later than may be lost.

use promise::{say, unit::Span};

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A bucket that is copied to another region with no bound, or with one that is longer than the shortest `rpo`.
    /// ja: 別リージョンへの複製に上限がない、または最短の `rpo` より長い保管先。
    /// # Why
    /// Objects of the last minutes are not there when the other region takes over.
    /// ja: 切り替え時に直近のオブジェクトがありません。
    /// # Source
    /// The shortest bound that the provider offers, in the table `limits`.
    /// ja: 提供者が示す最短の上限(`limits` の表)。
    /// # Example
    /// `replicated: true`, `rpo: 30s`
    /// ja: `replicated: true`, `rpo: 30s`
    /// # Fix
    /// Write such objects to both regions, or promise them a longer recovery point.
    /// ja: 両方のリージョンに書き込むか、長い目標復旧時点を別に約束します。
    "bucket-copy-exceeds-rpo": Warning, needs ["service", "infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let Some((tier, rpo)) = design::rpos(sight, None).into_iter().min_by_key(|(_, rpo)| *rpo) else { return };
    for (name, bucket) in &sight.spec.design.infrastructure.buckets {
        if bucket.replicated != Some(true) {
            continue;
        }
        let product = bucket.product.as_deref().unwrap_or_default();
        let fact = sight.facts().limit::<Span>(product, "replication").filter(|_| bucket.replicated_within.is_none());
        let Some(within) = bucket.replicated_within.or(fact.map(|(span, _)| span)) else { continue };
        if within <= rpo {
            continue;
        }
        let field = if fact.is_some() { "replicated" } else { "replicated_within" };
        let diagnostic = found.note(
            sight.places.at(&["infrastructure", "buckets", name, field]),
            say!("a copy may come {within} later at best; RPO of `{tier}` is {rpo}", "複製は早くても {within} 遅れうるのに、`{tier}` の RPO は {rpo} です"),
        );
        diagnostic.also(sight.places.at(&["service", "tiers", tier, "rpo"]), say!("what may be lost", "失ってよい長さ"));
        if let Some((_, fact)) = fact {
            diagnostic.source(fact.source());
        }
    }
}
