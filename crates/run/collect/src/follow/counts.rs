//! What became of the lines of one source, as series: nothing is refused silently.

use std::collections::BTreeMap;

use promise::Timestamp;
use store::{Labels, Round, Sample, Series};

use super::{HEARTBEAT, source};
use crate::receive::Refusal;

/// Counters of one source.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub lines: u64,
    pub plain: u64,
    pub untimed: u64,
    pub future: u64,
    refused: BTreeMap<&'static str, u64>,
}

impl Counts {
    pub fn refuse(&mut self, why: Refusal) {
        *self.refused.entry(why.code()).or_default() += 1;
    }

    /// What the source says of itself at `at`.
    pub fn round(&self, name: &str, stream: &str, at: Timestamp) -> Round {
        let base = [
            ("job", "logs"),
            ("instance", name),
            ("source", name),
            ("stream", stream),
        ];
        #[allow(clippy::cast_precision_loss)]
        let series = |metric: &str, why: Option<&str>, value: u64| Series {
            labels: Labels::new(
                base.into_iter()
                    .chain([("__name__", metric)])
                    .chain(why.map(|why| ("why", why))),
            ),
            samples: vec![Sample {
                at,
                value: value as f64,
            }],
            ..Series::default()
        };
        let mut all = vec![
            series("tegata_log_lines_total", None, self.lines),
            series("tegata_log_lines_plain_total", None, self.plain),
            series("tegata_log_lines_untimed_total", None, self.untimed),
            series("tegata_log_lines_future_total", None, self.future),
        ];
        // The usual ones stand there from the start: a counter that begins at 1 has no increase.
        let usual = [Refusal::TooLong, Refusal::NotUtf8].map(|why| (why.code(), 0));
        let mut refused = BTreeMap::from(usual);
        refused.extend(&self.refused);
        for (why, count) in refused {
            all.push(series("tegata_log_lines_refused_total", Some(why), count));
        }
        Round {
            source: source(name),
            at,
            next: at + HEARTBEAT,
            series: all,
            ..Round::default()
        }
    }
}
