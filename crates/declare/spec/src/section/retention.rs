//! `retention`: how long evidence is kept. The ledger is kept for good.

use std::collections::BTreeMap;

use promise::{record, unit::Span};

record! {
    /// How long evidence is kept. The ledger is kept for good.
    /// ja: 証拠の保存期間。台帳は消しません。
    pub struct Retention {
        /// Samples.
        /// ja: メトリクス。
        metrics: Span = Span::days(400),
        /// Log records of streams that `streams` does not name.
        /// ja: ログ。
        logs: Span = Span::days(365),
        /// By stream; `*` matches any text, and the first match in the order of names counts.
        /// ja: ストリームごとの期間。
        streams: BTreeMap<String, Span> = BTreeMap::new(),
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            metrics: Span::days(400),
            logs: Span::days(365),
            streams: BTreeMap::new(),
        }
    }
}
