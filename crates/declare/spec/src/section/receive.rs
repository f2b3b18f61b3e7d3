//! `sources.receive`: logs and traces that others send to us, each protocol only where it is declared.

use std::collections::BTreeMap;

use promise::{
    record, tagged,
    unit::{Bytes, Span},
};

use super::receiver::Secret;

record! {
    /// Logs and traces that others send. What is not declared is not taken.
    /// ja: 外から送られてくるログとトレース。宣言したものだけを受け取ります。
    pub struct Receive {
        /// OTLP at `/v1/logs` and `/v1/traces`, and by gRPC on the same port.
        /// ja: OTLP(`/v1/logs`、`/v1/traces`、同じポートの gRPC)。
        otlp: Option<Otlp>,
        /// Loki's push API at `/loki/api/v1/push`.
        /// ja: Loki のプッシュ API(`/loki/api/v1/push`)。
        loki: Option<Loki>,
        /// Syslog listeners, by name.
        /// ja: syslog の待ち受け(名前ごと)。
        syslog: BTreeMap<String, Syslog> = BTreeMap::new(),
        /// Events that other services post to `/ingest/webhooks/NAME`.
        /// ja: 他のサービスが `/ingest/webhooks/名前` に送るイベント。
        webhooks: BTreeMap<String, Webhook> = BTreeMap::new(),
    }
}

// `record!` decides what is derived.
#[allow(clippy::derivable_impls)]
impl Default for Receive {
    fn default() -> Self {
        Self {
            otlp: None,
            loki: None,
            syslog: BTreeMap::new(),
            webhooks: BTreeMap::new(),
        }
    }
}

impl Receive {
    /// Every source that is declared here, with the stream that it fills.
    #[must_use]
    pub fn streams(&self) -> Vec<(String, &str)> {
        let mut all = Vec::new();
        if let Some(otlp) = &self.otlp {
            all.push(("otlp/logs".to_owned(), otlp.logs.as_str()));
            all.push(("otlp/traces".to_owned(), otlp.traces.as_str()));
        }
        if let Some(loki) = &self.loki {
            all.push(("loki".to_owned(), loki.stream.as_str()));
        }
        let syslog = self.syslog.iter();
        all.extend(syslog.map(|(name, it)| (format!("syslog/{name}"), it.stream.as_str())));
        let webhooks = self.webhooks.iter();
        all.extend(webhooks.map(|(name, it)| (format!("webhook/{name}"), it.stream())));
        all
    }
}

record! {
    /// Streams for OTLP's logs and spans.
    /// ja: OTLP のログとスパンのストリーム。
    pub struct Otlp {
        /// Stream of log records.
        /// ja: ログのストリーム。
        logs: String = "logs".to_owned(),
        /// Stream of spans.
        /// ja: スパンのストリーム。
        traces: String = "traces".to_owned(),
    }
}

record! {
    /// What Promtail, Grafana Alloy and other clients of Loki push.
    /// ja: Promtail や Grafana Alloy などが送るログ。
    pub struct Loki {
        /// The stream's name.
        /// ja: ストリームの名前。
        stream: String = "logs".to_owned(),
    }
}

record! {
    /// Syslog, RFC 5424 and RFC 3164.
    /// ja: syslog(RFC 5424、RFC 3164)。
    pub struct Syslog {
        /// The stream's name.
        /// ja: ストリームの名前。
        stream: String = "syslog".to_owned(),
        /// Address and port for datagrams. What comes faster than it can be stored is lost, as with any UDP.
        /// ja: UDP のアドレスとポート。保存が追いつかない分は失われます。
        udp: Option<String>,
        /// Address and port for connections in clear text.
        /// ja: TCP のアドレスとポート(平文)。
        tcp: Option<String>,
        /// Connections protected by TLS (RFC 5425).
        /// ja: TLS の接続(RFC 5425)。
        tls: Option<SyslogTls>,
        /// A longer message is refused and counted.
        /// ja: これより長いメッセージは拒みます。
        line_max: Bytes = Bytes(64 << 10),
    }
}

