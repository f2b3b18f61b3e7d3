//! What is answered: Prometheus's envelopes, and its words for what goes wrong.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use promql::Notes;

use super::json;

/// Why there is no answer, in Prometheus's words.
#[derive(Debug)]
pub(super) enum Failure {
    /// The question is wrong.
    BadData(String),
    /// The question is right but has no answer over these series.
    Execution(String),
    Timeout(String),
    /// It is switched off.
    Unavailable(String),
    Internal(String),
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Query(why) => Self::Execution(why),
            other => Self::Internal(other.to_string()),
        }
    }
}

/// What was found: `data` as JSON, and what is to be said about it.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub data: String,
    pub notes: Notes,
}

impl Found {
    pub fn data(data: String) -> Self {
        Self {
            data,
            notes: Notes::default(),
        }
    }

    /// What [`serde_json`] makes of a small answer.
    pub fn small(data: &impl serde::Serialize) -> Result<Self, Failure> {
        let data = serde_json::to_string(data);
        data.map(Self::data)
            .map_err(|error| Failure::Internal(error.to_string()))
    }

    /// The same, with a note that the asker's limit has cut it.
    pub fn cut(mut self, cut: bool) -> Self {
        if cut {
            let note = "results truncated due to limit".to_owned();
            self.notes.warnings.push(note);
        }
        self
    }
}

type Answer = Result<Found, Failure>;

pub(super) fn reply(answer: Answer) -> Response {
    match answer {
        Ok(found) => success(&found),
        Err(failure) => failed(failure),
    }
}

fn success(found: &Found) -> Response {
    let mut out = String::with_capacity(found.data.len() + 64);
    out.push_str("{\"status\":\"success\",\"data\":");
    out.push_str(&found.data);
    for (name, notes) in [
        ("warnings", &found.notes.warnings),
        ("infos", &found.notes.infos),
    ] {
        if !notes.is_empty() {
            out.push(',');
            json::text(&mut out, name);
            out.push(':');
            json::texts(&mut out, notes);
        }
    }
    out.push('}');
    body(StatusCode::OK, out)
}

fn failed(failure: Failure) -> Response {
    let (status, kind, why) = match failure {
        Failure::BadData(why) => (StatusCode::BAD_REQUEST, "bad_data", why),
        Failure::Execution(why) => (StatusCode::UNPROCESSABLE_ENTITY, "execution", why),
        Failure::Timeout(why) => (StatusCode::SERVICE_UNAVAILABLE, "timeout", why),
        // Prometheus means 503 and answers 500; its clients know the word, not the number.
        Failure::Unavailable(why) => (StatusCode::INTERNAL_SERVER_ERROR, "unavailable", why),
        Failure::Internal(cause) => {
            // The cause may name files of this machine, so it stays in the log.
            tracing::error!(%cause, "a query could not be answered");
            let why = "something went wrong inside; the log says what".to_owned();
            (StatusCode::INTERNAL_SERVER_ERROR, "internal", why)
        }
    };
    let mut out = format!("{{\"status\":\"error\",\"errorType\":\"{kind}\",\"error\":");
    json::text(&mut out, &why);
    out.push('}');
    body(status, out)
}

fn body(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}
