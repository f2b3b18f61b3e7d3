//! Documents of Elasticsearch's API: where they go, and what becomes of an index that is deleted.

use async_trait::async_trait;
use promise::Say;
use serde_json::{Map, Value};

use super::Refused;

/// A record on its way, as its sender wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub id: Option<String>,
    pub fields: Map<String, Value>,
}

/// What became of one.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// Under this id.
    Stored(String),
    Refused(Say),
}

#[async_trait]
pub trait Documents: Send + Sync {
    /// Whether a source of the spec takes documents for this stream.
    async fn takes(&self, stream: &str) -> Result<bool, Refused>;

    /// Redacts, then stores; the fate of each, in their order. What is stored survives `kill -9`.
    async fn take(&self, stream: &str, documents: Vec<Document>) -> Result<Vec<Fate>, Refused>;

    /// Deletes a stream's records, and writes down that it was done.
    async fn delete(&self, stream: &str) -> Result<(), Refused>;
}