record! {
    /// Syslog over TLS.
    /// ja: TLS の syslog。
    pub struct SyslogTls {
        /// Address and port.
        /// ja: アドレスとポート。
        listen: String,
        /// A PEM file with our certificate.
        /// ja: サーバー証明書の PEM ファイル。
        cert_file: String,
        /// A PEM file with its key.
        /// ja: その鍵の PEM ファイル。
        key_file: String,
        /// A PEM file with the authorities whose clients alone may send; without it everybody may.
        /// ja: 送信を許すクライアントの認証局の PEM ファイル。なければ誰でも送れます。
        client_ca_file: Option<String>,
    }
}

tagged! {
    /// Signed events of another service.
    /// ja: 他のサービスの署名付きイベント。
    pub enum Webhook {
        "stripe" => StripeHook,
        "github" => GithubHook,
        "gitlab" => GitlabHook,
        "bearer" => BearerHook,
        "signed" => SignedHook,
    }
}

impl Webhook {
    #[must_use]
    pub fn stream(&self) -> &str {
        match self {
            Self::StripeHook(hook) => &hook.stream,
            Self::GithubHook(hook) => &hook.stream,
            Self::GitlabHook(hook) => &hook.stream,
            Self::BearerHook(hook) => &hook.stream,
            Self::SignedHook(hook) => &hook.stream,
        }
    }

    #[must_use]
    pub fn secret(&self) -> &Secret {
        match self {
            Self::StripeHook(hook) => &hook.secret,
            Self::GithubHook(hook) => &hook.secret,
            Self::GitlabHook(hook) => &hook.secret,
            Self::BearerHook(hook) => &hook.secret,
            Self::SignedHook(hook) => &hook.secret,
        }
    }
}

record! {
    /// Events of Stripe, signed by `Stripe-Signature`.
    /// ja: Stripe のイベント(`Stripe-Signature` で検証)。
    pub struct StripeHook {
        /// The stream's name.
        /// ja: ストリームの名前。
        stream: String,
        /// The endpoint's signing secret (`whsec_…`).
        /// ja: エンドポイントの署名シークレット。
        secret: Secret,
        /// A signature older than this may be a replay, and is refused.
        /// ja: これより古い署名は再送攻撃とみなして拒みます。
        tolerance: Span = Span::secs(300),
    }
}

record! {
    /// Events of GitHub, signed by `X-Hub-Signature-256`.
    /// ja: GitHub のイベント(`X-Hub-Signature-256` で検証)。
    pub struct GithubHook {
        /// The stream's name.
        /// ja: ストリームの名前。
        stream: String,
        /// The webhook's secret.
        /// ja: Webhook のシークレット。
        secret: Secret,
    }
}

record! {
    /// Events of GitLab, proven by `X-Gitlab-Token`.
    /// ja: GitLab のイベント(`X-Gitlab-Token` で検証)。
    pub struct GitlabHook {
        /// The stream's name.
        /// ja: ストリームの名前。
        stream: String,
        /// The webhook's secret token.
        /// ja: Webhook のシークレットトークン。
        secret: Secret,
    }
}

record! {
    /// Events of services that can send a header but not sign, such as the notifications of Argo CD: proven by `Authorization: Bearer`.
    /// ja: 署名はできないがヘッダーを送れるサービス(Argo CD の通知など)のイベント。`Authorization: Bearer` で検証します。
    pub struct BearerHook {
        /// The stream's name.
        /// ja: ストリームの名前。
        stream: String,
        /// The token.
        /// ja: トークン。
        secret: Secret,
    }
}

record! {
    /// Events of anything that signs as our own `webhook` receiver does: `Tegata-Signature: t=SECONDS,v1=HEX`.
    /// ja: Tegata の `webhook` と同じ方法(`Tegata-Signature: t=秒,v1=16進`)で署名されたイベント。
    pub struct SignedHook {
        /// The stream's name.
        /// ja: ストリームの名前。
        stream: String,
        /// The key of the signature.
        /// ja: 署名の鍵。
        secret: Secret,
        /// A signature older than this may be a replay, and is refused.
        /// ja: これより古い署名は再送攻撃とみなして拒みます。
        tolerance: Span = Span::secs(300),
    }
}
