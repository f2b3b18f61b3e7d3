//! Engines and versions that the product does not offer.

use promise::{say, document::did_you_mean};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// An `engine` that is not among those of its `product`, or a `version` newer than the newest that the product offers of it.
    /// ja: `product` が提供していない `engine`、または提供される最新より新しい `version`。
    /// # Why
    /// The resource cannot be created.
    /// ja: 作成できません。
    /// # Source
    /// The provider's page, in the tables `engines` and `newest_offered`.
    /// ja: 提供者の資料(`engines` と `newest_offered` の表)。
    /// # Example
    /// `{ product: rds, engine: postgresql }`
    /// ja: `{ product: rds, engine: postgresql }`
    /// # Fix
    /// Write the provider's name of the engine, and a version that it offers.
    /// ja: 提供者の呼び名と、提供されるバージョンを書きます。
    "engine-not-offered": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let it = &sight.spec.design.infrastructure;
    let databases = it.databases.iter().map(|(name, it)| ("databases", name, &it.product, &it.engine, &it.version));
    let caches = it.caches.iter().map(|(name, it)| ("caches", name, &it.product, &it.engine, &it.version));
    let search = it.search.iter().map(|(name, it)| ("search", name, &it.product, &it.engine, &it.version));
    for (section, name, product, engine, version) in databases.chain(caches).chain(search) {
        let (Some(product), Some(engine)) = (product, engine) else { continue };
        let offered: Vec<_> = sight.facts().of("engines", &[product]).collect();
        let Some(first) = offered.first() else { continue };
        // Providers take the name in any case: `MySQL` is `mysql`.
        if !offered.iter().any(|fact| fact.get("engine").eq_ignore_ascii_case(engine)) {
            let diagnostic = found.note(sight.places.at(&["infrastructure", section, name, "engine"]), say!("`{product}` has no engine `{engine}`", "`{product}` に `{engine}` というエンジンはありません"));
            diagnostic.source(first.source());
            let names = || offered.iter().map(|fact| fact.get("engine"));
            let meant = did_you_mean(engine, names()).or_else(|| names().find(|name| engine.starts_with(name)));
            let all = names().collect::<Vec<_>>().join(", ");
            diagnostic.hint(match meant {
                Some(meant) => say!("write `engine: {meant}`", "`engine: {meant}` と書きます"),
                None => say!("one of: {all}", "次のいずれか: {all}"),
            });
            continue;
        }
        let (Some(fact), Some(version)) = (sight.facts().one("newest_offered", &[product, engine]), version) else { continue };
        let newest = fact.get("version");
        if numbers(version) > numbers(newest) {
            found
                .note(sight.places.at(&["infrastructure", section, name, "version"]), say!("`{product}` offers `{engine}` up to {newest}, not {version}", "`{product}` の `{engine}` は {newest} までで、{version} はありません"))
                .source(fact.source());
        }
    }
}

/// A version as numbers: 7.10 comes after 7.9.
fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map_while(|part| part.parse().ok()).collect()
}
