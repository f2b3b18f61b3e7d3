//! `io.prometheus.client.MetricFamily`, the format that alone carries native histograms.
//!
//! Read like text: a series that was seen before is known by the bytes that name it, and its labels are made
//! only for those who never saw it.

mod histogram;

use promise::{Timestamp, say};
use std::{borrow::Cow, sync::Arc};
use store::{
    Histogram,
    protobuf::{Error, Field, Reader},
};

use super::{Exemplar, Limits, Metadata, Pairs, ParseError, canonical};

/// What a sample holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Float(f64),
    Histogram(Arc<Histogram>),
}

/// One sample as it was exposed.
pub(crate) struct Sample<'s, 'b> {
    /// Names the series among all of one target. Equal bytes are the same series.
    pub key: &'s [u8],
    pub value: Value,
    /// Where the target gave one.
    pub at: Option<Timestamp>,
    pub exemplars: Vec<Exemplar<'b>>,
    name: &'b str,
    part: Part,
    labels: &'s [&'b [u8]],
}

/// Which series of its family a sample belongs to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Whole,
    Count,
    Sum,
    /// With its upper bound.
    Bucket(f64),
    Quantile(f64),
}

impl Part {
    fn suffix(self) -> &'static str {
        match self {
            Self::Whole | Self::Quantile(_) => "",
            Self::Count => "_count",
            Self::Sum => "_sum",
            Self::Bucket(_) => "_bucket",
        }
    }

    fn bound(self) -> Option<(&'static str, f64)> {
        match self {
            Self::Bucket(bound) => Some(("le", bound)),
            Self::Quantile(quantile) => Some(("quantile", quantile)),
            Self::Whole | Self::Count | Self::Sum => None,
        }
    }

    /// No text begins with these bytes, so that no key of another format is equal to one of ours.
    fn tag(self) -> u8 {
        match self {
            Self::Whole => 1,
            Self::Count => 2,
            Self::Sum => 3,
            Self::Bucket(_) => 4,
            Self::Quantile(_) => 5,
        }
    }
}

impl<'b> Sample<'_, 'b> {
    /// The label pairs, the metric's name first as `__name__`.
    pub fn labels(&self, limits: &Limits) -> Result<Pairs<'b>, ParseError> {
        let suffix = self.part.suffix();
        let name = if suffix.is_empty() {
            Cow::Borrowed(self.name)
        } else {
            Cow::Owned(format!("{}{suffix}", self.name))
        };
        let mut pairs = vec![("__name__".into(), name)];
        for label in self.labels {
            let (name, value) = pair(label)?;
            if pairs.iter().any(|(other, _)| *other == name) {
                return Err(wrong(say!(
                    "the label `{name}` stands twice in one series of `{}`",
                    "`{}` の系列にラベル `{name}` が 2 度あります",
                    self.name
                )));
            }
            pairs.push((name.into(), value.into()));
        }
        if let Some((name, bound)) = self.part.bound() {
            pairs.push((name.into(), canonical(bound).into()));
        }
        hold(&pairs, self.name, limits)?;
        Ok(pairs)
    }
}

fn hold(pairs: &Pairs<'_>, metric: &str, limits: &Limits) -> Result<(), ParseError> {
    let over = |what| {
        Err(ParseError {
            is_limit: true,
            ..wrong(what)
        })
    };
    if pairs.len() as u64 > limits.labels_max.saturating_add(1) {
        let max = limits.labels_max;
        return over(say!(
            "a series of `{metric}` has more than {max} labels (labels_max)",
            "`{metric}` の系列のラベルが {max} 個(labels_max)を超えています"
        ));
    }
    for (name, value) in pairs {
        if name.len() > limits.name_max {
            let max = limits.name_max;
            return over(say!(
                "the name of a label of `{metric}` is longer than {max} bytes",
                "`{metric}` のラベルの名前が {max} バイトを超えています"
            ));
        }
        if value.len() > limits.value_max {
            let max = limits.value_max;
            return over(say!(
                "the value of label `{name}` of `{metric}` is longer than {max} bytes",
                "`{metric}` のラベル `{name}` の値が {max} バイトを超えています"
            ));
        }
    }
    Ok(())
}

