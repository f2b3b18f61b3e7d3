//! Timeouts that outlast the interval.

use promise::{say, unit};

use super::{Found, Sight, lookup};

rule! {
    /// # Finds
    /// A `timeout` of a scrape or probe that is longer than its `interval`.
    /// ja: 収集・確認の `timeout` が `interval` より長い。
    /// # Why
    /// The next turn would begin before the last has given up; a slow target would be asked ever more often.
    /// ja: 前の回が終わらないうちに次の回が始まり、遅い対象にさらに負荷をかけます。
    /// # Source
    /// Prometheus refuses the same (`scrape_timeout` greater than `scrape_interval`).
    /// ja: Prometheus も同じ設定を拒みます。
    /// # Example
    /// `{ interval: 5s, timeout: 10s }`
    /// ja: `{ interval: 5s, timeout: 10s }`
    /// # Fix
    /// Make the timeout shorter, or the interval longer.
    /// ja: `timeout` を短くするか、`interval` を長くします。
    "timeout-exceeds-interval": Error, needs [], check, always
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for asked in lookup::asked(sight).iter().filter(|asked| asked.timeout > asked.interval) {
        let (timeout, interval) = (unit::Span(asked.timeout), unit::Span(asked.interval));
        let (timeout_at, interval_at) = (asked.at("timeout"), asked.at("interval"));
        // A default is written nowhere: the other of the two stands for both.
        let written = [timeout_at, interval_at].into_iter().find(|path| sight.places.is_written(path));
        let diagnostic = found.note(
            sight.places.at(&written.unwrap_or(timeout_at)),
            say!(
                "the timeout of {timeout} is longer than the interval of {interval}",
                "タイムアウト {timeout} が間隔 {interval} より長くなっています"
            ),
        );
        if written == Some(timeout_at) && sight.places.is_written(&interval_at) {
            diagnostic.also(sight.places.at(&interval_at), say!("the interval", "間隔"));
        }
        diagnostic.hint(say!("write `timeout: {interval}` or less", "`timeout: {interval}` 以下にします"));
    }
}
