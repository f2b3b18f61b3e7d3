//! The formats in which services expose metrics: Prometheus text 0.0.4 and 1.0.0, OpenMetrics 1.0, and
//! protocol buffers ([`protobuf`]), which alone carry native histograms.
//!
//! Parsing borrows from the body: a sample keeps the text of its series, and its labels are made only
//! when someone asks for them, because a scrape sees the same series again and again. Everything that
//! can be wrong is found here, with its line and column; an answer is taken whole or not at all.

pub(crate) mod protobuf;

mod cursor;
mod family;
mod lines;
mod metadata;
mod number;
mod sample;

use std::borrow::Cow;

use promise::{Say, Timestamp};

pub use family::Family;
pub use metadata::Metadata;

use cursor::Cursor;
pub(crate) use lines::Lines;
pub(crate) use number::canonical;

/// What one series may hold. How many of them an answer may hold is its reader's to say.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub labels_max: u64,
    /// Bytes of one label's name.
    pub name_max: usize,
    /// Bytes of one label's value.
    pub value_max: usize,
}

impl Default for Limits {
    /// A stack trace fits into a label's value of this size; a whole body does not.
    fn default() -> Self {
        Self {
            labels_max: 64,
            name_max: 1 << 10,
            value_max: 8 << 10,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Prometheus,
    OpenMetrics,
    /// `io.prometheus.client.MetricFamily`, each behind its length.
    Protobuf,
}

impl Format {
    /// By `Content-Type`; what says nothing that is known is read as Prometheus text.
    #[must_use]
    pub fn of(content_type: &str) -> Self {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("application/openmetrics-text") {
            Self::OpenMetrics
        } else if kind.eq_ignore_ascii_case("application/vnd.google.protobuf") {
            Self::Protobuf
        } else {
            Self::Prometheus
        }
    }
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Scraped<'b> {
    pub samples: Vec<Exposed<'b>>,
    /// In the order of the text.
    pub metadata: Vec<Metadata<'b>>,
}

/// One sample as it was exposed.
#[derive(Debug, Clone, PartialEq)]
pub struct Exposed<'b> {
    /// The series as it was written: `name{label="value"}`. Equal text is the same series.
    pub series: &'b str,
    pub value: f64,
    /// Where the target gave one.
    pub at: Option<Timestamp>,
    pub exemplar: Option<Exemplar<'b>>,
    pub line: usize,
    /// The type of the family in whose lines it stands; empty where none was said.
    pub kind: &'b str,
}

/// Label pairs as they were exposed.
pub type Pairs<'b> = Vec<(Cow<'b, str>, Cow<'b, str>)>;

/// One event that stands for many, as it was exposed.
#[derive(Debug, Clone, PartialEq)]
pub struct Exemplar<'b> {
    pub labels: Pairs<'b>,
    pub value: f64,
    /// Where the target gave one.
    pub at: Option<Timestamp>,
}

impl<'b> Exposed<'b> {
    /// The label pairs in the order of the text, the metric's name among them as `__name__`. Bounds of
    /// buckets and quantiles are written as OpenMetrics does, so that `le="1"` and `le="1.0"` are one series.
    #[must_use]
    pub fn labels(&self) -> Pairs<'b> {
        let mut cursor = Cursor::new(self.series, self.line);
        let mut pairs = Vec::new();
        let number = match self.kind {
            "histogram" => "le",
            "summary" => "quantile",
            _ => "",
        };
        // The text has been read once without a mistake, so nothing is left out here.
        let _ = sample::series(&mut cursor, &mut |name, value| {
            let (name, value) = (name.text(), value.text());
            let bound = if name == number {
                value.parse().ok()
            } else {
                None
            };
            pairs.push((name, bound.map_or(value, |bound| canonical(bound).into())));
            Ok(())
        });
        pairs
    }
}

/// `{name="value", …}` alone.
///
/// # Errors
/// [`ParseError`], also for what stands behind.
pub(crate) fn label_set(text: &str) -> Result<Vec<(String, String)>, ParseError> {
    // The reader of series wants a name first.
    let series = format!("x{}", text.trim());
    let mut cursor = Cursor::new(&series, 0);
    let mut pairs = Vec::new();
    sample::series(&mut cursor, &mut |name, value| {
        if name.raw != "__name__" {
            pairs.push((name.text().into_owned(), value.text().into_owned()));
        }
        Ok(())
    })?;
    if !cursor.at_end() {
        return Err(cursor.expected("the end of the labels"));
    }
    Ok(pairs)
}

/// Where an answer could not be read, and why.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("line {line}, column {column}: {}", what.en)]
pub struct ParseError {
    /// From 1; 0 where the answer has no lines.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    pub what: Say,
    /// Whether a limit was passed; otherwise the text is malformed.
    pub is_limit: bool,
}

impl ParseError {
    #[must_use]
    pub fn say(&self) -> Say {
        let Self { line, column, .. } = self;
        if *line == 0 {
            return self.what.clone();
        }
        Say::new(
            format!("line {line}, column {column}: {}", self.what.en),
            format!("{line} 行 {column} 文字目: {}", self.what.ja),
        )
    }
}

/// Reads a whole answer in a text format, or says where it is wrong.
///
/// # Errors
/// [`ParseError`] for the first mistake or limit.
pub fn exposition<'b>(
    body: &'b [u8],
    content_type: &str,
    limits: &Limits,
) -> Result<Scraped<'b>, ParseError> {
    let mut lines = Lines::new(body, Format::of(content_type))?;
    let mut samples = Vec::new();
    while let Some(line) = lines.next()? {
        samples.push(line.read(limits)?);
    }
    Ok(Scraped {
        samples,
        metadata: lines.metadata,
    })
}

#[cfg(test)]
mod tests;
