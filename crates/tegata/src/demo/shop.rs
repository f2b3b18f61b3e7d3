//! One instance of the simulated shop: takes checkouts and payments, calls the provider, hears its webhooks,
//! exposes `/metrics`, and writes JSON log lines.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use promise::Clock;
use serde_json::{Value, json};

use super::{
    chance::Chance,
    figures::Figures,
    journal::Journal,
    tracer::{self, Span, Tracer},
};

/// One try at the provider; four of them stay below the 3 s that users are promised in most cases.
const TRY_TIMEOUT: Duration = Duration::from_secs(2);
const TRIES: u32 = 3;
const BACKOFF: Duration = Duration::from_millis(100);
const CHECKOUT_FAILS: f64 = 0.002;
/// The simulated instances are small: busy at rest, and a little more with each payment a second.
const CPU_AT_REST: f64 = 0.60;
const CPU_PER_PAYMENT: f64 = 1.0 / 45.0;

pub(super) struct Shop {
    pub(super) name: &'static str,
    /// Where the provider reaches this instance.
    pub(super) address: String,
    pub(super) provider: String,
    pub(super) client: reqwest::Client,
    pub(super) figures: Figures,
    pub(super) journal: Journal,
    pub(super) chance: Chance,
    pub(super) tracer: Tracer,
    pub(super) clock: Arc<dyn Clock>,
    served: AtomicU64,
}

/// What the customer is told, and what is counted.
enum Outcome {
    Succeeded,
    Declined,
    Failed(&'static str),
}

impl Outcome {
    fn status(&self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Declined => "declined",
            Self::Failed(_) => "failed",
        }
    }
}

impl Shop {
    pub(super) fn new(
        (name, address, provider): (&'static str, String, String),
        client: reqwest::Client,
        journal: Journal,
        tracer: Tracer,
        clock: Arc<dyn Clock>,
        seed: u64,
    ) -> Arc<Self> {
        let figures = Figures::default();
        for status in ["succeeded", "declined", "failed"] {
            for method in ["card", "konbini"] {
                figures.declare(
                    "payments_total",
                    &format!("status=\"{status}\",method=\"{method}\""),
                );
            }
        }
        for result in ["ok", "error"] {
            figures.declare("webhooks_total", &format!("result=\"{result}\""));
        }
        for result in ["created", "error"] {
            figures.declare("checkout_sessions_total", &format!("result=\"{result}\""));
        }
        for code in ["200", "402", "500", "503", "timeout"] {
            figures.declare("provider_requests_total", &format!("code=\"{code}\""));
        }
        let chance = Chance::seeded(seed);
        Arc::new(Self {
            name,
            address,
            provider,
            client,
            figures,
            journal,
            chance,
            tracer,
            clock,
            served: AtomicU64::new(0),
        })
    }

    pub(super) fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/health", get(async || "ok"))
            .route("/metrics", get(metrics))
            .route("/checkout", post(checkout))
            .route("/pay", post(pay))
            .route("/refund", post(refund))
            .route("/webhooks", post(webhook))
            .with_state(self)
    }

    /// Keeps the gauges true, once a second, for as long as the instance lives.
    pub(super) async fn keep_gauges(self: Arc<Self>) {
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        let mut rate = 0.0;
        loop {
            tick.tick().await;
            #[allow(clippy::cast_precision_loss)]
            let served = self.served.swap(0, Ordering::Relaxed) as f64;
            rate = 0.9 * rate + 0.1 * served;
            self.figures.set(
                "process_cpu_ratio",
                (CPU_AT_REST + rate * CPU_PER_PAYMENT).min(1.0),
            );
            #[allow(clippy::cast_precision_loss)]
            let now = self.clock.now().as_millis() as f64 / 1000.0;
            self.figures.set("db_heartbeat_timestamp_seconds", now);
        }
    }

    /// Charges the card, with retries under one idempotency key.
    async fn charge(&self, payment: &str, order: &Value, span: Option<&Span>) -> Outcome {
        let body = json!({
            "payment_id": payment,
            "amount": order["amount"],
            "webhook": format!("http://{}/webhooks", self.address),
        })
        .to_string();
        let mut outcome = Outcome::Failed("provider_unavailable");
        for attempt in 0..TRIES {
            if attempt > 0 {
                tokio::time::sleep(BACKOFF * 2u32.pow(attempt)).await;
            }
            let call = span.map(|span| self.tracer.call(span, "charge"));
            let mut request = self
                .client
                .post(format!("{}/v1/charges", self.provider))
                .header("content-type", "application/json")
                .header("idempotency-key", payment)
                .timeout(TRY_TIMEOUT)
                .body(body.clone());
            if let Some(call) = &call {
                request = request.header(tracer::HEADER, call.header());
            }
            let code = match request.send().await {
                Ok(answer) => answer.status().as_u16().to_string(),
                Err(error) if error.is_timeout() => "timeout".to_owned(),
                Err(_) => "503".to_owned(),
            };
            self.figures
                .count("provider_requests_total", &format!("code=\"{code}\""));
            if let Some(call) = call {
                let wrong = (code != "200" && code != "402").then_some(code.as_str());
                let said = json!({ "http.response.status_code": code, "attempt": attempt + 1 });
                self.tracer.end(call, wrong, said);
            }
            outcome = match code.as_str() {
                "200" => return Outcome::Succeeded,
                "402" => return Outcome::Declined,
                "timeout" => Outcome::Failed("provider_timeout"),
                _ => Outcome::Failed("provider_unavailable"),
            };
        }
        outcome
    }

