//! Metrics that a job pushes as it ends, under the paths and in the formats of Prometheus's Pushgateway.
//!
//! A push is what its group (`job` and the other labels of the path) says now: with `POST` metrics of the same
//! name are replaced, with `PUT` the whole group, and `DELETE` ends it. What is replaced gets the marker that
//! ends a series. A Pushgateway shows the last push for ever; here it is one sample, and
//! `push_time_seconds` tells when.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use promise::{Clock, Timestamp, say};
use store::{HistogramSample, Labels, Metadata, Sample, Series, metrics::STALE};

use super::{Taken, WriteError, Writes};
use crate::parse::{
    Format, Limits, Lines, Pairs, ParseError,
    protobuf::{self, Value},
};

/// Bytes of one push; a batch job has some hundred metrics.
pub const PUSH_MAX: usize = 4 << 20;
/// Groups whose series are remembered, so that their end can be told; of more the oldest names are forgotten.
const GROUPS_MAX: usize = 1_000;
/// Series of one push.
const SERIES_MAX: usize = 50_000;
/// What a series takes beside what the body says of it.
const SERIES_BYTES: usize = 256;
/// Labels of a group; the path of an address has no room for many more.
const GROUP_LABELS_MAX: usize = 32;

/// What a push does to its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Push {
    /// `POST`: metrics of the same names.
    Merge,
    /// `PUT`: the whole group.
    Replace,
    /// `DELETE`.
    End,
}

/// Why a push was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    #[error("the path is not /metrics/job/NAME{{/LABEL/VALUE}}: {0}")]
    Path(String),
    #[error("the body is larger than {PUSH_MAX} bytes")]
    TooLarge,
    #[error("{0}")]
    Unreadable(String),
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl PushError {
    /// Whether sending the same again may help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Write(error) if error.is_passing())
    }
}

impl From<ParseError> for PushError {
    fn from(error: ParseError) -> Self {
        Self::Unreadable(error.say().en)
    }
}

/// The door for all jobs.
pub(crate) struct Pushes {
    writes: Arc<Writes>,
    clock: Arc<dyn Clock>,
    groups: Mutex<BTreeMap<Labels, BTreeSet<Labels>>>,
}

impl Pushes {
    pub fn new(writes: Arc<Writes>, clock: Arc<dyn Clock>) -> Self {
        Self {
            writes,
            clock,
            groups: Mutex::default(),
        }
    }

    /// `path` is what follows `/metrics/`, still escaped where it was in base 64 but not by percent signs.
    pub async fn receive(
        &self,
        path: &str,
        push: Push,
        content_type: &str,
        body: &[u8],
    ) -> Result<(), PushError> {
        if body.len() > PUSH_MAX {
            return Err(PushError::TooLarge);
        }
        let group = group(path).map_err(PushError::Path)?;
        let at = self.clock.now();
        let mut read = Read {
            at,
            group: &group,
            series: BTreeMap::new(),
            metadata: Vec::new(),
        };
        if push != Push::End {
            read.body(content_type, body)?;
            #[allow(clippy::cast_precision_loss)]
            read.own("push_time_seconds", at.as_millis() as f64 / 1000.0);
            read.own("push_failure_time_seconds", 0.0);
        }
        let mut series: Vec<Series> = read.series.into_values().collect();
        let now: BTreeSet<Labels> = series.iter().map(|one| one.labels.clone()).collect();
        series.extend(
            self.replaced(&group, push, now)
                .into_iter()
                .map(|labels| Series::new(labels, vec![Sample { at, value: STALE }])),
        );
        // Labels are as long in memory as in the body, and the group's stand with each.
        let bytes = body.len() + series.len() * SERIES_BYTES;
        let Taken { refused, .. } = self
            .writes
            .receive_series(series, read.metadata, bytes)
            .await?;
        refused.map_or(Ok(()), |why| Err(PushError::Unreadable(why)))
    }

    /// What the group said before and does not say any more.
    fn replaced(&self, group: &Labels, push: Push, now: BTreeSet<Labels>) -> Vec<Labels> {
        // What is remembered is sound after every step, even where a thread ended half-way.
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let before = groups.remove(group).unwrap_or_default();
        let names: BTreeSet<&str> = now.iter().map(Labels::metric).collect();
        let is_replaced = |labels: &Labels| match push {
            Push::Merge => names.contains(labels.metric()),
            Push::Replace | Push::End => true,
        };
        let (gone, stay): (Vec<_>, Vec<_>) = before
            .into_iter()
            .filter(|labels| !now.contains(labels))
            .partition(is_replaced);
        let left: BTreeSet<Labels> = stay.into_iter().chain(now.iter().cloned()).collect();
        if !left.is_empty() {
            if groups.len() >= GROUPS_MAX {
                groups.pop_first();
            }
            groups.insert(group.clone(), left);
        }
        gone
    }
}

