//! The door: rounds and lines go in, verdicts come out.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use promise::{Cause, Evidence, Promise, State, Timestamp, Verdict};
use store::{Labels, Lines, LogStore, MetricStore, Record, Round, Sample, metrics::is_stale};

use crate::{
    explain::Names,
    gather::{Form, Span},
    index::{Dependent, Index},
    source::Source,
    watch::Watch,
};

/// Sources that speak without having been declared (posted streams, remote writers) and are remembered.
const UNDECLARED_MAX: usize = 10_000;
/// Streams remembered for one log source.
const STREAMS_MAX: usize = 1_000;
/// A record may be this much ahead of our clock, as senders' clocks are; beyond it its time is a lie.
const AHEAD_MAX: Duration = Duration::from_secs(300);
/// A promise is not judged again sooner than this for time alone, whatever its verdict asks for.
const DUE_MIN: Duration = Duration::from_millis(100);
/// The interval of a source that nobody declared.
pub(crate) const INTERVAL: Duration = Duration::from_secs(15);

pub(crate) type Sources = BTreeMap<Arc<str>, Source>;

/// Where history rests.
#[derive(Clone)]
pub struct Stores {
    pub metrics: Arc<dyn MetricStore>,
    pub logs: Arc<dyn LogStore>,
}

/// A source that the spec declares, by the name that its rounds bear: `job/instance`, a probe's name, or a
/// key under `sources.logs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    pub source: String,
    pub interval: Duration,
    /// The log stream that it carries, where it is a log source.
    pub stream: Option<String>,
}

/// A promise, judged.
#[derive(Debug, Clone)]
pub struct Judged {
    pub promise: Arc<Promise>,
    pub evidence: Evidence,
    pub verdict: Verdict,
    /// The state before; where it differs this is a transition. `None`: the first verdict ever.
    pub before: Option<State>,
}

/// Watches promises.
pub struct Evaluator {
    pub(crate) watches: Vec<Watch>,
    pub(crate) by_id: HashMap<String, usize>,
    pub(crate) index: Index<Dependent>,
    pub(crate) sources: Sources,
    pub(crate) names: Names,
    log_watches: Vec<usize>,
    level_watches: Vec<usize>,
    dirty: BTreeSet<usize>,
    due: BTreeSet<(Timestamp, usize)>,
}

impl Evaluator {
    /// `before`: the last known state of each promise, so that a restart is no transition.
    #[must_use]
    pub fn new(
        promises: Vec<Arc<Promise>>,
        owed: Vec<Owed>,
        before: HashMap<String, State>,
        now: Timestamp,
    ) -> Self {
        let mut index = Index::default();
        let mut by_id = HashMap::new();
        let mut watches = Vec::with_capacity(promises.len());
        for (place, promise) in promises.into_iter().enumerate() {
            by_id.insert(promise.id.clone(), place);
            let state = before.get(&promise.id).copied();
            let watch = Watch::new(promise, state);
            for (signal, gather) in watch.gathers.iter().enumerate() {
                for (selector, matchers) in gather.selectors().into_iter().enumerate() {
                    index.add(
                        matchers,
                        Dependent {
                            watch: place,
                            signal,
                            selector,
                        },
                    );
                }
            }
            watches.push(watch);
        }
        let having = |test: fn(&Watch) -> bool| -> Vec<usize> {
            watches
                .iter()
                .enumerate()
                .filter(|(_, watch)| test(watch))
                .map(|(place, _)| place)
                .collect()
        };
        let log_watches =
            having(|watch| watch.gathers.iter().any(crate::gather::Gather::reads_logs));
        let level_watches = having(|watch| {
            watch
                .gathers
                .iter()
                .any(|gather| matches!(gather.form, Form::Level(_)))
        });
        let sources = owed
            .into_iter()
            .map(|owed| {
                let mut source = Source::new(owed.interval);
                source.is_owed = true;
                source.next = Some(now + owed.interval);
                source.streams.extend(owed.stream);
                (Arc::from(owed.source), source)
            })
            .collect();
        let dirty = (0..watches.len()).collect();
        Self {
            watches,
            by_id,
            index,
            sources,
            names: Names::default(),
            log_watches,
            level_watches,
            dirty,
            due: BTreeSet::new(),
        }
    }

