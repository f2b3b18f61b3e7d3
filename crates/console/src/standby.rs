//! What an instance shows that stands by: which one is active, and that it is not the one to ask. Everything but
//! `/healthz` and its own metrics is refused with 503, so that whoever sends to both instances keeps what it has for the
//! other, and a balancer in front finds the active one by `/readyz`.

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use promise::{Say, say};
use store::state::Holder;
use tokio::sync::watch;

use crate::{Hosts, api, asset, guard, lang, reply};

/// When a sender may ask again: a takeover is a matter of seconds.
const RETRY_AFTER_SECS: &str = "2";
/// When a page that stands by looks again.
const REFRESH_SECS: &str = "5";

/// The pages and answers of an instance that stands by. `active` is who holds the lease, once it is known.
pub fn router(active: watch::Receiver<Option<Holder>>, hosts: Hosts) -> Router {
    Router::new()
        .route("/healthz", get(api::status::healthz))
        .route("/-/healthy", get(api::status::healthz))
        .route("/metrics", get(metrics))
        .route("/assets/{file}", get(asset::serve))
        .fallback(refuse)
        .with_state(active)
        .layer(middleware::from_fn_with_state(hosts, guard::check))
}

async fn metrics() -> Response {
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    let text = "# TYPE tegata_active gauge\ntegata_active 0\n";
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

async fn refuse(
    State(active): State<watch::Receiver<Option<Holder>>>,
    request: Request,
) -> Response {
    let active = active.borrow().clone();
    let path = request.uri().path();
    let lang = lang::choose(None, request.headers());
    let why = why(active.as_ref());
    let mut response = if ["/readyz", "/-/ready"].contains(&path) {
        let text = format!("{}\n{}\n", why.en, why.ja);
        (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
    } else {
        reply::refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            &why,
            lang,
            reply::wants_json(path),
        )
    };
    let headers = response.headers_mut();
    headers.insert(
        header::RETRY_AFTER,
        HeaderValue::from_static(RETRY_AFTER_SECS),
    );
    headers.insert(header::REFRESH, HeaderValue::from_static(REFRESH_SECS));
    let at = active.map(|holder| format!("<{}>; rel=\"alternate\"", holder.url));
    if let Some(link) = at.and_then(|link| link.parse().ok()) {
        headers.insert(header::LINK, link);
    }
    response
}

/// Why it does not answer, and who does.
fn why(active: Option<&Holder>) -> Say {
    match active {
        Some(Holder { name, url, .. }) => say!(
            "this instance stands by; {name} is active: {url}",
            "このインスタンスは待機しています。稼働中は {name} です: {url}"
        ),
        None => say!(
            "this instance stands by, and does not know yet which one is active",
            "このインスタンスは待機しています。どれが稼働中かはまだ分かりません"
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use axum::body::{Body, to_bytes};
    use tower::ServiceExt as _;

    use super::*;

    async fn ask(path: &str) -> (u16, Option<String>, String) {
        let holder = Holder {
            id: "1".to_owned(),
            name: "tokyo-1".to_owned(),
            url: "http://10.0.0.1:8400".to_owned(),
        };
        let (_keep, active) = watch::channel(Some(holder));
        let request = Request::get(path).header("host", "127.0.0.1");
        let request = request.body(Body::empty()).unwrap();
        let answer = router(active, Hosts::default())
            .oneshot(request)
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let retry = answer.headers().get(header::RETRY_AFTER);
        let retry = retry.map(|it| it.to_str().unwrap().to_owned());
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, retry, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn who_stands_by_lives_is_not_ready_and_says_who_is() {
        assert_eq!(ask("/healthz").await.0, 200);
        assert!(ask("/metrics").await.2.contains("tegata_active 0"));
        for path in ["/readyz", "/", "/api/v2/alerts", "/incidents"] {
            let (status, retry, text) = ask(path).await;
            assert_eq!((status, retry.as_deref()), (503, Some("2")), "{path}");
            assert!(
                text.contains("tokyo-1") && text.contains("http://10.0.0.1:8400"),
                "{text}"
            );
        }
    }
}
