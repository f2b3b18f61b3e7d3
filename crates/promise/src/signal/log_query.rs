//! Which log records: `stream:payment_* AND status:failed AND NOT processing_time:<5000`.

use std::{fmt, sync::Arc};

use crate::{Say, record::Scalar, scalar_as_text};

/// A condition over a log record's fields. Cheap to clone.
#[derive(Clone)]
pub struct LogQuery {
    text: Arc<str>,
}

/// A field's value as a query sees it.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValue<'r> {
    Text(&'r str),
    Number(f64),
    Bool(bool),
}

impl LogQuery {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for LogQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for LogQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for LogQuery {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Scalar for LogQuery {
    const NAME: &'static str = "log query";
    const NAME_JA: &'static str = "ログの条件";
    const EXAMPLE: &'static str = "stream:payment_* AND status:failed";

    fn parse(text: &str) -> Result<Self, Say> {
        Ok(Self {
            text: text.trim().into(),
        })
    }
}
scalar_as_text!(LogQuery);