    /// A scrape or probe round, after the store has acknowledged it.
    pub fn observe(&mut self, round: &Round) {
        let Some((name, mut source)) = self.take_source(&round.source, round.next.since(round.at))
        else {
            return;
        };
        // Whether what appears now began at zero: the source answered before without it. Of a part nobody
        // knows what the part before it left out.
        let born = !round.is_partial && source.answered.is_some_and(|answered| answered < round.at);
        if !source.is_owed {
            source.interval = round.next.since(round.at).max(DUE_MIN);
        }
        let mut touched = BTreeSet::new();
        let listed = self.index.of_list(round.floats.names(), |metric| {
            self.names.note(metric);
        });
        for (place, dependents) in listed.iter() {
            if let Some((labels, sample)) = round.floats.at(*place) {
                let said = (labels, std::slice::from_ref(sample));
                self.take(&name, round.at, born, said, dependents, &mut touched);
            }
        }
        for series in &round.series {
            self.names.note(series.labels.metric());
            if let Some(dependents) = self.index.of(&series.labels) {
                let said = (&series.labels, series.samples.as_slice());
                self.take(&name, round.at, born, said, &dependents, &mut touched);
            }
        }
        let mut settled = BTreeSet::new();
        for (watch, signal) in touched {
            self.watches[watch].touch(signal);
            settled.insert(watch);
        }
        for place in &settled {
            self.watches[*place].settle(&name, &source, round.at);
            source.feeds.insert(*place);
        }
        for place in source.feeds.difference(&settled) {
            if round.is_partial {
                break;
            }
            if self.watches[*place].knows(&name, round.at) {
                continue;
            }
            if let Some(feed) = self.watches[*place].feeds.get_mut(&name) {
                feed.silent = Some(round.failed.clone().unwrap_or(Cause::Absent));
            }
        }
        self.dirty.extend(&source.feeds);
        if round.failed.is_none() {
            source.answered = source.answered.max(Some(round.at));
        }
        source.failing = round.failed.clone();
        source.next = source.next.max(Some(round.next));
        source.overdue = false;
        self.sources.insert(name, source);
    }

    /// Gives what a series said to those that depend on it, and notes which signals that touches.
    fn take(
        &mut self,
        source: &Arc<str>,
        at: Timestamp,
        born: bool,
        (labels, samples): (&Labels, &[Sample]),
        dependents: &[Dependent],
        touched: &mut BTreeSet<(usize, usize)>,
    ) {
        for dependent in dependents {
            let watch = &mut self.watches[dependent.watch];
            if watch.knows(source, at) {
                continue;
            }
            let gather = &mut watch.gathers[dependent.signal];
            // An ended series changes what a query finds, though it says nothing itself.
            if let Form::Level(level) = &mut gather.form {
                level.due(at);
                self.dirty.insert(dependent.watch);
            }
            for sample in samples {
                // A time ahead of the round it came in is a lie.
                if is_stale(sample.value) || sample.at > at {
                    continue;
                }
                gather.sample(dependent.selector, labels, *sample, born);
                touched.insert((dependent.watch, dependent.signal));
            }
        }
    }

