//! Events that other services post, each signed by a secret that only they and we know.
//!
//! What is not signed, or was signed long ago, is refused before it is read. The same event sent again is the same
//! record, for it has the same body: a replay changes nothing.
//!
//! Sources: Stripe's "Verify webhook signatures" (`Stripe-Signature`, scheme `v1`), GitHub's "Validating webhook
//! deliveries" (`X-Hub-Signature-256`), GitLab's "Webhooks" (`X-Gitlab-Token`), Argo CD's "Webhook" notification service
//! (headers of one's own).

use std::{sync::Arc, time::Duration};

use hmac::{Hmac, KeyInit, Mac};
use promise::Timestamp;
use serde_json::{Map, Value};
use sha2::Sha256;
use spec::section::{receive::Webhook, receiver::Secret};

use super::{
    Refusal,
    intake::{Draft, Intake, IntakeError},
};
use crate::{follow::line, start::Secrets};

/// GitHub sends no more than 25 MB, Stripe some kilobytes; an event that is larger than this is no evidence.
pub const WEBHOOK_MAX: usize = 4 << 20;
/// Signatures of one event: while a secret is being changed there are two.
const SIGNATURES_MAX: usize = 8;
/// A signature from the future may be a clock that is wrong by as much.
const AHEAD_MAX: Duration = Duration::from_secs(60);

/// Why an event was not taken.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    #[error("the spec declares no webhook `{0}`")]
    NotDeclared(String),
    #[error("the event is larger than {WEBHOOK_MAX} bytes")]
    TooLarge,
    /// Says no more: who forges one should not learn how.
    #[error("the signature is not valid")]
    Unsigned,
    #[error("the event is not a JSON object")]
    NotAnObject,
    #[error("the event has more fields than are taken")]
    TooManyFields,
    #[error("the secret cannot be read")]
    NoSecret,
    #[error(transparent)]
    Intake(#[from] IntakeError),
}

impl WebhookError {
    /// Whether sending the same again may help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::NoSecret | Self::Intake(_))
    }
}

/// The door for the events of one service.
pub(crate) struct Hook {
    pub name: String,
    hook: Webhook,
    secrets: Secrets,
    intake: Arc<Intake>,
}

impl Hook {
    pub fn new(name: &str, hook: &Webhook, secrets: Secrets, intake: Arc<Intake>) -> Self {
        Self {
            name: name.to_owned(),
            hook: hook.clone(),
            secrets,
            intake,
        }
    }

    /// `header` answers with the value of a header, by its name in lower case.
    pub async fn receive(
        &self,
        header: &(dyn Fn(&str) -> Option<String> + Sync),
        body: &[u8],
    ) -> Result<(), WebhookError> {
        if body.len() > WEBHOOK_MAX {
            return Err(WebhookError::TooLarge);
        }
        let key = self.key(self.hook.secret())?;
        let (is_signed, kind) = match &self.hook {
            Webhook::StripeHook(hook) => {
                let said = header("stripe-signature").unwrap_or_default();
                let tolerance = hook.tolerance.0;
                let is_signed = is_stripes(&key, &said, body, self.intake.now(), tolerance);
                (is_signed, None)
            }
            Webhook::SignedHook(hook) => {
                let said = header("tegata-signature").unwrap_or_default();
                let is_signed = is_stripes(&key, &said, body, self.intake.now(), hook.tolerance.0);
                (is_signed, None)
            }
            Webhook::GitlabHook(_) => (is_token(&key, header("x-gitlab-token").as_deref()), None),
            Webhook::BearerHook(_) => {
                let said = header("authorization");
                let token = said
                    .as_deref()
                    .and_then(|said| said.strip_prefix("Bearer "));
                (is_token(&key, token), None)
            }
            Webhook::GithubHook(_) => {
                let said = header("x-hub-signature-256").unwrap_or_default();
                (is_githubs(&key, &said, body), header("x-github-event"))
            }
        };
        if !is_signed {
            self.intake.refuse(Refusal::Unsigned);
            return Err(WebhookError::Unsigned);
        }
        let Ok(Value::Object(mut fields)) = serde_json::from_slice(body) else {
            self.intake.refuse(Refusal::NotAnObject);
            return Err(WebhookError::NotAnObject);
        };
        let at = happened(&fields);
        if let Some(kind) = kind {
            fields.insert("event".to_owned(), kind.into());
        }
        let draft = Draft {
            id: self.intake.id(body, 0),
            at,
            fields,
        };
        let stored = self.intake.store(vec![draft], body.len()).await?;
        match stored.refused.is_empty() {
            true => Ok(()),
            false => Err(WebhookError::TooManyFields),
        }
    }

