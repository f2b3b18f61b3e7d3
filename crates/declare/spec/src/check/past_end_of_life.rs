//! Versions that nobody mends any more.

use promise::{Timestamp, say};

use crate::diagnostic::Level;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// An engine or platform whose version is past the end of its maintenance today.
    /// ja: 保守が今日までに終了しているエンジンや基盤のバージョン。
    /// # Why
    /// Holes that are found from now on stay open; PCI DSS 6.3.3 and the Japanese guides ask for supported software.
    /// ja: 今後見つかる脆弱性が直りません。PCI DSS 6.3.3 や国内の指針はサポートのある製品を求めています。
    /// # Source
    /// The maker's page, in the table `end_of_life`.
    /// ja: 開発元の資料(`end_of_life` の表)。
    /// # Example
    /// `{ engine: postgres, version: "12" }`
    /// ja: `{ engine: postgres, version: "12" }`
    /// # Fix
    /// Plan the upgrade.
    /// ja: 更新を計画します。
    "past-end-of-life": Warning, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let it = &sight.spec.design.infrastructure;
    let databases = it.databases.iter().map(|(name, it)| {
        (
            "databases",
            name,
            it.product.as_deref(),
            it.engine.as_deref(),
            &it.version,
        )
    });
    let caches = it.caches.iter().map(|(name, it)| {
        (
            "caches",
            name,
            it.product.as_deref(),
            it.engine.as_deref(),
            &it.version,
        )
    });
    let search = it.search.iter().map(|(name, it)| {
        (
            "search",
            name,
            it.product.as_deref(),
            it.engine.as_deref(),
            &it.version,
        )
    });
    let compute = it.compute.iter().map(|(name, it)| {
        let is_kubernetes = matches!(
            it.product.as_deref(),
            Some("eks" | "gke" | "aks" | "kubernetes")
        );
        (
            "compute",
            name,
            it.product.as_deref(),
            if is_kubernetes {
                Some("kubernetes")
            } else {
                it.product.as_deref()
            },
            &it.version,
        )
    });
    for (section, name, product, engine, version) in
        databases.chain(caches).chain(search).chain(compute)
    {
        let (Some(engine), Some(version)) = (engine, version) else {
            continue;
        };
        let engine = if engine == "postgresql" {
            "postgres"
        } else {
            engine
        };
        let (key, by_whom) = maintained_as(sight, product, engine);
        let is_version = |known: &str| {
            version
                .strip_prefix(known)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let Some(fact) = sight
            .facts()
            .of("end_of_life", &[&key])
            .find(|fact| is_version(fact.get("version")))
        else {
            continue;
        };
        let Ok(ends) = fact
            .get("ends")
            .parse::<Timestamp>()
            .or_else(|_| format!("{}T00:00:00Z", fact.get("ends")).parse())
        else {
            continue;
        };
        if ends > sight.world.now {
            continue;
        }
        let day = fact.get("ends");
        let diagnostic = found.note(
            sight
                .places
                .at(&["infrastructure", section, name, "version"]),
            say!(
                "{engine} {version} has not been maintained since {day}",
                "{engine} {version} の保守は {day} に終わっています"
            ),
        );
        diagnostic.source(fact.source());
        if let Some(product) = by_whom {
            diagnostic.level(Level::Advice).hint(say!(
                "the project itself has ended it; see for how long `{product}` goes on",
                "開発元の保守は終わっています。`{product}` がいつまで対応するか確かめてください"
            ));
        }
    }
}

/// Under which name the table has who maintains it, and the provider whose own date it does not know: a provider goes
/// on for longer than the project itself.
fn maintained_as<'p>(
    sight: &Sight<'_>,
    product: Option<&'p str>,
    engine: &str,
) -> (String, Option<&'p str>) {
    let Some(product) = product.filter(|product| *product != engine) else {
        return (engine.to_owned(), None);
    };
    let own = format!("{product}/{engine}");
    if sight.facts().one("end_of_life", &[&own]).is_some() {
        return (own, None);
    }
    let is_managed = sight.facts().one("engines", &[product]).is_some()
        || matches!(
            product,
            "gke" | "aks" | "cloud_sql" | "azure_sql" | "memorystore"
        );
    (engine.to_owned(), is_managed.then_some(product))
}
