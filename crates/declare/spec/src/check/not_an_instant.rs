//! Instants that are not RFC 3339.

use promise::{Timestamp, say};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// An `on_call.from` that is not an instant with an offset.
    /// ja: UTC との時差まで書かれていない `on_call.from`。
    /// # Why
    /// Without it nobody can say whose turn it is now.
    /// ja: これがないと、今が誰の当番かを決められません。
    /// # Source
    /// RFC 3339, section 5.6.
    /// ja: RFC 3339 の 5.6 節。
    /// # Example
    /// `from: 2026-11-02`
    /// ja: `from: 2026-11-02`
    /// # Fix
    /// Write date, time and offset: `2026-11-02T09:00:00+09:00`.
    /// ja: 日付・時刻・時差を書きます: `2026-11-02T09:00:00+09:00`。
    "not-an-instant": Error, needs ["on_call"], check, always
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let Some(on_call) = &sight.spec.on_call else { return };
    let from = &on_call.from;
    if from.parse::<Timestamp>().is_err() {
        found
            .note(
                sight.places.at(&["on_call", "from"]),
                say!("`{from}` is not an instant", "`{from}` は時刻として読めません"),
            )
            .hint(say!(
                "write it like `2026-11-02T09:00:00+09:00`",
                "`2026-11-02T09:00:00+09:00` のように書きます"
            ));
    }
}
