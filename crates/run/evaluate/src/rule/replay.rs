//! What an alert would have said: its rule as it is now, over series as they were.
//!
//! The recording rules that it reads are worked out anew too, so that a rule that was never in force can be tried
//! on the past. Queries are answered a stretch at a time, and the alerts then live through its ticks.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use promise::{Timestamp, signal::Matcher};
use promql::{Answer, Element, Labels, Notes, Number, Query, Series, Value};
use serde::Serialize;
use store::Error;

use super::{
    alert::Turn,
    file::{Action, Group, Rule},
    group::{Live, Manner, reads},
    inputs::Sources,
    source::{Memory, Source, answered, gather},
};

/// Ticks that are answered at once: eight hours at 15 s.
const TICKS_AT_ONCE: u32 = 2_000;
/// Ticks of one replay: a year at 15 s. More is refused, not cut.
const TICKS_MAX: i64 = 2_200_000;

/// A time in which an alert fired.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stretch {
    pub alert: String,
    pub labels: BTreeMap<String, String>,
    pub from: Timestamp,
    /// `None`: it fires at the end of the replay.
    pub to: Option<Timestamp>,
    /// How long of it its inputs were missing, in milliseconds.
    pub blind_millis: u64,
}

/// Replays every alerting rule called `name`, or all, over `(from, to]`.
pub async fn replay(
    groups: &[Group],
    name: Option<&str>,
    source: &impl Source,
    (from, to): (Timestamp, Timestamp),
    interval: Duration,
    manner: &Manner,
) -> Result<Vec<Stretch>, Error> {
    let all: Vec<(&Group, &Rule)> = groups
        .iter()
        .flat_map(|group| group.rules.iter().map(move |rule| (group, rule)))
        .collect();
    let mut found = Vec::new();
    for (number, (group, rule)) in all.iter().enumerate() {
        let is_wanted = matches!(rule.action, Action::Alert { .. })
            && name.is_none_or(|name| rule.name() == name);
        if !is_wanted {
            continue;
        }
        let behind = inputs_of(&all, number);
        let step = group.interval.unwrap_or(interval);
        let mut replaying = Replaying {
            past: Past::new(source, &behind),
            behind,
            manner,
            stretches: Vec::new(),
            open: BTreeMap::new(),
        };
        replaying.run(group, rule, from, to, step).await?;
        found.extend(replaying.stretches);
    }
    found.sort_by(|a, b| (a.from, &a.alert).cmp(&(b.from, &b.alert)));
    Ok(found)
}

/// The recording rules that a rule reads, and those that they read, in order.
fn inputs_of<'r>(all: &[(&'r Group, &'r Rule)], target: usize) -> Vec<&'r Rule> {
    let mut wanted = BTreeSet::from([target]);
    loop {
        let before = wanted.len();
        for (number, (_, rule)) in all.iter().enumerate() {
            if let Action::Record { metric } = &rule.action
                && wanted.iter().any(|reader| reads(all[*reader].1, metric))
            {
                wanted.insert(number);
            }
        }
        if wanted.len() == before {
            break;
        }
    }
    wanted.remove(&target);
    wanted.into_iter().map(|number| all[number].1).collect()
}

struct Replaying<'r, S> {
    past: Past<'r, S>,
    behind: Vec<&'r Rule>,
    manner: &'r Manner,
    stretches: Vec<Stretch>,
    /// Places of the stretches that have not ended, and since when each is blind.
    open: BTreeMap<Labels, (usize, Option<Timestamp>)>,
}

