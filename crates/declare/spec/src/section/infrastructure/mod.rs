//! `infrastructure`: what the service stands on. Nothing here is run; it is typed so that it can be checked
//! against what is promised.

pub mod cdn;
pub mod compute;
pub mod data;
pub mod network;

use std::collections::BTreeMap;

use promise::{
    record,
    unit::{Percent, Span},
};

record! {
    /// What the service stands on.
    /// ja: サービスを支える基盤。
    pub struct Infrastructure: Default {
        /// Whose: `aws`, `gcp`, `azure`, `on_premises`.
        /// ja: 提供者。`aws`、`gcp`、`azure`、`on_premises`。
        provider: Option<String>,
        /// Where it runs, by the provider's name of the region or site.
        /// ja: 稼働場所(リージョンまたは拠点の名前ごと)。
        regions: BTreeMap<String, Region> = BTreeMap::new(),
        /// Networks and their subnets, by name.
        /// ja: ネットワークとサブネット。
        networks: BTreeMap<String, network::Network> = BTreeMap::new(),
        /// Who may connect to what, by name.
        /// ja: 接続を許す相手。
        security_groups: BTreeMap<String, network::SecurityGroup> = BTreeMap::new(),
        /// Load balancers and gateways, by name.
        /// ja: ロードバランサーとゲートウェイ。
        load_balancers: BTreeMap<String, network::LoadBalancer> = BTreeMap::new(),
        /// DNS records that traffic follows, by name.
        /// ja: 通信が従う DNS レコード。
        dns: BTreeMap<String, network::Record> = BTreeMap::new(),
        /// What computes, by name.
        /// ja: 計算資源。
        compute: BTreeMap<String, compute::Compute> = BTreeMap::new(),
        /// Databases, by name.
        /// ja: データベース。
        databases: BTreeMap<String, data::Database> = BTreeMap::new(),
        /// Caches, by name.
        /// ja: キャッシュ。
        caches: BTreeMap<String, data::Cache> = BTreeMap::new(),
        /// Queues, by name.
        /// ja: キュー。
        queues: BTreeMap<String, data::Queue> = BTreeMap::new(),
        /// Object and file stores, by name.
        /// ja: オブジェクト・ファイルの保管先。
        buckets: BTreeMap<String, data::Bucket> = BTreeMap::new(),
        /// Search engines, by name.
        /// ja: 検索エンジン。
        search: BTreeMap<String, data::Search> = BTreeMap::new(),
        /// Content delivery networks, by name.
        /// ja: CDN。
        cdn: BTreeMap<String, cdn::Cdn> = BTreeMap::new(),
        /// What providers promise, as the design reckons with it, by name.
        /// ja: 設計が前提とする提供者の SLA。
        slas: BTreeMap<String, Sla> = BTreeMap::new(),
        /// Other parts of it that are in use, such as `grafana` or `terraform`, and what each is for.
        /// ja: そのほかに使うものと用途。
        tools: BTreeMap<String, String> = BTreeMap::new(),
        /// Tags that every resource must have.
        /// ja: すべての資源に必須のタグ。
        tags_required: Vec<String> = Vec::new(),
    }
}

record! {
    /// What a provider promises of one product.
    /// ja: 提供者が製品について約束する値。
    pub struct Sla: Default {
        /// The product, such as `rds`, `cloudfront`.
        /// ja: 製品。`rds`、`cloudfront` など。
        product: Option<String>,
        /// Its edition, where the promise depends on it: `enterprise`.
        /// ja: エディション(約束が変わる場合)。
        edition: Option<String>,
        /// The share of time in which it is up.
        /// ja: 可用性。
        availability: Option<Percent>,
    }
}

record! {
    /// A region or site.
    /// ja: リージョンまたは拠点。
    pub struct Region: Default {
        /// `primary`, `standby`, or `other` where something else runs.
        /// ja: `primary`(主)、`standby`(待機)、`other`(そのほかに使うもの)。
        role: Option<String>,
        /// Its zones that are used, by the provider's names.
        /// ja: 使うゾーンの名前。
        zones: Vec<String> = Vec::new(),
        /// How many zones are used, where they are not named.
        /// ja: 使うゾーンの数。
        zone_count: Option<u64>,
        /// The country whose law holds there, such as JP.
        /// ja: 所在国(JP など)。
        country: Option<String>,
    }
}

impl Region {
    /// How many zones are used, when that is said.
    #[must_use]
    pub fn zones_used(&self) -> Option<u64> {
        let named = u64::try_from(self.zones.len()).ok().filter(|n| *n > 0);
        named.or(self.zone_count)
    }

    #[must_use]
    pub fn is_standby(&self) -> bool {
        self.role.as_deref() == Some("standby")
    }
}

record! {
    /// A health check.
    /// ja: ヘルスチェック。
    pub struct HealthCheck: Default {
        /// What is asked.
        /// ja: 確認先。
        path: Option<String>,
        /// How often.
        /// ja: 間隔。
        interval: Option<Span>,
        /// How long it may take.
        /// ja: 待つ時間。
        timeout: Option<Span>,
        /// Failures in a row until it counts as down.
        /// ja: 停止とみなすまでの連続失敗数。
        failures: Option<u64>,
    }
}

impl HealthCheck {
    /// How long a fault can last until it is noticed: each failed check takes an interval.
    #[must_use]
    pub fn notices_within(&self) -> Option<Span> {
        let failures = u32::try_from(self.failures?).ok()?;
        Some(Span(self.interval?.0.checked_mul(failures)?))
    }
}

record! {
    /// Limits that a watch on a resource knows.
    /// ja: 資源の使用率の上限。
    pub struct Utilization: Default {
        /// Processor.
        /// ja: CPU。
        cpu: Option<Percent>,
        /// Memory.
        /// ja: メモリ。
        memory: Option<Percent>,
        /// Disk operations.
        /// ja: ディスク I/O。
        disk_io: Option<Percent>,
        /// Disk space.
        /// ja: ディスク容量。
        disk: Option<Percent>,
        /// Network.
        /// ja: ネットワーク。
        network: Option<Percent>,
    }
}