    fn log(&self, level: &str, event: &str, fields: Value) {
        let mut line = json!({
            "time": self.clock.now().to_string(),
            "level": level,
            "event": event,
            "instance": self.name,
        });
        if let (Value::Object(line), Value::Object(fields)) = (&mut line, fields) {
            line.extend(fields);
        }
        self.journal.write(&line);
    }
}

async fn metrics(State(shop): State<Arc<Shop>>) -> impl IntoResponse {
    (
        [("content-type", "text/plain; version=0.0.4")],
        shop.figures.render(),
    )
}

async fn checkout(State(shop): State<Arc<Shop>>) -> StatusCode {
    if shop.chance.happens(CHECKOUT_FAILS) {
        shop.figures
            .count("checkout_sessions_total", "result=\"error\"");
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    shop.figures
        .count("checkout_sessions_total", "result=\"created\"");
    StatusCode::CREATED
}

async fn pay(State(shop): State<Arc<Shop>>, Json(order): Json<Value>) -> impl IntoResponse {
    let began = Instant::now();
    shop.served.fetch_add(1, Ordering::Relaxed);
    shop.figures.shift("http_requests_in_flight", 1.0);
    let payment = order["payment_id"].as_str().unwrap_or_default().to_owned();
    let method = if order["payment_method"] == "konbini" {
        "konbini"
    } else {
        "card"
    };
    let span = shop.tracer.begin("POST /pay");
    let outcome = shop.charge(&payment, &order, span.as_ref()).await;
    let took = began.elapsed();
    shop.figures
        .observe("payment_duration_seconds", took.as_secs_f64());
    let status = outcome.status();
    shop.figures.count(
        "payments_total",
        &format!("status=\"{status}\",method=\"{method}\""),
    );
    shop.figures.shift("http_requests_in_flight", -1.0);
    if let Some(span) = span {
        let wrong = match &outcome {
            Outcome::Failed(why) => Some(*why),
            Outcome::Succeeded | Outcome::Declined => None,
        };
        let said = json!({ "payment_id": payment, "payment_method": method, "status": status });
        shop.tracer.end(span, wrong, said);
    }
    let (level, code, error) = match outcome {
        Outcome::Succeeded => ("info", StatusCode::OK, Value::Null),
        Outcome::Declined => ("info", StatusCode::PAYMENT_REQUIRED, json!("card_declined")),
        Outcome::Failed(why) => ("error", StatusCode::BAD_GATEWAY, json!(why)),
    };
    let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let amount = &order["amount"];
    let message = match outcome {
        Outcome::Succeeded => {
            format!("payment {payment} of {amount} JPY by {method} captured in {took} ms")
        }
        Outcome::Declined => {
            format!("payment {payment} of {amount} JPY by {method} declined")
        }
        Outcome::Failed(why) => {
            format!("payment {payment} given up after {TRIES} tries in {took} ms: {why}")
        }
    };
    let mut fields = json!({
        "message": message,
        "payment_id": payment,
        "status": status,
        "processing_time": took,
        "error_code": error,
    });
    if let (Value::Object(fields), Value::Object(order)) = (&mut fields, order) {
        fields.extend(order);
    }
    shop.log(level, "payment", fields);
    (code, Json(json!({ "status": status })))
}

async fn refund(State(shop): State<Arc<Shop>>, Json(order): Json<Value>) -> StatusCode {
    shop.log(
        "info",
        "refund_requested",
        json!({
            "message": told("refund requested for payment", &order),
            "payment_id": order["payment_id"],
        }),
    );
    let body = json!({
        "payment_id": order["payment_id"],
        "webhook": format!("http://{}/webhooks", shop.address),
    });
    let sent = shop
        .client
        .post(format!("{}/v1/refunds", shop.provider))
        .header("content-type", "application/json")
        .timeout(TRY_TIMEOUT)
        .body(body.to_string())
        .send()
        .await;
    if sent.is_ok_and(|answer| answer.status().is_success()) {
        StatusCode::ACCEPTED
    } else {
        StatusCode::BAD_GATEWAY
    }
}

/// What happened, and to which payment.
fn told(what: &str, of: &Value) -> String {
    let payment = of["payment_id"].as_str().unwrap_or("unknown");
    format!("{what} {payment}")
}

async fn webhook(State(shop): State<Arc<Shop>>, body: String) -> StatusCode {
    let began = Instant::now();
    // Looking up the order and marking it paid.
    tokio::time::sleep(shop.chance.around(Duration::from_millis(40), 0.5)).await;
    shop.figures
        .observe("webhook_duration_seconds", began.elapsed().as_secs_f64());
    let Ok(event) = serde_json::from_str::<Value>(&body) else {
        shop.figures.count("webhooks_total", "result=\"error\"");
        shop.log(
            "error",
            "webhook",
            json!({
                "message": "webhook refused: its body is not JSON",
                "error_code": "webhook_garbled",
            }),
        );
        return StatusCode::BAD_REQUEST;
    };
    shop.figures.count("webhooks_total", "result=\"ok\"");
    if event["type"] == "refund.paid" {
        shop.figures.count("refunds_total", "result=\"paid\"");
        shop.log(
            "info",
            "refund_paid",
            json!({
                "message": told("refund paid for payment", &event),
                "payment_id": event["payment_id"],
            }),
        );
    }
    StatusCode::OK
}
