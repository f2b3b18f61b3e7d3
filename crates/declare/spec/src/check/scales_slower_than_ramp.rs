//! Machines that start later than the load arrives.

use promise::{quantity::Rate, say};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A group on the service's path that must grow to carry a scenario, with a `starts_in` longer than the scenario's `ramp_up`.
    /// ja: シナリオの負荷に増設が必要で、`starts_in` がシナリオの `ramp_up` より長い、経路上の群。
    /// # Why
    /// Until the new machines answer, the old ones carry what is too much for them.
    /// ja: 新しい機械が応答するまで、既存の機械が過負荷になります。
    /// # Source
    /// Arithmetic: `instances` × `rate_each` against the scenario's rate.
    /// ja: 計算: `instances` × `rate_each` とシナリオの頻度の比較。
    /// # Example
    /// `starts_in: 5m` with `ramp_up: 1m`
    /// ja: `starts_in: 5m` with `ramp_up: 1m`
    /// # Fix
    /// Start faster, hold more machines ready, or scale before the load is expected.
    /// ja: 起動を速めるか、余裕を持たせるか、負荷の前に増やします。
    "scales-slower-than-ramp": Warning, needs ["service", "infrastructure", "load"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let service = &sight.spec.service;
    for (name, it) in &sight.spec.design.infrastructure.compute {
        let is_on_path = service
            .path
            .iter()
            .chain(service.tiers.values().flat_map(|tier| &tier.path))
            .any(|part| part == name);
        let (Some(starts), Some(count), Some(each)) = (
            it.starts_in,
            it.instances.or(it.instances_min),
            it.rate_each,
        ) else {
            continue;
        };
        let carried = count as f64 * each.0;
        for (scenario, load) in sight
            .spec
            .design
            .load
            .scenarios
            .iter()
            .filter(|_| is_on_path)
        {
            let (Some(ramp), Some(rate)) = (load.ramp_up, load.rate) else {
                continue;
            };
            if rate.0 <= carried || starts <= ramp {
                continue;
            }
            let carried = Rate(carried);
            found
                .note(
                    sight.places.at(&["infrastructure", "compute", name, "starts_in"]),
                    say!("{count} carry {carried}; the rest answers after {starts}, and `{scenario}` is at {rate} after {ramp}", "{count} 台で {carried} まで処理でき、増設には {starts} かかりますが、`{scenario}` は {ramp} で {rate} に達します"),
                )
                .also(sight.places.at(&["load", "scenarios", scenario, "ramp_up"]), say!("how fast the load grows", "負荷の立ち上がり"));
        }
    }
}
