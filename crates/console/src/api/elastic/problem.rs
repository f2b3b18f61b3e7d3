//! Answers, and refusals in the shape that clients of Elasticsearch read.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use crate::door::Refused;

/// A status and a body.
#[derive(Debug)]
pub(super) enum Answer {
    Json(StatusCode, Value),
    Text(String),
    Empty(StatusCode),
}

impl From<Value> for Answer {
    fn from(value: Value) -> Self {
        Self::Json(StatusCode::OK, value)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self {
            Self::Json(status, body) => (status, Json(body)).into_response(),
            Self::Text(text) => text.into_response(),
            Self::Empty(status) => status.into_response(),
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Problem {
    pub status: StatusCode,
    pub code: &'static str,
    pub reason: String,
    pub more: Map<String, Value>,
}

impl Problem {
    pub fn new(status: StatusCode, code: &'static str, reason: impl Into<String>) -> Self {
        Self {
            status,
            code,
            reason: reason.into(),
            more: Map::new(),
        }
    }

    pub fn parsing(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "parsing_exception", reason)
    }

    pub fn illegal(reason: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "illegal_argument_exception",
            reason,
        )
    }

    pub fn too_large(limit: usize) -> Self {
        let reason = format!(
            "the body is over its limit of {limit} bytes, before or after unpacking: send smaller batches"
        );
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "content_too_long_exception",
            reason,
        )
    }

    pub fn no_index(name: &str) -> Self {
        let mut problem = Self::new(
            StatusCode::NOT_FOUND,
            "index_not_found_exception",
            format!("no such index [{name}]"),
        );
        problem.more = Map::from_iter([
            ("resource.type".to_owned(), "index_or_alias".into()),
            ("resource.id".to_owned(), name.into()),
            ("index_uuid".to_owned(), "_na_".into()),
            ("index".to_owned(), name.into()),
        ]);
        problem
    }

    /// A stream that no source of the spec takes: what is to be written there says so.
    pub fn not_taken(name: &str) -> Self {
        let mut problem = Self::no_index(name);
        problem.reason = format!(
            "no such index [{name}] and no log source of the spec takes posts for it: declare one under sources.logs with stream: {name} and post: true"
        );
        problem
    }

    pub fn no_handler(parts: &[String], method: &str) -> Self {
        let path = parts.join("/");
        Self::new(
            StatusCode::BAD_REQUEST,
            "illegal_argument_exception",
            format!("no handler found for uri [/{path}] and method [{method}]"),
        )
    }

    pub fn to_json(&self) -> Value {
        let mut error = Map::from_iter([
            ("type".to_owned(), Value::from(self.code)),
            ("reason".to_owned(), self.reason.clone().into()),
        ]);
        error.extend(self.more.clone());
        let mut whole = error.clone();
        whole.insert("root_cause".to_owned(), json!([error]));
        json!({ "error": whole, "status": self.status.as_u16() })
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(self.to_json())).into_response()
    }
}

impl From<search::Error> for Problem {
    fn from(error: search::Error) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.code(), error.to_string())
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        if error.is_passing() {
            return Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable_shards_exception",
                error.to_string(),
            );
        }
        Self::new(
            StatusCode::BAD_REQUEST,
            "search_phase_execution_exception",
            error.to_string(),
        )
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Missing { name, .. } => Self::not_taken(&name),
            Refused::TooLarge { limit, .. } => Self::too_large(limit),
            Refused::Busy(why) => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "es_rejected_execution_exception",
                why.en,
            ),
            Refused::Internal(why) => {
                tracing::error!(error = why, "a request could not be answered");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "exception",
                    "the cause is in the log",
                )
            }
            Refused::Denied(why) => Self::new(StatusCode::FORBIDDEN, "security_exception", why.en),
            other => Self::illegal(other.to_string()),
        }
    }
}
