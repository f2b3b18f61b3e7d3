//! `inbox`: the console's own inbox. Needs nothing outside, so it is the receiver that always answers.

use std::sync::Arc;

use async_trait::async_trait;
use promise::{Say, State, Timestamp};
use serde::{Deserialize, Serialize};
use spec::section::receiver;

use super::{Notifier, Outside, Receipt, SendError};
use crate::{Error, Page, page};

/// One message in the console's inbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InboxItem {
    /// The page's idempotency key.
    pub key: String,
    pub at: Timestamp,
    pub kind: page::Kind,
    pub promise: String,
    pub incident: Option<String>,
    pub severity: Option<String>,
    pub state: State,
    pub title: Say,
    /// The rest of the message, one line a figure.
    pub body: Say,
}

impl InboxItem {
    #[must_use]
    pub fn of(page: &Page) -> Self {
        let lines = page.lines();
        let body = |pick: fn(&Say) -> &str| {
            lines
                .iter()
                .map(|(label, value)| format!("{}: {}", pick(label), pick(value)))
                .collect::<Vec<_>>()
                .join("\n")
        };
        Self {
            key: page.key.clone(),
            at: page.at,
            kind: page.kind,
            promise: page.promise.id.clone(),
            incident: page.incident.as_ref().map(|link| link.id.clone()),
            severity: page.severity.as_ref().map(|severity| severity.id.clone()),
            state: page.state,
            title: page.title(),
            body: Say::new(body(|say| &say.en), body(|say| &say.ja)),
        }
    }

    /// Where it lies: in order of time, and the same page always in the same place.
    #[must_use]
    pub(crate) fn place(&self) -> String {
        format!("{:016}-{}", self.at.as_millis().max(0), self.key)
    }
}

/// Where inbox items are put. Putting the same one twice leaves one.
#[async_trait]
pub trait Shelf: Send + Sync {
    async fn put(&self, item: InboxItem) -> Result<(), Error>;
}

pub struct Inbox {
    shelf: Arc<dyn Shelf>,
}

impl Inbox {
    pub fn of(_: &receiver::Inbox, outside: &Outside) -> Result<Self, SendError> {
        Ok(Self {
            shelf: outside.shelf.clone(),
        })
    }
}

#[async_trait]
impl Notifier for Inbox {
    async fn send(&self, page: &Page) -> Result<Receipt, SendError> {
        self.shelf
            .put(InboxItem::of(page))
            .await
            .map_err(|error| SendError::passing(error.to_string()))?;
        Ok(Receipt {
            answer: "stored".to_owned(),
            handle: None,
        })
    }
}
