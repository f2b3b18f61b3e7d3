//! Databases in subnets that the internet reaches.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A database one of whose `subnets` has the `kind` `public`.
    /// ja: `subnets` に `kind: public` のサブネットを含むデータベース。
    /// # Why
    /// A slip in one security group is then enough to put it on the internet.
    /// ja: セキュリティグループの設定を一つ誤るだけで、インターネットに公開されます。
    /// # Source
    /// PCI DSS 1.4.4: what stores cardholder data is not directly accessible from untrusted networks.
    /// ja: PCI DSS 1.4.4: カード会員データを保存するものは、信頼できないネットワークから直接到達できてはいけません。
    /// # Example
    /// `databases: { main: { subnets: [public_a] } }`
    /// ja: `databases: { main: { subnets: [public_a] } }`
    /// # Fix
    /// Put it into private subnets.
    /// ja: プライベートサブネットに置きます。
    "database-in-public-subnet": Warning, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let infrastructure = &sight.spec.design.infrastructure;
    for (name, database) in &infrastructure.databases {
        for (item, subnet) in database.subnets.iter().enumerate() {
            let networks = infrastructure.networks.iter();
            let place =
                networks.filter_map(|(network, it)| Some((network, it.subnets.get(subnet)?)));
            let mut public = place.filter(|(_, it)| it.kind.as_deref() == Some("public"));
            let Some((network, _)) = public.next() else {
                continue;
            };
            found
                .note(
                    sight.places.at(&[
                        "infrastructure",
                        "databases",
                        name,
                        "subnets",
                        &item.to_string(),
                    ]),
                    say!(
                        "`{subnet}` is reached from the internet",
                        "`{subnet}` はインターネットから到達できます"
                    ),
                )
                .also(
                    sight.places.at(&[
                        "infrastructure",
                        "networks",
                        network,
                        "subnets",
                        subnet,
                        "kind",
                    ]),
                    say!("public", "公開のサブネット"),
                );
        }
    }
}
