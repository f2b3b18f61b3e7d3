//! Pages that cannot leave in time.

use promise::say;

use super::{Found, Sight};
use crate::detection::{Detection, detection};

rule! {
    /// # Finds
    /// A severity whose `page_within` is shorter than its pages can take, even with the fastest source that may feed them.
    /// ja: 最も速い収集でも、通知までに `page_within` より長くかかりうる重大度。
    /// # Why
    /// The page would be late every time that the fault falls just after a sample.
    /// ja: 収集の直後に障害が起きると、通知が必ず遅れます。
    /// # Source
    /// The worst case: one interval until the next sample, its timeout, the promise's own `for`, one second until it is
    /// judged, and ten until the receiver accepts it. Alerts are not grouped and routes do not wait.
    /// ja: 最悪の場合: 次の収集までの一間隔、その応答を待つ時間、約束の `for`、判定までの 1 秒、宛先が受理するまでの 10 秒。警報はまとめず、経路も待ちません。
    /// # Example
    /// `page_within: 30s` while everything is scraped each `15s` with `timeout: 10s`: 15 + 10 + 1 + 10 = 36 s
    /// ja: 収集が `15s` ごと、`timeout: 10s` のとき `page_within: 30s`: 15 + 10 + 1 + 10 = 36 秒
    /// # Fix
    /// Collect more often, or give the page more time.
    /// ja: 収集を速めるか、通知までの時間を延ばします。
    "page-too-late": Error, needs ["sources", "severities", "promises"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let all = detection(sight.spec);
    for name in sight.spec.severities.keys() {
        let of = all.iter().filter(|it| it.severity.as_ref() == Some(name) && it.is_too_late());
        let Some(worst) = of.max_by_key(|it| it.at_least) else { continue };
        let Detection { promise, interval, timeout, hold, judged, accepted, at_least, .. } = worst;
        let Some(page_within) = worst.page_within else { continue };
        let (mut hold_en, mut hold_ja) = (String::new(), String::new());
        if !hold.0.is_zero() {
            (hold_en, hold_ja) = (format!(" + {hold} `for`"), format!(" + `for` {hold}"));
        }
        let diagnostic = found.note(
            sight.places.at(&["severities", name, "page_within"]),
            say!(
                "the page about `{promise}` can take {at_least} ({interval} interval + {timeout} timeout{hold_en} + {judged} judging + {accepted} until it is accepted), longer than {page_within}",
                "`{promise}` の通知には最長 {at_least} かかり(間隔 {interval} + タイムアウト {timeout}{hold_ja} + 判定 {judged} + 受理 {accepted})、{page_within} に間に合いません"
            ),
        );
        diagnostic.also(sight.places.key(&["promises", promise]), say!("the slowest promise", "最も遅い約束"));
        diagnostic.hint(say!(
            "collect more often, wait less, or write `page_within: {at_least}`; `tegata check -v` shows every promise",
            "収集を速めるか、待つ時間を短くするか、`page_within: {at_least}` にします。`tegata check -v` で全件を確認できます"
        ));
    }
}
