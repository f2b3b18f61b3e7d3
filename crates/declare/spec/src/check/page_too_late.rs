//! Pages that cannot leave in time.

use std::time::Duration;

use promise::{say, unit};

use super::{Found, Sight, lookup};

rule! {
    /// # Finds
    /// A severity whose `page_within` is shorter than it takes to notice, even with the fastest source.
    /// ja: 最も速い収集でも、検知に `page_within` より長くかかる重大度。
    /// # Why
    /// The page would be late every time that the fault falls just after a sample.
    /// ja: 収集の直後に障害が起きると、通知が必ず遅れます。
    /// # Source
    /// The worst case: one interval until the next sample, its timeout, and one second until it is judged.
    /// ja: 最悪の場合: 次の収集までの一間隔、その応答を待つ時間、判定までの 1 秒。
    /// # Example
    /// `page_within: 20s` while everything is scraped each `15s` with `timeout: 10s`: 15 + 10 + 1 = 26 s
    /// ja: 収集が `15s` ごと、`timeout: 10s` のとき `page_within: 20s`: 15 + 10 + 1 = 26 秒
    /// # Fix
    /// Collect more often, or give the page more time.
    /// ja: 収集を速めるか、通知までの時間を延ばします。
    "page-too-late": Warning, needs ["sources", "severities"], check
}

/// Promises are judged at least each second.
const JUDGED_WITHIN: Duration = Duration::from_secs(1);

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let asked = lookup::asked(sight);
    let worst = |asked: &lookup::Asked<'_>| asked.interval + asked.timeout + JUDGED_WITHIN;
    let Some(fastest) = asked.iter().min_by_key(|asked| worst(asked)) else { return };
    for (name, severity) in &sight.spec.severities {
        let Some(page_within) = severity.page_within else { continue };
        let is_used = sight
            .spec
            .promises
            .iter()
            .any(|p| p.terms.severity.as_ref() == Some(name) && lookup::reads_metrics(p));
        let worst = worst(fastest);
        if !is_used || worst <= page_within.0 {
            continue;
        }
        let (worst, interval, timeout) = (unit::Span(worst), unit::Span(fastest.interval), unit::Span(fastest.timeout));
        let diagnostic = found.note(
            sight.places.at(&["severities", name, "page_within"]),
            say!(
                "noticing can take {worst} ({interval} interval + {timeout} timeout + 1s judging), longer than {page_within}",
                "検知に最長 {worst} かかり(間隔 {interval} + タイムアウト {timeout} + 判定 1s)、{page_within} に間に合いません"
            ),
        );
        if sight.places.is_written(&fastest.at("interval")) {
            diagnostic.also(sight.places.at(&fastest.at("interval")), say!("the fastest source", "最も速い収集"));
        }
        diagnostic.hint(say!("collect more often, or write `page_within: {worst}`", "収集を速めるか、`page_within: {worst}` にします"));
    }
}
