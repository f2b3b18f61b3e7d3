//! Networks, who may connect, what balances, and the names that traffic follows.
//!
//! Addresses stay as they were written: a range such as 10.0.300.0/24 is for a rule to explain.

use std::collections::BTreeMap;

use promise::{record, unit::Span};

use super::HealthCheck;

record! {
    /// A network with its subnets.
    /// ja: ネットワークとサブネット。
    pub struct Network: Default {
        /// Its address range, such as 10.0.0.0/16.
        /// ja: アドレス範囲。
        cidr: Option<String>,
        /// Ranges that were added to it, such as one for pods alone.
        /// ja: 追加した範囲(ポッド専用など)。
        further: Vec<String> = Vec::new(),
        /// The region or site that it is in.
        /// ja: 属するリージョンまたは拠点。
        region: Option<String>,
        /// How many zones it spans.
        /// ja: またがるゾーンの数。
        zone_count: Option<u64>,
        /// Its subnets, by name.
        /// ja: サブネット。
        subnets: BTreeMap<String, Subnet> = BTreeMap::new(),
        /// Networks that it is joined to, by their address ranges.
        /// ja: 接続先のネットワークのアドレス範囲。
        peers: Vec<String> = Vec::new(),
        /// How many NAT gateways it has.
        /// ja: NAT ゲートウェイの数。
        nat_gateways: Option<u64>,
        /// Private doors to the provider's services.
        /// ja: VPC エンドポイント。
        endpoints: Vec<String> = Vec::new(),
        /// How long its flow logs are kept.
        /// ja: フローログの保存期間。
        flow_logs: Option<Span>,
    }
}

record! {
    /// A subnet.
    /// ja: サブネット。
    pub struct Subnet {
        /// Its address range.
        /// ja: アドレス範囲。
        cidr: String,
        /// `public`, `private` or `database`.
        /// ja: `public`、`private`、`database`。
        kind: Option<String>,
        /// The zone that it is in.
        /// ja: 属するゾーン。
        zone: Option<String>,
    }
}

record! {
    /// Who may connect.
    /// ja: 接続を許す相手。
    pub struct SecurityGroup: Default {
        /// What it protects, by the names of other parts.
        /// ja: 守る対象。
        protects: Vec<String> = Vec::new(),
        /// What is let in.
        /// ja: 許す接続。
        inbound: Vec<Inbound> = Vec::new(),
    }
}

record! {
    /// A connection that is let in.
    /// ja: 許す接続。
    pub struct Inbound {
        /// An address range, or the name of another security group.
        /// ja: アドレス範囲または他のグループ。
        from: String,
        /// The port, or a range such as 8000-8100; empty for all.
        /// ja: ポート。
        port: Option<String>,
        /// Why it is needed.
        /// ja: 必要な理由。
        why: Option<String>,
    }
}

record! {
    /// A load balancer or gateway.
    /// ja: ロードバランサーまたはゲートウェイ。
    pub struct LoadBalancer: Default {
        /// The provider's product, such as `alb`, `nlb`, `api_gateway`.
        /// ja: 製品名。
        product: Option<String>,
        /// A connection that is quiet for so long is closed, and so is a request without an answer.
        /// ja: 応答のない接続を切るまでの時間。
        idle_timeout: Option<Span>,
        /// How often a long connection through it says that it lives.
        /// ja: 長い接続の生存確認(ping)の間隔。
        heartbeat: Option<Span>,
        /// The subnets that it stands in.
        /// ja: 置かれるサブネット。
        subnets: Vec<String> = Vec::new(),
        /// How it knows that what is behind it is well.
        /// ja: 背後の健全性の確認。
        health_check: Option<HealthCheck>,
        /// How long it lets running requests end.
        /// ja: 切り離しの猶予。
        deregistration_delay: Option<Span>,
        /// The lowest TLS that it accepts, such as `1.2`.
        /// ja: 受け付ける最低の TLS。
        tls_min: Option<String>,
        /// Whether it checks addresses from which it is called.
        /// ja: 送信元を制限するか。
        public: Option<bool>,
        /// Its tags.
        /// ja: タグ。
        tags: BTreeMap<String, String> = BTreeMap::new(),
    }
}

record! {
    /// A DNS record that traffic follows.
    /// ja: 通信が従う DNS レコード。
    pub struct Record: Default {
        /// How long resolvers remember it.
        /// ja: 記憶される時間。
        ttl: Option<Span>,
        /// Whether it changes by itself when what it names is down.
        /// ja: 停止時に自動で切り替わるか。
        failover: Option<bool>,
        /// How it knows.
        /// ja: 停止の確認。
        health_check: Option<HealthCheck>,
    }
}
