//! `alertmanager`: alerts for a Prometheus Alertmanager, by `POST /api/v2/alerts`.
//!
//! A rule's alert carries its own labels and annotations, so Alertmanager's routes, inhibitions and templates work
//! unchanged; a promise's has `alertname`, `severity` and `service`. A firing alert says until when it can be
//! believed without being told again (`endsAt`); a resolved one when it ended.
//!
//! 2xx accepts; what else an answer means is as for `webhook`.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use promise::{Clock, Lang, Timestamp};
use serde::Serialize;
use spec::section::receiver;

use super::{Notifier, Outside, Receipt, SendError, exchange::Http, shown, webhook};
use crate::{Page, label::Labels, page::Kind};

/// Four times the minute after which it is told again, as Prometheus does it: three may be lost.
const BELIEVED_FOR: Duration = Duration::from_secs(240);

pub struct Alertmanager {
    url: String,
    bearer: Option<String>,
    timeout: Duration,
    http: Http,
    clock: Arc<dyn Clock>,
}

impl Alertmanager {
    pub fn of(section: &receiver::Alertmanager, outside: &Outside) -> Result<Self, SendError> {
        let resolve = |secret| (outside.secrets)(secret).map_err(SendError::lasting);
        let url = resolve(&section.url)?;
        Ok(Self {
            url: format!("{}/api/v2/alerts", url.trim_end_matches('/')),
            bearer: section.bearer.as_ref().map(resolve).transpose()?,
            timeout: section.timeout.0,
            http: outside.http.clone(),
            clock: outside.clock.clone(),
        })
    }
}

/// An alert as the API takes it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Posted {
    labels: Labels,
    annotations: Labels,
    starts_at: Timestamp,
    ends_at: Timestamp,
    #[serde(rename = "generatorURL")]
    generator_url: Arc<str>,
}

#[async_trait]
impl Notifier for Alertmanager {
    async fn send(&self, page: &Page) -> Result<Receipt, SendError> {
        let now = self.clock.now();
        let body = webhook::body(&[posted(page, now)])?;
        let mut headers = Vec::new();
        if let Some(token) = &self.bearer {
            headers.push(("authorization", format!("Bearer {token}")));
        }
        self.http
            .post(&self.url, &headers, body, self.timeout, now)
            .await
    }

    fn preview(&self, page: &Page) -> Result<String, SendError> {
        let body = webhook::body(&[posted(page, self.clock.now())])?;
        Ok(shown("POST", "/api/v2/alerts", &body))
    }
}

fn posted(page: &Page, now: Timestamp) -> Posted {
    let ended = matches!(page.kind, Kind::Resolved | Kind::Withdrawn | Kind::Canary);
    let ends_at = if ended { page.at } else { now + BELIEVED_FOR };
    let link = page.incident.as_ref().map(|link| link.url.clone());
    if let Some(rule) = &page.rule {
        return Posted {
            labels: Labels::new(rule.external_labels.iter().chain(&rule.labels)),
            annotations: rule.annotations.clone(),
            starts_at: rule.started,
            ends_at,
            generator_url: rule.generator_url.clone(),
        };
    }
    let lang = page.languages()[0];
    let severity = page.severity.as_ref();
    let labels = Labels::new([
        ("alertname", page.promise.id.as_str()),
        ("service", page.service.get(Lang::En)),
        ("owner", &page.promise.owner),
        ("severity", severity.map_or("", |severity| &severity.id)),
    ]);
    let annotations = Labels::new([
        ("summary", page.promise.name.get(lang)),
        ("description", page.reason.text.get(lang)),
        (
            "runbook_url",
            page.promise.runbook.as_deref().unwrap_or_default(),
        ),
    ]);
    Posted {
        labels,
        annotations,
        starts_at: page.bad_since,
        ends_at,
        generator_url: link.unwrap_or_default().into(),
    }
}
