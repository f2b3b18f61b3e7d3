//! The console's door for documents of Elasticsearch's API: to the collector, which redacts, and on to the store.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use console::door::{self, Document, Fate, Refused};
use promise::{Timestamp, say};
use serde_json::json;

use super::busy;
use crate::{app::House, book::kind};

pub(super) struct Door(pub(super) Arc<House>);

#[async_trait]
impl door::Documents for Door {
    async fn takes(&self, stream: &str) -> Result<bool, Refused> {
        let collector = super::collector(&self.0).await?;
        Ok(collector.takes_documents(stream))
    }

    async fn take(&self, stream: &str, documents: Vec<Document>) -> Result<Vec<Fate>, Refused> {
        let collector = super::collector(&self.0).await?;
        let documents = documents.into_iter().map(|document| collect::Document {
            id: document.id,
            fields: document.fields,
        });
        match collector.documents(stream, documents.collect()).await {
            Ok(fates) => Ok(fates
                .into_iter()
                .map(|fate| match fate {
                    Ok(id) => Fate::Stored(id),
                    Err(refusal) => Fate::Refused(refusal.say()),
                })
                .collect()),
            Err(collect::Error::NoStream(_)) => Err(Refused::Missing {
                what: "stream",
                name: stream.to_owned(),
            }),
            Err(error @ (collect::Error::NotJson(_) | collect::Error::TooLarge { .. })) => {
                Err(Refused::Invalid(say!("{error}", "{error}")))
            }
            Err(error) => Err(busy(say!("{error}", "{error}"))),
        }
    }

    async fn delete(&self, stream: &str) -> Result<(), Refused> {
        // First that it is done, then it: what is gone must never be gone unsaid.
        let body = json!({ "did": "delete_index", "stream": stream });
        let noted = self.0.book.note(kind::CONSOLE, stream, body).await;
        noted.map_err(|error| {
            Refused::Internal(format!("the deletion could not be written down: {error:#}"))
        })?;
        let all = Timestamp::from_millis(i64::MAX);
        let deleted = self.0.logs.retain(stream, Duration::ZERO, all).await;
        deleted
            .map(|_| ())
            .map_err(|error| Refused::Internal(error.to_string()))
    }
}
