//! What a template computes with, and how Go prints it.

use std::{cmp::Ordering, collections::BTreeMap, sync::Arc};

use promql::{Element, Labels, Number};

use super::printf;

#[derive(Debug, Clone)]
pub(super) enum Value {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// A native histogram.
    Histogram(Arc<promql::Histogram>),
    Labels(Labels),
    /// One element of a query's answer.
    Sample(Arc<Element>),
    List(Vec<Value>),
    Map(BTreeMap<String, Value>),
    /// Nanoseconds.
    Duration(i64),
    /// Milliseconds since 1970.
    Time(i64),
}

impl From<&Number> for Value {
    fn from(number: &Number) -> Self {
        match number {
            Number::Float(value) => Self::Float(*value),
            Number::Histogram(histogram) => Self::Histogram(histogram.clone()),
        }
    }
}

impl Value {
    /// Go's names of types, for its messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Nil => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
            Self::Histogram(_) => "*histogram.FloatHistogram",
            Self::Labels(_) => "map[string]string",
            Self::Sample(_) => "*template.sample",
            Self::List(_) => "template.queryResult",
            Self::Map(_) => "map[string]interface {}",
            Self::Duration(_) => "time.Duration",
            Self::Time(_) => "time.Time",
        }
    }

    /// As `if` sees it.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(value) | Self::Duration(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Labels(labels) => !labels.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Map(entries) => !entries.is_empty(),
            Self::Sample(_) | Self::Histogram(_) | Self::Time(_) => true,
        }
    }

    /// As `{{ . }}` and `%v` print it.
    pub fn show(&self) -> String {
        match self {
            Self::Nil => "<no value>".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::Float(value) => printf::shortest(*value),
            Self::Text(text) => text.clone(),
            Self::Histogram(histogram) => show_histogram(histogram),
            Self::Labels(labels) => {
                let pairs: Vec<String> = labels.iter().map(|(n, v)| format!("{n}:{v}")).collect();
                format!("map[{}]", pairs.join(" "))
            }
            Self::Sample(sample) => {
                let labels = Self::Labels(sample.labels.clone());
                format!(
                    "&{{{} {}}}",
                    labels.show(),
                    Self::from(&sample.value).show()
                )
            }
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::show).collect();
                format!("[{}]", items.join(" "))
            }
            Self::Map(entries) => {
                let pairs: Vec<String> = entries
                    .iter()
                    .map(|(name, value)| format!("{name}:{}", value.show()))
                    .collect();
                format!("map[{}]", pairs.join(" "))
            }
            Self::Duration(nanos) => show_duration(*nanos),
            Self::Time(millis) => show_time(*millis),
        }
    }

    /// `.name` of it. A map without the name answers with nothing, as Prometheus sets `missingkey=zero`.
    pub fn field(&self, name: &str) -> Result<Self, String> {
        match self {
            Self::Labels(labels) => Ok(Self::Text(labels.get(name).to_owned())),
            Self::Map(entries) => Ok(entries.get(name).cloned().unwrap_or(Self::Nil)),
            Self::Sample(sample) => match name {
                "Labels" => Ok(Self::Labels(sample.labels.clone())),
                "Value" => Ok(Self::from(&sample.value)),
                _ => Err(format!(
                    "can't evaluate field {name} in type *template.sample"
                )),
            },
            Self::Nil => Err(format!("nil data; no entry for key {name:?}")),
            other => Err(format!(
                "can't evaluate field {name} in type {}",
                other.kind()
            )),
        }
    }

    /// A figure as Prometheus's functions take it: a number, or a text that is one.
    pub fn as_float(&self) -> Result<f64, String> {
        match self {
            Self::Float(value) => Ok(*value),
            #[allow(clippy::cast_precision_loss)]
            Self::Int(value) => Ok(*value as f64),
            // Go's durations are whole nanoseconds.
            #[allow(clippy::cast_precision_loss)]
            Self::Duration(nanos) => Ok(*nanos as f64 / 1e9),
            Self::Text(text) => text
                .parse()
                .map_err(|_| format!("strconv.ParseFloat: parsing {text:?}: invalid syntax")),
            other => Err(format!("can't convert {} to float", other.kind())),
        }
    }

    /// Go compares only what is of one kind.
    pub fn compare(&self, other: &Self) -> Result<Option<Ordering>, String> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) | (Self::Duration(a), Self::Duration(b)) => {
                Ok(Some(a.cmp(b)))
            }
            (Self::Float(a), Self::Float(b)) => Ok(a.partial_cmp(b)),
            (Self::Text(a), Self::Text(b)) => Ok(Some(a.cmp(b))),
            (Self::Bool(a), Self::Bool(b)) => Ok(Some(a.cmp(b))),
            (Self::Nil, Self::Nil) => Ok(Some(Ordering::Equal)),
            (Self::Nil, _) | (_, Self::Nil) => Ok(None),
            _ => Err("incompatible types for comparison".to_owned()),
        }
    }
}

/// `1h2m3.5s`, as Go prints a duration.
fn show_duration(nanos: i64) -> String {
    if nanos == 0 {
        return "0s".to_owned();
    }
    let sign = if nanos < 0 { "-" } else { "" };
    let total = nanos.unsigned_abs();
    let small = [
        (1_000_000, 1_000_000, "ms"),
        (1_000, 1_000, "µs"),
        (1, 1, "ns"),
    ];
    if total < 1_000_000_000 {
        let (unit, _, name) = small
            .into_iter()
            .find(|(least, ..)| total >= *least)
            .unwrap_or((1, 1, "ns"));
        #[allow(clippy::cast_precision_loss)]
        let value = total as f64 / unit as f64;
        return format!("{sign}{value}{name}");
    }
    let (secs, rest) = (total / 1_000_000_000, total % 1_000_000_000);
    let mut out = sign.to_owned();
    let (hours, minutes, seconds) = (secs / 3600, secs / 60 % 60, secs % 60);
    if hours > 0 {
        out += &format!("{hours}h");
    }
    if secs >= 60 {
        out += &format!("{minutes}m");
    }
    let fraction = format!("{rest:09}");
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    out + &format!("{seconds}{point}{fraction}s")
}

/// `2026-11-22 01:00:04.5 +0000 UTC`, as Go prints an instant.
pub(super) fn show_time(millis: i64) -> String {
    let zoned = promise::Timestamp::from_millis(millis).to_zoned(&jiff::tz::TimeZone::UTC);
    let rest = millis.rem_euclid(1000);
    let fraction = match format!("{rest:03}").trim_end_matches('0') {
        "" => String::new(),
        digits => format!(".{digits}"),
    };
    format!(
        "{}{fraction} +0000 UTC",
        zoned.strftime("%Y-%m-%d %H:%M:%S")
    )
}

/// `{count:3, sum:4.5}`: what a person wants to know of a histogram.
fn show_histogram(histogram: &promql::Histogram) -> String {
    format!(
        "{{count:{}, sum:{}}}",
        printf::shortest(histogram.count),
        printf::shortest(histogram.sum)
    )
}
