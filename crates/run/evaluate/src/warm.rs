//! Windows from history, after a start or a reload: what the stores hold is put back into rounds and goes
//! the way that live rounds go, so that a restart gives the verdict that never having stopped would give.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use promise::{Cause, Timestamp, signal::Matcher};
use store::{Labels, Lines, MetricStore, Record, Round, Series, logs::Search, metrics::is_stale};

use crate::{
    Error, Stores,
    evaluator::Evaluator,
    gather::{Form, Gather},
    timeline::width_at,
};

/// How much history is in memory at once.
const CHUNK: Duration = Duration::from_secs(3_600);
/// History read before the window begins, so that its first sample has one to grow from.
const LEAD: Duration = Duration::from_secs(600);
/// Pages of log records read for one hour: a million records. Beyond it the hour's rest is left out, and
/// its time stays uncovered.
const PAGES_MAX: usize = 100;
/// A quiet stretch between two records of a replayed stream that still counts as covered: whether the
/// follower was alive then is not written down anywhere.
const QUIET_MAX: Duration = Duration::from_secs(60);

impl Evaluator {
    /// Rebuilds windows from history after a start or a reload.
    pub async fn warm(&mut self, stores: &Stores, now: Timestamp) -> Result<(), Error> {
        let reach = self
            .watches
            .iter()
            .map(|watch| watch.reach)
            .max()
            .unwrap_or_default();
        let oldest = self
            .watches
            .iter()
            .map(|watch| watch.promise.since)
            .min()
            .unwrap_or(now);
        let mut from = (now - reach - LEAD)
            .max(oldest - CHUNK)
            .max(Timestamp::EPOCH);
        let intervals: BTreeMap<String, Duration> = self
            .sources
            .iter()
            .map(|(name, source)| (name.to_string(), source.interval))
            .collect();
        while from < now {
            let to = (from + CHUNK).min(now);
            self.replay_rounds(&*stores.metrics, &intervals, from, to, now)
                .await?;
            self.replay_levels(&*stores.metrics, from, to, now).await?;
            self.replay_logs(stores, from, to).await?;
            from = to;
        }
        Ok(())
    }

    async fn replay_rounds(
        &mut self,
        metrics: &dyn MetricStore,
        intervals: &BTreeMap<String, Duration>,
        from: Timestamp,
        to: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut rounds: BTreeMap<(Timestamp, String), Round> = BTreeMap::new();
        let mut read = HashSet::new();
        for (matchers, promise) in self.replayed(now.since(to)) {
            // The same selector serves many promises; it is read once.
            if !read.insert(format!("{matchers:?}")) {
                continue;
            }
            let found = metrics
                .select(&matchers, from + Duration::from_millis(1), to)
                .await
                .map_err(|source| Error::Store { promise, source })?;
            for series in found {
                put(&mut rounds, intervals, &series);
            }
        }
        for round in rounds.values() {
            self.observe(round);
        }
        Ok(())
    }

    /// What to read for a chunk of this age: `up`, and the selectors of promises that look back so far.
    fn replayed(&self, age: Duration) -> Vec<(Vec<Matcher>, String)> {
        let up = (vec![Matcher::equal("__name__", "up")], "up".to_owned());
        let wanted = self
            .index
            .selectors()
            .filter(|(_, dependent)| age <= self.watches[dependent.watch].reach + LEAD);
        let wanted = wanted.map(|(matchers, dependent)| {
            (
                matchers.to_vec(),
                self.watches[dependent.watch].promise.id.clone(),
            )
        });
        std::iter::once(up).chain(wanted).collect()
    }

