//! Data that only a cache holds, and nothing that takes over from it.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A cache with `holds` that has no replica or no automatic failover.
    /// ja: `holds` のあるキャッシュで、複製または自動の引き継ぎがないもの。
    /// # Why
    /// A restart empties it: sessions end, and payments are no longer known as the same.
    /// ja: 再起動で空になり、セッションは切れ、再送された決済を同一と判別できなくなります。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// `{ holds: [idempotency_keys], nodes: 1 }`
    /// ja: `{ holds: [idempotency_keys], nodes: 1 }`
    /// # Fix
    /// Keep it in a database too, or give the cache a replica that takes over.
    /// ja: データベースにも保存するか、引き継ぐ複製を置きます。
    "held-nowhere-else": Warning, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.infrastructure.caches {
        let is_alone = it.replicas == Some(0) || (it.nodes == Some(1) && it.replicas.is_none());
        let field = if is_alone && it.replicas.is_some() {
            "replicas"
        } else if is_alone {
            "nodes"
        } else if it.automatic_failover == Some(false) {
            "automatic_failover"
        } else {
            continue;
        };
        if it.holds.is_empty() {
            continue;
        }
        let held = it.holds.join(", ");
        found
            .note(
                sight
                    .places
                    .key(&["infrastructure", "caches", name, "holds"]),
                say!(
                    "{held} is lost when `{name}` restarts",
                    "`{name}` が再起動すると {held} が失われます"
                ),
            )
            .also(
                sight.places.at(&["infrastructure", "caches", name, field]),
                say!("nothing takes over", "引き継ぐものがありません"),
            );
    }
}
