//! A request as the door sees it: what is asked for, from where, and in which form an answer is understood.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, MatchedPath, Request},
    http::{HeaderMap, Method, header},
};
use promise::Lang;

use crate::{api, lang, reply};

/// Where a request came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct From {
    pub address: String,
}

/// A request, before anything is done about it.
pub(super) struct Asked {
    pub method: Method,
    pub path: String,
    /// The route, where one is known.
    pub pattern: Option<String>,
    pub from: From,
    pub lang: Lang,
    pub json: bool,
    /// The browser says which page sent it; that it is ours was seen before.
    pub names_its_page: bool,
    pub query: Option<String>,
}

impl Asked {
    pub fn of(request: &Request) -> Self {
        let headers = request.headers();
        let path = request.uri().path().to_owned();
        let pattern = request.extensions().get::<MatchedPath>();
        let meant = api::elastic::is_meant(&path);
        Self {
            method: request.method().clone(),
            pattern: pattern.map(|pattern| pattern.as_str().to_owned()),
            from: From {
                address: address(request),
            },
            lang: lang::choose(None, headers),
            json: reply::wants_json(&path) || meant || !wants_page(headers),
            names_its_page: ["origin", "sec-fetch-site"]
                .iter()
                .any(|name| headers.contains_key(*name)),
            query: request.uri().query().map(str::to_owned),
            path,
        }
    }

    pub fn changes(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }

    /// What it is about, for the ledger. A link's token is worth something and is left out.
    pub fn resource(&self) -> String {
        let shown = match self.pattern.as_deref() {
            Some(pattern) if pattern.contains("{token}") => pattern,
            _ => &self.path,
        };
        let cut = shown.chars().take(RESOURCE_CHARS_MAX).collect::<String>();
        format!("{} {cut}", self.method)
    }
}

/// Longer is no address of ours.
const RESOURCE_CHARS_MAX: usize = 300;

/// Browsers ask for pages, and are led to the log-in; programs are told in their own form.
fn wants_page(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok());
    accepts.is_some_and(|accepts| accepts.contains("text/html"))
}

/// Who connected; where that is a proxy on this machine, whom the proxy names last.
fn address(request: &Request) -> String {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let Some(peer) = peer.map(|info| info.0.ip().to_canonical()) else {
        return "unknown".to_owned();
    };
    let forwarded = request
        .headers()
        .get_all("x-forwarded-for")
        .iter()
        .next_back()
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.rsplit(',').next())
        .and_then(|last| last.trim().parse::<IpAddr>().ok());
    match forwarded.filter(|_| peer.is_loopback()) {
        Some(client) => client.to_canonical().to_string(),
        None => peer.to_string(),
    }
}
