//! The two text formats in which services expose metrics: Prometheus text 0.0.4 and OpenMetrics 1.0.
//!
//! Parsing borrows from the body: a sample keeps the text of its series, and its labels are made only
//! when someone asks for them, because a scrape sees the same series again and again. Everything that
//! can be wrong is found here, with its line and column; an answer is taken whole or not at all.

mod cursor;
mod family;
mod metadata;
mod sample;

use std::{borrow::Cow, collections::HashMap};

use promise::{Say, Timestamp, say};

pub use family::Family;
pub use metadata::Metadata;

use cursor::Cursor;

/// What one answer may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub series_max: u64,
    pub labels_max: u64,
    /// Bytes of one label's value.
    pub value_max: usize,
}

impl Limits {
    /// A stack trace fits into a label value of this size; a whole body does not.
    pub const VALUE_MAX: usize = 8 << 10;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            series_max: 50_000,
            labels_max: 64,
            value_max: Self::VALUE_MAX,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Prometheus,
    OpenMetrics,
}

impl Format {
    /// By `Content-Type`; anything that does not say OpenMetrics is read as Prometheus text.
    #[must_use]
    pub fn of(content_type: &str) -> Self {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("application/openmetrics-text") {
            Self::OpenMetrics
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
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exposed<'b> {
    /// The series as it was written: `name{label="value"}`. Equal text is the same series.
    pub series: &'b str,
    pub value: f64,
    /// Where the target gave one.
    pub at: Option<Timestamp>,
    pub line: usize,
}

impl<'b> Exposed<'b> {
    /// The label pairs in the order of the text, the metric's name among them as `__name__`.
    #[must_use]
    pub fn labels(&self) -> Vec<(Cow<'b, str>, Cow<'b, str>)> {
        let mut cursor = Cursor::new(self.series, self.line);
        let mut pairs = Vec::new();
        // The text has been read once without a mistake, so nothing is left out here.
        let _ = sample::series(&mut cursor, &mut |name, value| {
            pairs.push((name.text(), value.text()));
            Ok(())
        });
        pairs
    }
}

/// Where an answer could not be read, and why.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("line {line}, column {column}: {}", what.en)]
pub struct ParseError {
    /// From 1.
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
        Say::new(
            format!("line {line}, column {column}: {}", self.what.en),
            format!("{line} 行 {column} 文字目: {}", self.what.ja),
        )
    }
}

/// Reads a whole answer, or says where it is wrong.
///
/// # Errors
/// [`ParseError`] for the first mistake or limit.
pub fn exposition<'b>(
    body: &'b [u8],
    content_type: &str,
    limits: &Limits,
) -> Result<Scraped<'b>, ParseError> {
    let format = Format::of(content_type);
    let text = utf8(body)?;
    let mut scraped = Scraped {
        samples: Vec::new(),
        metadata: Vec::new(),
    };
    let mut ended = false;
    let mut lines = text.split('\n').enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        let number = index + 1;
        if lines.peek().is_none() && line.is_empty() {
            break;
        }
        let mut cursor = Cursor::new(line, number);
        if ended {
            return Err(cursor.wrong(say!(
                "there is text after `# EOF`",
                "`# EOF` の後に文字があります"
            )));
        }
        match format {
            Format::Prometheus => {
                cursor.skip_space();
                if cursor.at_end() {
                    continue;
                }
                if cursor.peek() == Some(b'#') {
                    metadata::prometheus(&mut cursor, &mut scraped.metadata)?;
                    continue;
                }
            }
            Format::OpenMetrics => {
                if cursor.peek() == Some(b'#') {
                    ended = metadata::openmetrics(&mut cursor, &mut scraped.metadata)?;
                    continue;
                }
            }
        }
        let sample = sample::line(&mut cursor, format, limits)?;
        scraped.samples.push(sample);
        if scraped.samples.len() as u64 > limits.series_max {
            return Err(flood(&scraped.samples, limits.series_max, &cursor));
        }
    }
    if format == Format::OpenMetrics && !ended {
        let last = text.lines().count().max(1);
        return Err(Cursor::new("", last).wrong(say!(
            "the answer ends without `# EOF`: it was cut off",
            "`# EOF` がありません。応答が途中で切れています"
        )));
    }
    Ok(scraped)
}

fn utf8(body: &[u8]) -> Result<&str, ParseError> {
    std::str::from_utf8(body).map_err(|error| {
        let good = &body[..error.valid_up_to()];
        let line = memchr::memchr_iter(b'\n', good).count() + 1;
        let start = memchr::memrchr(b'\n', good).map_or(0, |i| i + 1);
        let column = String::from_utf8_lossy(&good[start..]).chars().count() + 1;
        ParseError {
            line,
            column,
            what: say!("the bytes are not UTF-8", "UTF-8 ではありません"),
            is_limit: false,
        }
    })
}

/// Names the metric that floods, so that a person knows where to look.
fn flood(samples: &[Exposed<'_>], limit: u64, cursor: &Cursor<'_>) -> ParseError {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for sample in samples {
        let name = sample
            .labels()
            .into_iter()
            .find(|(name, _)| name == "__name__");
        *counts
            .entry(
                name.map(|(_, value)| value.into_owned())
                    .unwrap_or_default(),
            )
            .or_default() += 1;
    }
    let (name, count) = counts
        .into_iter()
        .max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)))
        .unwrap_or_default();
    cursor.over(say!(
        "more than {limit} series (series_max); {count} of them are `{name}`",
        "系列が {limit} 個(series_max)を超えました。うち {count} 個は `{name}` です"
    ))
}

#[cfg(test)]
mod tests;
