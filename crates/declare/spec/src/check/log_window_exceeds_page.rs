//! Conditions on logs that may take longer to be met than the page about them may take.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A log alert of a severity whose `within` is longer than that severity's `page_within`.
    /// ja: `within` がその重大度の `page_within` より長いログの警報。
    /// # Why
    /// At a low rate the count is reached only at the end of the window.
    /// ja: 頻度が低いと、期間の終わりになって初めて件数に達します。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// `count: "> 10"` in `within: 5m`, `page_within: 1m`
    /// ja: `count: "> 10"` in `within: 5m`, `page_within: 1m`
    /// # Fix
    /// Count over a shorter time, or watch a rate.
    /// ja: 短い期間で数えるか、割合を監視します。
    "log-window-exceeds-page": Warning, needs ["log_analysis", "severities"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (stream, logs) in &sight.spec.design.log_analysis {
        for (name, alert) in &logs.alerts {
            let (Some(window), Some(severity), Some(_)) = (alert.within, &alert.severity, alert.count) else { continue };
            let Some(within) = sight.spec.severities.get(severity).and_then(|it| it.page_within) else { continue };
            if window <= within {
                continue;
            }
            found
                .note(
                    sight.places.at(&["log_analysis", stream, "alerts", name, "within"]),
                    say!("the count may need {window} to be reached; `{severity}` must be told within {within}", "件数に達するまで {window} かかりえますが、`{severity}` の通知期限は {within} です"),
                )
                .also(sight.places.at(&["severities", severity, "page_within"]), say!("told within", "通知期限"));
        }
    }
}
