//! Queues that hand a message out again while it is still being handled.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A queue whose `visibility_timeout` is shorter than its `handled_within`, or than the `timeout` of what it triggers (`triggered_by`).
    /// ja: `visibility_timeout` が、`handled_within` や、起動される側(`triggered_by`)の `timeout` より短いキュー。
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
    let it = &sight.spec.design.infrastructure;
    for (name, queue) in &it.queues {
        let Some(hidden) = queue.visibility_timeout else { continue };
        let own = queue.handled_within.map(|takes| (["infrastructure", "queues", name, "handled_within"], takes));
        let triggered = it.compute.iter().filter(|(_, it)| it.triggered_by.as_ref() == Some(name));
        let others = triggered.filter_map(|(compute, it)| Some((["infrastructure", "compute", compute, "timeout"], it.timeout?)));
        let Some((path, takes)) = own.into_iter().chain(others).max_by_key(|(_, takes)| *takes).filter(|(_, takes)| hidden < *takes) else { continue };
        found
            .note(sight.places.at(&["infrastructure", "queues", name, "visibility_timeout"]), say!("a message comes again after {hidden}, and handling one takes up to {takes}", "{hidden} で再配信されますが、処理には最長 {takes} かかります"))
            .also(sight.places.at(&path), say!("the handling", "処理時間"));
    }
}
