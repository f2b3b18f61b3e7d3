//! What a visitor, a browser and a program get, through the router alone.
#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation
)]

mod fixture;

mod access;
mod api;
mod cases;
mod elastic;
mod engine;
mod explore;
mod guard;
mod live;
mod loki;
mod pages;
mod prometheus;
mod pushed;
mod query;
mod traces;
mod write;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use http_body_util::BodyExt;
use tower::ServiceExt;

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    }
}

pub fn console() -> Router {
    console::router(fixture::desk(fixture::board(30)).0)
}

pub async fn ask(
    router: &Router,
    request: axum::http::request::Builder,
    body: impl Into<Body>,
) -> Answer {
    let request = request.body(body.into()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body,
    }
}

pub fn to(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1:8400")
}

pub async fn get(router: &Router, path: &str) -> Answer {
    ask(router, to("GET", path), Body::empty()).await
}
