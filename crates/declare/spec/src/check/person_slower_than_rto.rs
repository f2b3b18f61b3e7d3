//! People on the way of a failover who may answer later than it must have ended.

use promise::say;

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A failover that waits for a person, while the fastest `answer_within` is as long as the `rto` of its tier.
    /// ja: 人の承認を待つ切り替えで、最も速い `answer_within` が層の `rto` 以上のもの。
    /// # Why
    /// The person may keep the promise to answer, and the recovery is late all the same.
    /// ja: 人が約束どおりに応答しても、復旧は間に合いません。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// `mode: manual`, `answer_within: 15m`, `rto: 5m`
    /// ja: `mode: manual`, `answer_within: 15m`, `rto: 5m`
    /// # Fix
    /// Fail over automatically, have people answer sooner, or promise a longer recovery time.
    /// ja: 自動で切り替えるか、応答を速めるか、長い目標復旧時間を約束します。
    "person-slower-than-rto": Error, needs ["service", "continuity", "severities"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let answers = sight.spec.severities.iter().filter_map(|(name, it)| Some((name, it.answer_within?)));
    let Some((severity, answer)) = answers.min_by_key(|(_, it)| *it) else { return };
    for (name, failover) in &sight.spec.design.continuity.failover {
        if failover.mode.as_deref() != Some("manual") || failover.approved_within.is_some() {
            continue;
        }
        for (tier, rto) in design::rtos(sight, &failover.tiers).into_iter().filter(|(_, rto)| answer >= *rto) {
            found
                .note(
                    sight.places.at(&["severities", severity, "answer_within"]),
                    say!(
                        "a person may take {answer} to answer, and `{name}` waits for one: RTO {rto} of `{tier}` is over by then",
                        "人の応答に {answer} かかりえますが、`{name}` は人を待つため、`{tier}` の RTO {rto} に間に合いません"
                    ),
                )
                .also(sight.places.at(&["service", "tiers", tier, "rto"]), say!("the recovery time that is promised", "約束した復旧時間"))
                .also(sight.places.at(&["continuity", "failover", name, "mode"]), say!("waits for a person", "人を待ちます"));
        }
    }
}
