//! Two content delivery networks in a row.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// CDNs of two makers, both with no other CDN's paths excluded, in front of one service.
    /// ja: 一つのサービスの前段に置かれた二社の CDN。
    /// # Why
    /// The second sees the first instead of people: rate limits and country blocks count the wrong addresses, caches are purged twice, and both must work.
    /// ja: 後段には利用者ではなく前段が見えるため、頻度の制限や国の遮断が効かず、キャッシュは二重に消す必要があり、両方の稼働が必要になります。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// Cloudflare in front of CloudFront
    /// ja: Cloudflare in front of CloudFront
    /// # Fix
    /// Keep one, or give each its own names.
    /// ja: 一つにするか、それぞれ別の名前を担当させます。
    "cdn-behind-cdn": Warning, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let cdn: Vec<_> = sight.spec.design.infrastructure.cdn.iter().filter_map(|(name, it)| Some((name, it.product.as_deref()?, it))).collect();
    // Those that serve the same domain, or do not say which, stand in a row.
    let domains = |it: &crate::section::infrastructure::cdn::Cdn| it.origins.values().map(|origin| origin.domain.clone()).collect::<Vec<_>>();
    if let [(first, a, one), .., (second, b, other)] = cdn.as_slice()
        && a != b
        && (domains(one).is_empty() || domains(other).is_empty() || domains(one).iter().any(|domain| domains(other).contains(domain)))
    {
        found
            .note(sight.places.key(&["infrastructure", "cdn", second]), say!("`{a}` and `{b}` stand in a row before the service", "サービスの前段に `{a}` と `{b}` が二重に置かれています"))
            .also(sight.places.key(&["infrastructure", "cdn", first]), say!("the other", "もう一方"));
    }
}
