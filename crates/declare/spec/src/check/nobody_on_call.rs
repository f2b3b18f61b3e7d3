//! Answers that are promised while nobody is on call.

use promise::{say, unit::Span};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A severity with a `response` or `escalation` whose `answer_within` is shorter than eight hours, in a spec without `on_call`; one finding, at the shortest.
    /// ja: `on_call` がないのに、`response` か `escalation` があり `answer_within` が 8 時間より短い重大度(最も短いものに 1 件)。
    /// # Why
    /// At night, nobody is there to keep it.
    /// ja: 夜間に応答できる人がいません。
    /// # Source
    /// Eight hours: shorter than the time between two working days.
    /// ja: 8 時間: 二つの勤務日の間より短い時間。
    /// # Example
    /// `answer_within: 15m` without `on_call`
    /// ja: `answer_within: 15m` without `on_call`
    /// # Fix
    /// Add `on_call`; around the clock needs five people or more.
    /// ja: `on_call` を加えます。24 時間体制には 5 人以上が必要です。
    "nobody-on-call": Warning, needs ["severities", "on_call"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    if sight.spec.on_call.is_some() {
        return;
    }
    // A response or an escalation in the spec says that people are meant to carry it out.
    let by_people = sight
        .spec
        .severities
        .iter()
        .filter(|(_, it)| !it.response.is_empty() || it.escalation.is_some());
    let answers = by_people.filter_map(|(name, it)| Some((name, it.answer_within?)));
    let Some((name, within)) = answers
        .min_by_key(|(_, it)| *it)
        .filter(|(_, it)| *it < Span::secs(8 * 3_600))
    else {
        return;
    };
    found
        .note(
            sight.places.at(&["severities", name, "answer_within"]),
            say!(
                "`{name}` is answered within {within}, and no `on_call` says by whom",
                "`{name}` には {within} 以内に応答する約束ですが、誰が応答するか(`on_call`)が書かれていません"
            ),
        )
        .hint(say!(
            "add `on_call` with the people who take turns",
            "交代する人を `on_call` に書きます"
        ));
}
