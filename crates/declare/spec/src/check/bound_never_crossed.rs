//! Thresholds that are never crossed, or always.

use promise::{say, quantity::{Bound, Quantity, Sign}};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A percentage bound that every share keeps (`<= 100 %`), or that none keeps (`< 0 %`).
    /// ja: どの割合でも必ず満たす(`<= 100 %`)、または決して満たさない(`< 0 %`)百分率の範囲。
    /// # Why
    /// An alert on it never comes, or never ends.
    /// ja: 警報が決して鳴らないか、鳴り止みません。
    /// # Source
    /// A share lies between 0 % and 100 %.
    /// ja: 割合は 0 % から 100 % の間にあります。
    /// # Example
    /// `when: "> 100 %"`
    /// ja: `when: "> 100 %"`
    /// # Fix
    /// Write the figure that is meant.
    /// ja: 意図した値を書きます。
    "bound-never-crossed": Error, needs ["monitoring"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let monitoring = &sight.spec.design.monitoring;
    let metrics = monitoring.metrics.iter().filter_map(|(name, it)| Some((["monitoring", "metrics", name, "bound"], it.bound?)));
    let alerts = monitoring.alerts.iter().filter_map(|(name, it)| Some((["monitoring", "alerts", name, "when"], it.when?)));
    for (path, bound) in metrics.chain(alerts) {
        let Some(holds) = always(bound) else { continue };
        let message = if holds {
            say!("every share is {bound}", "どの割合も {bound} を満たします")
        } else {
            say!("no share is {bound}", "{bound} を満たす割合はありません")
        };
        found.note(sight.places.at(&path), message);
    }
}

/// Whether every share keeps it, or none; `None` where it depends on the share.
fn always(bound: Bound) -> Option<bool> {
    let Quantity::Share(share) = bound.value else { return None };
    match (bound.sign, share.0) {
        (Sign::AtMost, 1.0) | (Sign::AtLeast, 0.0) => Some(true),
        (Sign::Above, 1.0) | (Sign::Below, 0.0) => Some(false),
        _ => None,
    }
}
