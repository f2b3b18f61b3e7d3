//! `sources.scrape`: exporters that are asked, how, and within which limits.

use std::{collections::BTreeMap, fmt};

use promise::{
    Say, record,
    record::Scalar,
    scalar_as_text,
    unit::{Bytes, Span},
};

use super::{
    discovery::{DnsDiscovery, KubernetesDiscovery},
    receiver::Secret,
    relabel::Relabel,
};

record! {
    /// Targets that expose metrics over HTTP.
    /// ja: HTTP でメトリクスを公開する対象。
    pub struct Scrape {
        /// `host:port` or a whole URL, one for each instance. Where there are `relabel_configs`, they see what is written here as `__address__`.
        /// ja: `host:port` か URL。`relabel_configs` があれば、書いたままが `__address__` になります。
        targets: Vec<String> = Vec::new(),
        /// Targets that share labels of their own.
        /// ja: 固有のラベルを共有する対象の組。
        groups: Vec<Group> = Vec::new(),
        /// Files with lists of targets, JSON or YAML as Prometheus's file_sd reads them; `*` in the last part of a path matches several. A changed file is read again within seconds.
        /// ja: 対象の一覧のファイル(Prometheus の file_sd と同じ JSON・YAML)。ファイル名に `*` が使えます。変更は数秒で反映されます。
        files: Vec<String> = Vec::new(),
        /// Targets found by DNS.
        /// ja: DNS で見つける対象。
        dns: Vec<DnsDiscovery> = Vec::new(),
        /// Targets found by asking Kubernetes.
        /// ja: Kubernetes で見つける対象。
        kubernetes: Vec<KubernetesDiscovery> = Vec::new(),
        /// `http` or `https`, where a target has no URL of its own.
        /// ja: URL で書かれていない対象の `http` か `https`。
        scheme: Scheme = Scheme::Http,
        /// Path where a target has no URL of its own.
        /// ja: パス。
        path: String = "/metrics".to_owned(),
        /// Query parameters, as the blackbox exporter needs them.
        /// ja: クエリー引数。
        params: BTreeMap<String, Vec<String>> = BTreeMap::new(),
        /// How often.
        /// ja: 間隔。
        interval: Span = Span::secs(15),
        /// How long an answer may take; at most `interval`.
        /// ja: 待つ時間。
        timeout: Span = Span::secs(10),
        /// Labels added to every series.
        /// ja: すべての系列に付けるラベル。
        labels: BTreeMap<String, String> = BTreeMap::new(),
        /// What becomes of a target's labels before it is asked, as in Prometheus.
        /// ja: 対象のラベルの書き換え(Prometheus と同じ)。
        relabel_configs: Vec<Relabel> = Vec::new(),
        /// What becomes of a series' labels before it is stored, as in Prometheus.
        /// ja: 系列のラベルの書き換え(Prometheus と同じ)。
        metric_relabel_configs: Vec<Relabel> = Vec::new(),
        /// Whether a label of the target counts more than ours of the same name, which is otherwise kept as `exported_…`.
        /// ja: 対象のラベルを、同じ名前のこちらのラベルより優先するか。
        honor_labels: bool = false,
        /// Whether a time that the target gives for a sample counts.
        /// ja: 対象が付けた時刻を使うか。
        honor_timestamps: bool = true,
        /// Whether native histograms are asked for.
        /// ja: ネイティブヒストグラムを求めるか。
        native_histograms: bool = true,
        /// Whether the classic buckets of a histogram are kept where it has native ones too.
        /// ja: ネイティブヒストグラムがあるときも従来のバケットを残すか。
        classic_histograms: bool = true,
        /// A larger answer is refused.
        /// ja: これより大きな応答は拒みます。
        body_max: Bytes = Bytes(32 << 20),
        /// An answer with more series is refused.
        /// ja: これより多い系列は拒みます。
        series_max: u64 = 50_000,
        /// A series with more labels makes its answer refused.
        /// ja: 系列あたりのラベル数の上限。
        labels_max: u64 = 64,
        /// A longer name of a label makes its answer refused.
        /// ja: ラベル名の長さの上限。
        label_name_max: Bytes = Bytes(1 << 10),
        /// A longer value of a label makes its answer refused.
        /// ja: ラベルの値の長さの上限。
        label_value_max: Bytes = Bytes(8 << 10),
        /// Of more targets than these, those beyond are not asked.
        /// ja: 対象の数の上限。
        targets_max: u64 = 5_000,
        /// Token sent as `Authorization: Bearer`.
        /// ja: ベアラートークン。
        bearer: Option<Secret>,
        /// User name and password.
        /// ja: 利用者名とパスワード。
        basic: Option<Basic>,
        /// How the connection is protected.
        /// ja: 接続の保護。
        tls: Option<Tls>,
    }
}

