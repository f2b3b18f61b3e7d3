//! Asking an engine that is somewhere else: who we are, how long we wait, how much we read, and what it says of a mistake.

use std::{sync::Arc, time::Duration};

use reqwest::{RequestBuilder, Response, StatusCode, header};

use crate::Error;

/// Headers that say who we are, read anew for each request: tokens in files are rotated.
pub type Credentials = Arc<dyn Fn() -> Result<Vec<(String, String)>, String> + Send + Sync>;

/// What an engine says of a mistake is shown up to here.
const SAID_MAX: usize = 300;

/// With credentials and a limit of time.
pub(crate) fn authorized(
    mut request: RequestBuilder,
    credentials: &Credentials,
    timeout: Duration,
) -> Result<RequestBuilder, Error> {
    let headers = credentials().map_err(Error::Remote)?;
    for (name, value) in headers {
        let mut value = header::HeaderValue::try_from(value)
            .map_err(|_| Error::Remote(format!("the value of {name} cannot be sent")))?;
        value.set_sensitive(true);
        request = request.header(name, value);
    }
    Ok(request.timeout(timeout))
}

/// The whole body, unless it is over `limit`.
pub(crate) async fn body(mut response: Response, limit: usize) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|why| unreachable(&why))? {
        if body.len() + chunk.len() > limit {
            return Err(Error::over("the size of the engine's answer", limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What the engine says of a mistake.
pub(crate) async fn said(response: Response) -> String {
    let body = body(response, 64 << 10).await.unwrap_or_default();
    cut(&String::from_utf8_lossy(&body))
}

pub(crate) fn cut(text: &str) -> String {
    text.trim().chars().take(SAID_MAX).collect()
}

pub(crate) fn refused(status: StatusCode, said: String) -> Error {
    Error::Remote(format!("{status}: {said}"))
}

pub(crate) fn unreachable(error: &reqwest::Error) -> Error {
    // The address may hold a password, so only the reasons below the outermost error are told.
    let mut why = String::new();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        why = inner.to_string();
        cause = inner.source();
    }
    if error.is_timeout() {
        why = "no answer in time".to_owned();
    }
    Error::Remote(why)
}
