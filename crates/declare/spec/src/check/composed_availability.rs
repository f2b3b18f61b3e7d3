//! Chains of parts that together promise less than the service does.

use promise::{
    say,
    unit::{Percent, Span},
};

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A tier whose `availability` is higher than the product of what the providers of the parts on its `path` promise.
    /// ja: 層の `availability` が、`path` 上の部品の提供者が約束する可用性の積より高い。
    /// # Why
    /// Parts in a row are all needed: when each keeps exactly what it promises, the service does not.
    /// ja: 直列の部品はすべて必要なので、各部品が約束どおりでもサービスの約束は守れません。
    /// # Source
    /// The product of the availabilities; a product's SLA from the table `sla`.
    /// ja: 可用性の積。製品の SLA は `sla` の表。
    /// # Example
    /// `99.9 % × 99.99 % × 99.95 % = 99.84 % < 99.99 %`
    /// ja: `99.9 % × 99.99 % × 99.95 % = 99.84 % < 99.99 %`
    /// # Fix
    /// Take a part out of the path, add a parallel one that takes over by itself, or promise less.
    /// ja: 部品を経路から外すか、自動で引き継ぐ並列の部品を加えるか、約束を下げます。
    "composed-availability": Warning, needs ["service", "infrastructure", "dependencies"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, tier) in &sight.spec.service.tiers {
        let Some(promised) = tier.availability else {
            continue;
        };
        let own = !tier.path.is_empty();
        let path = if own {
            &tier.path
        } else {
            &sight.spec.service.path
        };
        let parts: Vec<_> = path
            .iter()
            .filter_map(|part| design::availability(sight, part))
            .collect();
        if parts.len() < 2 {
            continue;
        }
        let whole: f64 = parts.iter().map(|it| it.share.0).product();
        if whole >= promised.0 {
            continue;
        }
        let whole = Percent((whole * 1e6).floor() / 1e6);
        let down = Span(std::time::Duration::from_secs(
            (30.0 * 86_400.0 * (1.0 - whole.0)).round() as u64,
        ));
        let shown = parts
            .iter()
            .map(|it| format!("{} {}", it.name, it.share))
            .collect::<Vec<_>>()
            .join(" × ");
        let diagnostic = found.note(
            sight.places.at(&["service", "tiers", name, "availability"]),
            say!("{shown} = {whole}, less than {promised}: up to {down} down in 30 days, with each provider keeping its promise", "{shown} = {whole} で、{promised} を下回ります。どの提供者も約束を守っていても 30 日に最長 {down} 停止します"),
        );
        let at = if own {
            vec!["service", "tiers", name, "path"]
        } else {
            vec!["service", "path"]
        };
        diagnostic.also(
            sight.places.key(&at),
            say!("all of these must work", "すべてが動いている必要があります"),
        );
        for source in parts.into_iter().filter_map(|it| it.source) {
            diagnostic.source(source);
        }
    }
}
