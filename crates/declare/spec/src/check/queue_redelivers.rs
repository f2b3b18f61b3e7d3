//! Queues that hand a message out again while it is still being handled.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A queue whose `visibility_timeout` is shorter than `handled_within`.
    /// ja: `visibility_timeout` が `handled_within` より短いキュー。
    /// # Why
    /// Every slow message is handled twice.
    /// ja: 遅いメッセージがすべて二重に処理されます。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// `{ visibility_timeout: 30s, handled_within: 2m }`
    /// ja: `{ visibility_timeout: 30s, handled_within: 2m }`
    /// # Fix
    /// Write a longer visibility timeout.
    /// ja: 可視性タイムアウトを延ばします。
    "queue-redelivers": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.infrastructure.queues {
        let (Some(hidden), Some(takes)) = (it.visibility_timeout, it.handled_within) else { continue };
        if hidden < takes {
            found
                .note(sight.places.at(&["infrastructure", "queues", name, "visibility_timeout"]), say!("a message comes again after {hidden}, and handling one takes up to {takes}", "{hidden} で再配信されますが、処理には最長 {takes} かかります"))
                .also(sight.places.at(&["infrastructure", "queues", name, "handled_within"]), say!("the handling", "処理時間"));
        }
    }
}
