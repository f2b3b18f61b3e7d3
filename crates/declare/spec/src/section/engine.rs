//! `metrics`: an engine elsewhere that holds the samples, instead of the one inside.

use promise::{
    record,
    unit::{Bytes, Span},
};

use super::receiver::Secret;

record! {
    /// A Prometheus-compatible engine that holds the samples: Prometheus, VictoriaMetrics, Mimir, Thanos. Promises are judged by what it answers. Without this section Tegata holds them itself. A change takes effect at the next start.
    /// ja: サンプルを保持する Prometheus 互換のエンジン(Prometheus、VictoriaMetrics、Mimir、Thanos)。約束はその応答で判定します。書かなければ Tegata 自身が保持します。変更は次の起動で有効になります。
    pub struct Engine {
        /// Where it is asked: what stands before `/api/v1/query`.
        /// ja: 問い合わせ先。`/api/v1/query` の前までの URL。
        query: String,
        /// Where samples are written by remote write; `/api/v1/write` behind `query` by default.
        /// ja: remote write の宛先。省略時は `query` の後の `/api/v1/write`。
        write: Option<String>,
        /// Token sent as `Authorization: Bearer`.
        /// ja: ベアラートークン。
        bearer: Option<Secret>,
        /// User name, where it asks for one.
        /// ja: 利用者名。
        user: Option<String>,
        /// Password of `user`.
        /// ja: パスワード。
        password: Option<Secret>,
        /// The tenant, sent as `X-Scope-OrgID`, as Mimir asks.
        /// ja: テナント(Mimir の `X-Scope-OrgID`)。
        tenant: Option<String>,
        /// What may wait on our disk while it does not answer; beyond it samples are refused.
        /// ja: 応答がない間に手元のディスクで待てる量。超えたサンプルは拒みます。
        queue_max: Bytes = Bytes(2 << 30),
        /// How long one request may take.
        /// ja: 一度の要求で待つ時間。
        timeout: Span = Span::secs(10),
    }
}

impl Engine {
    /// Where samples are written.
    #[must_use]
    pub fn write_url(&self) -> String {
        self.write
            .clone()
            .unwrap_or_else(|| format!("{}/api/v1/write", self.query.trim_end_matches('/')))
    }
}