    /// Read for each event, so that a changed secret needs no restart.
    fn key(&self, secret: &Secret) -> Result<String, WebhookError> {
        (self.secrets)(secret).map_err(|why| {
            tracing::error!(webhook = self.name, %why, "the secret of a webhook cannot be read");
            WebhookError::NoSecret
        })
    }
}

/// Stripe says when it happened in seconds; of GitHub's events many have no time of their own.
fn happened(fields: &Map<String, Value>) -> Option<Timestamp> {
    fields.get("created").and_then(line::time)
}

/// `t=SECONDS,v1=HEX[,v1=HEX…]`: HMAC-SHA256 over `SECONDS.BODY`.
fn is_stripes(key: &str, said: &str, body: &[u8], now: Timestamp, tolerance: Duration) -> bool {
    let parts = || {
        said.split(',')
            .filter_map(|part| part.trim().split_once('='))
    };
    let Some((_, time)) = parts().find(|(name, _)| *name == "t") else {
        return false;
    };
    let Ok(seconds) = time.parse::<i64>() else {
        return false;
    };
    let signed_at = Timestamp::from_millis(seconds.saturating_mul(1_000));
    if now.since(signed_at) > tolerance || signed_at.since(now) > AHEAD_MAX {
        return false;
    }
    let payload = [time.as_bytes(), b".", body];
    let signatures = parts().filter(|(name, _)| *name == "v1");
    signatures
        .take(SIGNATURES_MAX)
        .any(|(_, hex)| is_mac(key, &payload, hex))
}

/// The secret itself, as a token. Its MAC is compared and not its letters, so that time tells nothing of either.
fn is_token(key: &str, said: Option<&str>) -> bool {
    let mac = |text: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"tegata webhook token").ok()?;
        mac.update(text.as_bytes());
        Some(mac)
    };
    let (Some(said), false) = (said, key.is_empty()) else {
        return false;
    };
    match (mac(key), mac(said)) {
        (Some(own), Some(other)) => own.verify(&other.finalize().into_bytes()).is_ok(),
        _ => false,
    }
}

/// `sha256=HEX`: HMAC-SHA256 over the body.
fn is_githubs(key: &str, said: &str, body: &[u8]) -> bool {
    said.strip_prefix("sha256=")
        .is_some_and(|hex| is_mac(key, &[body], hex))
}

/// Compares in constant time. An empty key signs nothing.
fn is_mac(key: &str, parts: &[&[u8]], hex: &str) -> bool {
    let (Some(expected), false) = (bytes(hex), key.is_empty()) else {
        return false;
    };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
        return false;
    };
    parts.iter().for_each(|part| mac.update(part));
    mac.verify_slice(&expected).is_ok()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.as_bytes();
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|it| u8::try_from(it).ok())
    };
    let pairs = digits.chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of GitHub's documentation: secret, payload and signature stand there.
    #[test]
    fn githubs_own_example_is_valid() {
        let (secret, body) = ("It's a Secret to Everybody", b"Hello, World!");
        let signature = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(is_githubs(secret, &format!("sha256={signature}"), body));
        assert!(!is_githubs(secret, signature, body));
        assert!(!is_githubs(
            secret,
            &format!("sha256={signature}"),
            b"Hello, World?"
        ));
        assert!(!is_githubs("", &format!("sha256={signature}"), body));
        assert!(!is_githubs(secret, "sha256=", body));
        assert!(!is_githubs(secret, "sha256=7", body));
    }

    #[test]
    fn a_token_is_the_secret_and_nothing_else_is() {
        assert!(is_token("s3cret", Some("s3cret")));
        for said in [
            None,
            Some(""),
            Some("s3cre"),
            Some("s3cret "),
            Some("S3CRET"),
        ] {
            assert!(!is_token("s3cret", said), "{said:?}");
        }
        assert!(!is_token("", Some("")), "an empty secret proves nothing");
    }

    /// RFC 4231's second case is HMAC-SHA256 of "what do ya want for nothing?" under "Jefe": split so that the text
    /// before the dot is no number it is refused, though the signature fits.
    #[test]
    fn a_signature_without_a_time_is_none() {
        let hex = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert!(is_mac("Jefe", &[b"what do ya want for nothing?"], hex));
        let said = format!("t=x,v1={hex}");
        let now = Timestamp::from_millis(0);
        assert!(!is_stripes(
            "Jefe",
            &said,
            b"",
            now,
            Duration::from_secs(300)
        ));
    }
}
