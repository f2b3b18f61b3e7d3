//! Remote write: how one Prometheus-compatible program sends samples to another.
//!
//! Two messages exist. 1.0 (`prometheus.WriteRequest`) spells every label out; 2.0
//! (`io.prometheus.write.v2.Request`) refers to a table of symbols, and its answers count what was written.
//! Both are read and written here and nowhere else, by the receiver in `collect` and by the external engines
//! of [`crate::metrics`]. Nothing is sent or received here.
//!
//! Source: the specifications 1.0 and 2.0 of remote write, and the .proto files of Prometheus 3.5.

mod histogram;
mod pack;
mod read;
mod v1;
mod v2;

pub(crate) use pack::unpack_snappy;
pub use pack::{Encoding, UNPACKED_MAX, pack, unpack};
pub use read::{Described, Entry, LabelPairs, Seed, read, series};
pub(crate) use v1::series as read_series;

use crate::{Series, metrics::Metadata, protobuf};

/// Which of the two messages a body holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Message {
    V1,
    V2,
}

impl Message {
    /// The message that a `Content-Type` names; without a `proto` it is the first. `None`: neither.
    #[must_use]
    pub fn of_content_type(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        if !parts.next()?.eq_ignore_ascii_case("application/x-protobuf") {
            return None;
        }
        let mut message = Self::V1;
        for part in parts.filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=')?;
            if name.trim().eq_ignore_ascii_case("proto") {
                message = match value.trim().trim_matches('"') {
                    "prometheus.WriteRequest" => Self::V1,
                    "io.prometheus.write.v2.Request" => Self::V2,
                    _ => return None,
                };
            }
        }
        Some(message)
    }

    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            // Receivers that know only 1.0 may compare the whole text.
            Self::V1 => "application/x-protobuf",
            Self::V2 => "application/x-protobuf;proto=io.prometheus.write.v2.Request",
        }
    }

    /// As `X-Prometheus-Remote-Write-Version` says it.
    #[must_use]
    pub fn version(self) -> &'static str {
        match self {
            Self::V1 => "0.1.0",
            Self::V2 => "2.0.0",
        }
    }

    /// The message that tells of `series`, not packed yet. `about` are the metrics that it describes.
    #[must_use]
    pub fn write(self, series: &[Series], about: &[Metadata]) -> Vec<u8> {
        match self {
            Self::V1 => v1::write(series, about),
            Self::V2 => v2::write(series, about),
        }
    }
}

/// How many of each kind were written, as the answers of 2.0 count them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    pub samples: u64,
    pub histograms: u64,
    pub exemplars: u64,
}

impl Written {
    /// The headers of an answer.
    pub const HEADERS: [&'static str; 3] = [
        "x-prometheus-remote-write-samples-written",
        "x-prometheus-remote-write-histograms-written",
        "x-prometheus-remote-write-exemplars-written",
    ];

    #[must_use]
    pub fn values(self) -> [u64; 3] {
        [self.samples, self.histograms, self.exemplars]
    }

    /// What a message with these series would write.
    #[must_use]
    pub fn of(series: &[Series]) -> Self {
        series.iter().fold(Self::default(), |sum, one| Self {
            samples: sum.samples + one.samples.len() as u64,
            histograms: sum.histograms + one.histograms.len() as u64,
            exemplars: sum.exemplars + one.exemplars.len() as u64,
        })
    }
}

/// Why a body is no message. Sending it again never helps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the body cannot be unpacked: {0}")]
    Packed(String),
    #[error("the body unpacks to more than {UNPACKED_MAX} bytes")]
    TooLarge,
    #[error("the body holds more than {limit} {what}")]
    TooMany { what: &'static str, limit: usize },
    #[error("the body is not the message that its content type names: {0}")]
    Malformed(#[from] protobuf::Error),
    #[error("symbol {0} is not in the message's table")]
    NoSymbol(u64),
    #[error("a list of labels ends with a name that has no value")]
    OddLabels,
    #[error("a native histogram is wrong: {0}")]
    Histogram(&'static str),
}

#[cfg(test)]
mod tests;
