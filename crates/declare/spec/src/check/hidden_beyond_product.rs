//! Messages that are hidden longer than the product can hide them.

use promise::{say, unit::Span};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A queue whose `visibility_timeout` is longer than its product allows.
    /// ja: 製品の上限より長い `visibility_timeout` のキュー。
    /// # Why
    /// The setting is refused, or cut, and messages come again while they are handled.
    /// ja: 設定が拒否または切り詰められ、処理中に再配信されます。
    /// # Source
    /// The provider's page, in the table `limits`.
    /// ja: 提供者のページ(`limits` の表)。
    /// # Example
    /// `queues: { export: { product: pubsub, visibility_timeout: 900s } }`
    /// ja: `queues: { export: { product: pubsub, visibility_timeout: 900s } }`
    /// # Fix
    /// Shorten it, and extend the time of a message while it is handled.
    /// ja: 短くし、処理中に期限を延長します。
    "hidden-beyond-product": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.infrastructure.queues {
        let (Some(product), Some(hidden)) = (it.product.as_deref(), it.visibility_timeout) else { continue };
        let Some((most, fact)) = sight.facts().limit::<Span>(product, "visibility_max").filter(|(most, _)| hidden > *most) else { continue };
        found
            .note(sight.places.at(&["infrastructure", "queues", name, "visibility_timeout"]), say!("{hidden}, and `{product}` allows {most} at most", "{hidden} ですが、`{product}` の上限は {most} です"))
            .hint(say!("write {most} or less", "{most} 以下にします"))
            .source(fact.source());
    }
}
