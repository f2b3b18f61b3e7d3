//! Windows from history, after a start or a reload: what the stores hold is put back into rounds and goes
//! the way that live rounds go, so that a restart gives the verdict that never having stopped would give.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use promise::{
    Cause, Timestamp, say,
    signal::{Matcher, log_query::Glob},
};
use store::{Labels, Lines, MetricStore, Record, Round, Series, logs::Search, metrics::is_stale};

use crate::{
    Error, Stores,
    evaluator::{Evaluator, Judged},
    gather::{Form, Gather},
    timeline::width_at,
    watch::Watch,
};

/// How much history is in memory at once.
const CHUNK: Duration = Duration::from_secs(3_600);
/// History read before the window begins, so that its first sample has one to grow from.
const LEAD: Duration = Duration::from_secs(600);
/// Pages of log records read for one hour: a million records. Beyond it the hour's rest is left out, and
/// its time stays uncovered.
const PAGES_MAX: usize = 100;
/// The job under which the beats of log sources are stored: `up{job="logs",instance="<source>"}`, 1 while the
/// source could be read. Without them a quiet log could not be told from a dead one after a restart.
pub const LOG_BEATS: &str = "logs";

impl Evaluator {
    /// Rebuilds windows from history after a start or a reload.
    pub async fn warm(&mut self, stores: &Stores, now: Timestamp) -> Result<(), Error> {
        let begins = self.watches.iter().map(|watch| match watch.replay_from {
            Some(at) => at - LEAD,
            None => (now - watch.reach - LEAD).max(watch.promise.since - CHUNK),
        });
        let mut from = begins.min().unwrap_or(now).max(Timestamp::EPOCH);
        let intervals = self.intervals();
        while from < now {
            let to = (from + CHUNK).min(now);
            self.replay_rounds(&*stores.metrics, &intervals, from, to, now)
                .await?;
            self.replay_levels(&*stores.metrics, from, to, now).await?;
            self.replay_logs(stores, from, to).await?;
            from = to;
        }
        for watch in &mut self.watches {
            watch.resumed.clear();
        }
        Ok(())
    }

    /// Lives through the time from `from` on again as if it were now, and tells the verdicts at these instants, which
    /// are in order. A promise of which nothing has changed since the instant before is not told again.
    pub async fn relive(
        &mut self,
        stores: &Stores,
        from: Timestamp,
        instants: &[Timestamp],
        told: &mut (dyn FnMut(Judged) + Send),
    ) -> Result<(), Error> {
        self.warm(stores, from).await?;
        let intervals = self.intervals();
        let mut lived = from;
        for now in instants {
            while lived < *now {
                let to = (lived + CHUNK).min(*now);
                self.replay_rounds(&*stores.metrics, &intervals, lived, to, *now)
                    .await?;
                self.replay_levels(&*stores.metrics, lived, to, *now)
                    .await?;
                self.replay_logs(stores, lived, to).await?;
                lived = to;
            }
            // A level that was lived through is not asked again for the instant alone.
            for gather in self.watches.iter_mut().flat_map(|watch| &mut watch.gathers) {
                if let Form::Level(level) = &mut gather.form {
                    level.is_done(*now);
                }
            }
            let judged = self.judge(stores, *now).await;
            judged.into_iter().for_each(&mut *told);
        }
        Ok(())
    }

    fn intervals(&self) -> BTreeMap<String, Duration> {
        let sources = self.sources.iter();
        sources
            .map(|(name, source)| (name.to_string(), source.interval))
            .collect()
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
        for (matchers, promise) in self.replayed(now.since(to), to) {
            // The same selector serves many promises; it is read once.
            if !read.insert(format!("{matchers:?}")) {
                continue;
            }
            let found = metrics
                .select(&matchers, from + Duration::from_millis(1), to)
                .await
                .map_err(|source| Error::Store { promise, source })?;
            for series in found
                .iter()
                .filter(|series| series.labels.get("job") != LOG_BEATS)
            {
                put(&mut rounds, intervals, series);
            }
        }
        for round in rounds.values() {
            self.observe(round);
        }
        Ok(())
    }

