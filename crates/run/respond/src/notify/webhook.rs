//! `webhook`: the page as JSON over HTTP POST, signed.
//!
//! The body is a [`Page`] in the form `tegata.page/1`. Headers:
//! * `Idempotency-Key`: the page's key. Every try of one page carries the same; keep the keys you have seen for a day and
//!   answer 2xx to a second one.
//! * `Tegata-Signature: t=1763773204,v1=6f1c…` where the receiver has a `key`: `t` is the time of this try in Unix seconds,
//!   `v1` the HMAC-SHA256 (RFC 2104) in lower-case hex over `t`, a full stop, and the body's bytes. Refuse a `t` more than
//!   5 minutes away, so that a recorded request cannot be played again.
//!
//! 2xx accepts; 408, 425, 429 and 5xx are tried again, after `Retry-After` where it is given; anything else is final.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use promise::Clock;
use sha2::Sha256;
use spec::section::receiver;

use super::{Notifier, Outside, Receipt, SendError, exchange::Http, shown};
use crate::Page;

pub struct Webhook {
    url: String,
    key: Option<String>,
    timeout: Duration,
    http: Http,
    clock: Arc<dyn Clock>,
}

impl Webhook {
    pub fn of(section: &receiver::Webhook, outside: &Outside) -> Result<Self, SendError> {
        let resolve = |secret| (outside.secrets)(secret).map_err(SendError::lasting);
        Ok(Self {
            url: resolve(&section.url)?,
            key: section.key.as_ref().map(resolve).transpose()?,
            timeout: section.timeout.0,
            http: outside.http.clone(),
            clock: outside.clock.clone(),
        })
    }
}

#[async_trait]
impl Notifier for Webhook {
    async fn send(&self, page: &Page) -> Result<Receipt, SendError> {
        let body = body(page)?;
        let now = self.clock.now();
        let mut headers = vec![("idempotency-key", page.key.clone())];
        if let Some(key) = &self.key {
            headers.push((
                "tegata-signature",
                signature(key.as_bytes(), now.as_millis().div_euclid(1000), &body),
            ));
        }
        self.http
            .post(&self.url, &headers, body, self.timeout, now)
            .await
    }

    fn preview(&self, page: &Page) -> Result<String, SendError> {
        Ok(shown("POST", "/", &body(page)?))
    }
}

pub(super) fn body(page: &impl serde::Serialize) -> Result<Vec<u8>, SendError> {
    serde_json::to_vec(page)
        .map_err(|error| SendError::lasting(format!("the page cannot be written as JSON: {error}")))
}

/// The value of `Tegata-Signature`.
#[must_use]
pub fn signature(key: &[u8], unix_secs: i64, body: &[u8]) -> String {
    let mut text = format!("t={unix_secs},v1=");
    // HMAC takes a key of any length, so this cannot fail.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) {
        mac.update(format!("{unix_secs}.").as_bytes());
        mac.update(body);
        for byte in mac.finalize().into_bytes() {
            let _ = write!(text, "{byte:02x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_that_other_tools_compute() {
        // printf '1763773204.{"a":1}' | openssl dgst -sha256 -hmac whsec_test
        assert_eq!(
            signature(b"whsec_test", 1_763_773_204, br#"{"a":1}"#),
            "t=1763773204,v1=d1efd291303d5de5f9fb965f4601e9b66f1c6727a56fbd55cfbd399451ed25da"
        );
    }
}
