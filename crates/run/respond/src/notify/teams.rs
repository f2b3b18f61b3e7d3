//! `teams`: Microsoft Teams, by a workflow that posts an adaptive card.
//!
//! The texts are runs of a `RichTextBlock`, which are shown as they are: a `TextBlock` would read Markdown in a name. A
//! workflow has no idempotency key and cannot edit, so each page is a card of its own, with its key at the end.
//!
//! Source: learn.microsoft.com, "Create incoming webhooks with Workflows"; adaptivecards.io, schema 1.4.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use promise::{Clock, Lang, State};
use serde_json::{Value, json};
use spec::section::receiver;

use super::{Notifier, Outside, Receipt, SendError, cut, exchange::Http, shown, slack, webhook};
use crate::{Page, page::Kind};

/// Microsoft names 28 KB ("Create incoming webhooks", "Microsoft Teams connector: known issues"), beyond which the answer is
/// `413`; a client that tried it (the gem msteams_hermes) was refused above 21,000 bytes already, so this stays below both.
const BYTES_MAX: usize = 20_000;

pub struct Teams {
    url: String,
    timeout: Duration,
    http: Http,
    clock: Arc<dyn Clock>,
}

impl Teams {
    pub fn of(section: &receiver::Teams, outside: &Outside) -> Result<Self, SendError> {
        Ok(Self {
            url: (outside.secrets)(&section.url).map_err(SendError::lasting)?,
            timeout: section.timeout.0,
            http: outside.http.clone(),
            clock: outside.clock.clone(),
        })
    }
}

#[async_trait]
impl Notifier for Teams {
    async fn send(&self, page: &Page) -> Result<Receipt, SendError> {
        let body = webhook::body(&message(page))?;
        self.http
            .post(&self.url, &[], body, self.timeout, self.clock.now())
            .await
    }

    fn preview(&self, page: &Page) -> Result<String, SendError> {
        Ok(shown("POST", "/", &webhook::body(&message(page))?))
    }
}

/// The message as a workflow takes it.
#[must_use]
pub fn message(page: &Page) -> Value {
    cut::to_fit(BYTES_MAX, |most| {
        json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": null,
                "content": card(page, most),
            }],
        })
    })
}

fn card(page: &Page, most: usize) -> Value {
    let [first, second] = page.languages();
    let mut body = part(page, first, most);
    body.push(json!({ "type": "Container", "separator": true, "items": part(page, second, most) }));
    body.push(text(
        &page.key,
        json!({ "size": "Small", "isSubtle": true }),
    ));
    let actions: Vec<Value> = slack::links(page, first)
        .into_iter()
        .map(|(url, title)| json!({ "type": "Action.OpenUrl", "title": title, "url": url }))
        .collect();
    json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": { "width": "Full" },
        "body": body,
        "actions": actions,
    })
}

/// Title and lines in one language.
fn part(page: &Page, lang: Lang, most: usize) -> Vec<Value> {
    let look = json!({ "size": "Large", "weight": "Bolder", "color": colour(page) });
    let title = cut::chars(page.title().get(lang), most);
    let mut blocks = vec![text(&title, look)];
    for (label, value) in page.lines() {
        let label = json!({ "type": "TextRun", "text": format!("{}: ", label.get(lang)), "weight": "Bolder" });
        let value = json!({ "type": "TextRun", "text": cut::chars(value.get(lang), most) });
        blocks.push(
            json!({ "type": "RichTextBlock", "spacing": "Small", "inlines": [label, value] }),
        );
    }
    blocks
}

fn text(text: &str, mut look: Value) -> Value {
    look["type"] = json!("TextRun");
    look["text"] = json!(text);
    json!({ "type": "RichTextBlock", "inlines": [look] })
}

fn colour(page: &Page) -> &'static str {
    match (page.kind, page.state) {
        (Kind::Resolved | Kind::Canary, _) | (_, State::Kept) => "Good",
        (_, State::AtRisk | State::Unproven) => "Warning",
        (_, State::Broken) => "Attention",
    }
}

#[cfg(test)]
mod tests {
    use promise::Say;

    use super::*;
    use crate::page::samples;

    #[test]
    fn a_very_long_page_stays_under_the_limit_of_teams() {
        let mut page = samples::broken();
        page.reason.text = Say::same("長".repeat(20_000));
        assert!(message(&page).to_string().len() <= 20_000);
    }
}
