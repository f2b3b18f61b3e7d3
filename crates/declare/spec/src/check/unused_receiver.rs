//! Receivers that nothing reaches.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A receiver that no route, no person, no escalation and no canary names.
    /// ja: どの経路からも、人からも、エスカレーションからも、カナリアからも使われていない宛先。
    /// # Why
    /// It may be a leftover, or a route that was forgotten.
    /// ja: 消し忘れか、経路の書き忘れかもしれません。
    /// # Source
    /// No number.
    /// ja: 数値はありません。
    /// # Example
    /// `receivers: { old_slack: … }` that nothing mentions
    /// ja: どこにも出てこない `receivers: { old_slack: … }`
    /// # Fix
    /// Name it in a route, or remove it.
    /// ja: 経路で使うか、消します。
    "unused-receiver": Advice, needs ["receivers", "routes", "on_call", "escalations"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let spec = sight.spec;
    for name in spec.receivers.keys() {
        let routed = spec.routes.iter().any(|route| route.receivers.contains(name));
        let personal =
            spec.on_call.iter().flat_map(|on_call| on_call.people.values()).any(|p| p.receivers.contains(name));
        let flown = spec.canary.iter().any(|canary| canary.receivers.contains(name));
        let escalated = spec.escalations.values().any(|it| {
            it.fallback.contains(name) || it.steps.iter().any(|step| step.receivers.contains(name))
        });
        if !routed && !personal && !escalated && !flown {
            found
                .note(
                    sight.places.key(&["receivers", name]),
                    say!("nothing is ever sent to `{name}`", "`{name}` には何も送られません"),
                )
                .hint(say!("name it in a route, or remove it", "経路で使うか、消してください"));
        }
    }
}