impl Default for Scrape {
    fn default() -> Self {
        Self {
            targets: Vec::new(),
            groups: Vec::new(),
            files: Vec::new(),
            dns: Vec::new(),
            kubernetes: Vec::new(),
            scheme: Scheme::Http,
            path: "/metrics".to_owned(),
            params: BTreeMap::new(),
            interval: Span::secs(15),
            timeout: Span::secs(10),
            labels: BTreeMap::new(),
            relabel_configs: Vec::new(),
            metric_relabel_configs: Vec::new(),
            honor_labels: false,
            honor_timestamps: true,
            native_histograms: true,
            classic_histograms: true,
            body_max: Bytes(32 << 20),
            series_max: 50_000,
            labels_max: 64,
            label_name_max: Bytes(1 << 10),
            label_value_max: Bytes(8 << 10),
            targets_max: 5_000,
            bearer: None,
            basic: None,
            tls: None,
        }
    }
}

record! {
    /// Targets that share labels, as in Prometheus's `static_configs`.
    /// ja: ラベルを共有する対象(Prometheus の `static_configs` と同じ)。
    pub struct Group {
        /// As the job's own.
        /// ja: 対象。
        targets: Vec<String>,
        /// Labels added to every series of theirs.
        /// ja: その系列に付けるラベル。
        labels: BTreeMap<String, String> = BTreeMap::new(),
    }
}

record! {
    /// User name and password, sent as `Authorization: Basic`.
    /// ja: Basic 認証。
    pub struct Basic {
        /// User name.
        /// ja: 利用者名。
        username: String,
        /// Password.
        /// ja: パスワード。
        password: Secret,
    }
}

record! {
    /// Whom to trust, and who we are.
    /// ja: 信頼する相手と、こちらの証明書。
    pub struct Tls {
        /// A PEM file with the authorities to trust instead of the system's.
        /// ja: 信頼する認証局の PEM ファイル。
        ca_file: Option<String>,
        /// A PEM file with our certificate.
        /// ja: クライアント証明書の PEM ファイル。
        cert_file: Option<String>,
        /// A PEM file with its key.
        /// ja: その鍵の PEM ファイル。
        key_file: Option<String>,
        /// The name that the certificate must hold; the host by default.
        /// ja: 証明書にあるべき名前。
        server_name: Option<String>,
        /// Takes any certificate: whoever stands between can read and change everything.
        /// ja: どんな証明書でも受け入れます(盗聴・改ざんを防げません)。
        insecure_skip_verify: bool = false,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Http,
    Https,
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

impl Scalar for Scheme {
    const NAME: &'static str = "scheme";
    const NAME_JA: &'static str = "スキーム";
    const EXAMPLE: &'static str = "https";
    const ONE_OF: &'static [&'static str] = &["http", "https"];
    fn parse(text: &str) -> Result<Self, Say> {
        match text {
            "http" => Ok(Self::Http),
            "https" => Ok(Self::Https),
            _ => Err(promise::say!(
                "`{text}` is neither http nor https",
                "`{text}` は http でも https でもありません"
            )),
        }
    }
}
scalar_as_text!(Scheme);

#[cfg(test)]
mod tests {
    use promise::document::parse_yaml;
    use promise::record::Read;

    use super::*;

    #[test]
    fn the_default_is_what_an_empty_job_reads_as() {
        let mut mistakes = Vec::new();
        let node = parse_yaml("{}").0;
        let read = node.and_then(|node| Scrape::read(&node, &mut mistakes));
        assert_eq!(read, Some(Scrape::default()), "{mistakes:?}");
    }
}
