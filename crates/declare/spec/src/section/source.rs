//! `sources`: where evidence comes from.

use std::collections::BTreeMap;

use promise::{
    record, tagged,
    unit::{Bytes, Span},
};

pub use super::scrape::Scrape;
use super::{discovery::words, receive::Receive, redact::Redact};

record! {
    /// Where evidence comes from.
    /// ja: 証拠の出どころ。
    pub struct Sources {
        /// Prometheus exporters, by job.
        /// ja: Prometheus エクスポーター(ジョブごと)。
        scrape: BTreeMap<String, Scrape> = BTreeMap::new(),
        /// Probes from outside, by name.
        /// ja: 外からの確認。
        probes: BTreeMap<String, Probe> = BTreeMap::new(),
        /// Log files and posted logs, by name.
        /// ja: ログ。
        logs: BTreeMap<String, Logs> = BTreeMap::new(),
        /// Logs and traces that others send.
        /// ja: 外から送られてくるログとトレース。
        receive: Receive = Receive::default(),
        /// What is made unreadable before anything is stored, beside card numbers, tokens and mail addresses.
        /// ja: 保存の前に伏せるもの。
        redact: Redact = Redact::default(),
    }
}

// `record!` decides what is derived.
#[allow(clippy::derivable_impls)]
impl Default for Sources {
    fn default() -> Self {
        Self {
            scrape: BTreeMap::new(),
            probes: BTreeMap::new(),
            logs: BTreeMap::new(),
            receive: Receive::default(),
            redact: Redact::default(),
        }
    }
}

tagged! {
    /// A check from outside, as a user would see it.
    /// ja: 利用者の目線の確認。
    pub enum Probe {
        "http" => HttpProbe,
        "tcp" => TcpProbe,
        "tls" => TlsProbe,
        "dns" => DnsProbe,
    }
}

record! {
    /// An HTTP request that must answer.
    /// ja: HTTP の応答を確かめます。
    pub struct HttpProbe {
        /// The URL, http or https.
        /// ja: URL。
        url: String,
        /// Accepted status codes; empty accepts 200 to 299.
        /// ja: 受け入れるステータス。
        status: Vec<u64> = Vec::new(),
        /// Text that the first 64 KiB of the body must hold.
        /// ja: 本文に含まれるべき文字列。
        contains: Option<String>,
        /// How often.
        /// ja: 間隔。
        interval: Span = Span::secs(15),
        /// How long it may take.
        /// ja: 待つ時間。
        timeout: Span = Span::secs(5),
    }
}

record! {
    /// A TCP port that must accept.
    /// ja: TCP の接続を確かめます。
    pub struct TcpProbe {
        /// `host:port`.
        /// ja: `host:port`。
        address: String,
        /// How often.
        /// ja: 間隔。
        interval: Span = Span::secs(15),
        /// How long it may take.
        /// ja: 待つ時間。
        timeout: Span = Span::secs(5),
    }
}

record! {
    /// A TLS handshake; measures the days until the certificate ends.
    /// ja: TLS の接続と証明書の期限を確かめます。
    pub struct TlsProbe {
        /// `host:port`.
        /// ja: `host:port`。
        address: String,
        /// The name to ask for; the host by default.
        /// ja: SNI の名前。
        server_name: Option<String>,
        /// A PEM file with the authorities to trust instead of the system's.
        /// ja: 信頼する認証局の PEM ファイル。
        ca_file: Option<String>,
        /// How often.
        /// ja: 間隔。
        interval: Span = Span::secs(60),
        /// How long it may take.
        /// ja: 待つ時間。
        timeout: Span = Span::secs(5),
    }
}

record! {
    /// A name that must resolve.
    /// ja: 名前解決を確かめます。
    pub struct DnsProbe {
        /// The name.
        /// ja: 名前。
        name: String,
        /// `host:port` of the server to ask; the system's by default.
        /// ja: 問い合わせ先。
        server: Option<String>,
        /// Record type: A, AAAA, CNAME, MX, NS or TXT.
        /// ja: レコードの型。
        record: String = "A".to_owned(),
        /// An answer that must be among those given.
        /// ja: 含まれるべき答え。
        expect: Option<String>,
        /// How often.
        /// ja: 間隔。
        interval: Span = Span::secs(30),
        /// How long it may take.
        /// ja: 待つ時間。
        timeout: Span = Span::secs(5),
    }
}

words! {
    /// How log files are written.
    LogFormat, "log format", "ログの形式", "json":
    Json "json", Cloudtrail "cloudtrail", Alb "alb", VpcFlow "vpc_flow"
}

record! {
    /// JSON log lines, followed from files or posted to `/ingest/logs/STREAM`.
    /// ja: JSON のログ。ファイルを追うか、POST で受け取ります。
    pub struct Logs {
        /// The stream's name, such as payment_app.
        /// ja: ストリームの名前。
        stream: String,
        /// Files to follow; `*` matches within one folder. Rotation is survived.
        /// ja: 追うファイル。
        files: Vec<String> = Vec::new(),
        /// How the files are written: `json` takes JSON lines and plain text; the others are the files of AWS. Files
        /// packed by gzip (`.gz`) are unpacked.
        /// ja: ファイルの形式。`json` は JSON の行と普通の行、ほかは AWS のファイル形式です。gzip(`.gz`)は展開して読みます。
        format: LogFormat = LogFormat::Json,
        /// Whether lines may be posted over HTTP.
        /// ja: HTTP での投稿を受けるか。
        post: bool = false,
        /// The field that holds the time, RFC 3339 or Unix seconds or milliseconds; where it is not there, `@timestamp`.
        /// ja: 時刻の項目。なければ `@timestamp`。
        time_field: String = "time".to_owned(),
        /// Silence longer than this is a gap in the evidence; none by default, for logs may be quiet.
        /// ja: これより長い沈黙は証拠の欠落とみなします。
        silent_for_max: Option<Span>,
        /// A longer line is refused and counted.
        /// ja: これより長い行は拒みます。
        line_max: Bytes = Bytes(64 << 10),
    }
}
