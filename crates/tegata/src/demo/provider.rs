//! A simulated payment provider: charges with latency, declines and the odd 5xx, webhooks, refunds; and
//! an outage that can be switched on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio::{sync::Semaphore, time::sleep};

use super::{chance::Chance, figures::Figures, tracer::Tracer};

/// Median and spread of a charge: its 99th percentile is about 0.18 s × exp(2.33 × 0.6) = 0.73 s.
const LATENCY: (Duration, f64) = (Duration::from_millis(180), 0.6);
const DECLINED: f64 = 0.04;
const SERVER_ERROR: f64 = 0.002;
/// During an outage nearly everything fails; a few still come through, as in real outages.
const OUTAGE_FAILS: f64 = 0.97;
/// Share of webhooks that arrive garbled, which breaks the shop's 99.9 % promise about webhooks.
const WEBHOOK_GARBLED: f64 = 0.012;
const WEBHOOK_AFTER: (Duration, f64) = (Duration::from_millis(300), 0.5);
const REFUND_AFTER: (Duration, f64) = (Duration::from_secs(6), 0.4);
/// Webhooks and refunds under way at once; beyond that they are dropped, as a provider's queue would.
const LATER_MAX: usize = 512;

/// The provider's state, shared with the switch of the demo.
pub(super) struct Provider {
    chance: Chance,
    tracer: Tracer,
    figures: Figures,
    outage: AtomicBool,
    client: reqwest::Client,
    later: Arc<Semaphore>,
}

impl Provider {
    pub(super) fn new(seed: u64, client: reqwest::Client, tracer: Tracer) -> Arc<Self> {
        Arc::new(Self {
            chance: Chance::seeded(seed),
            tracer,
            figures: Figures::default(),
            outage: AtomicBool::new(false),
            client,
            later: Arc::new(Semaphore::new(LATER_MAX)),
        })
    }

    pub(super) fn set_outage(&self, on: bool) {
        self.outage.store(on, Ordering::Relaxed);
    }

    pub(super) fn is_out(&self) -> bool {
        self.outage.load(Ordering::Relaxed)
    }

    pub(super) fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/metrics", get(metrics))
            .route("/healthz", get(health))
            .route("/v1/charges", post(charge))
            .route("/v1/refunds", post(refund))
            .with_state(self)
    }

    /// Posts `event` to the shop after a while, in a task of its own.
    fn send_later(self: &Arc<Self>, after: (Duration, f64), to: String, event: Value) {
        let Ok(permit) = self.later.clone().try_acquire_owned() else {
            return;
        };
        let provider = self.clone();
        tokio::spawn(async move {
            sleep(provider.chance.around(after.0, after.1)).await;
            let garbled = provider.chance.happens(WEBHOOK_GARBLED);
            let body = if garbled {
                "{\"type\":".to_owned()
            } else {
                event.to_string()
            };
            // A lost webhook is part of the simulated world, not an error of ours.
            let _ = provider.client.post(to).body(body).send().await;
            drop(permit);
        });
    }
}

async fn health(State(provider): State<Arc<Provider>>) -> impl IntoResponse {
    if provider.is_out() {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({ "status": "outage" })),
        );
    }
    (StatusCode::OK, Json(json!({ "status": "ok" })))
}

async fn metrics(State(provider): State<Arc<Provider>>) -> impl IntoResponse {
    (
        [("content-type", "text/plain; version=0.0.4")],
        provider.figures.render(),
    )
}

async fn charge(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    Json(order): Json<Value>,
) -> impl IntoResponse {
    let span = provider.tracer.take(&headers, "POST /v1/charges");
    let (code, body) = decide(&provider, &order).await;
    if let Some(span) = span {
        let wrong = code.is_server_error().then(|| code.as_str());
        let said = json!({ "http.response.status_code": code.as_u16() });
        provider.tracer.end(span, wrong, said);
    }
    provider
        .figures
        .count("charges_total", &format!("code=\"{}\"", code.as_u16()));
    (code, Json(body))
}

async fn decide(provider: &Arc<Provider>, order: &Value) -> (StatusCode, Value) {
    if provider.is_out() && provider.chance.happens(OUTAGE_FAILS) {
        sleep(provider.chance.around(Duration::from_millis(400), 0.4)).await;
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            json!({ "error": { "code": "unavailable" } }),
        );
    }
    sleep(provider.chance.around(LATENCY.0, LATENCY.1)).await;
    if provider.chance.happens(SERVER_ERROR) {
        return (
            StatusCode::INTERNAL_SERVER_ERROR,
            json!({ "error": { "code": "internal" } }),
        );
    }
    if provider.chance.happens(DECLINED) {
        return (
            StatusCode::PAYMENT_REQUIRED,
            json!({ "error": { "code": "card_declined" } }),
        );
    }
    if let Some(webhook) = order["webhook"].as_str() {
        let event = json!({ "type": "charge.succeeded", "payment_id": order["payment_id"] });
        provider.send_later(WEBHOOK_AFTER, webhook.to_owned(), event);
    }
    (StatusCode::OK, json!({ "status": "succeeded" }))
}

async fn refund(
    State(provider): State<Arc<Provider>>,
    Json(order): Json<Value>,
) -> impl IntoResponse {
    if let Some(webhook) = order["webhook"].as_str() {
        let event = json!({ "type": "refund.paid", "payment_id": order["payment_id"] });
        provider.send_later(REFUND_AFTER, webhook.to_owned(), event);
    }
    (StatusCode::ACCEPTED, Json(json!({ "status": "pending" })))
}
