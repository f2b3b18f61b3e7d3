//! Maintenance that stops the only database for longer than a month may lose.

use promise::{say, unit::Span};

use super::{Found, Sight, hours::Hours};

rule! {
    /// # Finds
    /// A database with `multi_az: false` and no replica whose `maintenance_window`, once a week, is longer than the unavailability that the strictest tier may have in 30 days.
    /// ja: `multi_az: false` で複製もないデータベースの `maintenance_window`(週 1 回)が、最も厳しい層の 30 日の停止許容時間より長いもの。
    /// # Why
    /// Nothing stands in while it is maintained, so the window counts against the promise.
    /// ja: 保守の間に代わるものがなく、そのまま停止時間になります。
    /// # Source
    /// Arithmetic: (1 − availability) × 30 days against the length × 30 ÷ 7.
    /// ja: 計算: (1 − 可用性)× 30 日 と、長さ × 30 ÷ 7 の比較。
    /// # Example
    /// `maintenance_window: sun:03:00-sun:04:00` under 99.9 %
    /// ja: `maintenance_window: sun:03:00-sun:04:00` under 99.9 %
    /// # Fix
    /// Have a standby that takes over, or leave maintenance out of the promise with a correction.
    /// ja: 引き継ぐ待機系を置くか、保守を約束の対象外として補正を書きます。
    "maintenance-exceeds-budget": Warning, needs ["service", "infrastructure"], check
}

/// Days over which an availability is counted when nothing else is said.
const DAYS: f64 = 30.0;

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let tiers = sight
        .spec
        .service
        .tiers
        .iter()
        .filter_map(|(name, tier)| Some((name, tier.availability?)));
    let Some((tier, share)) = tiers.max_by(|a, b| a.1.0.total_cmp(&b.1.0)) else {
        return;
    };
    let budget = (1.0 - share.0) * DAYS * 86_400.0;
    for (name, it) in &sight.spec.design.infrastructure.databases {
        let Some(hours) = it.maintenance_window.as_deref().and_then(Hours::read) else {
            continue;
        };
        let down = hours.length().0.as_secs_f64() * DAYS / 7.0;
        if it.multi_az != Some(false) || !it.replicas.is_empty() || down <= budget {
            continue;
        }
        let (length, may) = (hours.length(), Span::secs(budget as u64));
        found
            .note(
                sight.places.at(&["infrastructure", "databases", name, "maintenance_window"]),
                say!("{length} each week with nothing that stands in; {share} leaves {may} in 30 days", "代わりのない停止が毎週 {length} ありますが、{share} では 30 日に {may} までです"),
            )
            .also(sight.places.at(&["service", "tiers", tier, "availability"]), say!("the availability that is promised", "約束した可用性"));
    }
}
