//! Spans of OTLP: `opentelemetry.proto.collector.trace.v1`, as records of a stream.
//!
//! A span is a record at its start, with `trace_id`, `span_id`, `parent_span_id`, `service`, `name`, `kind`,
//! `start_unix_nano`, `duration_ns`, `status`, `attributes`, `events` and `links`: what a view of a trace needs, in
//! the store in which logs rest, so that one id finds both.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::protobuf::{Error, Field};

use super::{
    attributes::object,
    logs::About,
    model::{KeyValue, Resource, Scope, unsigned},
    wire::{Message, hex, push},
};
use crate::receive::intake::{Draft, Intake, RECORDS_MAX};

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Request {
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
struct ResourceSpans {
    resource: Resource,
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
struct ScopeSpans {
    scope: Scope,
    spans: Vec<Span>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
struct Span {
    /// In hexadecimal digits, as all ids.
    trace_id: String,
    span_id: String,
    parent_span_id: String,
    name: String,
    kind: u64,
    #[serde(deserialize_with = "unsigned")]
    start_time_unix_nano: u64,
    #[serde(deserialize_with = "unsigned")]
    end_time_unix_nano: u64,
    attributes: Vec<KeyValue>,
    events: Vec<Event>,
    links: Vec<Link>,
    status: Status,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
struct Event {
    #[serde(deserialize_with = "unsigned")]
    time_unix_nano: u64,
    name: String,
    attributes: Vec<KeyValue>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
struct Link {
    trace_id: String,
    span_id: String,
    attributes: Vec<KeyValue>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    message: String,
    code: u64,
}

impl Message for Request {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            1 => push(&mut self.resource_spans, field),
            _ => Ok(()),
        }
    }
}

impl Message for ResourceSpans {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            1 => self.resource = Resource::read(field.message()?)?,
            2 => push(&mut self.scope_spans, field)?,
            _ => {}
        }
        Ok(())
    }
}

impl Message for ScopeSpans {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            1 => self.scope = Scope::read(field.message()?)?,
            2 => push(&mut self.spans, field)?,
            _ => {}
        }
        Ok(())
    }
}

impl Message for Span {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            1 => self.trace_id = hex(field.bytes()?),
            2 => self.span_id = hex(field.bytes()?),
            4 => self.parent_span_id = hex(field.bytes()?),
            5 => self.name = field.text()?.to_owned(),
            6 => self.kind = field.uint()?,
            7 => self.start_time_unix_nano = field.fixed64()?,
            8 => self.end_time_unix_nano = field.fixed64()?,
            9 => push(&mut self.attributes, field)?,
            11 => push(&mut self.events, field)?,
            13 => push(&mut self.links, field)?,
            15 => self.status = Status::read(field.message()?)?,
            _ => {}
        }
        Ok(())
    }
}

impl Message for Event {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            1 => self.time_unix_nano = field.fixed64()?,
            2 => self.name = field.text()?.to_owned(),
            3 => push(&mut self.attributes, field)?,
            _ => {}
        }
        Ok(())
    }
}

impl Message for Link {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            1 => self.trace_id = hex(field.bytes()?),
            2 => self.span_id = hex(field.bytes()?),
            4 => push(&mut self.attributes, field)?,
            _ => {}
        }
        Ok(())
    }
}

impl Message for Status {
    fn take(&mut self, field: &Field<'_>) -> Result<(), Error> {
        match field.number {
            2 => self.message = field.text()?.to_owned(),
            3 => self.code = field.uint()?,
            _ => {}
        }
        Ok(())
    }
}

/// The spans of a message, and how many were left out: those beyond the bound, and those whose ids are not as the
/// protocol says, for nobody could find them.
pub(super) fn drafts(request: Request, intake: &Intake) -> (Vec<Draft>, u64) {
    let (mut drafts, mut rejected) = (Vec::new(), 0);
    for resource in request.resource_spans {
        let about = About::of(&resource.resource);
        for scope in resource.scope_spans {
            for span in scope.spans {
                if drafts.len() >= RECORDS_MAX || !span.has_ids() {
                    rejected += 1;
                    continue;
                }
                drafts.push(draft(span, &about, &scope.scope, intake));
            }
        }
    }
    (drafts, rejected)
}

impl Span {
    /// 16 and 8 bytes, not all of them 0.
    fn has_ids(&self) -> bool {
        let is_id = |id: &str, digits: usize| {
            id.len() == digits
                && id.bytes().all(|digit| digit.is_ascii_hexdigit())
                && id.bytes().any(|digit| digit != b'0')
        };
        is_id(&self.trace_id, 32) && is_id(&self.span_id, 16)
    }
}

fn draft(span: Span, about: &About, scope: &Scope, intake: &Intake) -> Draft {
    let (trace_id, span_id) = (span.trace_id.to_lowercase(), span.span_id.to_lowercase());
    // A span has one id wherever it comes from, so one that is sent again stands once.
    let id = intake.id(format!("{trace_id}{span_id}").as_bytes(), 0);
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        let is_empty = match &value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => false,
        };
        if !is_empty {
            fields.insert(name.to_owned(), value);
        }
    };
    put("trace_id", trace_id.into());
    put("span_id", span_id.into());
    put("parent_span_id", span.parent_span_id.to_lowercase().into());
    put("service", about.service.clone().unwrap_or_default());
    put("name", span.name.into());
    put("kind", kind(span.kind).into());
    put("start_unix_nano", span.start_time_unix_nano.into());
    let took = span
        .end_time_unix_nano
        .saturating_sub(span.start_time_unix_nano);
    put("duration_ns", took.into());
    put("status", status(span.status.code).into());
    put("status_message", span.status.message.into());
    put("scope", scope.name.clone().into());
    put("attributes", Value::Object(object(&span.attributes)));
    put("resource", about.resource.clone());
    let events = span.events.iter().map(|event| {
        json!({
            "name": event.name,
            "unix_nano": event.time_unix_nano,
            "attributes": object(&event.attributes),
        })
    });
    put("events", events.collect());
    let links = span.links.iter().map(|link| {
        json!({
            "trace_id": link.trace_id.to_lowercase(),
            "span_id": link.span_id.to_lowercase(),
            "attributes": object(&link.attributes),
        })
    });
    put("links", links.collect());
    Draft {
        id,
        at: (span.start_time_unix_nano > 0).then(|| super::millis(span.start_time_unix_nano)),
        fields,
    }
}

/// `SpanKind`, in the words of its enum.
fn kind(number: u64) -> &'static str {
    const NAMES: [&str; 6] = [
        "unspecified",
        "internal",
        "server",
        "client",
        "producer",
        "consumer",
    ];
    let place = usize::try_from(number).unwrap_or(usize::MAX);
    NAMES.get(place).unwrap_or(&NAMES[0])
}

/// `StatusCode`, likewise.
fn status(code: u64) -> &'static str {
    match code {
        1 => "ok",
        2 => "error",
        _ => "unset",
    }
}
