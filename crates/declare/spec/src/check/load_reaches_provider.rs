//! Load tests of which nobody says whether they reach a provider that limits calls.

use promise::{say, quantity::Rate};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A scenario that is faster than a dependency's limit and names it neither under `calls` nor under `mocks`.
    /// ja: 依存先の上限より速いのに、`calls` にも `mocks` にも挙げていないシナリオ。
    /// # Why
    /// A test that reaches the provider is refused there, and may get the account blocked; one that does not shows less.
    /// ja: 提供者に届けば拒まれ、アカウントが止められることもあります。届かなければ、その分は確かめられません。
    /// # Source
    /// A product's limit in test mode from the table `limits`.
    /// ja: 試験環境での上限は `limits` の表。
    /// # Example
    /// `rate: 400/s` while test mode allows `25/s`
    /// ja: `rate: 400/s` while test mode allows `25/s`
    /// # Fix
    /// Write `mocks: [provider]` or `calls: [provider]`.
    /// ja: `mocks: [提供者]` か `calls: [提供者]` を書きます。
    "load-reaches-provider": Advice, needs ["dependencies", "load"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.dependencies {
        let Some((limit, fact)) = sight.facts().limit::<Rate>(it.product.as_deref().unwrap_or_default(), "calls_test") else { continue };
        let scenarios = sight.spec.design.load.scenarios.iter().filter(|(_, it)| !it.calls.contains(name) && !it.mocks.contains(name));
        let Some((scenario, rate)) = scenarios.filter_map(|(scenario, it)| Some((scenario, it.rate?))).max_by(|a, b| a.1.0.total_cmp(&b.1.0)) else { continue };
        if rate <= limit {
            continue;
        }
        found
            .note(sight.places.at(&["load", "scenarios", scenario, "rate"]), say!("does `{scenario}` call `{name}`? It allows {limit} in test mode, and this is {rate}", "`{scenario}` は `{name}` を呼び出しますか? 試験環境の上限は {limit} で、これは {rate} です"))
            .also(sight.places.key(&["dependencies", name]), say!("limits calls", "呼び出しを制限します"))
            .hint(say!("write `mocks: [{name}]` or `calls: [{name}]`", "`mocks: [{name}]` か `calls: [{name}]` を書きます"))
            .source(fact.source());
    }
}
