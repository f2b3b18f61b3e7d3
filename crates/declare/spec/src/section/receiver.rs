//! `receivers`: where pages go. Each kind's sender is one file in `respond::notify`.

mod chat;
mod http;
mod paging;
mod secret;

use std::fmt;

use promise::{Say, record, record::Scalar, scalar_as_text, tagged, unit::Span};

pub use chat::{Slack, SlackBot, Teams};
pub use http::{ContentType, Http, Method, Preset, Request};
pub use paging::{Ntfy, PagerDuty};
pub use secret::Secret;

tagged! {
    /// Where pages go.
    /// ja: 通知の宛先。
    pub enum Receiver {
        "webhook" => Webhook,
        "slack" => Slack,
        "slack_bot" => SlackBot,
        "teams" => Teams,
        "pagerduty" => PagerDuty,
        "ntfy" => Ntfy,
        "http" => Http,
        "alertmanager" => Alertmanager,
        "email" => Email,
        "inbox" => Inbox,
    }
}

impl Receiver {
    /// Every secret that it refers to, with the name of its field.
    #[must_use]
    pub fn secrets(&self) -> Vec<(String, &Secret)> {
        let all: Vec<(&str, Option<&Secret>)> = match self {
            Self::Webhook(it) => vec![("url", Some(&it.url)), ("key", it.key.as_ref())],
            Self::Slack(it) => vec![("url", Some(&it.url))],
            Self::SlackBot(it) => vec![("token", Some(&it.token))],
            Self::Teams(it) => vec![("url", Some(&it.url))],
            Self::PagerDuty(it) => vec![("key", Some(&it.key))],
            Self::Ntfy(it) => vec![("topic", Some(&it.topic)), ("token", it.token.as_ref())],
            Self::Http(it) => {
                let headers = it.headers.iter();
                let headers = headers.map(|(name, value)| (format!("headers.{name}"), value));
                return std::iter::once(("url".to_owned(), &it.url))
                    .chain(headers)
                    .collect();
            }
            Self::Alertmanager(it) => vec![("url", Some(&it.url)), ("bearer", it.bearer.as_ref())],
            Self::Email(it) => vec![("password", it.password.as_ref())],
            Self::Inbox(_) => vec![],
        };
        let known = all.into_iter();
        known
            .filter_map(|(name, secret)| Some((name.to_owned(), secret?)))
            .collect()
    }
}

record! {
    /// JSON over HTTP, signed with HMAC-SHA256.
    /// ja: HMAC-SHA256 で署名した JSON を HTTP で送ります。
    pub struct Webhook {
        /// Where to.
        /// ja: 宛先。
        url: Secret,
        /// The key of the signature in `Tegata-Signature`.
        /// ja: 署名の鍵。
        key: Option<Secret>,
        /// How long one try may take.
        /// ja: 一度の送信で待つ時間。
        timeout: Span = Span::secs(5),
    }
}

record! {
    /// A Prometheus Alertmanager, told of what fires each minute.
    /// ja: Prometheus の Alertmanager。発報中の警報を毎分伝えます。
    pub struct Alertmanager {
        /// Where it answers, without `/api`.
        /// ja: 宛先(`/api` は付けません)。
        url: Secret,
        /// Token sent as `Authorization: Bearer`.
        /// ja: ベアラートークン。
        bearer: Option<Secret>,
        /// How long one try may take.
        /// ja: 一度の送信で待つ時間。
        timeout: Span = Span::secs(5),
    }
}

record! {
    /// Mail over SMTP.
    /// ja: SMTP でのメール。
    pub struct Email {
        /// `host:port` of the SMTP server.
        /// ja: SMTP サーバーの `host:port`。
        server: String,
        /// Sender.
        /// ja: 差出人。
        from: String,
        /// Recipients.
        /// ja: 宛先。
        to: Vec<String>,
        /// `none` (loopback only), `starttls` or `tls`.
        /// ja: 暗号化の方法。
        security: Security = Security::StartTls,
        /// User name.
        /// ja: 利用者名。
        user: Option<String>,
        /// Password.
        /// ja: パスワード。
        password: Option<Secret>,
        /// How long one try may take.
        /// ja: 一度の送信で待つ時間。
        timeout: Span = Span::secs(10),
    }
}

record! {
    /// The console's own inbox: needs nothing outside.
    /// ja: 画面の受信箱。
    pub struct Inbox {}
}

/// How mail is protected on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    None,
    StartTls,
    Tls,
}

impl fmt::Display for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::StartTls => "starttls",
            Self::Tls => "tls",
        })
    }
}

impl Scalar for Security {
    const NAME: &'static str = "security";
    const NAME_JA: &'static str = "暗号化の方法";
    const EXAMPLE: &'static str = "starttls";
    const ONE_OF: &'static [&'static str] = &["none", "starttls", "tls"];
    fn parse(text: &str) -> Result<Self, Say> {
        match text {
            "none" => Ok(Self::None),
            "starttls" => Ok(Self::StartTls),
            "tls" => Ok(Self::Tls),
            _ => Err(promise::say!(
                "`{text}` is no way to protect mail",
                "`{text}` という暗号化の方法はありません"
            )),
        }
    }
}
scalar_as_text!(Security);
