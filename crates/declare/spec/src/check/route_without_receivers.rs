//! Routes that lead nowhere.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A route whose `receivers` is empty.
    /// ja: `receivers` が空の経路。
    /// # Why
    /// It looks as if somebody were told, and nobody is.
    /// ja: 知らせているように見えて、誰にも届きません。
    /// # Source
    /// No number.
    /// ja: 数値はありません。
    /// # Example
    /// `routes: [{ severities: [sev1], receivers: [] }]`
    /// ja: `routes: [{ severities: [sev1], receivers: [] }]`
    /// # Fix
    /// Name at least one receiver.
    /// ja: 宛先を一つ以上書きます。
    "route-without-receivers": Error, needs ["routes"], check, always
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (index, _) in sight.spec.routes.iter().enumerate().filter(|(_, route)| route.receivers.is_empty()) {
        found
            .note(
                sight.places.at(&["routes", &index.to_string(), "receivers"]),
                say!("this route has no receivers", "この経路には宛先がありません"),
            )
            .hint(say!("name at least one of `receivers`", "`receivers` の名前を一つ以上書きます"));
    }
}