impl<S: Source> Replaying<'_, S> {
    async fn run(
        &mut self,
        group: &Group,
        rule: &Rule,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    ) -> Result<(), Error> {
        let ticks = to.since(from).as_millis() / step.as_millis().max(1);
        if i64::try_from(ticks).map_or(true, |ticks| ticks > TICKS_MAX) {
            let limit = u64::try_from(TICKS_MAX).unwrap_or(0);
            return Err(Error::OverLimit {
                what: "the ticks of a replay".to_owned(),
                limit,
            });
        }
        let mut alone = group.clone();
        alone.rules = vec![rule.clone()];
        let mut live = Live::new(alone);
        let offset = group.query_offset.unwrap_or(self.manner.query_offset);
        let sources = Sources::default();
        let mut start = from + step;
        while start <= to {
            let end = (start + step * (TICKS_AT_ONCE - 1)).min(to);
            for rule in self.behind.clone() {
                self.past.record(rule, start, end, step).await?;
            }
            self.past
                .prepare(&rule.query, start - offset, end - offset, step)
                .await?;
            let mut tick = start;
            while tick <= end {
                let made = live.tick(&self.past, tick, self.manner, &sources).await;
                for event in made.events {
                    self.takes(rule.name(), &event.alert.labels, event.turn, tick);
                }
                tick = tick + step;
            }
            start = tick;
        }
        for (place, blind) in std::mem::take(&mut self.open).into_values() {
            self.blind(place, blind, to);
        }
        Ok(())
    }

    fn takes(&mut self, alert: &str, labels: &Labels, turn: Turn, at: Timestamp) {
        match turn {
            Turn::Fired => {
                let plain = labels.iter().filter(|(name, _)| *name != "alertname");
                self.open
                    .insert(labels.clone(), (self.stretches.len(), None));
                self.stretches.push(Stretch {
                    alert: alert.to_owned(),
                    labels: plain
                        .map(|(name, value)| (name.to_owned(), value.to_owned()))
                        .collect(),
                    from: at,
                    to: None,
                    blind_millis: 0,
                });
            }
            Turn::Lost => {
                if let Some((_, blind)) = self.open.get_mut(labels) {
                    blind.get_or_insert(at);
                }
            }
            Turn::Regained => {
                if let Some((place, blind)) = self.open.get_mut(labels) {
                    let (place, blind) = (*place, blind.take());
                    self.blind(place, blind, at);
                }
            }
            Turn::Resolved => {
                if let Some((place, blind)) = self.open.remove(labels) {
                    self.stretches[place].to = Some(at);
                    self.blind(place, blind, at);
                }
            }
        }
    }

    fn blind(&mut self, place: usize, since: Option<Timestamp>, until: Timestamp) {
        if let Some(since) = since {
            let millis = u64::try_from(until.since(since).as_millis()).unwrap_or(u64::MAX);
            self.stretches[place].blind_millis += millis;
        }
    }
}

/// A store with what recording rules would have written, and answers worked out ahead.
struct Past<'p, S> {
    inner: &'p S,
    recorded: Memory,
    /// Metrics that are taken from `recorded` alone.
    metrics: BTreeSet<String>,
    answers: BTreeMap<i64, Vec<Element>>,
    answered: String,
}

impl<'p, S: Source> Past<'p, S> {
    fn new(inner: &'p S, behind: &[&Rule]) -> Self {
        Self {
            inner,
            recorded: Memory::default(),
            metrics: behind.iter().map(|rule| rule.name().to_owned()).collect(),
            answers: BTreeMap::new(),
            answered: String::new(),
        }
    }

    async fn range(
        &self,
        query: &Query,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    ) -> Result<Vec<Series>, Error> {
        let series = gather(self, query, from, to).await?;
        let answer = query.range(from, to, step, &series);
        match answer.map_err(|why| Error::Query(why.to_string()))?.value {
            Value::Matrix(rows) => Ok(rows),
            _ => Ok(Vec::new()),
        }
    }

    async fn record(
        &mut self,
        rule: &Rule,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    ) -> Result<(), Error> {
        let fixed = rule.written_labels();
        let mut rows = self.range(&rule.query, from, to, step).await?;
        for row in &mut rows {
            let own = row.labels.iter().filter(|(name, _)| *name != "__name__");
            row.labels = Labels::new(own.chain([("__name__", rule.name())]).chain(&fixed));
        }
        self.recorded.append(rows);
        Ok(())
    }

    async fn prepare(
        &mut self,
        query: &Query,
        from: Timestamp,
        to: Timestamp,
        step: Duration,
    ) -> Result<(), Error> {
        let rows = self.range(query, from, to, step).await?;
        self.answers.clear();
        self.answered = query.as_str().to_owned();
        let mut at = from;
        while at <= to {
            self.answers.insert(at.as_millis(), Vec::new());
            at = at + step;
        }
        for row in rows {
            let floats = row
                .samples
                .iter()
                .map(|sample| (sample.at, Number::Float(sample.value)));
            let whole = row
                .histograms
                .iter()
                .map(|sample| (sample.at, Number::Histogram(sample.value.clone())));
            for (at, value) in floats.chain(whole) {
                let labels = row.labels.clone();
                self.answers
                    .entry(at.as_millis())
                    .or_default()
                    .push(Element { labels, value });
            }
        }
        Ok(())
    }
}

impl<S: Source> Source for Past<'_, S> {
    async fn query(&self, query: &Query, at: Timestamp) -> Result<Answer, Error> {
        let ready = self
            .answers
            .get(&at.as_millis())
            .filter(|_| self.answered == query.as_str());
        if let Some(elements) = ready {
            return Ok(Answer {
                value: Value::Vector(elements.clone()),
                notes: Notes::default(),
            });
        }
        answered(self, query, at).await
    }

    async fn select(
        &self,
        matchers: &[Matcher],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Series>, Error> {
        let mut found = self.inner.select(matchers, from, to).await?;
        if !self.metrics.is_empty() {
            found.retain(|series| !self.metrics.contains(series.labels.metric()));
            found.extend(self.recorded.select(matchers, from, to).await?);
        }
        Ok(found)
    }
}
