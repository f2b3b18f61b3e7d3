//! `ntfy`: a notification on a phone, published as JSON. The button that takes an incident on opens its page.
//!
//! Source: docs.ntfy.sh/publish, "Publish as JSON", "Message priority", "Action buttons", "Limitations".

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use promise::{Clock, say};
use reqwest::Method;
use serde_json::{Value, json};
use spec::section::receiver;

use super::{
    Notifier, Outside, Receipt, SendError, cut,
    exchange::{self, Http, Request},
    shown, webhook,
};
use crate::{Page, page::Kind};

/// A longer message arrives as a file, which nobody opens at night.
const MESSAGE_BYTES_MAX: usize = 4_096;
/// A line on a phone.
const TITLE_BYTES_MAX: usize = 250;

pub struct Ntfy {
    topic: String,
    server: String,
    token: Option<String>,
    timeout: Duration,
    http: Http,
    clock: Arc<dyn Clock>,
}

impl Ntfy {
    pub fn of(section: &receiver::Ntfy, outside: &Outside) -> Result<Self, SendError> {
        let resolve = |secret| (outside.secrets)(secret).map_err(SendError::lasting);
        Ok(Self {
            topic: resolve(&section.topic)?,
            server: section.server.clone(),
            token: section.token.as_ref().map(resolve).transpose()?,
            timeout: section.timeout.0,
            http: outside.http.clone(),
            clock: outside.clock.clone(),
        })
    }
}

#[async_trait]
impl Notifier for Ntfy {
    async fn send(&self, page: &Page) -> Result<Receipt, SendError> {
        let token = self.token.iter();
        let request = Request {
            method: Method::POST,
            url: exchange::guarded(&self.server, "/")?,
            headers: token
                .map(|token| ("authorization".to_owned(), format!("Bearer {token}")))
                .collect(),
            content_type: "application/json",
            body: webhook::body(&message(page, &self.topic))?,
        };
        let now = self.clock.now();
        Ok(self.http.send(request, self.timeout, now).await?.receipt())
    }

    fn preview(&self, page: &Page) -> Result<String, SendError> {
        Ok(shown(
            "POST",
            "/",
            &webhook::body(&message(page, &self.topic))?,
        ))
    }
}

/// The message as ntfy takes it.
#[must_use]
pub fn message(page: &Page, topic: &str) -> Value {
    let [first, second] = page.languages();
    let text = format!("{}\n\n{}", page.text(first), page.text(second));
    let mut message = json!({
        "topic": topic,
        "title": cut::bytes(page.title().get(first), TITLE_BYTES_MAX),
        "message": cut::bytes(&text, MESSAGE_BYTES_MAX),
        "priority": priority(page),
        "tags": [if is_good(page) { "white_check_mark" } else { "rotating_light" }],
    });
    if let Some(link) = &page.incident {
        message["click"] = json!(link.url);
    }
    if let Some(link) = &page.acknowledge {
        let label = say!("Take it on", "対応する");
        let label = label.get(first);
        message["actions"] =
            json!([{ "action": "view", "label": label, "url": link.url, "clear": true }]);
    }
    message
}

fn is_good(page: &Page) -> bool {
    matches!(
        page.kind,
        Kind::Resolved | Kind::Withdrawn | Kind::Acknowledged | Kind::Canary
    )
}

/// From 1 to 5, the most urgent. Only the worst severity rings through a silenced phone.
fn priority(page: &Page) -> u8 {
    if is_good(page) {
        return 2;
    }
    match page.severity.as_ref().map(|severity| severity.level) {
        Some(..=1) => 5,
        Some(2) => 4,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use promise::Say;

    use super::*;
    use crate::page::samples;

    #[test]
    fn a_long_message_is_cut_and_not_turned_into_a_file() {
        let mut page = samples::broken();
        page.reason.text = Say::same("長".repeat(10_000));
        let message = message(&page, "t");
        assert!(
            message["message"]
                .as_str()
                .is_some_and(|text| text.len() <= 4_096)
        );
    }
}
