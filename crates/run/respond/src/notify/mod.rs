//! Notifiers: the ways to tell people, one file each. To add one: its section in the spec, its file here, and
//! one line in `notifiers!`.
//!
//! A notifier makes **one** try and says what became of it; retrying, falling over and recording are the
//! caller's. What it says of a failure never holds an address, a URL, a token or a body.

pub mod alertmanager;
pub mod email;
pub mod http;
pub mod inbox;
pub mod ntfy;
pub mod pagerduty;
pub mod sample;
pub mod slack;
pub mod slack_bot;
pub mod teams;
pub mod webhook;

pub(crate) mod cut;
mod exchange;
mod preset;

#[cfg(test)]
mod golden;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use promise::Clock;
use spec::section::receiver::Receiver;

use crate::{Page, Secrets, notify::inbox::Shelf};

/// One way to tell people.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Makes one try. Returns once the receiver has accepted the page, or has not.
    async fn send(&self, page: &Page) -> Result<Receipt, SendError>;

    /// The same for a page that follows an earlier one of its incident, of which the receiver answered with `handle`. A
    /// receiver that can edit what it was told does so.
    async fn follow(&self, page: &Page, _handle: &str) -> Result<Receipt, SendError> {
        self.send(page).await
    }

    /// What would be sent, for a person to look at.
    fn preview(&self, page: &Page) -> Result<String, SendError> {
        let [first, second] = page.languages();
        Ok(format!(
            "{}\n\n--\n\n{}",
            page.text(first),
            page.text(second)
        ))
    }
}

/// The receiver accepted the page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// What the receiver answered, such as `HTTP 200`.
    pub answer: String,
    /// By which it knows the message, where it can be edited later. No secret: it is kept with the incident.
    pub handle: Option<String>,
}

/// The receiver did not accept the page, and whether another try can help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    #[error("{why}")]
    Passing {
        why: String,
        /// The receiver asked to wait this long.
        after: Option<Duration>,
    },
    /// The same page will never be accepted.
    #[error("{why}")]
    Lasting { why: String },
}

impl SendError {
    pub(crate) fn passing(why: impl Into<String>) -> Self {
        Self::Passing {
            why: why.into(),
            after: None,
        }
    }

    pub(crate) fn lasting(why: impl Into<String>) -> Self {
        Self::Lasting { why: why.into() }
    }
}

/// A request as a person reads it: its body indented where it is JSON.
fn shown(method: &str, path: &str, body: &[u8]) -> String {
    let text = match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(json) => serde_json::to_string_pretty(&json).unwrap_or_default(),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    format!("{method} {path}\n\n{text}")
}

/// Makes the notifier of a receiver, by its name and section.
pub type Make = Arc<dyn Fn(&str, &Receiver) -> Result<Box<dyn Notifier>, SendError> + Send + Sync>;

/// What notifiers need from outside.
pub struct Outside {
    pub secrets: Secrets,
    pub clock: Arc<dyn Clock>,
    pub http: exchange::Http,
    pub shelf: Arc<dyn Shelf>,
}

impl Outside {
    #[must_use]
    pub fn new(secrets: Secrets, clock: Arc<dyn Clock>, shelf: Arc<dyn Shelf>) -> Self {
        Self {
            secrets,
            clock,
            http: exchange::Http::new(),
            shelf,
        }
    }
}

macro_rules! notifiers {
    ($($case:ident, $tag:literal => $make:path),* $(,)?) => {
        /// The notifier of a receiver, its secrets resolved now.
        pub fn of(receiver: &Receiver, outside: &Outside) -> Result<Box<dyn Notifier>, SendError> {
            match receiver {
                $(Receiver::$case(section) => Ok(Box::new($make(section, outside)?)),)*
            }
        }

        /// The kind of a receiver as the spec writes it.
        #[must_use]
        pub fn kind(receiver: &Receiver) -> &'static str {
            match receiver { $(Receiver::$case(_) => $tag),* }
        }
    };
}

notifiers! {
    Webhook, "webhook" => webhook::Webhook::of,
    Slack, "slack" => slack::Slack::of,
    SlackBot, "slack_bot" => slack_bot::SlackBot::of,
    Teams, "teams" => teams::Teams::of,
    PagerDuty, "pagerduty" => pagerduty::PagerDuty::of,
    Ntfy, "ntfy" => ntfy::Ntfy::of,
    Http, "http" => http::Http::of,
    Alertmanager, "alertmanager" => alertmanager::Alertmanager::of,
    Email, "email" => email::Email::of,
    Inbox, "inbox" => inbox::Inbox::of,
}
