//! Streams whose shards take less than what arrives.

use promise::{quantity::Rate, say};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A stream of several `shards` that take less, together, than what `arrives`.
    /// ja: `shards` の合計で受けられる量より `arrives` が多いストリーム。
    /// # Why
    /// What is beyond is refused, at the hour in which most of it comes.
    /// ja: 超えた分は、最も多い時間帯に拒否されます。
    /// # Source
    /// What one shard takes, in the table `limits`.
    /// ja: 1 シャードの上限は `limits` の表。
    /// # Example
    /// `queues: { events: { product: kinesis, shards: 4, arrives: 5000/s } }`
    /// ja: `queues: { events: { product: kinesis, shards: 4, arrives: 5000/s } }`
    /// # Fix
    /// Add shards, or put several records into one.
    /// ja: シャードを増やすか、レコードをまとめます。
    "stream-throttles": Error, needs ["infrastructure"], check
}

#[allow(clippy::cast_precision_loss)] // Nobody has 2^53 shards.
fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.infrastructure.queues {
        let (Some(product), Some(shards), Some(arrives)) = (it.product.as_deref(), it.shards, it.arrives) else { continue };
        let Some((each, fact)) = sight.facts().limit::<Rate>(product, "per_shard") else { continue };
        let taken = Rate(each.0 * shards as f64);
        if arrives.0 <= taken.0 {
            continue;
        }
        found
            .note(sight.places.at(&["infrastructure", "queues", name, "shards"]), say!("{shards} × {each} = {taken}, and {arrives} arrive", "{shards} × {each} = {taken} ですが、{arrives} が到着します"))
            .also(sight.places.at(&["infrastructure", "queues", name, "arrives"]), say!("what arrives", "到着する量"))
            .source(fact.source());
    }
}
