//! Versions of TLS that must not be used any more.

use promise::say;

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A hop, load balancer, CDN or promise of TLS 1.0, 1.1 or SSL.
    /// ja: TLS 1.0・1.1 や SSL を受け付ける区間・ロードバランサー・CDN・約束。
    /// # Why
    /// They can be broken; PCI DSS 4.2.1 refuses them.
    /// ja: 破られる恐れがあり、PCI DSS 4.2.1 でも認められません。
    /// # Source
    /// RFC 8996 (March 2021) forbids TLS 1.0 and 1.1.
    /// ja: RFC 8996(2021 年 3 月)が TLS 1.0 と 1.1 を禁じています。
    /// # Example
    /// `tls_min: "1.0"`
    /// ja: `tls_min: "1.0"`
    /// # Fix
    /// Accept 1.2 and above.
    /// ja: 1.2 以上だけを受け付けます。
    "tls-outdated": Error, needs ["security", "infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let promised = sight.spec.design.security.tls_min.as_deref().map(|tls| (vec!["security", "tls_min"], tls));
    for (path, tls) in design::tls(sight).into_iter().chain(promised) {
        if (1..12).contains(&design::tls_rank(tls)) {
            found.note(sight.places.at(&path), say!("TLS {tls} is forbidden since 2021", "TLS {tls} は 2021 年から禁じられています"));
        }
    }
}
