//! Recovery times that one outage could not afford.

use promise::say;

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A tier whose `rto` is longer than its `availability` allows it to be down in 30 days.
    /// ja: `rto` が、`availability` で許される 30 日間の停止時間より長い層。
    /// # Why
    /// One outage that is recovered from exactly as promised would already break the other promise.
    /// ja: 約束どおりに復旧した一度の障害だけで、もう一方の約束が破れます。
    /// # Source
    /// 30 days times the share that may be down: 99.99 % leaves 30 × 24 × 60 × 0.0001 = 4.32 minutes.
    /// ja: 30 日 × 停止してよい割合。99.99 % なら 30 × 24 × 60 × 0.0001 = 4.32 分。
    /// # Example
    /// `{ availability: 99.99 %, rto: 15m }`
    /// ja: `{ availability: 99.99 %, rto: 15m }`
    /// # Fix
    /// Recover faster, or promise less availability.
    /// ja: 復旧を速めるか、可用性の約束を下げます。
    "rto-against-availability": Warning, needs ["service"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, tier) in &sight.spec.service.tiers {
        let (Some(availability), Some(rto)) = (tier.availability, tier.rto) else { continue };
        let window = tier.availability_window.unwrap_or(design::MONTH);
        let budget = design::downtime_in(window, availability);
        let (en, ja) = match window {
            design::MONTH => ("30 days".to_owned(), "30 日間".to_owned()),
            other => (other.to_string(), format!("{other} の間")),
        };
        if rto <= budget {
            continue;
        }
        found
            .note(
                sight.places.at(&["service", "tiers", name, "rto"]),
                say!(
                    "one recovery of {rto} is longer than the {budget} that may be lost in {en}",
                    "一度の復旧に {rto} かかると、{ja}に許される停止時間 {budget} を超えます"
                ),
            )
            .also(
                sight.places.at(&["service", "tiers", name, "availability"]),
                say!("leaves {budget} in {en}", "{ja}に {budget} の停止が許されます"),
            )
            .hint(say!("write `rto: {budget}` or less", "`rto: {budget}` 以下にします"));
    }
}
