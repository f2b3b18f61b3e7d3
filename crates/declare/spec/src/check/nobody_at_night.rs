//! Answers that are owed at every hour while people are called at some hours only.

use promise::{say, unit::Span};

use super::{Found, Sight, hours::Hours};

rule! {
    /// # Finds
    /// A severity with `around_the_clock: true` beside `on_call.hours` of less than a day.
    /// ja: `around_the_clock: true` の重大度があるのに、`on_call.hours` が丸一日に満たない。
    /// # Why
    /// The call outside those hours rings nowhere, and the answer that is owed comes in the morning.
    /// ja: 時間外の呼び出しは誰にも届かず、約束した対応は翌朝になります。
    /// # Source
    /// No number of ours: both are in the spec.
    /// ja: 独自の数値はありません。どちらも仕様の値です。
    /// # Example
    /// `sev1: { around_the_clock: true }`, `on_call: { hours: 07:00-23:00 }`
    /// ja: `sev1: { around_the_clock: true }`, `on_call: { hours: 07:00-23:00 }`
    /// # Fix
    /// Call people at night for that severity, or promise an answer within those hours.
    /// ja: その重大度は夜間も呼び出すか、約束を時間内の対応に改めます。
    "nobody-at-night": Error, needs ["severities", "on_call"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let Some(said) = sight.spec.on_call.as_ref().and_then(|it| it.hours.as_deref()) else { return };
    let Some(hours) = Hours::read(said).filter(|hours| hours.length() < Span::days(1)) else { return };
    let length = hours.length();
    for (name, _) in sight.spec.severities.iter().filter(|(_, it)| it.around_the_clock == Some(true)) {
        found
            .note(sight.places.at(&["severities", name, "around_the_clock"]), say!("`{name}` is answered at every hour, and people are called for {length} of the day", "`{name}` は 24 時間対応の約束ですが、呼び出しは 1 日のうち {length} だけです"))
            .also(sight.places.at(&["on_call", "hours"]), say!("when people are called", "呼び出しの時間帯"));
    }
}
