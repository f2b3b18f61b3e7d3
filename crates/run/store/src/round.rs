//! What one source said at once, on its way from `collect` to the stores and to `evaluate`.

use std::sync::Arc;

use promise::{Cause, Timestamp};

use crate::{Error, Labels, Metadata, Record, Sample, Series, metrics::Appended, state};

/// One float of each of many series: nearly all that a source says. The series are named by a list of its own, which
/// is shared from round to round as long as they stay the same: then nobody copies or counts what has not changed.
#[derive(Debug, Clone, Default)]
pub struct Floats {
    names: Arc<[Labels]>,
    samples: Arc<[Sample]>,
}

impl Floats {
    /// `names` and `samples` belong together one by one; what is too much of either is left out.
    #[must_use]
    pub fn new(names: Arc<[Labels]>, samples: Vec<Sample>) -> Self {
        debug_assert_eq!(names.len(), samples.len());
        Self {
            names,
            samples: samples.into(),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Labels, &Sample)> {
        self.names.iter().zip(self.samples.iter())
    }

    #[must_use]
    pub fn at(&self, place: usize) -> Option<(&Labels, &Sample)> {
        self.names.get(place).zip(self.samples.get(place))
    }

    /// Clones of one list name the same series.
    #[must_use]
    pub fn names(&self) -> &Arc<[Labels]> {
        &self.names
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len().min(self.samples.len())
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same as series of one sample each.
    pub fn series(&self) -> impl Iterator<Item = Series> {
        let series =
            |(labels, sample): (&Labels, &Sample)| Series::new(labels.clone(), vec![*sample]);
        self.iter().map(series)
    }
}

/// One scrape, probe or push: everything that a source said at one instant, or why it said nothing.
#[derive(Debug, Clone, Default)]
pub struct Round {
    /// `job/instance`, as the labels `job` and `instance` of its series say.
    pub source: String,
    pub at: Timestamp,
    /// When the source is next owed.
    pub next: Timestamp,
    pub floats: Floats,
    /// What else it said: histograms, exemplars, `up` and `scrape_*`, and the staleness markers of series that ended.
    pub series: Vec<Series>,
    /// What its metrics are, where that is new or has changed.
    pub metadata: Vec<Metadata>,
    /// Why there are no samples but `up 0`.
    pub failed: Option<Cause>,
    /// More of what the source said at this instant may come, or has come: what is not here tells nothing.
    pub is_partial: bool,
    /// Told once the samples are durable, or why they are not. Rounds with clones of one sender are one push
    /// and are stored together; each is told once, the first of them what became of all. Dropped without a
    /// word where the pipeline ends.
    pub ack: Option<tokio::sync::mpsc::Sender<Result<Appended, Error>>>,
}

impl Round {
    /// Whether it says nothing of any series.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.floats.is_empty() && self.series.is_empty()
    }

    /// The labels of all series, in no order.
    pub fn names(&self) -> impl Iterator<Item = &Labels> {
        let others = self.series.iter().map(|series| &series.labels);
        self.floats.names.iter().chain(others)
    }

    /// Everything that it says as series of their own, for whoever does not mind what that takes.
    #[must_use]
    pub fn all(&self) -> Vec<Series> {
        self.floats
            .series()
            .chain(self.series.iter().cloned())
            .collect()
    }
}

/// Log records that arrived together.
#[derive(Debug, Clone)]
pub struct Lines {
    /// The key under `sources.logs`.
    pub source: String,
    pub at: Timestamp,
    /// Shared: the store, the judge and the rules look at the same ones.
    pub records: Arc<[Record]>,
    /// Where to go on reading; to be written once the records are durable.
    pub resume: Vec<state::Write>,
    pub failed: Option<Cause>,
    /// Told once the records are durable, or why they are not and should be sent again. Dropped without a
    /// word where the pipeline ends.
    pub ack: Option<tokio::sync::mpsc::Sender<Result<(), String>>>,
}
