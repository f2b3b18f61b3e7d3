//! Webhooks that may take longer than their sender waits.

use promise::{quantity::Quantity, say};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A metric that `measures: webhook`, or has `webhook` in its name, whose bound of time is not below a dependency's `webhook_within`.
    /// ja: `measures: webhook` または名前に `webhook` を含むメトリクスの時間の基準が、依存先の `webhook_within` 以上であるもの。
    /// # Why
    /// The sender gives up, counts a failure and sends again: work is done twice while everything here is green.
    /// ja: 送信側は失敗とみなして再送します。こちらがすべて正常のまま、処理が二重になります。
    /// # Source
    /// What the spec says of the sender.
    /// ja: 仕様に書かれた送信側の値。
    /// # Example
    /// `webhook_within: 10s` beside `webhook_time: <= 15s`
    /// ja: `webhook_within: 10s` beside `webhook_time: <= 15s`
    /// # Fix
    /// Answer at once and work afterwards; promise less than the sender waits.
    /// ja: 先に応答して後で処理します。約束は送信側の待ち時間より短くします。
    "webhook-answered-too-late": Error, needs ["monitoring", "dependencies"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let senders = sight
        .spec
        .design
        .dependencies
        .iter()
        .filter_map(|(name, it)| Some((name, it.webhook_within?)));
    let Some((sender, waits)) = senders.min_by_key(|(_, waits)| *waits) else {
        return;
    };
    for (name, it) in &sight.spec.design.monitoring.metrics {
        let Some(bound) = it.bound.filter(|bound| bound.is_upper()) else {
            continue;
        };
        let Quantity::Time(most) = bound.value else {
            continue;
        };
        let is_webhook = it.measures.as_deref().map_or_else(
            || name.to_ascii_lowercase().contains("webhook"),
            |it| it == "webhook",
        );
        if !is_webhook || most < waits {
            continue;
        }
        found
            .note(
                sight.places.at(&["monitoring", "metrics", name, "bound"]),
                say!(
                    "an answer within {most} is good here, and `{sender}` waits {waits}",
                    "ここでは {most} までを正常としていますが、`{sender}` が待つのは {waits} です"
                ),
            )
            .also(
                sight.places.at(&["dependencies", sender, "webhook_within"]),
                say!("how long its sender waits", "送信側が待つ時間"),
            );
    }
}