/// Reads a whole answer, or says what is wrong with it. Each sample goes to `each`.
pub(crate) fn families<'b, E: From<ParseError>>(
    body: &'b [u8],
    classic: bool,
    each: &mut dyn FnMut(Sample<'_, 'b>) -> Result<(), E>,
) -> Result<Vec<Metadata<'b>>, E> {
    let mut metadata = Vec::new();
    let mut stream = Reader::new(body);
    let mut key = Vec::new();
    while let Some(family) = stream.delimited().map_err(ParseError::from)? {
        let family = Family::read(family)?;
        for metric in &family.metrics {
            let metric = Metric::read(metric)?;
            let mut series = Series {
                family: &family,
                metric: &metric,
                key: &mut key,
                each,
            };
            series.tell(classic)?;
        }
        if !family.metadata.kind.is_empty() || !family.metadata.help.is_empty() {
            metadata.push(family.metadata);
        }
    }
    Ok(metadata)
}

struct Family<'b> {
    metadata: Metadata<'b>,
    name: &'b str,
    metrics: Vec<&'b [u8]>,
}

const KINDS: [&str; 6] = [
    "counter",
    "gauge",
    "summary",
    "unknown",
    "histogram",
    "gaugehistogram",
];

impl<'b> Family<'b> {
    fn read(message: &'b [u8]) -> Result<Self, ParseError> {
        let mut family = Self {
            metadata: Metadata {
                // Proto2 leaves out a first value that is the default.
                kind: KINDS[0],
                ..Metadata::default()
            },
            name: "",
            metrics: Vec::new(),
        };
        for field in Reader::new(message) {
            let field = field?;
            match field.number {
                1 => family.name = field.text()?,
                2 => family.metadata.help = field.text()?.into(),
                3 => {
                    let kind = usize::try_from(field.uint()?).ok();
                    let kind = kind.and_then(|kind| KINDS.get(kind));
                    family.metadata.kind = kind.copied().ok_or_else(|| {
                        wrong(say!(
                            "a family has a type that does not exist",
                            "存在しない型のメトリクスがあります"
                        ))
                    })?;
                }
                4 => family.metrics.push(field.bytes()?),
                5 => family.metadata.unit = field.text()?,
                _ => {}
            }
        }
        family.metadata.name = family.name.into();
        Ok(family)
    }
}

#[derive(Default)]
struct Metric<'b> {
    labels: Vec<&'b [u8]>,
    /// Gauge, counter, summary, untyped or histogram: which it is, its family says.
    value: Option<Field<'b>>,
    at: Option<Timestamp>,
}

impl<'b> Metric<'b> {
    fn read(message: &'b [u8]) -> Result<Self, ParseError> {
        let mut metric = Self::default();
        for field in Reader::new(message) {
            let field = field?;
            match field.number {
                1 => metric.labels.push(field.bytes()?),
                2..=5 | 7 => metric.value = Some(field),
                6 => {
                    let millis = field.int()?;
                    metric.at = (millis != 0).then(|| Timestamp::from_millis(millis));
                }
                _ => {}
            }
        }
        Ok(metric)
    }
}

/// The samples of one metric.
struct Series<'s, 'b, E> {
    family: &'s Family<'b>,
    metric: &'s Metric<'b>,
    key: &'s mut Vec<u8>,
    each: &'s mut dyn FnMut(Sample<'_, 'b>) -> Result<(), E>,
}

