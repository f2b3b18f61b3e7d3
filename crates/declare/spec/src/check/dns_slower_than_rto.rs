//! Names that still lead to the dead place when the recovery should have ended.

use promise::{say, unit::Span};

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A DNS record with `failover: true` whose checks and `ttl` together last as long as the shortest `rto`.
    /// ja: 確認と `ttl` の合計が最短の `rto` 以上になる、`failover: true` の DNS レコード。
    /// # Why
    /// Resolvers go on sending people to the place that failed.
    /// ja: リゾルバーが停止した側へ利用者を送り続けます。
    /// # Source
    /// Interval times failures until it is noticed, plus the TTL until the last resolver has forgotten.
    /// ja: 検知までの間隔 × 回数に、最後のリゾルバーが忘れるまでの TTL を加えます。
    /// # Example
    /// `30 s × 3 + 300 s = 390 s > RTO 300 s`
    /// ja: `30 s × 3 + 300 s = 390 s > RTO 300 s`
    /// # Fix
    /// Shorten the TTL, or check more often.
    /// ja: TTL を短くするか、確認の間隔を短くします。
    "dns-slower-than-rto": Warning, needs ["service", "infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let Some((tier, rto)) = design::rtos(sight, &[]).into_iter().min_by_key(|(_, rto)| *rto) else { return };
    for (name, record) in &sight.spec.design.infrastructure.dns {
        let (Some(true), Some(ttl)) = (record.failover, record.ttl) else { continue };
        let noticed = record.health_check.as_ref().and_then(|it| it.notices_within());
        let sum = Span(noticed.unwrap_or_default().0 + ttl.0);
        if sum < rto {
            continue;
        }
        let said = match noticed {
            Some(noticed) => say!("{noticed} until it is noticed + {ttl} TTL = {sum}, and RTO is {rto}", "検知 {noticed} + TTL {ttl} = {sum} で、RTO は {rto} です"),
            None => say!("the TTL alone is {ttl}, and RTO is {rto}", "TTL だけで {ttl} かかり、RTO は {rto} です"),
        };
        found
            .note(sight.places.at(&["infrastructure", "dns", name, "ttl"]), said)
            .also(sight.places.at(&["service", "tiers", tier, "rto"]), say!("the recovery time that is promised", "約束した復旧時間"));
    }
}
