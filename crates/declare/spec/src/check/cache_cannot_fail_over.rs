//! Caches that are to fail over to nothing.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A cache with `automatic_failover: true` and no replica, or with `multi_az: true` and `automatic_failover: false`.
    /// ja: 複製がないのに `automatic_failover: true` のキャッシュ、または `automatic_failover: false` なのに `multi_az: true` のもの。
    /// # Why
    /// There is nothing that could take over; ElastiCache refuses both.
    /// ja: 引き継ぐ相手がありません。ElastiCache はどちらも拒否します。
    /// # Source
    /// Amazon ElastiCache, CreateReplicationGroup: `AutomaticFailoverEnabled` needs a replica, `MultiAZEnabled` needs automatic failover.
    /// ja: Amazon ElastiCache の CreateReplicationGroup: `AutomaticFailoverEnabled` には複製が、`MultiAZEnabled` には自動フェイルオーバーが必要です。
    /// # Example
    /// `{ automatic_failover: true, replicas: 0 }`
    /// ja: `{ automatic_failover: true, replicas: 0 }`
    /// # Fix
    /// Add a replica, and let it take over by itself.
    /// ja: 複製を加え、自動で引き継がせます。
    "cache-cannot-fail-over": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.infrastructure.caches {
        let at = |field: &str| sight.places.at(&["infrastructure", "caches", name, field]);
        let alone = if it.replicas == Some(0) {
            Some("replicas")
        } else {
            (it.nodes == Some(1) && it.replicas.is_none()).then_some("nodes")
        };
        if let (Some(true), Some(field)) = (it.automatic_failover, alone) {
            found
                .note(
                    at("automatic_failover"),
                    say!(
                        "`{name}` has nothing to fail over to",
                        "`{name}` には切り替え先がありません"
                    ),
                )
                .also(at(field), say!("it stands alone", "1 台だけです"));
        }
        if (it.multi_az, it.automatic_failover) == (Some(true), Some(false)) {
            found
                .note(
                    at("multi_az"),
                    say!(
                        "a node in another zone does not take over by itself",
                        "別ゾーンのノードは自動では引き継ぎません"
                    ),
                )
                .also(
                    at("automatic_failover"),
                    say!("switched off here", "ここで無効にしています"),
                );
        }
    }
}
