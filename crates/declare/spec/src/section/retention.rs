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
        /// Where old log records are copied before they go.
        /// ja: 古いログの複製先。
        cold: Option<Cold>,
    }
}

record! {
    /// Copies of log records elsewhere: a Parquet file for each stream and whole day (UTC), which DuckDB and others read.
    /// What is not copied yet stays, whatever the retention says.
    /// ja: ログの複製。ストリームと日(UTC)ごとに 1 つの Parquet ファイルで、DuckDB などで読めます。複製が済むまでは、保存期間を過ぎても消えません。
    pub struct Cold {
        /// A folder, or `s3://BUCKET/PREFIX`. The keys of a bucket stand in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or in
        /// the files that the same names with _FILE at their end name.
        /// ja: フォルダ、または `s3://バケット/プレフィックス`。鍵は AWS_ACCESS_KEY_ID と AWS_SECRET_ACCESS_KEY、または _FILE を付けた名前でファイルから読みます。
        to: String,
        /// How long after its end a day is copied; what arrives for it later is not in the copy.
        /// ja: 日の終わりから複製までの時間。その後に届いた記録は複製に入りません。
        after: Span = Span::days(7),
        /// Which streams; `*` matches any text.
        /// ja: 対象のストリーム。`*` は任意の文字列。
        streams: Vec<String> = vec!["*".to_owned()],
        /// Another store than AWS, such as http://127.0.0.1:9000; the bucket then stands in the path, as MinIO has it.
        /// ja: AWS 以外の保存先(例: http://127.0.0.1:9000)。バケットはパスに入ります。
        endpoint: Option<String>,
        /// The region of the bucket.
        /// ja: バケットのリージョン。
        region: String = "us-east-1".to_owned(),
    }
}

impl Cold {
    /// Whether a stream is copied.
    #[must_use]
    pub fn takes(&self, stream: &str) -> bool {
        let mut patterns = self.streams.iter();
        patterns.any(|pattern| lookup::matches_glob(pattern, stream))
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            metrics: Span::days(400),
            logs: Span::days(365),
            streams: BTreeMap::new(),
            cold: None,
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
