//! Kinds of machine that belong to another product.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A database on RDS or Aurora whose `instance` does not begin with `db.`, a cache on ElastiCache whose does not begin with `cache.`, or a search engine on OpenSearch Service whose does not end in `.search`.
    /// ja: `db.` で始まらない RDS・Aurora の `instance`、`cache.` で始まらない ElastiCache の `instance`、`.search` で終わらない OpenSearch Service の `instance`。
    /// # Why
    /// The provider has no such kind there.
    /// ja: その製品にその型はありません。
    /// # Source
    /// How the provider names them; `.elasticsearch` is the older end of the same.
    /// ja: 提供者の命名。`.elasticsearch` は `.search` の旧名です。
    /// # Example
    /// `{ product: rds, instance: r6g.large }`
    /// ja: `{ product: rds, instance: r6g.large }`
    /// # Fix
    /// Write the product's own name of the kind.
    /// ja: 製品での型の名前を書きます。
    "instance-of-other-product": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let it = &sight.spec.design.infrastructure;
    let databases = it.databases.iter().map(|(name, it)| ("databases", name, &it.product, &it.instance));
    let caches = it.caches.iter().map(|(name, it)| ("caches", name, &it.product, &it.instance));
    let search = it.search.iter().map(|(name, it)| ("search", name, &it.product, &it.instance));
    for (section, name, product, instance) in databases.chain(caches).chain(search) {
        let (Some(product), Some(instance)) = (product.as_deref(), instance.as_deref()) else { continue };
        let (is_right, wanted) = match product {
            "rds" | "aurora" => (instance.starts_with("db."), "db.…"),
            "elasticache" => (instance.starts_with("cache."), "cache.…"),
            "opensearch_service" => (instance.ends_with(".search") || instance.ends_with(".elasticsearch"), "….search"),
            _ => continue,
        };
        if !is_right {
            found
                .note(sight.places.at(&["infrastructure", section, name, "instance"]), say!("`{product}` has no `{instance}`: its kinds are named `{wanted}`", "`{product}` に `{instance}` はありません。型の名前は `{wanted}` です"))
                .also(sight.places.at(&["infrastructure", section, name, "product"]), say!("the product", "製品"));
        }
    }
}
