//! What can go wrong when alerts and incidents change.

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the state of alerts could not be read or written: {0}")]
    Store(#[from] store::Error),
    #[error("the stored {what} `{key}` cannot be read: {source}")]
    Damaged {
        what: &'static str,
        key: String,
        source: serde_json::Error,
    },
    #[error("there is no incident `{0}`")]
    NoSuchIncident(String),
    #[error("incident `{0}` is resolved already")]
    NotOpen(String),
    #[error("{what} must have between 1 and {most} characters")]
    Length { what: &'static str, most: usize },
    #[error("the responder has stopped")]
    Stopped,
}

impl Error {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_passing())
    }
}
