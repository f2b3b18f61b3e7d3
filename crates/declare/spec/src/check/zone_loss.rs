//! Groups that cannot carry the peak when a zone is gone.

use promise::{say, quantity::Rate};

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A group over several zones whose `instances_max`, less those of one zone, at `rate_each`, carry less than the peak.
    /// ja: 一つのゾーンを失うと、残りの `instances_max` × `rate_each` がピークに足りない群。
    /// # Why
    /// Zones are there so that one may fail; then the rest must do.
    /// ja: ゾーンは一つが止まっても残りで足りるためのものです。
    /// # Source
    /// No number of ours: n − ⌈n ÷ zones⌉ machines are left.
    /// ja: 独自の数値はありません。残りは n − ⌈n ÷ ゾーン数⌉ 台です。
    /// # Example
    /// `6 − 2 = 4; 4 × 30/s = 120/s < 150/s`
    /// ja: `6 − 2 = 4; 4 × 30/s = 120/s < 150/s`
    /// # Fix
    /// Allow more machines, so that the rest can be replaced.
    /// ja: 台数の上限を上げます。
    "zone-loss": Warning, needs ["infrastructure", "load"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let infrastructure = &sight.spec.design.infrastructure;
    let zones = infrastructure.networks.values().filter_map(|it| it.zone_count).max();
    let zones = zones.or_else(|| infrastructure.regions.values().filter(|it| !it.is_standby()).filter_map(|it| it.zones_used()).max());
    let Some(zones) = zones.filter(|n| *n > 1) else { return };
    let Some((peak, wanted)) = design::peak(sight) else { return };
    for (name, it) in &infrastructure.compute {
        let (Some(most), Some(each)) = (it.instances_max, it.rate_each) else { continue };
        let left = most - most.div_ceil(zones);
        #[allow(clippy::cast_precision_loss)]
        let (whole, carries) = (Rate(most as f64 * each.0), Rate(left as f64 * each.0));
        if carries >= wanted || whole < wanted {
            continue;
        }
        found
            .note(sight.places.at(&["infrastructure", "compute", name, "instances_max"]), say!("with one of {zones} zones gone, {left} × {each} = {carries}, less than {wanted}", "{zones} ゾーンの一つを失うと {left} × {each} = {carries} で、{wanted} に足りません"))
            .also(sight.places.at(&["load", "scenarios", peak, "rate"]), say!("the peak", "ピーク"));
    }
}
