//! Beats of log sources, kept as samples: after a restart a quiet log is still told from one that was not read.

use std::{collections::HashMap, sync::Arc, time::Duration};

use evaluate::LOG_BEATS;
use promise::Timestamp;
use store::{Labels, Lines, MetricStore, Sample, Series};

/// A source beats every 5 s and with every line; one sample in this time says as much.
const EVERY: Duration = Duration::from_secs(4);

/// Writes `up{job="logs",instance="<source>"}`.
pub(crate) struct Beats {
    metrics: Arc<dyn MetricStore>,
    last: HashMap<String, (Timestamp, bool)>,
}

impl Beats {
    pub(crate) fn new(metrics: Arc<dyn MetricStore>) -> Self {
        Self {
            metrics,
            last: HashMap::new(),
        }
    }

    /// Notes that these sources were alive, or not.
    pub(crate) async fn note(&mut self, all: &[Lines]) {
        let mut batch = Vec::new();
        for lines in all {
            let up = lines.failed.is_none();
            let known = self.last.get(&lines.source);
            if known.is_some_and(|(at, was)| *was == up && lines.at.since(*at) < EVERY) {
                continue;
            }
            self.last.insert(lines.source.clone(), (lines.at, up));
            let labels = [
                ("__name__", "up"),
                ("job", LOG_BEATS),
                ("instance", lines.source.as_str()),
            ];
            let sample = Sample {
                at: lines.at,
                value: f64::from(u8::from(up)),
            };
            batch.push(Series {
                labels: Labels::new(labels),
                samples: vec![sample],
                ..Series::default()
            });
        }
        if batch.is_empty() {
            return;
        }
        if let Err(error) = self.metrics.append(batch).await {
            tracing::warn!(%error, "that log sources are alive could not be stored");
        }
    }
}
