//! A message of OTLP metrics, as far as it is read: `opentelemetry.proto.collector.metrics.v1`.
//!
//! JSON is read into these by serde, protocol buffers by [`super::wire`].

use serde::{Deserialize, Deserializer, de::Error as _};

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Request {
    pub resource_metrics: Vec<ResourceMetrics>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ResourceMetrics {
    pub resource: Resource,
    pub scope_metrics: Vec<ScopeMetrics>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub(super) struct Resource {
    pub attributes: Vec<KeyValue>,
}

/// What instrumented a service.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub(super) struct Scope {
    pub name: String,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub(super) struct ScopeMetrics {
    pub metrics: Vec<Metric>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Metric {
    pub name: String,
    pub description: String,
    pub unit: String,
    #[serde(flatten)]
    pub data: Option<Data>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(super) enum Data {
    Gauge(Points<Number>),
    Sum(Points<Number>),
    Histogram(Points<Explicit>),
    ExponentialHistogram(Points<Exponential>),
    Summary(Points<Summary>),
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(
    rename_all = "camelCase",
    default,
    bound(deserialize = "P: Deserialize<'de>")
)]
pub(super) struct Points<P> {
    pub data_points: Vec<P>,
    /// [`DELTA`], or 2 for totals.
    pub aggregation_temporality: u64,
    pub is_monotonic: bool,
}

pub(super) const DELTA: u64 = 1;

impl<P> Default for Points<P> {
    fn default() -> Self {
        Self {
            data_points: Vec::new(),
            aggregation_temporality: 0,
            is_monotonic: false,
        }
    }
}

/// What all points have.
#[derive(Debug, Default, Clone, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Common {
    pub attributes: Vec<KeyValue>,
    #[serde(deserialize_with = "unsigned")]
    pub time_unix_nano: u64,
    pub flags: u64,
    pub exemplars: Vec<Exemplar>,
}

impl Common {
    /// The point says that there is no value.
    pub fn is_stale(&self) -> bool {
        self.flags & 1 == 1
    }
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Number {
    #[serde(flatten)]
    pub common: Common,
    #[serde(deserialize_with = "maybe_double")]
    pub as_double: Option<f64>,
    #[serde(deserialize_with = "maybe_signed")]
    pub as_int: Option<i64>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Explicit {
    #[serde(flatten)]
    pub common: Common,
    #[serde(deserialize_with = "unsigned")]
    pub count: u64,
    #[serde(deserialize_with = "maybe_double")]
    pub sum: Option<f64>,
    #[serde(deserialize_with = "many_unsigned")]
    pub bucket_counts: Vec<u64>,
    #[serde(deserialize_with = "doubles")]
    pub explicit_bounds: Vec<f64>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Exponential {
    #[serde(flatten)]
    pub common: Common,
    #[serde(deserialize_with = "unsigned")]
    pub count: u64,
    #[serde(deserialize_with = "maybe_double")]
    pub sum: Option<f64>,
    pub scale: i32,
    #[serde(deserialize_with = "unsigned")]
    pub zero_count: u64,
    pub positive: Side,
    pub negative: Side,
    #[serde(deserialize_with = "double")]
    pub zero_threshold: f64,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Side {
    pub offset: i32,
    #[serde(deserialize_with = "many_unsigned")]
    pub bucket_counts: Vec<u64>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Summary {
    #[serde(flatten)]
    pub common: Common,
    #[serde(deserialize_with = "unsigned")]
    pub count: u64,
    #[serde(deserialize_with = "double")]
    pub sum: f64,
    pub quantile_values: Vec<Quantile>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub(super) struct Quantile {
    #[serde(deserialize_with = "double")]
    pub quantile: f64,
    #[serde(deserialize_with = "double")]
    pub value: f64,
}

#[derive(Debug, Default, Clone, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Exemplar {
    pub filtered_attributes: Vec<KeyValue>,
    #[serde(deserialize_with = "unsigned")]
    pub time_unix_nano: u64,
    #[serde(deserialize_with = "maybe_double")]
    pub as_double: Option<f64>,
    #[serde(deserialize_with = "maybe_signed")]
    pub as_int: Option<i64>,
    /// In hexadecimal digits.
    pub span_id: String,
    pub trace_id: String,
}

#[derive(Debug, Default, Clone, Deserialize, PartialEq)]
#[serde(default)]
pub(super) struct KeyValue {
    pub key: String,
    pub value: Option<AnyValue>,
}

#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
// The names of the protocol.
#[allow(clippy::enum_variant_names)]
pub(super) enum AnyValue {
    StringValue(String),
    BoolValue(bool),
    #[serde(deserialize_with = "signed")]
    IntValue(i64),
    #[serde(deserialize_with = "double")]
    DoubleValue(f64),
    ArrayValue(Values<AnyValue>),
    KvlistValue(Values<KeyValue>),
    /// In base 64.
    BytesValue(String),
}

#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(bound(deserialize = "V: Deserialize<'de>"))]
pub(super) struct Values<V> {
    #[serde(default = "Vec::new")]
    pub values: Vec<V>,
}

/// Numbers of 64 bits stand in quotes, for JavaScript cannot hold them; not every sender does so.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Unsigned(u64),
    Signed(i64),
    Double(f64),
    Text(String),
}

pub(super) fn unsigned<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    match Written::deserialize(from)? {
        Written::Unsigned(value) => Ok(value),
        Written::Text(text) => text.parse().map_err(D::Error::custom),
        Written::Signed(_) | Written::Double(_) => Err(D::Error::custom("not a whole number")),
    }
}

fn signed<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    match Written::deserialize(from)? {
        Written::Unsigned(value) => i64::try_from(value).map_err(D::Error::custom),
        Written::Signed(value) => Ok(value),
        Written::Text(text) => text.parse().map_err(D::Error::custom),
        Written::Double(_) => Err(D::Error::custom("not a whole number")),
    }
}

#[allow(clippy::cast_precision_loss)]
fn double<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    match Written::deserialize(from)? {
        Written::Unsigned(value) => Ok(value as f64),
        Written::Signed(value) => Ok(value as f64),
        Written::Double(value) => Ok(value),
        Written::Text(text) => text.parse().map_err(D::Error::custom),
    }
}

fn maybe_double<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    double(from).map(Some)
}

fn maybe_signed<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    signed(from).map(Some)
}

fn many_unsigned<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u64>, D::Error> {
    #[derive(Deserialize)]
    struct One(#[serde(deserialize_with = "unsigned")] u64);
    Ok(Vec::<One>::deserialize(from)?
        .into_iter()
        .map(|one| one.0)
        .collect())
}

fn doubles<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
    #[derive(Deserialize)]
    struct One(#[serde(deserialize_with = "double")] f64);
    Ok(Vec::<One>::deserialize(from)?
        .into_iter()
        .map(|one| one.0)
        .collect())
}