    /// Log records, after the store has acknowledged them; none means that the source is alive.
    pub fn observe_lines(&mut self, lines: &Lines) {
        let Some((name, mut source)) = self.take_source(&lines.source, INTERVAL) else {
            return;
        };
        let mut records: Vec<&Record> = lines
            .records
            .iter()
            .filter(|record| record.at <= lines.at + AHEAD_MAX)
            .filter(|record| source.recent.is_new(record.id))
            .collect();
        records.sort_by_key(|record| record.at);
        for record in &records {
            if source.streams.len() < STREAMS_MAX && !source.streams.contains(&record.stream) {
                source.streams.insert(record.stream.clone());
            }
        }
        if lines.failed.is_none() {
            for place in &self.log_watches {
                let watch = &mut self.watches[*place];
                let speaks = watch
                    .gathers
                    .iter()
                    .any(|gather| gather.wants(&name, &source));
                if !speaks || watch.knows(&name, lines.at) {
                    continue;
                }
                watch.hear(&name, &source, lines.at, &records);
                source.feeds.insert(*place);
            }
            source.answered = Some(lines.at);
        } else {
            for place in &source.feeds {
                if let Some(feed) = self.watches[*place].feeds.get_mut(&name) {
                    feed.silent = lines.failed.clone();
                }
            }
        }
        self.dirty.extend(&source.feeds);
        source.failing = lines.failed.clone();
        source.next = Some(lines.at + source.interval);
        source.overdue = false;
        self.sources.insert(name, source);
    }

    /// The clock jumped: recorded as a gap where evidence is affected.
    pub fn clock_jumped(&mut self, from: Timestamp, to: Timestamp) {
        for (place, watch) in self.watches.iter_mut().enumerate() {
            watch.clock_jumped(from, to);
            self.dirty.insert(place);
        }
        for source in self.sources.values_mut() {
            source.answered = source.answered.map(|answered| answered.min(to));
            source.next = source.next.map(|_| to + source.interval);
            source.overdue = false;
        }
    }

    /// Judges what has new evidence or whose time has come. Cheap when nothing is due.
    pub async fn judge(&mut self, stores: &Stores, now: Timestamp) -> Vec<Judged> {
        self.notice_silence(now);
        while let Some((at, place)) = self.due.first().copied() {
            if at > now {
                break;
            }
            self.due.pop_first();
            self.dirty.insert(place);
        }
        for place in &self.level_watches {
            let watch = &mut self.watches[*place];
            for gather in &mut watch.gathers {
                let Form::Level(level) = &mut gather.form else {
                    continue;
                };
                let at = level.instant(now);
                let mut heard = watch.feeds.keys().filter_map(|name| self.sources.get(name));
                // A sum over targets of which one is late would mix two rounds.
                let mut is_whole = || level.has_waited(now) || heard.all(|it| it.is_heard(at, now));
                if !level.is_due(now) || !is_whole() {
                    continue;
                }
                match level
                    .evaluate(&mut gather.timeline, &*stores.metrics, now)
                    .await
                {
                    Ok(None) => {}
                    Ok(Some((from, to))) => {
                        let source = level.text.clone();
                        watch.missing.push(promise::Gap {
                            source,
                            from,
                            to,
                            cause: Cause::Absent,
                        });
                    }
                    // Nothing new is known; the level ages until the store answers again.
                    Err(why) => {
                        tracing::warn!(promise = watch.promise.id, error = %why, "a level cannot be read")
                    }
                }
                self.dirty.insert(*place);
            }
            watch.take_missing();
        }
        let dirty = std::mem::take(&mut self.dirty);
        dirty
            .into_iter()
            .map(|place| self.judge_one(place, now))
            .collect()
    }

    fn judge_one(&mut self, place: usize, now: Timestamp) -> Judged {
        let watch = &mut self.watches[place];
        watch.tidy(now);
        let evidence = watch.evidence(&self.sources, now);
        let verdict = watch.promise.judge(&evidence, now);
        if let Some(due) = watch.due.take() {
            self.due.remove(&(due, place));
        }
        watch.due = verdict.due.map(|due| due.max(now + DUE_MIN));
        if let Some(due) = watch.due {
            self.due.insert((due, place));
        }
        let before = watch.state.replace(verdict.state);
        Judged {
            promise: watch.promise.clone(),
            evidence,
            verdict,
            before,
        }
    }

