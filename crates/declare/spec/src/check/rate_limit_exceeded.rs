//! Calls to others that come more often than they allow.

use promise::{say, quantity::Rate};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A dependency that is called more often (`calls_max`, or a scenario that `calls` it) than its `rate_limit` or its product's published limit.
    /// ja: `rate_limit` または製品の公表された上限より頻繁に呼び出される依存先(`calls_max`、または `calls` に挙げたシナリオ)。
    /// # Why
    /// Beyond it every call is refused, at the busiest hour first.
    /// ja: 超えた分は拒まれ、しかも最も忙しい時間に起こります。
    /// # Source
    /// A product's limit from the table `limits`; one call a request is the least.
    /// ja: 製品の上限は `limits` の表。1 要求につき少なくとも 1 回の呼び出しとみなします。
    /// # Example
    /// `calls_max: 200/s`, limit `100/s`
    /// ja: `calls_max: 200/s`, limit `100/s`
    /// # Fix
    /// Ask for a higher limit, queue, or put something else in its place in the test.
    /// ja: 上限の引き上げを頼むか、キューに入れるか、試験では代役を使います。
    "rate-limit-exceeded": Error, needs ["dependencies", "load"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.dependencies {
        let product = it.product.as_deref().unwrap_or_default();
        let fact = sight.facts().limit::<Rate>(product, "calls_live").filter(|_| it.rate_limit.is_none());
        let Some(limit) = it.rate_limit.or(fact.map(|(rate, _)| rate)) else { continue };
        let own = it.calls_max.map(|rate| (vec!["dependencies", name, "calls_max"], rate));
        let scenarios = sight.spec.design.load.scenarios.iter().filter(|(_, scenario)| scenario.calls.contains(name));
        let scenarios = scenarios.filter_map(|(scenario, it)| Some((vec!["load", "scenarios", scenario.as_str(), "rate"], it.rate?)));
        for (path, rate) in own.into_iter().chain(scenarios).filter(|(_, rate)| *rate > limit) {
            let diagnostic = found.note(sight.places.at(&path), say!("{rate} to `{name}`, which allows {limit}", "`{name}` へ {rate} ですが、許されるのは {limit} です"));
            diagnostic.also(sight.places.at(&["dependencies", name, if fact.is_some() { "product" } else { "rate_limit" }]), say!("allows {limit}", "上限 {limit}"));
            if let Some((_, fact)) = fact {
                diagnostic.source(fact.source());
            }
        }
    }
}