    /// What to read for a chunk of this age: `up`, and the selectors of promises that look back so far.
    fn replayed(&self, age: Duration, to: Timestamp) -> Vec<(Vec<Matcher>, String)> {
        let up = (vec![Matcher::equal("__name__", "up")], "up".to_owned());
        let wanted = self.index.selectors().filter(|(_, dependent)| {
            let watch = &self.watches[dependent.watch];
            let is_new = watch.replay_from.is_none_or(|at| to > at - LEAD);
            age <= watch.reach + LEAD && is_new
        });
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
                // What the snapshot has evaluated stays as it was.
                let known = level
                    .last
                    .max(level.absent)
                    .filter(|_| watch.replay_from.is_some());
                let from = known.map_or(from, |known| known.max(from));
                if from >= to {
                    continue;
                }
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
        let reads = |watch: &Watch| {
            watch.replay_from.is_none_or(|at| to > at - LEAD)
                && watch.gathers.iter().any(Gather::reads_logs)
        };
        if !self.watches.iter().any(reads) {
            return Ok(());
        }
        let Ok(everything) = <promise::LogQuery as promise::record::Scalar>::parse("*") else {
            return Ok(());
        };
        let mut records = Vec::new();
        let mut after = from;
        for _ in 0..PAGES_MAX {
            let search = Search {
                query: everything.clone(),
                from: after,
                to,
                newest_first: false,
                after: None,
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
            let newest = found.last().map(|record| record.at);
            records.extend(found);
            match newest {
                Some(newest) if !is_last && newest > after => after = newest,
                _ => break,
            }
        }
        let beats = [
            Matcher::equal("__name__", "up"),
            Matcher::equal("job", LOG_BEATS),
        ];
        let beats = stores
            .metrics
            .select(&beats, from + Duration::from_millis(1), to)
            .await
            .map_err(|source| Error::Store {
                promise: "logs".to_owned(),
                source,
            })?;
        self.replay_records(records, &beats);
        Ok(())
    }

    /// Hears again what each source said: its beats, each with the records since the one before.
    fn replay_records(&mut self, records: Vec<Record>, beats: &[Series]) {
        let mut by_source: BTreeMap<String, Vec<Record>> = BTreeMap::new();
        for record in records {
            by_source
                .entry(self.log_source(&record.stream))
                .or_default()
                .push(record);
        }
        let mut heard: Vec<Lines> = Vec::new();
        for series in beats {
            let source = series.labels.get("instance").to_owned();
            let mut waiting = by_source
                .remove(&source)
                .unwrap_or_default()
                .into_iter()
                .peekable();
            for beat in &series.samples {
                let mut records = Vec::new();
                while let Some(record) = waiting.next_if(|record| record.at <= beat.at) {
                    records.push(record);
                }
                let failed = (beat.value == 0.0).then(|| Cause::Failed {
                    error: say!("it could not be read", "読み取れませんでした"),
                });
                heard.push(lines(&source, beat.at, records, failed));
            }
            by_source.insert(source, waiting.collect());
        }
        // Records after the last beat of the hour, or of a source that has no beats, stand for themselves.
        for (source, records) in by_source {
            if let Some(at) = records.iter().map(|record| record.at).max() {
                heard.push(lines(&source, at, records, None));
            }
        }
        heard.sort_by_key(|lines| lines.at);
        for lines in &heard {
            self.observe_lines(lines);
        }
    }

    fn log_source(&self, stream: &str) -> String {
        let mut sources = self.sources.iter();
        let known = sources.find(|(_, source)| source.streams.contains(stream));
        // A source may be declared with a pattern, `payment_*`, of which nothing has come yet.
        let meant = || {
            let mut sources = self.sources.iter();
            sources.find(|(_, source)| {
                let mut patterns = source.streams.iter().filter(|name| name.contains('*'));
                patterns.any(|pattern| Glob::parse(pattern).accepts(stream))
            })
        };
        known
            .or_else(meant)
            .map_or_else(|| stream.to_owned(), |(name, _)| name.to_string())
    }
}

fn lines(source: &str, at: Timestamp, records: Vec<Record>, failed: Option<Cause>) -> Lines {
    Lines {
        source: source.to_owned(),
        at,
        records: records.into(),
        resume: Vec::new(),
        failed,
        ack: None,
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
                ..Round::default()
            });
        if series.labels.metric() == "up" && sample.value == 0.0 && !is_stale(sample.value) {
            round.failed = Some(Cause::Failed {
                error: say!(
                    "it did not answer (up was 0)",
                    "応答がありませんでした(up が 0)"
                ),
            });
        }
        round.series.push(Series {
            labels: series.labels.clone(),
            samples: vec![*sample],
            ..Series::default()
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
