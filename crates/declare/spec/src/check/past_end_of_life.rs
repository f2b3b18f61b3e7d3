//! Versions that nobody mends any more.

use promise::{Timestamp, say};

use crate::{diagnostic::Level, runtime::runtime};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// An engine, platform or `runtime` whose version is past the end of its maintenance today.
    /// ja: 保守が今日までに終了しているエンジン・基盤・実行環境(`runtime`)のバージョン。
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

/// Something that has a version, and where that is said.
struct Versioned<'s> {
    path: [&'s str; 4],
    product: Option<&'s str>,
    engine: &'s str,
    version: &'s str,
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for it in versioned(sight) {
        let Versioned {
            engine, version, ..
        } = it;
        let (key, by_whom) = maintained_as(sight, it.product, engine);
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
            sight.places.at(&it.path),
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

/// Everything whose version the spec says.
fn versioned<'s>(sight: &Sight<'s>) -> Vec<Versioned<'s>> {
    let it = &sight.spec.design.infrastructure;
    let mut all = Vec::new();
    macro_rules! engines {
        ($($section:ident),*) => {
            $(all.extend(it.$section.iter().filter_map(|(name, it)| Some(Versioned {
                path: ["infrastructure", stringify!($section), name, "version"],
                product: it.product.as_deref(),
                engine: match it.engine.as_deref()? {
                    "postgresql" => "postgres",
                    engine => engine,
                },
                version: it.version.as_deref()?,
            })));)*
        };
    }
    engines!(databases, caches, search);
    for (name, it) in &it.compute {
        let product = it.product.as_deref();
        let platform = match product {
            Some("eks" | "gke" | "aks") => Some("kubernetes"),
            other => other,
        };
        all.extend(platform.zip(it.version.as_deref()).map(|(engine, version)| {
            Versioned {
                path: ["infrastructure", "compute", name, "version"],
                product,
                engine,
                version,
            }
        }));
        all.extend(
            it.runtime
                .as_deref()
                .and_then(runtime)
                .map(|(engine, version)| Versioned {
                    path: ["infrastructure", "compute", name, "runtime"],
                    product,
                    engine,
                    version,
                }),
        );
    }
    all
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
            "gke"
                | "aks"
                | "cloud_sql"
                | "azure_sql"
                | "memorystore"
                | "cloud_functions"
                | "cloud_functions_1st_gen"
                | "app_engine"
                | "app_service"
                | "azure_functions"
                | "elastic_beanstalk"
        );
    (engine.to_owned(), is_managed.then_some(product))
}
