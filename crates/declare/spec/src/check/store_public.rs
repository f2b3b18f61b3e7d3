//! Data that anybody can reach.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A database that is `public` or stands in a public subnet, or a bucket that anybody may read while it holds what is locked or kept.
    /// ja: `public` または公開サブネットにあるデータベース、保存義務のあるデータを誰でも読める保管先。
    /// # Why
    /// One mistake in a password or a policy is then a leak.
    /// ja: 設定の誤り一つで漏えいになります。
    /// # Source
    /// PCI DSS 1.4.4: stores of card data are not reachable from untrusted networks.
    /// ja: PCI DSS 1.4.4: カード会員データの保管先は信頼できないネットワークから直接届いてはなりません。
    /// # Example
    /// `databases: { main: { public: true } }`
    /// ja: `databases: { main: { public: true } }`
    /// # Fix
    /// Move it into a private subnet.
    /// ja: 非公開のサブネットに移します。
    "store-public": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let infrastructure = &sight.spec.design.infrastructure;
    for (name, it) in &infrastructure.databases {
        if it.public == Some(true) {
            found.note(sight.places.at(&["infrastructure", "databases", name, "public"]), say!("`{name}` can be reached from the internet", "`{name}` にインターネットから到達できます"));
        }
        for (network, of) in &infrastructure.networks {
            let public = it.subnets.iter().enumerate().find(|(_, subnet)| of.subnets.get(*subnet).is_some_and(|it| it.kind.as_deref() == Some("public")));
            let Some((item, subnet)) = public else { continue };
            found
                .note(sight.places.at(&["infrastructure", "databases", name, "subnets", &item.to_string()]), say!("`{subnet}` is a public subnet", "`{subnet}` は公開サブネットです"))
                .also(sight.places.at(&["infrastructure", "networks", network, "subnets", subnet, "kind"]), say!("public", "公開"));
        }
    }
    for (name, it) in infrastructure.buckets.iter().filter(|(_, it)| it.public == Some(true) && it.locked_for.is_some()) {
        let locked = it.locked_for.unwrap_or_default();
        found
            .note(sight.places.at(&["infrastructure", "buckets", name, "public"]), say!("anybody may read what is locked for {locked}", "{locked} ロックされるデータを誰でも読めます"))
            .also(sight.places.at(&["infrastructure", "buckets", name, "locked_for"]), say!("the lock", "ロック"));
    }
}
