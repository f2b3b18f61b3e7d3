//! Queues that take nothing any more when one of their machines is lost.

use std::collections::BTreeMap;

use promise::say;

use crate::diagnostic::Level;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A queue whose `copies_min` is as many as its `copies`; an error where it is more.
    /// ja: `copies_min` が `copies` と同じキュー(多ければ誤り)。
    /// # Why
    /// The copies that should bridge the loss of a machine stop every writer instead, at each restart too.
    /// ja: 1 台の喪失に備えた複製なのに、再起動のたびに書き込みが止まります。
    /// # Source
    /// Apache Kafka, "Topic Configs", `min.insync.replicas`: with `acks=all` a write fails unless so many replicas have it; three copies and two of them is what is usual.
    /// ja: Apache Kafka「Topic Configs」の `min.insync.replicas`。`acks=all` では、この数の複製に届かない書き込みは失敗します。複製 3、最小 2 が通例です。
    /// # Example
    /// `{ copies: 3, copies_min: 3 }`
    /// ja: `{ copies: 3, copies_min: 3 }`
    /// # Fix
    /// Ask for one copy less.
    /// ja: 最小の数を 1 減らします。
    "broker-lost-stops-writes": Warning, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    // What is set for all of them at once is told once.
    let mut told: BTreeMap<(u64, u64), Vec<&str>> = BTreeMap::new();
    for (name, queue) in &sight.spec.design.infrastructure.queues {
        let (Some(copies), Some(least)) = (queue.copies, queue.copies_min) else { continue };
        // One copy alone is lost with its machine, and promises nothing else.
        if least >= copies && copies > 1 {
            told.entry((copies, least)).or_default().push(name);
        }
    }
    for ((copies, least), names) in told {
        let at = |field| sight.places.at(&["infrastructure", "queues", names[0], field]);
        let all = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let message = if least > copies {
            say!("{all}: {least} copies are asked for, and there are {copies}: nothing is ever accepted", "{all}: 複製は {copies} なのに {least} を求めるため、何も受け付けられません")
        } else {
            say!("{all}: all {copies} copies are asked for: with one machine lost nothing is accepted", "{all}: {copies} の複製すべてを求めるため、1 台を失うと書き込めません")
        };
        let less = copies.saturating_sub(1);
        let diagnostic = found.note(at("copies_min"), message);
        diagnostic.also(at("copies"), say!("there are so many", "複製の数")).hint(say!("write `copies_min: {less}`", "`copies_min: {less}` にします"));
        if least > copies {
            diagnostic.level(Level::Error);
        }
    }
}