impl<'b, E: From<ParseError>> Series<'_, 'b, E> {
    fn tell(&mut self, classic: bool) -> Result<(), E> {
        let Some(value) = self.metric.value else {
            return Ok(());
        };
        let message = value.message().map_err(ParseError::from)?;
        match value.number {
            4 => self.summary(message),
            7 => self.histogram(message, classic),
            _ => {
                let (value, exemplars) = plain(message)?;
                self.sample(Part::Whole, Value::Float(value), exemplars)
            }
        }
    }

    fn summary(&mut self, message: Reader<'b>) -> Result<(), E> {
        for field in message {
            let field = field.map_err(ParseError::from)?;
            match field.number {
                1 => self.float(Part::Count, count(field.uint())?)?,
                2 => self.float(Part::Sum, field.double().map_err(ParseError::from)?)?,
                3 => {
                    let (quantile, value) = two_doubles(&field)?;
                    self.float(Part::Quantile(quantile), value)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn histogram(&mut self, message: Reader<'b>, classic: bool) -> Result<(), E> {
        let read = histogram::read(message, self.family.metadata.kind == "gaugehistogram")?;
        if let Some(native) = read.native {
            let exemplars = read.exemplars;
            self.sample(Part::Whole, Value::Histogram(Arc::new(native)), exemplars)?;
            // Whoever exposes no classic bucket has none to keep.
            if !classic || read.buckets.is_empty() {
                return Ok(());
            }
        }
        self.float(Part::Count, read.count)?;
        self.float(Part::Sum, read.sum)?;
        let mut is_whole = false;
        for bucket in read.buckets {
            is_whole |= bucket.bound == f64::INFINITY;
            let exemplars = bucket.exemplar.into_iter().collect();
            self.sample(
                Part::Bucket(bucket.bound),
                Value::Float(bucket.count),
                exemplars,
            )?;
        }
        if !is_whole {
            self.float(Part::Bucket(f64::INFINITY), read.count)?;
        }
        Ok(())
    }

    fn float(&mut self, part: Part, value: f64) -> Result<(), E> {
        self.sample(part, Value::Float(value), Vec::new())
    }

    fn sample(&mut self, part: Part, value: Value, exemplars: Vec<Exemplar<'b>>) -> Result<(), E> {
        let value = match value {
            // One NaN for all, so that no target can forge the marker that ends a series.
            Value::Float(value) if value.is_nan() => Value::Float(f64::NAN),
            value => value,
        };
        self.key.clear();
        self.key.push(part.tag());
        if let Some((_, bound)) = part.bound() {
            self.key.extend(bound.to_bits().to_le_bytes());
        }
        for text in
            std::iter::once(self.family.name.as_bytes()).chain(self.metric.labels.iter().copied())
        {
            self.key.extend(u64::to_le_bytes(text.len() as u64));
            self.key.extend_from_slice(text);
        }
        (self.each)(Sample {
            key: self.key,
            value,
            at: self.metric.at,
            exemplars,
            name: self.family.name,
            part,
            labels: &self.metric.labels,
        })
    }
}

/// Gauge, counter and untyped: a value, and of a counter an exemplar.
fn plain(message: Reader<'_>) -> Result<(f64, Vec<Exemplar<'_>>), ParseError> {
    let (mut value, mut exemplars) = (0.0, Vec::new());
    for field in message {
        let field = field?;
        match field.number {
            1 => value = field.double()?,
            2 => exemplars.push(exemplar(&field)?),
            _ => {}
        }
    }
    Ok((value, exemplars))
}

fn exemplar<'b>(field: &Field<'b>) -> Result<Exemplar<'b>, ParseError> {
    let mut exemplar = Exemplar {
        labels: Pairs::new(),
        value: 0.0,
        at: None,
    };
    for field in field.message()? {
        let field = field?;
        match field.number {
            1 => {
                let (name, value) = pair(field.bytes()?)?;
                exemplar.labels.push((name.into(), value.into()));
            }
            2 => exemplar.value = field.double()?,
            3 => exemplar.at = Some(instant(&field)?),
            _ => {}
        }
    }
    Ok(exemplar)
}

/// `google.protobuf.Timestamp`.
fn instant(field: &Field<'_>) -> Result<Timestamp, ParseError> {
    let (mut seconds, mut nanos) = (0i64, 0i64);
    for field in field.message()? {
        let field = field?;
        match field.number {
            1 => seconds = field.int()?,
            2 => nanos = field.int()?,
            _ => {}
        }
    }
    let millis = seconds.saturating_mul(1_000);
    Ok(Timestamp::from_millis(
        millis.saturating_add(nanos / 1_000_000),
    ))
}

fn pair(message: &[u8]) -> Result<(&str, &str), ParseError> {
    let (mut name, mut value) = ("", "");
    for field in Reader::new(message) {
        let field = field?;
        match field.number {
            1 => name = field.text()?,
            2 => value = field.text()?,
            _ => {}
        }
    }
    if name.is_empty() {
        return Err(wrong(say!(
            "a label has no name",
            "名前のないラベルがあります"
        )));
    }
    Ok((name, value))
}

fn two_doubles(field: &Field<'_>) -> Result<(f64, f64), ParseError> {
    let mut found = (0.0, 0.0);
    for field in field.message()? {
        let field = field?;
        match field.number {
            1 => found.0 = field.double()?,
            2 => found.1 = field.double()?,
            _ => {}
        }
    }
    Ok(found)
}

/// Exact below 2^53, as all counts are here.
#[allow(clippy::cast_precision_loss)]
fn count(read: Result<u64, Error>) -> Result<f64, ParseError> {
    Ok(read? as f64)
}

fn wrong(what: promise::Say) -> ParseError {
    ParseError {
        line: 0,
        column: 0,
        what,
        is_limit: false,
    }
}

impl From<Error> for ParseError {
    fn from(error: Error) -> Self {
        wrong(say!(
            "the answer is no protocol buffer: {error}",
            "応答が protocol buffer として正しくありません: {error}"
        ))
    }
}