    /// A source that owes a round and does not bring it makes its promises due.
    fn notice_silence(&mut self, now: Timestamp) {
        for source in self.sources.values_mut() {
            if !source.overdue && source.overdue_at().is_some_and(|at| now > at) {
                source.overdue = true;
                self.dirty.extend(&source.feeds);
            }
        }
    }

    /// When `judge` should next be called if nothing arrives.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        if !self.dirty.is_empty() {
            return Some(Timestamp::EPOCH);
        }
        let silences = self
            .sources
            .values()
            .filter(|source| !source.overdue && !source.feeds.is_empty());
        let levels = self
            .level_watches
            .iter()
            .flat_map(|place| &self.watches[*place].gathers);
        let timers = levels.filter_map(|gather| match &gather.form {
            Form::Level(level) => level.timer(),
            _ => None,
        });
        let due = self.due.first().map(|(at, _)| *at);
        due.into_iter()
            .chain(silences.filter_map(Source::overdue_at))
            .chain(timers)
            .min()
    }

    /// A promise by its id.
    #[must_use]
    pub fn promise(&self, id: &str) -> Option<&Arc<Promise>> {
        Some(&self.watches[*self.by_id.get(id)?].promise)
    }

    /// Merges what has grown old, as judging does by the way.
    pub fn tidy(&mut self, now: Timestamp) {
        self.watches.iter_mut().for_each(|watch| watch.tidy(now));
    }

    /// The good and all events of a promise in `(from, to]`, summed over its cells; `None` for a kind without events.
    #[must_use]
    pub fn events_in(&self, id: &str, from: Timestamp, to: Timestamp) -> Option<(f64, f64)> {
        let watch = &self.watches[*self.by_id.get(id)?];
        let judge = watch.promise.kind.as_judge();
        let mut sum = None;
        for fact in watch.gathers.iter().flat_map(|it| it.timeline.after(from)) {
            let Some((good, total)) = judge.events(&fact.seen, to).filter(|_| fact.from < to)
            else {
                continue;
            };
            let whole = fact.to.since(fact.from);
            let inside = fact.to.min(to).since(fact.from.max(from));
            let share = if inside == whole {
                1.0
            } else {
                inside.as_secs_f64() / whole.as_secs_f64()
            };
            let (g, t) = sum.unwrap_or_default();
            sum = Some((g + share * good, t + share * total));
        }
        sum
    }

    /// What the promise would be judged by at `now`.
    #[must_use]
    pub fn evidence(&self, id: &str, now: Timestamp) -> Option<Evidence> {
        let place = self.by_id.get(id)?;
        Some(self.watches[*place].evidence(&self.sources, now))
    }

    /// Takes a source out while it is being worked with. `None` where there are too many already.
    fn take_source(&mut self, name: &str, interval: Duration) -> Option<(Arc<str>, Source)> {
        if let Some(known) = self.sources.remove_entry(name) {
            return Some(known);
        }
        let interval = if interval.is_zero() {
            INTERVAL
        } else {
            interval
        };
        (self.sources.len() < UNDECLARED_MAX).then(|| (Arc::from(name), Source::new(interval)))
    }
}

impl Watch {
    /// A batch of a log source that covers the time since its last.
    fn hear(&mut self, name: &Arc<str>, source: &Source, at: Timestamp, records: &[&Record]) {
        let feed = self.feeds.remove(name);
        let before = feed.as_ref().map(|feed| feed.last);
        let hole = feed.and_then(|feed| {
            feed.silent
                .or_else(|| source.missed(feed.last, at).then_some(Cause::NotRunning))
        });
        let has_hole = hole.is_some();
        if let (Some(from), Some(cause)) = (before, hole) {
            self.gap(promise::Gap {
                source: name.to_string(),
                from,
                to: at,
                cause,
            });
        }
        let span = Span {
            from: before.filter(|_| !has_hole),
            at,
        };
        self.gathers
            .iter_mut()
            .for_each(|gather| gather.records(span, records));
        self.spoke(name, at);
    }
}
