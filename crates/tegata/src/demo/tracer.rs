//! The tracer of the simulated programs: a share of the payments becomes spans, which go to the console as any
//! OpenTelemetry SDK sends them: in batches, by OTLP over HTTP, in JSON. Programs hand a trace on by `traceparent`
//! (W3C Trace Context).

use std::{sync::Arc, time::Duration};

use axum::http::HeaderMap;
use promise::{Clock, Timestamp};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::chance::Chance;

/// The share of payments that is traced: several a second, and a day of them stays small.
const TRACED: f64 = 0.25;
/// Spans that wait to be sent. A console that is down costs no payment: what comes beyond is dropped.
const WAITING_MAX: usize = 2_000;
const SEND_EVERY: Duration = Duration::from_secs(1);
const SEND_TIMEOUT: Duration = Duration::from_secs(5);
pub(super) const HEADER: &str = "traceparent";

/// What a span's call was: OTLP's numbers.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Server = 2,
    Client = 3,
}

/// A call under way.
pub(super) struct Span {
    trace: String,
    id: String,
    parent: String,
    name: &'static str,
    kind: Kind,
    began: Timestamp,
}

impl Span {
    /// For the program that is called.
    pub(super) fn header(&self) -> String {
        format!("00-{}-{}-01", self.trace, self.id)
    }
}

/// One program's tracer.
pub(super) struct Tracer {
    service: &'static str,
    instance: &'static str,
    chance: Chance,
    clock: Arc<dyn Clock>,
    queue: mpsc::Sender<(Value, Value)>,
}

/// Where the spans of all programs wait.
pub(super) struct Spans {
    sender: mpsc::Sender<(Value, Value)>,
    clock: Arc<dyn Clock>,
}

impl Spans {
    /// Sends them to `url` until `stop`.
    pub(super) fn start(
        url: String,
        client: reqwest::Client,
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
    ) -> Self {
        let (sender, queue) = mpsc::channel(WAITING_MAX);
        tokio::spawn(async move { stop.run_until_cancelled(send(url, client, queue)).await });
        Self { sender, clock }
    }

    pub(super) fn tracer(
        &self,
        service: &'static str,
        instance: &'static str,
        seed: u64,
    ) -> Tracer {
        Tracer {
            service,
            instance,
            chance: Chance::seeded(seed),
            clock: self.clock.clone(),
            queue: self.sender.clone(),
        }
    }
}

async fn send(url: String, client: reqwest::Client, mut queue: mpsc::Receiver<(Value, Value)>) {
    let mut tick = tokio::time::interval(SEND_EVERY);
    let mut batch = Vec::new();
    loop {
        tick.tick().await;
        while let Ok((resource, span)) = queue.try_recv() {
            batch.push(json!({ "resource": resource, "scopeSpans": [{ "spans": [span] }] }));
        }
        if batch.is_empty() {
            continue;
        }
        let body = json!({ "resourceSpans": std::mem::take(&mut batch) });
        let sent = client
            .post(&url)
            .header("content-type", "application/json")
            .timeout(SEND_TIMEOUT)
            .body(body.to_string())
            .send()
            .await;
        if let Err(error) = sent {
            tracing::debug!(%error, "the demo's spans were not taken");
        }
    }
}

impl Tracer {
    /// A call that comes from outside; `None` where it is not traced.
    pub(super) fn begin(&self, name: &'static str) -> Option<Span> {
        self.chance
            .happens(TRACED)
            .then(|| self.span(hex(2), String::new(), name, Kind::Server))
    }

    /// A call that this program makes.
    pub(super) fn call(&self, parent: &Span, name: &'static str) -> Span {
        self.span(parent.trace.clone(), parent.id.clone(), name, Kind::Client)
    }

    /// A call of a program that traces; what its header does not name is not traced.
    pub(super) fn take(&self, headers: &HeaderMap, name: &'static str) -> Option<Span> {
        let text = headers.get(HEADER)?.to_str().ok()?;
        let mut parts = text.split('-').skip(1).map(str::to_owned);
        let (trace, parent) = (parts.next()?, parts.next()?);
        Some(self.span(trace, parent, name, Kind::Server))
    }

    fn span(&self, trace: String, parent: String, name: &'static str, kind: Kind) -> Span {
        Span {
            trace,
            id: hex(1),
            parent,
            name,
            kind,
            began: self.clock.now(),
        }
    }

    /// The call is over; `wrong` where it failed.
    pub(super) fn end(&self, span: Span, wrong: Option<&str>, attributes: Value) {
        let nanos = |at: Timestamp| (i128::from(at.as_millis()) * 1_000_000).to_string();
        let resource = json!({ "attributes": pairs(&json!({
            "service.name": self.service, "service.instance.id": self.instance,
        })) });
        let mut told = json!({
            "traceId": span.trace, "spanId": span.id, "parentSpanId": span.parent, "name": span.name,
            "kind": span.kind as u8, "startTimeUnixNano": nanos(span.began),
            "endTimeUnixNano": nanos(self.clock.now()), "attributes": pairs(&attributes),
        });
        if let Some(why) = wrong {
            told["status"] = json!({ "code": 2, "message": why });
        }
        // A full queue drops it, as an SDK does.
        let _ = self.queue.try_send((resource, told));
    }
}

/// So many times 64 bits that no other run of the demo draws.
fn hex(words: usize) -> String {
    let word = |_| format!("{:016x}", rand::random::<u64>().max(1));
    (0..words).map(word).collect()
}

/// A flat object as OTLP has attributes.
fn pairs(object: &Value) -> Value {
    let own = object.as_object().into_iter().flatten();
    let pairs = own.map(|(key, value)| {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        json!({ "key": key, "value": { "stringValue": text } })
    });
    Value::Array(pairs.collect())
}