/// A push while it is being read.
struct Read<'g> {
    at: Timestamp,
    group: &'g Labels,
    series: BTreeMap<Labels, Series>,
    metadata: Vec<Metadata>,
}

impl Read<'_> {
    fn body(&mut self, content_type: &str, body: &[u8]) -> Result<(), PushError> {
        let limits = Limits::default();
        let metadata = match Format::of(content_type) {
            Format::Protobuf => protobuf::families(body, true, &mut |sample| {
                let pairs = sample.labels(&limits)?;
                self.take(&pairs, sample.value, sample.at)
            })?,
            format => {
                let mut lines = Lines::new(body, format)?;
                while let Some(line) = lines.next()? {
                    let exposed = line.read(&limits)?;
                    self.take(&exposed.labels(), Value::Float(exposed.value), exposed.at)?;
                }
                lines.metadata
            }
        };
        self.metadata = metadata.iter().map(crate::memory::owned).collect();
        Ok(())
    }

    fn take(
        &mut self,
        pairs: &Pairs<'_>,
        value: Value,
        its: Option<Timestamp>,
    ) -> Result<(), PushError> {
        let wrong = |why: promise::Say| PushError::Unreadable(why.en);
        if its.is_some() {
            return Err(wrong(say!(
                "a pushed sample may have no time of its own",
                "プッシュするサンプルに時刻は付けられません"
            )));
        }
        if self.series.len() >= SERIES_MAX {
            return Err(wrong(say!(
                "more than {SERIES_MAX} series in one push",
                "一度のプッシュの系列が {SERIES_MAX} 個を超えています"
            )));
        }
        let exposed = pairs.iter().map(|(name, value)| (&**name, &**value));
        // The group counts more than what the job says of itself.
        let labels = Labels::new(exposed.chain(self.group.iter()));
        let at = self.at;
        let mut series = Series::new(labels.clone(), Vec::new());
        match value {
            Value::Float(value) => series.samples.push(Sample { at, value }),
            Value::Histogram(value) => series.histograms.push(HistogramSample { at, value }),
        }
        if self.series.insert(labels.clone(), series).is_some() {
            return Err(wrong(say!(
                "the series {labels} stands twice in one push",
                "系列 {labels} が一度のプッシュに 2 度あります"
            )));
        }
        Ok(())
    }

    fn own(&mut self, name: &str, value: f64) {
        let labels = self.group.with("__name__", name);
        let series = Series::new(labels.clone(), vec![Sample { at: self.at, value }]);
        self.series.insert(labels, series);
    }
}

/// `job/NAME{/LABEL/VALUE}`; a name that ends in `@base64` has its value so, `=` for an empty one.
fn group(path: &str) -> Result<Labels, String> {
    let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    if !parts.len().is_multiple_of(2) || parts.len() / 2 > GROUP_LABELS_MAX {
        return Err("names and values do not go in pairs".to_owned());
    }
    let mut pairs = Vec::new();
    for pair in parts.chunks_exact(2) {
        let (name, value) = (pair[0], pair[1]);
        let (name, value) = match name.strip_suffix("@base64") {
            Some(name) => (name, decode(value)?),
            None => (name, value.to_owned()),
        };
        if name.is_empty() || name.starts_with("__") {
            return Err(format!("`{name}` is no name of a label"));
        }
        pairs.push((name, value));
    }
    match pairs.first() {
        Some(("job", job)) if !job.is_empty() => Ok(Labels::new(pairs)),
        _ => Err("it begins with the job".to_owned()),
    }
}

fn decode(value: &str) -> Result<String, String> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let bytes = GeneralPurpose::new(&URL_SAFE, config)
        .decode(value.trim_end_matches('='))
        .map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|_| "a value is not UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the Pushgateway's own description.
    #[test]
    fn a_path_names_its_group() {
        let of = |pairs: &[(&str, &str)]| Ok(Labels::new(pairs.iter().copied()));
        for (path, labels) in [
            ("job/some_job", of(&[("job", "some_job")])),
            (
                "job/some_job/instance/some_instance",
                of(&[("job", "some_job"), ("instance", "some_instance")]),
            ),
            (
                "job/directory_cleaner/path@base64/L3Zhci90bXA",
                of(&[("job", "directory_cleaner"), ("path", "/var/tmp")]),
            ),
            (
                "job/titan/name@base64/zqDPgc6_zrzOt864zrXPjc-C",
                of(&[("job", "titan"), ("name", "Προμηθεύς")]),
            ),
            (
                "job/example/first_label@base64/=/second_label/foobar",
                of(&[("job", "example"), ("second_label", "foobar")]),
            ),
        ] {
            assert_eq!(group(path), labels, "{path}");
        }
        for wrong in [
            "job",
            "job/",
            "x/y",
            "job/a/b",
            "job/a/__x/y",
            "job@base64/!!",
        ] {
            assert!(group(wrong).is_err(), "{wrong}");
        }
    }
}
