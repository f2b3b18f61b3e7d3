//! What can go wrong when alerts and incidents change.

use promise::Say;

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
    #[error("evidence ends incident `{0}`, and nobody by hand: a verdict opened it")]
    EndsByEvidence(String),
    #[error("there is no {what} `{name}`")]
    NoSuch { what: &'static str, name: String },
    #[error("no more than {most} of these are kept")]
    Full { most: usize },
    #[error("a link begins with https:// or http:// and holds no blanks")]
    NotALink,
    #[error("the list rests on that day")]
    NoSheet,
    #[error("{0} has signed it already")]
    Signed(String),
    /// Texts of what nobody answered, and of what is not good and nobody explained.
    #[error("not answered yet: {0:?}; not good, and without a note: {1:?}")]
    Unready(Vec<String>, Vec<String>),
    #[error("what is not good needs a note")]
    NoteMissing,
    #[error("{what} must have between 1 and {most} characters")]
    Length { what: &'static str, most: usize },
    #[error("there is no silence `{0}`")]
    NoSuchSilence(String),
    #[error("{}", .0.en)]
    BadSilence(Say),
    #[error("{}", .0.en)]
    BadAlert(Say),
    #[error("there are {most} {what} already")]
    TooMany { what: &'static str, most: usize },
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
