//! A single synchronous copy, without which nothing can be written.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A database whose only replica has `mode: sync`, under a tier that promises 99.9 % or more.
    /// ja: `mode: sync` の複製が一つだけのデータベースで、99.9 % 以上を約束する層があるもの。
    /// # Why
    /// When that copy stops, commits wait for it for ever: a second machine has made the service less available.
    /// ja: その複製が止まるとコミットは待ち続けます。台数を増やしたのに可用性が下がります。
    /// # Source
    /// PostgreSQL, `synchronous_standby_names`: with fewer answering standbys than it names, commits wait. 99.9 % leaves 43 minutes in 30 days.
    /// ja: PostgreSQL の `synchronous_standby_names`: 応答する待機系が指定数を下回ると、コミットは待ち続けます。99.9 % では 30 日に 43 分しか余裕がありません。
    /// # Example
    /// one replica with `mode: sync`
    /// ja: one replica with `mode: sync`
    /// # Fix
    /// Have two synchronous copies of which one must answer, or copy asynchronously.
    /// ja: 同期の複製を二つ置いて一つの応答で足りるようにするか、非同期にします。
    "sync-copy-alone": Warning, needs ["service", "infrastructure"], check
}

/// From here on the minutes until somebody takes the copy out are the whole budget.
const PROMISED: f64 = 0.999;

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let tiers = sight.spec.service.tiers.iter();
    let strict = tiers.filter_map(|(name, tier)| {
        Some((name, tier.availability.filter(|share| share.0 >= PROMISED)?))
    });
    let Some((tier, share)) = strict.max_by(|a, b| a.1.0.total_cmp(&b.1.0)) else {
        return;
    };
    for (database, it) in &sight.spec.design.infrastructure.databases {
        let mut replicas = it.replicas.iter();
        let (Some((name, replica)), None) = (replicas.next(), replicas.next()) else {
            continue;
        };
        // A standby in another zone is the provider's own copy: it is taken out when it does not answer.
        if replica.mode.as_deref() != Some("sync") || it.multi_az == Some(true) {
            continue;
        }
        found
            .note(
                sight.places.at(&[
                    "infrastructure",
                    "databases",
                    database,
                    "replicas",
                    name,
                    "mode",
                ]),
                say!(
                    "`{database}` cannot be written while `{name}` is down",
                    "`{name}` が止まっている間、`{database}` に書き込めません"
                ),
            )
            .also(
                sight.places.at(&["service", "tiers", tier, "availability"]),
                say!("{share} is promised", "{share} を約束しています"),
            );
    }
}
