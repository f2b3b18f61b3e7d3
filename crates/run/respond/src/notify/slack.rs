//! `slack`: a Slack incoming webhook, or anything that takes its format (Mattermost, Rocket.Chat).
//!
//! `text` is what a phone shows as notification; `blocks` hold both languages, the service's own first. Slack has no
//! idempotency key: a page whose acceptance was lost on the way appears twice, with the same key in its footer.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use promise::{Clock, Lang, say};
use serde_json::{Value, json};
use spec::section::receiver;

use super::{Notifier, Outside, Receipt, SendError, cut, exchange::Http, shown, webhook};
use crate::Page;

/// Slack refuses a section's text beyond 3,000 characters and a header's beyond 150.
const SECTION_MAX: usize = 2_900;
const HEADER_MAX: usize = 150;

pub struct Slack {
    url: String,
    channel: Option<String>,
    timeout: Duration,
    http: Http,
    clock: Arc<dyn Clock>,
}

impl Slack {
    pub fn of(section: &receiver::Slack, outside: &Outside) -> Result<Self, SendError> {
        Ok(Self {
            url: (outside.secrets)(&section.url).map_err(SendError::lasting)?,
            channel: section.channel.clone(),
            timeout: section.timeout.0,
            http: outside.http.clone(),
            clock: outside.clock.clone(),
        })
    }
}

#[async_trait]
impl Notifier for Slack {
    async fn send(&self, page: &Page) -> Result<Receipt, SendError> {
        let headers = [("idempotency-key", page.key.clone())];
        let body = webhook::body(&message(page, self.channel.as_deref()))?;
        self.http
            .post(&self.url, &headers, body, self.timeout, self.clock.now())
            .await
    }

    fn preview(&self, page: &Page) -> Result<String, SendError> {
        let body = webhook::body(&message(page, self.channel.as_deref()))?;
        Ok(shown("POST", "/", &body))
    }
}

/// The message as Slack takes it.
#[must_use]
pub fn message(page: &Page, channel: Option<&str>) -> Value {
    let mut message = limited(page, SECTION_MAX);
    if let Some(channel) = channel {
        message["channel"] = json!(channel);
    }
    message
}

/// The same with sections of at most so many characters.
pub(super) fn limited(page: &Page, section_max: usize) -> Value {
    let [first, second] = page.languages();
    let title = page.title();
    let most = section_max.min(SECTION_MAX);
    let section = |text: &str| {
        let text = cut::chars(text, most);
        json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
    };
    let mut blocks = vec![
        // Plain text is shown as it is; only `mrkdwn` must be escaped.
        json!({ "type": "header", "text": { "type": "plain_text", "text": cut::chars(title.get(first), HEADER_MAX), "emoji": false } }),
        section(&lines(page, first)),
        json!({ "type": "divider" }),
        section(&format!(
            "*{}*\n{}",
            escape(title.get(second)),
            lines(page, second)
        )),
    ];
    let links: Vec<String> = links(page, first)
        .iter()
        .map(|(url, text)| format!("<{}|{}>", escape(url), escape(text)))
        .collect();
    if !links.is_empty() {
        blocks.push(section(&links.join("  ·  ")));
    }
    blocks.push(
        json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": escape(&page.key) }] }),
    );
    let text = escape(&format!("{} / {}", title.get(first), title.get(second)));
    json!({ "text": text, "blocks": blocks })
}

/// Where a reader goes from here: the incident, and the page on which it is taken on.
pub(super) fn links(page: &Page, lang: Lang) -> Vec<(String, String)> {
    let incident = page
        .incident
        .as_ref()
        .map(|link| (link.url.clone(), link.id.clone()));
    let take_it_on = say!("Take it on", "対応する");
    let acknowledge = page
        .acknowledge
        .as_ref()
        .map(|link| (link.url.clone(), take_it_on.get(lang).to_owned()));
    incident.into_iter().chain(acknowledge).collect()
}

fn lines(page: &Page, lang: Lang) -> String {
    let lines = page.lines();
    let line = |(label, value): &(promise::Say, promise::Say)| {
        format!("*{}*: {}", escape(label.get(lang)), escape(value.get(lang)))
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The three characters that mean something to Slack; so `<!channel>` in a name wakes nobody.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use promise::Say;

    use super::*;
    use crate::page::samples;

    #[test]
    fn a_name_cannot_call_a_whole_channel() {
        let mut page = samples::broken();
        page.promise.name = Say::same("<!channel> & co");
        page.reason.text = Say::same("<!here>");
        let message = message(&page, None);
        let marked: Vec<&str> = message["blocks"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|block| block["type"] == "section")
            .filter_map(|block| block["text"]["text"].as_str())
            .collect();
        assert!(marked.iter().all(|text| !text.contains("<!")), "{marked:?}");
        assert_eq!(
            message["text"]
                .as_str()
                .map(|text| text.contains("&lt;!channel&gt; &amp; co")),
            Some(true)
        );
    }

    #[test]
    fn a_very_long_reason_stays_under_the_limit_of_slack() {
        let mut page = samples::broken();
        page.reason.text = Say::same("長".repeat(10_000));
        for block in message(&page, None)["blocks"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let length = block["text"]["text"]
                .as_str()
                .map_or(0, |text| text.chars().count());
            assert!(length <= 3_000, "{length}");
        }
    }
}
