//! `service` and `console`: who owes the promises, and where people read about them.

use std::collections::BTreeMap;

use promise::{
    Name, record,
    unit::{Percent, Span},
};

record! {
    /// The service that owes the promises.
    /// ja: 約束を負うサービス。
    pub struct Service {
        /// What people call it.
        /// ja: サービスの名前。
        name: Name,
        /// Who answers for promises that name no owner.
        /// ja: 責任者が書かれていない約束の責任者。
        owner: String,
        /// IANA time zone, such as Asia/Tokyo; calendar windows begin at its midnights.
        /// ja: IANA のタイムゾーン。暦の期間はこの時間帯の午前 0 時に始まります。
        time_zone: String = "UTC".to_owned(),
        /// The parts of the service and what each owes.
        /// ja: サービスの層と、それぞれの目標。
        tiers: BTreeMap<String, Tier> = BTreeMap::new(),
        /// What a request passes through, by the names of other parts; each of them must work.
        /// ja: 要求が通る部品の名前(すべてが動いている必要があります)。
        path: Vec<String> = Vec::new(),
        /// How long after a payment it may be refunded.
        /// ja: 決済から返金を受け付ける期間。
        refundable_for: Option<Span>,
        /// Times at which it is stopped on purpose, by name.
        /// ja: 計画停止。
        stops: BTreeMap<String, Stop> = BTreeMap::new(),
    }
}

record! {
    /// A time at which the service is stopped on purpose, again and again.
    /// ja: 定期的な計画停止。
    pub struct Stop: Default {
        /// How often.
        /// ja: 頻度。
        every: Option<Span>,
        /// How long each time.
        /// ja: 1 回の長さ。
        lasts: Option<Span>,
        /// Whether it counts against the availability that is promised.
        /// ja: 約束した可用性に数えるか。
        counted: Option<bool>,
    }
}

record! {
    /// A part of the service with its own objectives.
    /// ja: 固有の目標を持つ層。
    pub struct Tier {
        /// What people call it.
        /// ja: 人が呼ぶ名前。
        name: Option<Name>,
        /// The share of time in which it is usable.
        /// ja: 利用できる時間の割合。
        availability: Option<Percent>,
        /// Over which time that is counted; 30 days where nothing is said.
        /// ja: `availability` を数える期間(省略時は 30 日)。
        availability_window: Option<Span>,
        /// How long it may be unusable in 30 days, where a design says it besides `availability`.
        /// ja: 30 日間に許す停止時間(`availability` と別に書かれている場合)。
        downtime_allowed: Option<Span>,
        /// Recovery time objective.
        /// ja: 目標復旧時間。
        rto: Option<Span>,
        /// Recovery point objective.
        /// ja: 目標復旧時点。
        rpo: Option<Span>,
        /// What its requests pass through, where that differs from the service's `path`.
        /// ja: 要求が通る部品(サービスの `path` と異なる場合)。
        path: Vec<String> = Vec::new(),
    }
}

record! {
    /// The pages and the API.
    /// ja: 画面と API。
    pub struct Console {
        /// Address and port; any but a loopback address needs `tls` and people under `access`.
        /// ja: アドレスとポート。ループバック以外では `tls` と `access` の利用者が必要です。
        listen: String = "127.0.0.1:8400".to_owned(),
        /// Where people reach the console, when something stands before it, such as `https://tegata.example.jp`: the links in messages begin with it.
        /// ja: 前段のプロキシなどを通して人が開く URL(`https://tegata.example.jp` など)。通知のリンクに使います。
        url: Option<String>,
        /// The certificate with which the console answers over TLS.
        /// ja: 画面を TLS で提供するための証明書。
        tls: Option<ConsoleTls>,
        /// Whether samples may be deleted through the API (`/api/v1/admin/tsdb`).
        /// ja: API によるサンプルの削除(`/api/v1/admin/tsdb`)を許すか。
        deletes: bool = false,
    }
}

record! {
    /// TLS of the console.
    /// ja: 画面の TLS。
    pub struct ConsoleTls {
        /// A PEM file with our certificate and those between it and its authority.
        /// ja: サーバー証明書(と中間証明書)の PEM ファイル。
        cert_file: String,
        /// A PEM file with its key.
        /// ja: その鍵の PEM ファイル。
        key_file: String,
    }
}

impl Default for Console {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8400".to_owned(),
            url: None,
            tls: None,
            deletes: false,
        }
    }
}
