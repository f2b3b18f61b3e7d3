//! Times down that are not what the availability leaves.

use promise::say;

use crate::diagnostic::Level;

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A tier whose `downtime_allowed` differs by more than a tenth from what its `availability` leaves in 30 days; a warning where less is allowed.
    /// ja: `availability` から決まる 30 日間の停止時間と 1 割を超えて異なる `downtime_allowed`(短い場合は警告)。
    /// # Why
    /// Two figures for one promise: what was lost by the one may be within the other, and each side reads its own.
    /// ja: 一つの約束に二つの値があり、一方では違反、他方では範囲内となって、読む人ごとに解釈が変わります。
    /// # Source
    /// 30 days times the share that may be down: 99.95 % leaves 30 × 24 × 60 × 0.0005 = 21.6 minutes. A tenth lets months of 28 to 31 days and rounded figures pass.
    /// ja: 30 日 × 停止してよい割合。99.95 % なら 30 × 24 × 60 × 0.0005 = 21.6 分。28〜31 日の月や丸めた値は 1 割の幅で認めます。
    /// # Example
    /// `{ availability: 99.95 %, downtime_allowed: 4h 23m }`
    /// ja: `{ availability: 99.95 %, downtime_allowed: 4h 23m }`
    /// # Fix
    /// Write the figure that is owed in both places.
    /// ja: 約束している値に両方をそろえます。
    "downtime-against-availability": Error, needs ["service"], check
}

/// By how much the two may differ: a month of 31 days leaves a thirtieth more, and a year's twelfth a seventieth.
const LEEWAY: f64 = 0.1;

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, tier) in &sight.spec.service.tiers {
        let (Some(availability), Some(allowed)) = (tier.availability, tier.downtime_allowed) else { continue };
        // What is counted over a year leaves a month to itself.
        if tier.availability_window.is_some_and(|window| window != design::MONTH) {
            continue;
        }
        let leaves = design::downtime(availability);
        let (is, should) = (allowed.0.as_secs_f64(), leaves.0.as_secs_f64());
        if (is - should).abs() <= should * LEEWAY {
            continue;
        }
        let diagnostic = found.note(
            sight.places.at(&["service", "tiers", name, "downtime_allowed"]),
            say!(
                "{allowed} down in 30 days is not what {availability} leaves, which is {leaves}",
                "30 日間の停止時間 {allowed} は、{availability} から決まる {leaves} と異なります"
            ),
        );
        diagnostic
            .also(sight.places.at(&["service", "tiers", name, "availability"]), say!("leaves {leaves} in 30 days", "30 日間に {leaves} の停止が許されます"))
            .hint(say!("write `downtime_allowed: {leaves}`, or correct the availability", "`downtime_allowed: {leaves}` にするか、可用性を直します"));
        if allowed < leaves {
            diagnostic.level(Level::Warning);
        }
    }
}
