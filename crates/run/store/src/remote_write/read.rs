//! A message, series by series, without a copy of any text.
//!
//! Most series of a request were in the one before. So an entry does not carry labels but the bytes that
//! spell them, and a hash of those bytes by which a reader finds labels that it has made before.

use std::hash::{BuildHasher, RandomState};

use promise::Timestamp;
use promql::{Exemplar, HistogramSample, Labels, Sample, Series};
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::{Error, Message, v1, v2};
use crate::protobuf::{Field, Reader};

/// What of one message may be in memory at once: series, samples, symbols, labels. A message of
/// [`super::UNPACKED_MAX`] bytes could name sixteen million of them by two bytes each.
pub(super) const ITEMS_MAX: usize = 500_000;

/// Makes hashes that a sender cannot foresee, so that it cannot make two series look the same.
#[derive(Debug, Clone, Copy)]
pub struct Seed(u64);

impl Default for Seed {
    fn default() -> Self {
        Self::random()
    }
}

impl Seed {
    #[must_use]
    pub fn random() -> Self {
        // The standard library draws its keys from the system.
        Self(RandomState::new().hash_one(0u64))
    }

    /// So long that two texts with one hash are not met by chance either.
    #[must_use]
    pub fn hash(self, bytes: &[u8]) -> u128 {
        xxh3_128_with_seed(bytes, self.0)
    }

    /// Of labels that stand in no message. No message spells them so, and so they never look the same.
    #[must_use]
    pub fn hash_labels(self, labels: &Labels) -> u128 {
        self.hash(labels.encoded().as_bytes())
    }
}

/// One series of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry<'m> {
    pub labels: LabelPairs<'m>,
    pub samples: Vec<Sample>,
    pub histograms: Vec<HistogramSample>,
    pub exemplars: Vec<Exemplar>,
    /// What its metric is, as 2.0 says with every series.
    pub about: Option<Described<'m>>,
}

/// The labels of a series as a message spells them.
#[derive(Debug, Clone, PartialEq)]
pub enum LabelPairs<'m> {
    /// Messages of a name and a value, one after the other.
    Spelled(std::borrow::Cow<'m, [u8]>),
    /// Places in the table of symbols.
    Symbols {
        table: &'m v2::Symbols<'m>,
        places: Vec<u32>,
    },
}

/// What a metric is, by its own series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Described<'m> {
    /// The family, where the message names it; otherwise the series does.
    pub metric: Option<&'m str>,
    pub kind: &'static str,
    pub help: &'m str,
    pub unit: &'m str,
}

impl LabelPairs<'_> {
    /// The same for the same labels in the same order of one version of the message.
    #[must_use]
    pub fn hash(&self, seed: Seed) -> u128 {
        match self {
            Self::Spelled(bytes) => seed.hash(bytes),
            Self::Symbols { table, places } => table.hash(seed, places),
        }
    }

    /// Names and values in the sender's order.
    pub fn pairs(&self) -> Result<Vec<(&str, &str)>, Error> {
        match self {
            Self::Spelled(bytes) => v1::pairs(bytes),
            Self::Symbols { table, places } => table.pairs(places),
        }
    }

    pub fn labels(&self) -> Result<Labels, Error> {
        Ok(Labels::new(self.pairs()?))
    }
}

/// Gives each series of `message` to `each`, which takes of it what it wants, and what 1.0 says of metrics by itself to `about`. Ends at the
/// first mistake; what was given before must then be thrown away.
pub fn read(
    message: Message,
    bytes: &[u8],
    seed: Seed,
    each: &mut dyn FnMut(&mut Entry<'_>) -> Result<(), Error>,
    about: &mut dyn FnMut(Described<'_>),
) -> Result<(), Error> {
    match message {
        Message::V1 => v1::read(bytes, each, about),
        Message::V2 => v2::read(bytes, seed, each),
    }
}

/// All series of a message, each as it stands there.
pub fn series(message: Message, bytes: &[u8]) -> Result<Vec<Series>, Error> {
    let mut all = Vec::new();
    let mut each = |entry: &mut Entry<'_>| {
        all.push(Series {
            labels: entry.labels.labels()?,
            samples: std::mem::take(&mut entry.samples),
            histograms: std::mem::take(&mut entry.histograms),
            exemplars: std::mem::take(&mut entry.exemplars),
        });
        Ok(())
    };
    read(message, bytes, Seed::random(), &mut each, &mut |_| {})?;
    Ok(all)
}

/// Counts what a message makes us keep.
#[derive(Debug)]
pub(super) struct Budget(usize);

impl Budget {
    pub fn new() -> Self {
        Self(ITEMS_MAX)
    }

    pub fn take(&mut self, items: usize) -> Result<(), Error> {
        self.0 = self.0.checked_sub(items).ok_or(Error::TooMany {
            what: "series, samples and symbols",
            limit: ITEMS_MAX,
        })?;
        Ok(())
    }
}

/// `{ double value = 1; int64 timestamp = 2; }`, in both versions.
pub(super) fn sample(field: &Field<'_>) -> Result<Sample, Error> {
    let (mut value, mut at) = (0.0, 0);
    for field in field.message()? {
        let field = field?;
        match field.number {
            1 => value = field.double()?,
            2 => at = field.int()?,
            _ => {}
        }
    }
    Ok(Sample {
        at: Timestamp::from_millis(at),
        value,
    })
}

/// An exemplar; the versions differ only in how field 1 names labels.
pub(super) fn exemplar<'m>(
    message: Reader<'m>,
    mut label: impl FnMut(&Field<'m>) -> Result<(), Error>,
) -> Result<(Timestamp, f64), Error> {
    let (mut value, mut at) = (0.0, 0);
    for field in message {
        let field = field?;
        match field.number {
            1 => label(&field)?,
            2 => value = field.double()?,
            3 => at = field.int()?,
            _ => {}
        }
    }
    Ok((Timestamp::from_millis(at), value))
}

/// The types of metrics, by their numbers in both versions.
pub(super) const KINDS: [&str; 8] = [
    "unknown",
    "counter",
    "gauge",
    "histogram",
    "gaugehistogram",
    "summary",
    "info",
    "stateset",
];

pub(super) fn kind(number: u64) -> &'static str {
    let place = usize::try_from(number).unwrap_or(usize::MAX);
    KINDS.get(place).copied().unwrap_or(KINDS[0])
}

pub(super) fn kind_number(kind: &str) -> u64 {
    KINDS
        .iter()
        .position(|known| *known == kind)
        .unwrap_or_default() as u64
}
