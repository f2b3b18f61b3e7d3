//! `receivers`: where pages go. Each kind's sender is one file in `respond::notify`.

use std::fmt;

use promise::{
    Say,
    document::{Mistake, Node, Value},
    record,
    record::{Form, Read, Scalar},
    say, scalar_as_text, tagged,
    unit::Span,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

tagged! {
    /// Where pages go.
    /// ja: 通知の宛先。
    pub enum Receiver {
        "webhook" => Webhook,
        "slack" => Slack,
        "alertmanager" => Alertmanager,
        "email" => Email,
        "inbox" => Inbox,
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
    /// A Slack incoming webhook, or anything that takes its format.
    /// ja: Slack の Incoming Webhook。
    pub struct Slack {
        /// The webhook's URL, which is a secret.
        /// ja: Webhook の URL(秘密)。
        url: Secret,
        /// A channel, where the webhook may choose.
        /// ja: チャンネル。
        channel: Option<String>,
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

/// A value that is not written in the spec but referred to: `${env:SLACK_URL}` or `${file:/run/secrets/slack}`.
/// An address on loopback may be written as it is. Never printed: `Debug` and `Display` show the reference.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    Env(String),
    File(String),
    /// A loopback URL, which is no secret.
    Loopback(String),
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "${{env:{name}}}"),
            Self::File(path) => write!(f, "${{file:{path}}}"),
            Self::Loopback(url) => f.write_str(url),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Secret {
    /// `None` for anything that is not a reference or an address on loopback.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let inner = text
            .trim()
            .strip_prefix("${")
            .and_then(|rest| rest.strip_suffix('}'));
        match inner.and_then(|inner| inner.split_once(':')) {
            Some(("env", name)) if !name.is_empty() => return Some(Self::Env(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => return Some(Self::File(path.to_owned())),
            _ => {}
        }
        let loopback = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
        loopback
            .iter()
            .any(|prefix| {
                text.strip_prefix(prefix)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
            })
            .then(|| Self::Loopback(text.to_owned()))
    }
}

/// Read by hand and not as a `Scalar`, whose messages repeat the text: it may be the secret itself.
impl Read for Secret {
    fn form() -> Form {
        Form::Scalar {
            name: "secret reference",
            example: "${env:SLACK_URL}",
            pattern: Some(
                r"^\s*\$\{(env|file):[^}]+\}\s*$|^http://(127\.0\.0\.1|localhost|\[::1\])([:/].*)?$",
            ),
        }
    }

    fn read(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let read = match &node.value {
            Value::Scalar(text) => Self::parse(text),
            _ => None,
        };
        if read.is_none() {
            mistakes.push(
                Mistake::new(
                    "plain-secret",
                    node.span.clone(),
                    say!("a secret is not written in the spec but referred to", "秘密は仕様に書かず、参照で示します"),
                )
                .hint(say!(
                    "write `${{env:NAME}}` or `${{file:/path}}`, and change the secret if it was ever shared here",
                    "`${{env:NAME}}` か `${{file:/path}}` と書いてください。すでに共有された秘密なら変更してください"
                )),
            );
        }
        read
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a secret reference"))
    }
}
