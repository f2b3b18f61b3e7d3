//! Groups that are meant to run at a load that raises an alert.

use promise::{say, quantity::Quantity};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A `target_cpu` that is as high as an alert on the processor.
    /// ja: CPU の警報の値以上の `target_cpu`。
    /// # Why
    /// The group is kept at that load on purpose, so the alert never ends.
    /// ja: その負荷を保つように動くため、警報が鳴り止みません。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// `target_cpu: 80 %`, alert `> 80 %`
    /// ja: `target_cpu: 80 %`, alert `> 80 %`
    /// # Fix
    /// Aim lower, or warn higher.
    /// ja: 目標を下げるか、警報の値を上げます。
    "scaling-above-alert": Warning, needs ["infrastructure", "monitoring"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.infrastructure.compute {
        let Some(target) = it.target_cpu else { continue };
        for (alert, told) in sight.spec.design.monitoring.alerts.iter().filter(|(_, it)| it.measures.as_deref() == Some("cpu")) {
            let Some(Quantity::Share(at)) = told.when.map(|it| it.value) else { continue };
            if target < at {
                continue;
            }
            found
                .note(sight.places.at(&["infrastructure", "compute", name, "target_cpu"]), say!("`{name}` is kept at {target}, and from {at} on somebody is told", "`{name}` は {target} を保ちますが、{at} で警報になります"))
                .also(sight.places.at(&["monitoring", "alerts", alert, "when"]), say!("the alert", "警報"));
        }
    }
}
