//! Who may ask, and what a browser may do with the answer.
//!
//! The console listens on loopback without a password, so two doors must stay shut: a foreign page that posts to it
//! through the visitor's browser (refused by where the request comes from), and a foreign name that resolves to
//! loopback (refused by the name that was asked for).

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, uri::Authority},
    middleware::Next,
    response::Response,
};
use promise::say;

use crate::reply;

/// The names under which the console may be asked, beside those of loopback.
#[derive(Debug, Clone, Default)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// `host` or `host:port`; the port does not matter.
    pub fn with(listen: impl IntoIterator<Item = String>) -> Self {
        Self(
            listen
                .into_iter()
                .map(|name| host_of(&name).to_ascii_lowercase())
                .collect(),
        )
    }

    /// Of the address on which the console listens.
    #[must_use]
    pub fn of(address: std::net::SocketAddr) -> Self {
        Self::with([address.to_string()])
    }

    fn knows(&self, host: &str) -> bool {
        let host = host_of(host).to_ascii_lowercase();
        ["localhost", "127.0.0.1", "[::1]"].contains(&host.as_str()) || self.0.contains(&host)
    }
}

fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !port.is_empty() => host,
        _ => authority,
    }
}

/// Sent with every answer. No inline script or style, nothing from elsewhere, no framing.
const HEADERS: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    // Not `no-referrer`: with it a browser sends `Origin: null` with a form of our own.
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=()",
    ),
];

pub(crate) async fn check(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let lang = crate::lang::choose(None, request.headers());
    let json = reply::wants_json(request.uri().path());
    let host = asked_host(&request);
    let mut response = if !host.as_deref().is_some_and(|host| hosts.knows(host)) {
        let why = say!(
            "this console does not answer to that name",
            "この名前では応答しません"
        );
        reply::refusal(StatusCode::MISDIRECTED_REQUEST, &why, lang, json)
    } else if changes(request.method())
        && !is_own(request.headers(), host.as_deref().unwrap_or_default())
    {
        let why = say!(
            "the request came from another site",
            "別のサイトからの要求です"
        );
        reply::refusal(StatusCode::FORBIDDEN, &why, lang, json)
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-cache"));
    response
}

fn asked_host(request: &Request) -> Option<String> {
    let named = request
        .headers()
        .get(header::HOST)
        .and_then(|value| value.to_str().ok());
    named
        .map(str::to_owned)
        .or_else(|| request.uri().authority().map(Authority::to_string))
}

fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether our own page, or no browser at all, sent this. Programs such as log shippers send neither header.
fn is_own(headers: &HeaderMap, host: &str) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => origin
            .split_once("://")
            .is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(host)),
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_only_resolves_to_loopback_is_unknown() {
        let hosts = Hosts::with(["board.internal:8400".to_owned()]);
        for good in [
            "localhost",
            "LOCALHOST:1",
            "127.0.0.1:8400",
            "[::1]:8400",
            "[::1]",
            "board.internal",
        ] {
            assert!(hosts.knows(good), "{good}");
        }
        for bad in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "",
            ":80",
            "::1",
        ] {
            assert!(!hosts.knows(bad), "{bad}");
        }
    }
}
