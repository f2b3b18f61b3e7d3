//! Metric families as a person thinks of them: one row for a histogram, not one for each of its series.

use std::collections::{BTreeMap, BTreeSet};

use super::Scraped;

/// A family and the names of the labels that its series carry (without `le` and `quantile`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    pub name: String,
    /// `counter`, `gauge`, `histogram`, …; empty where the target did not say.
    pub kind: String,
    pub labels: Vec<String>,
}

const SUFFIXES: [&str; 5] = ["_bucket", "_count", "_sum", "_created", "_total"];

impl Scraped<'_> {
    /// The families of an answer, sorted by name. A counter keeps the name of its series, `…_total`.
    #[must_use]
    pub fn families(&self) -> Vec<Family> {
        let kinds: BTreeMap<&str, &str> =
            self.metadata.iter().map(|m| (&*m.name, m.kind)).collect();
        let mut families: BTreeMap<String, (String, BTreeSet<String>)> = BTreeMap::new();
        for sample in &self.samples {
            let labels = sample.labels();
            let Some((_, series)) = labels.iter().find(|(name, _)| name == "__name__") else {
                continue;
            };
            let stem = SUFFIXES
                .iter()
                .find_map(|suffix| series.strip_suffix(suffix));
            let (name, kind) = match (
                kinds.get(&**series),
                stem.and_then(|stem| Some((stem, kinds.get(stem)?))),
            ) {
                (Some(kind), _) => (&**series, *kind),
                (None, Some((_, &"counter"))) if series.ends_with("_created") => continue,
                (None, Some((_, kind @ &"counter"))) => (&**series, *kind),
                (None, Some((stem, kind))) => (stem, *kind),
                (None, None) => (&**series, ""),
            };
            let family = families
                .entry(name.to_owned())
                .or_insert_with(|| (kind.to_owned(), BTreeSet::new()));
            let own = labels.iter().map(|(name, _)| &**name);
            family.1.extend(
                own.filter(|name| !matches!(*name, "__name__" | "le" | "quantile"))
                    .map(str::to_owned),
            );
        }
        let families = families.into_iter();
        families
            .map(|(name, (kind, labels))| Family {
                name,
                kind,
                labels: labels.into_iter().collect(),
            })
            .collect()
    }
}