    async fn replay_levels(
        &mut self,
        metrics: &dyn MetricStore,
        from: Timestamp,
        to: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        let step = width_at(now.since(to));
        for watch in &mut self.watches {
            if now.since(to) > watch.reach {
                continue;
            }
            for gather in &mut watch.gathers {
                let Form::Level(level) = &mut gather.form else {
                    continue;
                };
                let gaps = level
                    .replay(&mut gather.timeline, metrics, (from, to), step)
                    .await
                    .map_err(|source| Error::Store {
                        promise: watch.promise.id.clone(),
                        source,
                    })?;
                let text = level.text.clone();
                watch
                    .missing
                    .extend(gaps.into_iter().map(|(from, to)| promise::Gap {
                        source: text.clone(),
                        from,
                        to,
                        cause: Cause::Absent,
                    }));
            }
            watch.take_missing();
        }
        Ok(())
    }

    async fn replay_logs(
        &mut self,
        stores: &Stores,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<(), Error> {
        if !self
            .watches
            .iter()
            .any(|watch| watch.gathers.iter().any(Gather::reads_logs))
        {
            return Ok(());
        }
        let Ok(everything) = <promise::LogQuery as promise::record::Scalar>::parse("*") else {
            return Ok(());
        };
        let mut after = from;
        for _ in 0..PAGES_MAX {
            let search = Search {
                query: everything.clone(),
                from: after,
                to,
                newest_first: false,
                limit: Search::LIMIT_MAX,
            };
            let found = stores
                .logs
                .search(&search)
                .await
                .map_err(|source| Error::Store {
                    promise: "logs".to_owned(),
                    source,
                })?;
            let is_last = found.len() < Search::LIMIT_MAX;
            let Some(newest) = found.last().map(|record| record.at) else {
                break;
            };
            self.replay_records(found);
            if is_last || newest <= after {
                break;
            }
            after = newest;
        }
        Ok(())
    }

    /// Records stand for their source's life around them; a stream's name stands for the source.
    fn replay_records(&mut self, records: Vec<Record>) {
        let mut batches: BTreeMap<(i64, String), Vec<Record>> = BTreeMap::new();
        let width = i64::try_from(QUIET_MAX.as_millis()).unwrap_or(i64::MAX);
        for record in records {
            let cell = record.at.as_millis().div_euclid(width);
            batches
                .entry((cell, record.stream.clone()))
                .or_default()
                .push(record);
        }
        for ((_, stream), records) in batches {
            let Some(at) = records.iter().map(|record| record.at).max() else {
                continue;
            };
            let source = self.log_source(&stream);
            self.observe_lines(&Lines {
                source,
                at,
                records,
                resume: Vec::new(),
                failed: None,
                ack: None,
            });
        }
    }

    fn log_source(&self, stream: &str) -> String {
        let known = self
            .sources
            .iter()
            .find(|(_, source)| source.streams.contains(stream));
        known.map_or_else(|| stream.to_owned(), |(name, _)| name.to_string())
    }
}

/// Puts each sample into the round of its source and instant. `up 0` is a round that failed.
fn put(
    rounds: &mut BTreeMap<(Timestamp, String), Round>,
    intervals: &BTreeMap<String, Duration>,
    series: &Series,
) {
    let source = source_of(&series.labels, intervals);
    let interval = intervals
        .get(&source)
        .copied()
        .unwrap_or(Duration::from_secs(15));
    for sample in &series.samples {
        let round = rounds
            .entry((sample.at, source.clone()))
            .or_insert_with(|| Round {
                source: source.clone(),
                at: sample.at,
                next: sample.at + interval,
                series: Vec::new(),
                failed: None,
            });
        if series.labels.metric() == "up" && sample.value == 0.0 && !is_stale(sample.value) {
            round.failed = Some(Cause::Failed {
                error: "it did not answer (up was 0)".to_owned(),
            });
        }
        round.series.push(Series {
            labels: series.labels.clone(),
            samples: vec![*sample],
        });
    }
}

/// `job/instance`, or the probe's name where the spec knows the source by that.
fn source_of(labels: &Labels, intervals: &BTreeMap<String, Duration>) -> String {
    let (job, instance) = (labels.get("job"), labels.get("instance"));
    let both = format!("{job}/{instance}");
    if !intervals.contains_key(&both) {
        for name in [job, instance, labels.get("probe")] {
            if intervals.contains_key(name) {
                return name.to_owned();
            }
        }
    }
    both
}
