//! Log records of OTLP: `opentelemetry.proto.collector.logs.v1`, as records of a stream.
//!
//! Attributes stand among the record's own fields, for a rule asks for `status`, not for where an SDK put it. What
//! OTLP itself says of a record has these names, and an attribute that is called so stands behind `attributes.`:
//! `message`, `severity`, `severity_number`, `service`, `resource`, `scope`, `event`, `trace_id`, `span_id`.

use serde::Deserialize;
use serde_json::{Map, Value};
use store::protobuf::{Error, Field};

use super::{
    attributes::{json, object},
    model::{AnyValue, KeyValue, Resource, Scope, unsigned},
    wire::{Message, hex, push, value},
};
use crate::receive::intake::{Draft, Intake, RECORDS_MAX};

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Request {
    resource_logs: Vec<ResourceLogs>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
struct ResourceLogs {
    resource: Resource,
    scope_logs: Vec<ScopeLogs>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
struct ScopeLogs {
    scope: Scope,
    log_records: Vec<LogRecord>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
struct LogRecord {
    #[serde(deserialize_with = "unsigned")]
    time_unix_nano: u64,
    #[serde(deserialize_with = "unsigned")]
    observed_time_unix_nano: u64,
    severity_number: u64,
    severity_text: String,
    body: Option<AnyValue>,
    attributes: Vec<KeyValue>,
    /// In hexadecimal digits.
    trace_id: String,
    span_id: String,
    event_name: String,
}

impl Message for Request {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            1 => push(&mut self.resource_logs, field),
            _ => Ok(()),
        }
    }
}

impl Message for ResourceLogs {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            1 => self.resource = Resource::read(field.message()?)?,
            2 => push(&mut self.scope_logs, field)?,
            _ => {}
        }
        Ok(())
    }
}

impl Message for ScopeLogs {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            1 => self.scope = Scope::read(field.message()?)?,
            2 => push(&mut self.log_records, field)?,
            _ => {}
        }
        Ok(())
    }
}

impl Message for LogRecord {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            1 => self.time_unix_nano = field.fixed64()?,
            2 => self.severity_number = field.uint()?,
            3 => self.severity_text = field.text()?.to_owned(),
            5 => self.body = value(field)?,
            6 => push(&mut self.attributes, field)?,
            9 => self.trace_id = hex(field.bytes()?),
            10 => self.span_id = hex(field.bytes()?),
            11 => self.observed_time_unix_nano = field.fixed64()?,
            12 => self.event_name = field.text()?.to_owned(),
            _ => {}
        }
        Ok(())
    }
}

/// The records of a message, and how many were too many. `body` is the message, by which each has its id.
pub(super) fn drafts(request: Request, body: &[u8], intake: &Intake) -> (Vec<Draft>, u64) {
    let (mut drafts, mut rejected) = (Vec::new(), 0);
    let digest = xxhash_rust::xxh3::xxh3_128(body).to_le_bytes();
    for resource in request.resource_logs {
        let about = About::of(&resource.resource);
        for scope in resource.scope_logs {
            for record in scope.log_records {
                if drafts.len() >= RECORDS_MAX {
                    rejected += 1;
                    continue;
                }
                let id = intake.id(&digest, drafts.len() as u64);
                drafts.push(draft(id, record, &about, &scope.scope));
            }
        }
    }
    (drafts, rejected)
}

/// What all records of a resource share.
pub(super) struct About {
    pub service: Option<Value>,
    pub resource: Value,
}

impl About {
    pub fn of(resource: &Resource) -> Self {
        let service = resource
            .attributes
            .iter()
            .find(|pair| pair.key == "service.name");
        Self {
            service: service.and_then(|pair| pair.value.as_ref()).map(json),
            resource: Value::Object(object(&resource.attributes)),
        }
    }
}

fn draft(id: u128, record: LogRecord, about: &About, scope: &Scope) -> Draft {
    let mut fields = Map::new();
    let mut text = |name: &str, text: String| {
        if !text.is_empty() {
            fields.insert(name.to_owned(), text.into());
        }
    };
    let severity = match record.severity_text.is_empty() {
        true => severity(record.severity_number).to_owned(),
        false => record.severity_text,
    };
    text("severity", severity);
    text("event", record.event_name);
    text("trace_id", record.trace_id);
    text("span_id", record.span_id);
    text("scope", scope.name.clone());
    if record.severity_number > 0 {
        let number = record.severity_number.into();
        fields.insert("severity_number".to_owned(), number);
    }
    if let Some(body) = &record.body {
        fields.insert("message".to_owned(), json(body));
    }
    if let Some(service) = &about.service {
        fields.insert("service".to_owned(), service.clone());
    }
    if about
        .resource
        .as_object()
        .is_some_and(|all| !all.is_empty())
    {
        fields.insert("resource".to_owned(), about.resource.clone());
    }
    for (name, value) in object(&record.attributes) {
        let name = match fields.contains_key(&name) {
            true => format!("attributes.{name}"),
            false => name,
        };
        fields.insert(name, value);
    }
    // The time of the event, or that at which it was seen.
    let nanos = match record.time_unix_nano {
        0 => record.observed_time_unix_nano,
        nanos => nanos,
    };
    Draft {
        id,
        at: (nanos > 0).then(|| super::millis(nanos)),
        fields,
    }
}

/// The names of the ranges of `SeverityNumber`, each of four.
fn severity(number: u64) -> &'static str {
    const NAMES: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
    let place = number
        .checked_sub(1)
        .and_then(|n| usize::try_from(n / 4).ok());
    place.and_then(|place| NAMES.get(place)).unwrap_or(&"")
}
