//! Queues into which more comes than is taken out.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A queue whose `arrives` is more than it `handles`.
    /// ja: `arrives` が `handles` を超えるキュー。
    /// # Why
    /// It grows without end until messages expire.
    /// ja: 際限なくたまり、期限切れで失われます。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// `{ arrives: 100/s, handles: 80/s }`
    /// ja: `{ arrives: 100/s, handles: 80/s }`
    /// # Fix
    /// Handle more, or accept less.
    /// ja: 処理を増やすか、受付を減らします。
    "queue-grows": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.infrastructure.queues {
        let (Some(arrives), Some(handles)) = (it.arrives, it.handles) else { continue };
        if arrives > handles {
            found
                .note(sight.places.at(&["infrastructure", "queues", name, "arrives"]), say!("{arrives} arrive and {handles} are handled", "{arrives} が到着し、処理は {handles} です"))
                .also(sight.places.at(&["infrastructure", "queues", name, "handles"]), say!("handled", "処理"));
        }
    }
}
