//! `slack_bot`: an app's bot, which can edit what it wrote (`chat.postMessage`, `chat.update`).
//!
//! An incident is one message: each page after the first makes it say what is true now. An edit rings nowhere, so
//! what a person must hear of is told besides: in the message's thread, and from there in the channel unless it is
//! good news. The edit comes first because it can be made twice.
//!
//! Slack answers `200` to what it refuses; `ok` in the body is what counts. Source: docs.slack.dev, "chat.postMessage",
//! "chat.update", "Rate limits".

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use promise::Clock;
use reqwest::Method;
use serde_json::{Value, json};
use spec::section::receiver;

use super::{
    Notifier, Outside, Receipt, SendError, cut,
    exchange::{self, Http, Request},
    shown, slack, webhook,
};
use crate::{Page, page::Kind};

/// Beyond about 13 kB of blocks Slack answers `msg_blocks_too_long`; the limit is not documented, and was measured by
/// others between 9,600 and 11,300 characters of text.
const BLOCKS_BYTES_MAX: usize = 13_000;
/// A notification's text: as much as a phone shows, and far below Slack's 40,000 characters.
const TEXT_MAX: usize = 3_000;

pub struct SlackBot {
    token: String,
    channel: String,
    api: String,
    timeout: Duration,
    http: Http,
    clock: Arc<dyn Clock>,
}

impl SlackBot {
    pub fn of(section: &receiver::SlackBot, outside: &Outside) -> Result<Self, SendError> {
        Ok(Self {
            token: (outside.secrets)(&section.token).map_err(SendError::lasting)?,
            channel: section.channel.clone(),
            api: section.api.clone(),
            timeout: section.timeout.0,
            http: outside.http.clone(),
            clock: outside.clock.clone(),
        })
    }

    async fn call(&self, method: &str, body: &Value) -> Result<Value, SendError> {
        let request = Request {
            method: Method::POST,
            url: exchange::guarded(&self.api, &format!("/{method}"))?,
            headers: vec![("authorization".to_owned(), format!("Bearer {}", self.token))],
            content_type: "application/json; charset=utf-8",
            body: webhook::body(body)?,
        };
        let answer = self
            .http
            .send(request, self.timeout, self.clock.now())
            .await?
            .json();
        match answer["ok"].as_bool() {
            Some(true) => Ok(answer),
            _ => Err(refusal(answer["error"].as_str().unwrap_or("no answer"))),
        }
    }
}

#[async_trait]
impl Notifier for SlackBot {
    async fn send(&self, page: &Page) -> Result<Receipt, SendError> {
        let answer = self
            .call("chat.postMessage", &first(page, &self.channel))
            .await?;
        let handle = answer["channel"]
            .as_str()
            .zip(answer["ts"].as_str())
            .map(|(channel, ts)| format!("{channel}/{ts}"));
        Ok(Receipt {
            answer: "posted".to_owned(),
            handle,
        })
    }

    async fn follow(&self, page: &Page, handle: &str) -> Result<Receipt, SendError> {
        let Some((channel, ts)) = handle.split_once('/') else {
            return self.send(page).await;
        };
        match self.call("chat.update", &edit(page, channel, ts)).await {
            Ok(_) => {}
            // Somebody has deleted the message, or may no longer edit it: what is true now must be said all the same.
            Err(SendError::Lasting { why }) if GONE.iter().any(|code| why.ends_with(code)) => {
                return self.send(page).await;
            }
            Err(error) => return Err(error),
        }
        self.call("chat.postMessage", &reply(page, channel, ts))
            .await?;
        Ok(Receipt {
            answer: "edited".to_owned(),
            handle: None,
        })
    }

    fn preview(&self, page: &Page) -> Result<String, SendError> {
        let body = webhook::body(&first(page, &self.channel))?;
        Ok(shown("POST", "/chat.postMessage", &body))
    }
}

/// Why a message cannot be edited, where a new one can be written.
const GONE: [&str; 4] = [
    "message_not_found",
    "cant_update_message",
    "edit_window_closed",
    "thread_not_found",
];

/// Refusals that pass. Source: the errors of "chat.postMessage".
const PASSING: [&str; 7] = [
    "ratelimited",
    "rate_limited",
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "no answer",
];

fn refusal(code: &str) -> SendError {
    // A code is a word; whatever else an answer holds is not repeated.
    let is_word = code.len() <= 64
        && code
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b == b'_' || b == b' ');
    let why = format!("Slack: {}", if is_word { code } else { "refused" });
    if PASSING.contains(&code) {
        SendError::passing(why)
    } else {
        SendError::lasting(why)
    }
}

/// The first message of an incident.
#[must_use]
pub fn first(page: &Page, channel: &str) -> Value {
    let mut message = cut::to_fit(BLOCKS_BYTES_MAX, |most| slack::limited(page, most));
    message["channel"] = json!(channel);
    message["text"] = json!(text(page));
    message["unfurl_links"] = json!(false);
    message
}

/// What the first message says from now on.
#[must_use]
pub fn edit(page: &Page, channel: &str, ts: &str) -> Value {
    let mut message = first(page, channel);
    message["ts"] = json!(ts);
    message
}

/// The line that people hear of.
#[must_use]
pub fn reply(page: &Page, channel: &str, ts: &str) -> Value {
    let is_quiet = matches!(
        page.kind,
        Kind::Resolved | Kind::Withdrawn | Kind::Acknowledged
    );
    json!({
        "channel": channel,
        "thread_ts": ts,
        "reply_broadcast": !is_quiet,
        "unfurl_links": false,
        "text": text(page),
    })
}

fn text(page: &Page) -> String {
    let [first, second] = page.languages();
    let title = page.title();
    let text = format!("{} / {}", title.get(first), title.get(second));
    slack::escape(&cut::chars(&text, TEXT_MAX))
}

#[cfg(test)]
mod tests {
    use promise::Say;

    use super::*;
    use crate::page::samples;

    #[test]
    fn a_very_long_page_stays_under_thirteen_kilobytes() {
        let mut page = samples::broken();
        page.reason.text = Say::same("長".repeat(10_000));
        let bytes = first(&page, "C1")["blocks"].to_string().len();
        assert!(bytes <= 13_000, "{bytes}");
    }

    #[test]
    fn an_end_is_told_in_the_thread_alone() {
        let told = |page: &Page| reply(page, "C1", "1.2")["reply_broadcast"].clone();
        assert_eq!(told(&samples::resolved()), json!(false));
        let mut page = samples::broken();
        page.kind = Kind::Escalated;
        assert_eq!(told(&page), json!(true));
    }

    #[test]
    fn a_refusal_says_its_code_and_nothing_else() {
        assert_eq!(
            refusal("channel_not_found"),
            SendError::lasting("Slack: channel_not_found")
        );
        assert_eq!(
            refusal("ratelimited"),
            SendError::passing("Slack: ratelimited")
        );
        assert_eq!(
            refusal("Token xoxb-1"),
            SendError::lasting("Slack: refused")
        );
    }
}
