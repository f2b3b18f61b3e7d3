//! Queues that forget what consumers must be able to read again.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A queue whose `retention` is shorter than its `replayed_for`.
    /// ja: `retention` が `replayed_for` より短いキュー。
    /// # Why
    /// The messages that should repair what a faulty release did are gone when they are needed.
    /// ja: 不具合の後に再処理するはずのメッセージが、必要なときには残っていません。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// `{ retention: 3d, replayed_for: 7d }`
    /// ja: `{ retention: 3d, replayed_for: 7d }`
    /// # Fix
    /// Keep messages as long as they may be needed again.
    /// ja: 再処理に必要な期間だけ保存します。
    "replay-exceeds-retention": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, queue) in &sight.spec.design.infrastructure.queues {
        let (Some(kept), Some(back)) = (queue.retention, queue.replayed_for) else { continue };
        if kept >= back {
            continue;
        }
        let at = |field| sight.places.at(&["infrastructure", "queues", name, field]);
        found
            .note(at("retention"), say!("kept {kept}, and consumers must be able to go back {back}", "{kept} しか保存しませんが、{back} さかのぼれる必要があります"))
            .also(at("replayed_for"), say!("how far back", "さかのぼる期間"))
            .hint(say!("write `retention: {back}` or more", "`retention: {back}` 以上にします"));
    }
}
