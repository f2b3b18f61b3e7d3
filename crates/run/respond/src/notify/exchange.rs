//! One request, and what its answer means. Shared by the notifiers that speak HTTP.

use std::time::Duration;

use promise::Timestamp;
use reqwest::{Client, Method, StatusCode, header, redirect};
use serde_json::Value;

use super::{Receipt, SendError};

/// Makes requests. Redirects are not followed: a signed page must not travel to an address that nobody declared.
#[derive(Debug, Clone)]
pub struct Http {
    /// The second one goes around a proxy set in the environment: no proxy can reach our loopback.
    clients: Result<[Client; 2], String>,
}

impl Http {
    #[must_use]
    pub fn new() -> Self {
        // Fails when the process has a provider already, which is just as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = || {
            Client::builder()
                .redirect(redirect::Policy::none())
                .user_agent(concat!("tegata/", env!("CARGO_PKG_VERSION")))
        };
        let clients = builder()
            .build()
            .and_then(|far| Ok([far, builder().no_proxy().build()?]));
        Self {
            clients: clients.map_err(|error| error.without_url().to_string()),
        }
    }

    /// Posts a JSON `body` with `headers` and waits no longer than `timeout` for the answer's status.
    pub(super) async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
        timeout: Duration,
        now: Timestamp,
    ) -> Result<Receipt, SendError> {
        let headers = headers.iter();
        let request = Request {
            method: Method::POST,
            url: url.to_owned(),
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
            content_type: "application/json",
            body,
        };
        Ok(self.send(request, timeout, now).await?.receipt())
    }

    /// Makes a request; an answer that does not accept it is an error.
    pub(super) async fn send(
        &self,
        request: Request,
        timeout: Duration,
        now: Timestamp,
    ) -> Result<Answer, SendError> {
        let [far, near] = self
            .clients
            .as_ref()
            .map_err(|why| SendError::lasting(format!("no HTTP client: {why}")))?;
        let url = reqwest::Url::parse(&request.url)
            .map_err(|_| SendError::lasting("the address is not a URL"))?;
        let client = if is_loopback(&url) { near } else { far };
        let mut sent = client
            .request(request.method, url)
            .timeout(timeout)
            .header(header::CONTENT_TYPE, request.content_type)
            .body(request.body);
        for (name, value) in request.headers {
            sent = sent.header(name, value);
        }
        let mut response = sent
            .send()
            .await
            .map_err(|error| explain(&error, timeout))?;
        let status = response.status();
        let after = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| wait(value.to_str().ok()?, now));
        if !status.is_success() {
            let why = format!("HTTP {}", status.as_u16());
            return Err(if may_pass(status) {
                SendError::Passing { why, after }
            } else {
                SendError::Lasting { why }
            });
        }
        let mut body = Vec::new();
        // The page is accepted already: what the rest of the answer says can only be missed, not take that back.
        while let Ok(Some(chunk)) = response.chunk().await {
            if body.len() + chunk.len() > ANSWER_MAX {
                break;
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, body })
    }
}

/// Services answer with a few hundred bytes; an issue that was created comes back whole.
const ANSWER_MAX: usize = 256 << 10;

/// What is sent.
pub(super) struct Request {
    pub method: Method,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub content_type: &'static str,
    pub body: Vec<u8>,
}

/// What came back from a receiver that accepted.
pub(super) struct Answer {
    status: StatusCode,
    body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn receipt(&self) -> Receipt {
        Receipt {
            answer: format!("HTTP {}", self.status.as_u16()),
            handle: None,
        }
    }
}

/// `base` and what follows it; a token must not travel unencrypted, except on this machine.
pub(super) fn guarded(base: &str, path: &str) -> Result<String, SendError> {
    let url =
        reqwest::Url::parse(base).map_err(|_| SendError::lasting("the address is not a URL"))?;
    if url.scheme() != "https" && !is_loopback(&url) {
        let why = "a token may leave this machine only over https";
        return Err(SendError::lasting(why));
    }
    Ok(format!("{}{path}", base.trim_end_matches('/')))
}

impl Default for Http {
    fn default() -> Self {
        Self::new()
    }
}

fn is_loopback(url: &reqwest::Url) -> bool {
    url.host_str().is_some_and(super::email::is_loopback)
}

fn may_pass(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        )
}

/// `Retry-After` in its two forms: seconds, or an HTTP date (RFC 9110, 10.2.3).
fn wait(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(secs) = value.parse::<u64>() {
        return Some(Duration::from_secs(secs));
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?;
    Some(Timestamp::from_millis(date.timestamp().as_millisecond()).since(now))
}

/// Says what failed without the URL, which may be a secret.
fn explain(error: &reqwest::Error, timeout: Duration) -> SendError {
    if error.is_timeout() {
        SendError::passing(format!("no answer within {} ms", timeout.as_millis()))
    } else if error.is_connect() {
        SendError::passing("the connection failed")
    } else if error.is_builder() {
        SendError::lasting("the address cannot be used")
    } else {
        SendError::passing("the connection broke off")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn retry_after_is_read_in_both_forms() {
        // The example date of RFC 9110, 30 seconds ahead.
        let now = "1994-11-06T08:49:07Z".parse().unwrap();
        assert_eq!(wait("120", now), Some(Duration::from_secs(120)));
        assert_eq!(
            wait("Sun, 06 Nov 1994 08:49:37 GMT", now),
            Some(Duration::from_secs(30))
        );
        assert_eq!(wait("soon", now), None);
        assert_eq!(wait("-1", now), None);
    }

    #[test]
    fn an_answer_that_cannot_change_is_not_asked_for_again() {
        for code in [301, 400, 401, 403, 404, 410, 413] {
            assert!(!may_pass(StatusCode::from_u16(code).unwrap()), "{code}");
        }
        for code in [408, 425, 429, 500, 502, 503, 504] {
            assert!(may_pass(StatusCode::from_u16(code).unwrap()), "{code}");
        }
    }
}
