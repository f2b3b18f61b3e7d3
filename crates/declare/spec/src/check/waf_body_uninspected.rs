//! Requests of which the firewall sees only the beginning.

use promise::{say, unit::Bytes};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A web firewall whose `body_max` is larger than `body_inspected`, or than what its place inspects by default.
    /// ja: `body_max` が `body_inspected`、または適用先の既定の検査長より大きい WAF。
    /// # Why
    /// An attack that stands behind the limit passes.
    /// ja: 検査されない後半に置かれた攻撃が通ります。
    /// # Source
    /// The provider's page, in the table `limits` (`waf_body`).
    /// ja: 提供者の資料(`limits` の表の `waf_body`)。
    /// # Example
    /// `{ scope: cloudfront, body_max: 1 MiB }`
    /// ja: `{ scope: cloudfront, body_max: 1 MiB }`
    /// # Fix
    /// Refuse longer bodies, or have more inspected.
    /// ja: 長い本文を拒むか、検査する長さを延ばします。
    "waf-body-uninspected": Warning, needs ["security", "infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, waf) in &sight.spec.design.security.waf {
        let Some(most) = waf.body_max else { continue };
        let place = match waf.scope.as_deref() {
            Some("cloudfront") => "cloudfront",
            Some("regional") => "alb",
            _ => "",
        };
        let fact = sight.facts().limit::<Bytes>(place, "waf_body").filter(|_| waf.body_inspected.is_none());
        let Some(seen) = waf.body_inspected.or(fact.map(|(bytes, _)| bytes)).filter(|seen| most > *seen) else { continue };
        let diagnostic = found.note(sight.places.at(&["security", "waf", name, "body_max"]), say!("bodies up to {most} are accepted, and {seen} of them are looked at", "本文は {most} まで受け付けますが、検査するのは {seen} までです"));
        if let Some((_, fact)) = fact {
            diagnostic.source(fact.source());
        }
    }
}
