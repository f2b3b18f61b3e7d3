//! Secrets, which a spec refers to and never holds.

use std::fmt;

use promise::{
    document::{Mistake, Node, Value},
    record::{Form, Read},
    say,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
