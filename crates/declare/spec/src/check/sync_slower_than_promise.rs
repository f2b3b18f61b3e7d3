//! Copies that every write waits for, farther away than the answer may take.

use promise::say;

use crate::diagnostic::Level;

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A replica with `mode: sync` whose `round_trip` is not shorter than a latency that is promised; or one in another region without a `round_trip` (then it is advice).
    /// ja: `mode: sync` の複製の `round_trip` が、約束した応答時間以上であるもの。別リージョンで `round_trip` の記載がない場合は助言。
    /// # Why
    /// A synchronous commit ends when the copy has answered: each write takes one round trip at least, whatever the machine can do.
    /// ja: 同期複製ではコミットのたびに複製先の応答を待つため、どの書き込みも最低 1 往復かかります。
    /// # Source
    /// PostgreSQL, `synchronous_commit`: a commit waits for the reply of the standby; a reply takes a round trip.
    /// ja: PostgreSQL の `synchronous_commit`: コミットは待機系の応答を待ち、応答には 1 往復かかります。
    /// # Example
    /// `mode: sync, round_trip: 150ms` with `p99` at most 100 ms
    /// ja: `mode: sync, round_trip: 150ms` with `p99` at most 100 ms
    /// # Fix
    /// Copy asynchronously with a bound on the lag, keep the synchronous copy near, or promise a longer answer.
    /// ja: 遅れの上限を定めた非同期にするか、同期の複製を近くに置くか、応答時間の約束を緩めます。
    "sync-slower-than-promise": Error, needs ["infrastructure", "monitoring"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let Some(tightest) = design::latencies(sight)
        .into_iter()
        .min_by_key(|it| it.at_most)
    else {
        return;
    };
    for (database, it) in &sight.spec.design.infrastructure.databases {
        for (name, replica) in it
            .replicas
            .iter()
            .filter(|(_, replica)| replica.mode.as_deref() == Some("sync"))
        {
            let at = ["infrastructure", "databases", database, "replicas", name];
            let field = |field| [at[0], at[1], at[2], at[3], at[4], field];
            let (promised, quantile, which) = (tightest.at_most, &tightest.quantile, tightest.name);
            match replica.round_trip {
                Some(trip) if trip >= promised => {
                    found
                        .note(
                            sight.places.at(&field("round_trip")),
                            say!("each commit waits {trip} for this copy, and `{which}` promises {quantile} within {promised}", "コミットのたびに複製先を {trip} 待ちますが、`{which}` は {quantile} を {promised} 以内と約束しています"),
                        )
                        .also(sight.places.at(&tightest.path), say!("the answer that is promised", "約束した応答時間"));
                }
                None if replica.region.is_some() && replica.region != it.region => {
                    found
                        .note(
                            sight.places.at(&field("mode")),
                            say!("each commit waits for another region, and nothing says how far that is", "コミットのたびに別リージョンの応答を待ちますが、往復時間の記載がありません"),
                        )
                        .level(Level::Advice)
                        .also(sight.places.at(&tightest.path), say!("the answer that is promised", "約束した応答時間"))
                        .hint(say!("write `round_trip`; it must be well below {promised}", "`round_trip` を書きます。{promised} より十分短い必要があります"));
                }
                _ => {}
            }
        }
    }
}
