//! What computes: machines, containers, functions, and how they grow.

use std::collections::BTreeMap;

use promise::{
    quantity::Rate,
    record,
    unit::{Bytes, Percent, Span},
};

record! {
    /// A group of machines, containers or functions that do the same work.
    /// ja: 同じ仕事をする計算資源の群。
    pub struct Compute: Default {
        /// The provider's product, such as `ec2`, `ecs`, `fargate`, `gke`, `kubernetes`, `server`.
        /// ja: 製品名。
        product: Option<String>,
        /// The kind of machine, such as m6i.large.
        /// ja: インスタンスの型。
        instance: Option<String>,
        /// The region or site that it is in.
        /// ja: リージョンまたは拠点。
        region: Option<String>,
        /// The subnets that it stands in.
        /// ja: 置かれるサブネット。
        subnets: Vec<String> = Vec::new(),
        /// The name of the cluster that it belongs to.
        /// ja: 属するクラスター。
        cluster: Option<String>,
        /// The version of the platform, such as Kubernetes 1.30.
        /// ja: 基盤のバージョン。
        version: Option<String>,
        /// The language that it runs and its version, such as `nodejs22` or `Java 21`.
        /// ja: 実行する言語とバージョン(`nodejs22`、`Java 21` など)。
        runtime: Option<String>,
        /// The longest that one call may run.
        /// ja: 1 回の呼び出しの最長実行時間。
        timeout: Option<Span>,
        /// The name of the queue whose messages it handles.
        /// ja: メッセージを処理するキューの名前。
        triggered_by: Option<String>,
        /// Which ways to get machines a cluster may use.
        /// ja: クラスターの容量の調達方法。
        capacity_providers: Vec<String> = Vec::new(),
        /// Which of them is used when nothing else is said.
        /// ja: 既定の調達方法。
        default_capacity_provider: Option<String>,
        /// How many there are at least.
        /// ja: 最小の台数。
        instances_min: Option<u64>,
        /// How many there are at most.
        /// ja: 最大の台数。
        instances_max: Option<u64>,
        /// How many there usually are.
        /// ja: 通常の台数。
        instances: Option<u64>,
        /// How many must stay while machines are taken away for upkeep, such as `minAvailable` of a disruption budget.
        /// ja: サーバーの入れ替え中も残す台数(停止予算の `minAvailable` など)。
        available_min: Option<u64>,
        /// How many may be taken away at once for upkeep, such as `maxUnavailable` of a disruption budget.
        /// ja: 入れ替えのために一度に止めてよい台数(停止予算の `maxUnavailable` など)。
        unavailable_max: Option<u64>,
        /// What each of them can carry.
        /// ja: 1 台が処理できる頻度。
        rate_each: Option<Rate>,
        /// Database connections that each may open.
        /// ja: 1 台が開く DB 接続の最大数。
        connections_each: Option<u64>,
        /// The processor use at which more are started.
        /// ja: 台数を増やす CPU 使用率。
        target_cpu: Option<Percent>,
        /// How long after its start a machine is not called sick.
        /// ja: 起動後に異常とみなさない時間。
        health_check_grace: Option<Span>,
        /// From the decision to start one until it answers.
        /// ja: 起動にかかる時間。
        starts_in: Option<Span>,
        /// Memory of each.
        /// ja: 1 台のメモリ。
        memory: Option<Bytes>,
        /// Whether it is encrypted at rest.
        /// ja: 保存時に暗号化するか。
        encrypted: Option<bool>,
        /// Its tags.
        /// ja: タグ。
        tags: BTreeMap<String, String> = BTreeMap::new(),
    }
}
