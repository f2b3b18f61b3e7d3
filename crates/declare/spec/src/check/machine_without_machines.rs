//! Kinds of machine where there are none to choose.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A group with an `instance` whose `product` or `default_capacity_provider` is Fargate.
    /// ja: Fargate を使うのに `instance` が書かれている群。
    /// # Why
    /// On Fargate one chooses processor and memory, not machines: one of the two was not meant.
    /// ja: Fargate では CPU とメモリを選び、サーバーの型は選べません。どちらかが意図と違います。
    /// # Source
    /// The provider's documentation of Fargate.
    /// ja: Fargate の文書。
    /// # Example
    /// `{ instance: t3.large, default_capacity_provider: FARGATE }`
    /// ja: `{ instance: t3.large, default_capacity_provider: FARGATE }`
    /// # Fix
    /// Drop one of the two, or describe the two groups apart.
    /// ja: どちらかを削るか、二つの群に分けて書きます。
    "machine-without-machines": Warning, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.infrastructure.compute {
        let is_fargate = |text: &Option<String>| text.as_deref().is_some_and(|text| text.to_ascii_lowercase().starts_with("fargate"));
        let field = if is_fargate(&it.product) { "product" } else { "default_capacity_provider" };
        let Some(instance) = it.instance.as_deref().filter(|_| is_fargate(&it.product) || is_fargate(&it.default_capacity_provider)) else { continue };
        found
            .note(sight.places.at(&["infrastructure", "compute", name, "instance"]), say!("Fargate has no `{instance}`", "Fargate に `{instance}` はありません"))
            .also(sight.places.at(&["infrastructure", "compute", name, field]), say!("runs on Fargate", "Fargate で動きます"));
    }
}
