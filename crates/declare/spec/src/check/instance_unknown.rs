//! Kinds of machines that do not exist.

use promise::{document::did_you_mean, say};

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// An `instance` in the form of AWS (`m6i.large`) whose family is known and has no such size, or whose family nobody knows although it looks like one.
    /// ja: AWS の形式(`m6i.large` など)の `instance` で、その系列にないサイズ、または存在しない系列のもの。
    /// # Why
    /// The machine cannot be created; a slip in a letter changes the price by a factor.
    /// ja: 作成できません。1 文字の誤りで価格が何倍にもなります。
    /// # Source
    /// The provider's list, in the table `instances`.
    /// ja: 提供者の一覧(`instances` の表)。
    /// # Example
    /// `instance: m6i.3xlarge`
    /// ja: `instance: m6i.3xlarge`
    /// # Fix
    /// Write a size that the family has.
    /// ja: その系列にあるサイズを書きます。
    "instance-unknown": Warning, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let it = &sight.spec.design.infrastructure;
    if it
        .provider
        .as_deref()
        .is_some_and(|provider| provider != "aws")
    {
        return;
    }
    let compute = it
        .compute
        .iter()
        .map(|(name, it)| ("compute", name, "instance", &it.product, &it.instance));
    let databases = it
        .databases
        .iter()
        .map(|(name, it)| ("databases", name, "instance", &it.product, &it.instance));
    let caches = it
        .caches
        .iter()
        .map(|(name, it)| ("caches", name, "instance", &it.product, &it.instance));
    let search = it
        .search
        .iter()
        .map(|(name, it)| ("search", name, "instance", &it.product, &it.instance));
    let masters = it.search.iter().map(|(name, it)| {
        (
            "search",
            name,
            "master_instance",
            &it.product,
            &it.master_instance,
        )
    });
    for (section, name, field, product, instance) in compute
        .chain(databases)
        .chain(caches)
        .chain(search)
        .chain(masters)
    {
        let is_aws = matches!(
            product.as_deref(),
            Some("ec2" | "ecs" | "eks" | "rds" | "aurora" | "elasticache" | "opensearch_service")
        );
        let Some(instance) = instance.as_deref().filter(|_| is_aws) else {
            continue;
        };
        let Some((family, size)) = design::machine(instance)
            .split_once('.')
            .filter(|(_, size)| is_size(size))
        else {
            continue;
        };
        let fact = sight.facts().one("instances", &["aws", family]);
        let sizes = fact.map_or("", |fact| fact.get("sizes"));
        if sizes.split(' ').any(|known| known == size) {
            continue;
        }
        let diagnostic = found.note(
            sight.places.at(&["infrastructure", section, name, field]),
            say!(
                "there is no `{instance}`",
                "`{instance}` というインスタンスはありません"
            ),
        );
        let families = || {
            sight
                .facts()
                .of("instances", &["aws"])
                .map(|fact| fact.get("family"))
        };
        match fact {
            Some(fact) => {
                diagnostic.source(fact.source()).hint(say!(
                    "`{family}` has {sizes}",
                    "`{family}` にあるのは {sizes} です"
                ));
            }
            None => {
                let first = sight.facts().of("instances", &["aws"]).next();
                diagnostic.sources.extend(first.map(|fact| fact.source()));
                if let Some(near) = did_you_mean(family, families()) {
                    diagnostic.hint(say!("did you mean `{near}`?", "`{near}` のことですか?"));
                }
            }
        }
    }
}

/// `large`, `2xlarge`, `metal`: what the provider's sizes look like.
fn is_size(text: &str) -> bool {
    let word = text.trim_start_matches(|c: char| c.is_ascii_digit());
    matches!(
        word,
        "nano" | "micro" | "small" | "medium" | "large" | "xlarge"
    ) || text.starts_with("metal")
}
