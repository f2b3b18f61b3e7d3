//! Planned stops that are longer than the availability leaves.

use promise::{say, unit::Span};

use crate::diagnostic::Level;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// Stops under `service.stops` that add up, in 30 days, to more than the highest availability of a tier leaves; a warning where nothing says whether they count.
    /// ja: `service.stops` の計画停止の合計(30 日あたり)が、層の最も高い可用性で許される停止を超える。数えるかどうかの記述がないときは警告。
    /// # Why
    /// The promise is broken on purpose, every month.
    /// ja: 毎月、自分から約束を破ることになります。
    /// # Source
    /// Arithmetic: 30 d × (1 − availability), against 30 d ÷ every × lasts.
    /// ja: 計算のみ。30 日 ×(1 − 可用性)と 30 日 ÷ 頻度 × 長さの比較。
    /// # Example
    /// `availability: 99.9 %` with `stops: { weekly: { every: 7d, lasts: 45m } }`: 3 h 13 min against 43 min
    /// ja: `availability: 99.9 %` with `stops: { weekly: { every: 7d, lasts: 45m } }`: 3 h 13 min against 43 min
    /// # Fix
    /// Stop less, promise less, or agree that stops do not count and write `counted: false`.
    /// ja: 停止を減らすか、約束を下げるか、停止を除く合意を取り `counted: false` とします。
    "stops-exceed-availability": Error, needs ["service"], check
}

const DAYS: f64 = 30.0;

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Both are lengths of time within a month.
fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let service = &sight.spec.service;
    let tiers = service.tiers.iter().filter_map(|(name, tier)| Some((name, tier.availability?)));
    let Some((tier, share)) = tiers.max_by(|a, b| a.1.0.total_cmp(&b.1.0)) else { return };
    let may = (1.0 - share.0) * DAYS * 86_400.0;
    let stops = service.stops.iter().filter(|(_, it)| it.counted != Some(false));
    let mut down = 0.0;
    let mut longest: Option<(&String, f64)> = None;
    let mut is_sure = true;
    for (name, it) in stops {
        let (Some(every), Some(lasts)) = (it.every, it.lasts) else { continue };
        let every = every.0.as_secs_f64().max(1.0);
        let own = DAYS * 86_400.0 / every * lasts.0.as_secs_f64();
        down += own;
        is_sure &= it.counted == Some(true);
        if longest.is_none_or(|(_, most)| own > most) {
            longest = Some((name, own));
        }
    }
    let Some((name, _)) = longest.filter(|_| down > may) else { return };
    let (down, may) = (Span::secs(down as u64), Span::secs(may as u64));
    let diagnostic = found.note(
        sight.places.key(&["service", "stops", name]),
        say!("stopped on purpose for {down} in 30 days; {share} leaves {may}", "計画停止だけで 30 日に {down} ですが、{share} で許されるのは {may} です"),
    );
    diagnostic.also(sight.places.at(&["service", "tiers", tier, "availability"]), say!("the availability that is promised", "約束した可用性"));
    if !is_sure {
        diagnostic.level(Level::Warning).hint(say!("where stops are not counted, write `counted: false`", "停止を数えない合意があれば `counted: false` と書きます"));
    }
}
