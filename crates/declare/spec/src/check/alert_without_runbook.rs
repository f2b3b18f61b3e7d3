//! The worst alerts, with nothing to read for who answers.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// Alerts of the worst severity without `runbook`; one finding.
    /// ja: 最も重い重大度なのに `runbook` のない警報(まとめて 1 件)。
    /// # Why
    /// At night, what to do is found out while it is burning.
    /// ja: 夜間に、燃えている最中に調べることになります。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// `{ severity: sev1 }` without `runbook`
    /// ja: `{ severity: sev1 }` without `runbook`
    /// # Fix
    /// Write what to look at first, and link it.
    /// ja: 最初に見るものを書き、その場所を示します。
    "alert-without-runbook": Advice, needs ["monitoring", "severities"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let Some(worst) = sight.spec.severities.iter().min_by_key(|(_, it)| it.level).map(|(name, _)| name) else { return };
    let alerts = sight.spec.design.monitoring.alerts.iter();
    let bare: Vec<&str> = alerts.filter(|(_, it)| it.severity.as_ref() == Some(worst) && it.runbook.is_none()).map(|(name, _)| name.as_str()).collect();
    if let Some(first) = bare.first() {
        let all = bare.join(", ");
        found.note(sight.places.key(&["monitoring", "alerts", first]), say!("no runbook: {all}", "対応手順がありません: {all}"));
    }
}
