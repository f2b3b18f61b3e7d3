//! `pagerduty`: the Events API v2. An incident here is one alert there, known by its `dedup_key`.
//!
//! Whatever fires triggers, and what ends resolves, under the same key: so a page that arrives twice changes nothing.
//! `202` means that the event was taken; `400` that it will never be. A test alert resolves what nobody opened, which
//! is accepted and rings nowhere.
//!
//! Source: developer.pagerduty.com, "Send an alert event" and "Events API v2 overview".

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use promise::{Clock, Lang};
use serde_json::{Map, Value, json};
use spec::section::receiver;

use super::{
    Notifier, Outside, Receipt, SendError, cut,
    exchange::{self, Http},
    shown, webhook,
};
use crate::{Page, page::Kind};

/// The whole event; the API refuses more with `413`.
const BYTES_MAX: usize = 512_000;
/// `payload.summary`.
const SUMMARY_MAX: usize = 1_024;
/// `dedup_key`.
const KEY_MAX: usize = 255;
/// One figure of `custom_details`; the whole stays far below [`BYTES_MAX`].
const DETAIL_MAX: usize = 8_000;

pub struct PagerDuty {
    key: String,
    api: String,
    timeout: Duration,
    http: Http,
    clock: Arc<dyn Clock>,
}

impl PagerDuty {
    pub fn of(section: &receiver::PagerDuty, outside: &Outside) -> Result<Self, SendError> {
        Ok(Self {
            key: (outside.secrets)(&section.key).map_err(SendError::lasting)?,
            api: section.api.clone(),
            timeout: section.timeout.0,
            http: outside.http.clone(),
            clock: outside.clock.clone(),
        })
    }
}

#[async_trait]
impl Notifier for PagerDuty {
    async fn send(&self, page: &Page) -> Result<Receipt, SendError> {
        let url = exchange::guarded(&self.api, "/v2/enqueue")?;
        let body = webhook::body(&event(page, &self.key))?;
        self.http
            .post(&url, &[], body, self.timeout, self.clock.now())
            .await
    }

    fn preview(&self, page: &Page) -> Result<String, SendError> {
        let body = webhook::body(&event(page, &self.key))?;
        Ok(shown("POST", "/v2/enqueue", &body))
    }
}

/// The event as the API takes it.
#[must_use]
pub fn event(page: &Page, routing_key: &str) -> Value {
    let dedup_key = cut::chars(&page.thread(), KEY_MAX);
    let ends = matches!(page.kind, Kind::Resolved | Kind::Withdrawn | Kind::Canary);
    if ends {
        return json!({ "routing_key": routing_key, "event_action": "resolve", "dedup_key": dedup_key });
    }
    if page.kind == Kind::Acknowledged {
        return json!({ "routing_key": routing_key, "event_action": "acknowledge", "dedup_key": dedup_key });
    }
    let lang = page.languages()[0];
    let mut event = json!({
        "routing_key": routing_key,
        "event_action": "trigger",
        "dedup_key": dedup_key,
        "client": "Tegata",
        "payload": {
            "summary": cut::chars(page.title().get(lang), SUMMARY_MAX),
            "source": cut::chars(page.service.get(lang), SUMMARY_MAX),
            "severity": severity(page),
            "timestamp": page.bad_since,
            "component": page.promise.id,
            "group": page.promise.tier,
            "class": page.reason.code,
            "custom_details": details(page),
        },
        "links": links(page),
    });
    if let Some(link) = &page.incident {
        event["client_url"] = json!(link.url);
    }
    if event.to_string().len() > BYTES_MAX {
        event["payload"]["custom_details"] = json!({ "key": page.key });
    }
    event
}

/// Its four words; the spec's levels count from 1, the worst.
fn severity(page: &Page) -> &'static str {
    match page.severity.as_ref().map(|severity| severity.level) {
        Some(..=1) => "critical",
        Some(2) => "error",
        Some(3) => "warning",
        _ => "info",
    }
}

/// What a person reads, in both languages, each figure once.
fn details(page: &Page) -> Value {
    let mut details = Map::new();
    for (label, value) in page.lines() {
        for lang in Lang::ALL {
            let text = cut::chars(value.get(lang), DETAIL_MAX);
            details.insert(label.get(lang).to_owned(), json!(text));
        }
    }
    details.insert("key".to_owned(), json!(page.key));
    Value::Object(details)
}

fn links(page: &Page) -> Vec<Value> {
    let lang = page.languages()[0];
    let runbook = page.promise.runbook.as_ref();
    let runbook = runbook.filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    let word = promise::say!("Runbook", "対応手順");
    let runbook = runbook.map(|url| (url.clone(), word.get(lang).to_owned()));
    super::slack::links(page, lang)
        .into_iter()
        .chain(runbook)
        .map(|(href, text)| json!({ "href": href, "text": text }))
        .collect()
}

#[cfg(test)]
mod tests {
    use promise::Say;

    use super::*;
    use crate::page::samples;

    #[test]
    fn what_ends_resolves_what_began_under_the_same_key() {
        let (began, ended) = (
            event(&samples::broken(), "k"),
            event(&samples::resolved(), "k"),
        );
        assert_eq!(began["event_action"], "trigger");
        assert_eq!(ended["event_action"], "resolve");
        assert_eq!(began["dedup_key"], ended["dedup_key"]);
    }

    #[test]
    fn limits_of_the_api_are_kept() {
        let mut page = samples::broken();
        page.promise.name = Say::same("長".repeat(2_000));
        page.reason.text = Say::same("長".repeat(400_000));
        let event = event(&page, "k");
        let summary = event["payload"]["summary"]
            .as_str()
            .map(|text| text.chars().count());
        assert_eq!(summary, Some(1_024));
        assert!(event.to_string().len() <= 512_000);
    }
}
