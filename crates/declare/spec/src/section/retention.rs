//! `retention`: how long evidence is kept. The ledger has its own, `ledger.keep`.

use std::{collections::BTreeMap, time::Duration};

use promise::{record, unit::Span};

use crate::check::lookup;

record! {
    /// How long evidence is kept; the ledger has its own `ledger.keep`.
    /// ja: 証拠の保存期間。台帳は `ledger.keep` で決めます。
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

impl Retention {
    /// How long records of `stream` are kept.
    #[must_use]
    pub fn for_stream(&self, stream: &str) -> Duration {
        let named = self
            .streams
            .iter()
            .find(|(pattern, _)| lookup::matches_glob(pattern, stream));
        named.map_or(self.logs, |(_, keep)| *keep).0
    }
}
