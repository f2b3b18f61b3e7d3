//! A group: its rules in order, at one instant.
//!
//! A rule that reads what an earlier rule of the same group has just made sees it, though it is not stored yet:
//! the caller stores everything at once afterwards.

use std::collections::{BTreeMap, BTreeSet};

use promise::{Cause, Say, Timestamp};
use promql::{Element, HistogramSample, Labels, Number, STALE, Sample, Series, Value};
use store::Error;

use super::{
    alert::{Alert, Alerts, Look, Lost, State, Terms, Turn},
    expand::{Expansion, World},
    file::{Action, Group, Rule},
    inputs::{Inputs, Sources},
    source::{Source, gather},
};

pub(crate) const ALERTS: &str = "ALERTS";
pub(crate) const FOR_STATE: &str = "ALERTS_FOR_STATE";

/// A rule and what is known of it.
#[derive(Debug)]
pub struct Standing {
    pub rule: Rule,
    pub alerts: Alerts,
    /// The last evaluation's error. An error changes no alert.
    pub wrong: Option<String>,
    pub evaluated: Option<Timestamp>,
    /// What firing alerts read when they began to fire.
    pub(super) inputs: BTreeMap<Labels, Inputs>,
    /// The series that the last tick made; one that is missing at the next ends.
    returned: BTreeSet<Labels>,
    /// Earlier rules of the group make what it reads.
    is_dependent: bool,
    /// What the stored series say of alerts from before a restart, until the first tick.
    pub(super) remembered: BTreeMap<Labels, (Timestamp, Timestamp)>,
}

/// A group at work.
#[derive(Debug)]
pub struct Live {
    pub group: Group,
    pub rules: Vec<Standing>,
}

/// An alert has changed in a way that concerns people.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub alert: Alert,
    pub turn: Turn,
    pub at: Timestamp,
    /// The rule's query.
    pub query: String,
}

/// What an evaluation made.
#[derive(Debug, Default)]
pub struct Outcome {
    /// To be stored.
    pub series: Vec<Series>,
    pub events: Vec<Event>,
}

/// How rules are evaluated.
#[derive(Debug, Clone)]
pub struct Manner {
    pub world: World,
    /// As Prometheus does it: no early looks, no waiting for late targets, and an alert whose inputs vanish resolves.
    pub tick_aligned: bool,
    /// How long an alert fires on without its inputs; `None` until they are back. After it the alert ends, and says that
    /// nobody saw its condition end.
    pub stale_for: Option<std::time::Duration>,
    /// Of groups that name none.
    pub query_offset: std::time::Duration,
}

impl Live {
    #[must_use]
    pub fn new(group: Group) -> Self {
        let mut made: Vec<String> = Vec::new();
        let rules = group
            .rules
            .iter()
            .map(|rule| {
                let is_dependent = made.iter().any(|metric| reads(rule, metric));
                match &rule.action {
                    Action::Record { metric } => made.push(metric.clone()),
                    Action::Alert { .. } => made.extend([ALERTS, FOR_STATE].map(str::to_owned)),
                }
                Standing {
                    rule: rule.clone(),
                    alerts: Alerts::default(),
                    wrong: None,
                    evaluated: None,
                    inputs: BTreeMap::new(),
                    returned: BTreeSet::new(),
                    is_dependent,
                    remembered: BTreeMap::new(),
                }
            })
            .collect();
        Self { group, rules }
    }

    /// Every rule at a tick of the group.
    pub async fn tick(
        &mut self,
        source: &impl Source,
        at: Timestamp,
        manner: &Manner,
        sources: &Sources,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        for place in 0..self.rules.len() {
            self.evaluate(place, source, at, Look::Tick, manner, sources, &mut outcome)
                .await;
        }
        outcome
    }

    /// One rule. What it makes is added to `outcome`, where the rules after it find it.
    #[allow(clippy::too_many_arguments)]
    pub async fn evaluate(
        &mut self,
        place: usize,
        source: &impl Source,
        at: Timestamp,
        look: Look,
        manner: &Manner,
        sources: &Sources,
        outcome: &mut Outcome,
    ) {
        let offset = self.group.query_offset.unwrap_or(manner.query_offset);
        let limit = self.group.limit;
        let Some(standing) = self.rules.get_mut(place) else {
            return;
        };
        let is_dependent = standing.is_dependent || look == Look::Early;
        let answer = answer(
            &standing.rule,
            source,
            at - offset,
            is_dependent,
            &outcome.series,
        )
        .await;
        let made = match answer {
            Ok(elements) => match &standing.rule.action {
                Action::Record { metric } => {
                    let metric = metric.clone();
                    standing.record(elements, &metric, at - offset, look, limit)
                }
                Action::Alert { .. } => {
                    let turn = Turned {
                        source,
                        at,
                        offset,
                        look,
                        manner,
                        sources,
                        limit,
                    };
                    standing
                        .alert(elements, &turn)
                        .await
                        .map(|(series, events)| {
                            outcome.events.extend(events);
                            series
                        })
                }
            },
            Err(why) => Err(why),
        };
        if look == Look::Tick {
            standing.evaluated = Some(at);
        }
        match made {
            Ok(series) => {
                standing.wrong = None;
                outcome.series.extend(series);
            }
            // What was true stays true until somebody can look again.
            Err(why) => {
                if look == Look::Tick && !manner.tick_aligned {
                    let cause = Cause::Failed {
                        error: Say::same(&why),
                    };
                    let turns = standing.alerts.blinded(at, &cause);
                    outcome.events.extend(standing.events(turns, at));
                }
                standing.wrong = Some(why);
            }
        }
    }
}

/// Whether a rule's query may read `metric`.
pub(super) fn reads(rule: &Rule, metric: &str) -> bool {
    rule.query.selectors().any(|matchers| {
        let mut names = matchers.iter().filter(|matcher| matcher.name == "__name__");
        names.all(|matcher| matcher.accepts(metric))
    })
}

async fn answer(
    rule: &Rule,
    source: &impl Source,
    at: Timestamp,
    is_dependent: bool,
    made: &[Series],
) -> Result<Vec<Element>, String> {
    let query = &rule.query;
    let said = |why: Error| match why {
        Error::Query(why) => why,
        other => other.to_string(),
    };
    let answer = if is_dependent && !made.is_empty() {
        let mut series = gather(source, query, at, at).await.map_err(said)?;
        let selectors: Vec<_> = query.selectors().collect();
        let wanted = made.iter().filter(|series| {
            selectors.iter().any(|matchers| {
                matchers
                    .iter()
                    .all(|m| m.accepts(series.labels.get(&m.name)))
            })
        });
        series.extend(wanted.cloned());
        query
            .instant(at, &Series::merged(series))
            .map_err(|why| why.to_string())?
    } else {
        source.query(query, at).await.map_err(said)?
    };
    match answer.value {
        Value::Vector(elements) => Ok(elements),
        Value::Scalar(value) => Ok(vec![Element {
            labels: Labels::default(),
            value: Number::Float(value),
        }]),
        Value::String(_) | Value::Matrix(_) => {
            Err("rule result is not a vector or scalar".to_owned())
        }
    }
}

/// One evaluation of an alerting rule.
struct Turned<'t, S> {
    source: &'t S,
    at: Timestamp,
    offset: std::time::Duration,
    look: Look,
    manner: &'t Manner,
    sources: &'t Sources,
    limit: u64,
}

impl Standing {
    fn record(
        &mut self,
        elements: Vec<Element>,
        metric: &str,
        at: Timestamp,
        look: Look,
        limit: u64,
    ) -> Result<Vec<Series>, String> {
        let fixed = self.rule.written_labels();
        let mut series = Vec::with_capacity(elements.len());
        let mut made = BTreeSet::new();
        for element in elements {
            let labels = element
                .labels
                .iter()
                .filter(|(name, _)| *name != "__name__");
            let named = labels.chain([("__name__", metric)]).chain(&fixed);
            let labels = Labels::new(named);
            if !made.insert(labels.clone()) {
                return Err(
                    "vector contains metrics with the same labelset after applying rule labels"
                        .to_owned(),
                );
            }
            series.push(one(labels, at, element.value));
        }
        let found = u64::try_from(series.len()).unwrap_or(u64::MAX);
        if limit > 0 && found > limit {
            return Err(format!("exceeded limit of {limit} with {found} series"));
        }
        if look == Look::Tick {
            series.extend(self.ended(made, at));
        }
        Ok(series)
    }

    /// Staleness markers of what the last tick made and this one does not.
    fn ended(&mut self, made: BTreeSet<Labels>, at: Timestamp) -> Vec<Series> {
        let before = std::mem::replace(&mut self.returned, made);
        before
            .difference(&self.returned)
            .map(|labels| end(labels, at))
            .collect()
    }

    async fn alert<S: Source>(
        &mut self,
        elements: Vec<Element>,
        turned: &Turned<'_, S>,
    ) -> Result<(Vec<Series>, Vec<Event>), String> {
        let Action::Alert {
            name,
            hold,
            keep_firing_for,
            annotations,
        } = &self.rule.action
        else {
            return Ok((Vec::new(), Vec::new()));
        };
        let Turned {
            source,
            at,
            offset,
            look,
            manner,
            sources,
            limit,
        } = *turned;
        let terms = Terms {
            hold: *hold,
            keep_firing_for: *keep_firing_for,
            limit,
        };
        let mut expansion = Expansion::new(source, at, &manner.world);
        let mut found = Vec::with_capacity(elements.len());
        let mut origins = BTreeMap::new();
        for element in elements {
            let one = expansion
                .alert(name, &self.rule.labels, annotations, &element)
                .await;
            if origins.insert(one.labels.clone(), element.labels).is_some() {
                return Err(
                    "vector contains metrics with the same labelset after applying alert labels"
                        .to_owned(),
                );
            }
            found.push(one);
        }
        let mut lost = BTreeMap::new();
        if !manner.tick_aligned && look == Look::Tick {
            for labels in self.alerts.missing(&found) {
                let past = self.stale_since(&labels).map(|since| at.since(since));
                let is_given_up = past
                    .zip(manner.stale_for)
                    .is_some_and(|(past, most)| past >= most);
                let inputs = self.inputs.get(&labels);
                if let Some(cause) =
                    Inputs::lost(inputs, &self.rule.query, source, sources, at - offset).await
                {
                    lost.insert(labels, Lost { cause, is_given_up });
                }
            }
        }
        let taken = self.alerts.take(found, at, look, terms, &lost);
        let turns = taken.map_err(|why| why.to_string())?;
        if !manner.tick_aligned {
            for (labels, turn) in &turns {
                match (turn, origins.get(labels)) {
                    (Turn::Fired, Some(origin)) => {
                        let inputs =
                            Inputs::of(origin, &self.rule.query, source, at - offset).await;
                        self.inputs.insert(labels.clone(), inputs);
                    }
                    (Turn::Resolved, _) => {
                        self.inputs.remove(labels);
                    }
                    _ => {}
                }
            }
        }
        let events = self.events(turns, at);
        if look == Look::Early {
            return Ok((Vec::new(), events));
        }
        self.recall(at, manner.tick_aligned, terms);
        let mut series: Vec<Series> = Vec::new();
        for alert in self.alerts.active() {
            series.extend(written(alert, at - offset));
        }
        let made = series.iter().map(|series| series.labels.clone()).collect();
        series.extend(self.ended(made, at - offset));
        Ok((series, events))
    }

    /// What has become of alerts, as whoever tells people needs it.
    fn events(&self, turns: Vec<(Labels, Turn)>, at: Timestamp) -> Vec<Event> {
        let of = |labels: &Labels| {
            let mut all = self.alerts.iter();
            all.find(|alert| alert.labels == *labels).cloned()
        };
        turns
            .into_iter()
            .filter_map(|(labels, turn)| {
                Some(Event {
                    alert: of(&labels)?,
                    turn,
                    at,
                    query: self.rule.query.as_str().to_owned(),
                })
            })
            .collect()
    }

    fn stale_since(&self, labels: &Labels) -> Option<Timestamp> {
        let alert = self.alerts.iter().find(|alert| alert.labels == *labels)?;
        alert.stale.as_ref().map(|(since, _)| *since)
    }

    /// Prometheus's way over a restart: after the first evaluation a pending alert gets back the time it had spent.
    fn recall(&mut self, at: Timestamp, tick_aligned: bool, terms: Terms) {
        /// Rules with a shorter `for` are not restored by Prometheus, and others fire no sooner after a restart.
        const GRACE: std::time::Duration = std::time::Duration::from_secs(600);
        let remembered = std::mem::take(&mut self.remembered);
        if !tick_aligned || terms.hold < GRACE {
            return;
        }
        for (labels, (last, active_at)) in remembered {
            let spent = last.since(active_at);
            let began = match terms.hold.checked_sub(spent) {
                None | Some(std::time::Duration::ZERO) => active_at,
                Some(left) if left < GRACE => at + GRACE - terms.hold,
                Some(_) => active_at + at.since(last),
            };
            self.alerts.began(&labels, began);
        }
    }
}

/// `ALERTS` and `ALERTS_FOR_STATE`.
fn written(alert: &Alert, at: Timestamp) -> [Series; 2] {
    let state = if alert.state == State::Firing {
        "firing"
    } else {
        "pending"
    };
    let active = Labels::new(
        alert
            .labels
            .iter()
            .chain([("__name__", ALERTS), ("alertstate", state)]),
    );
    let since = alert.labels.with("__name__", FOR_STATE);
    #[allow(clippy::cast_precision_loss)]
    let began = alert.active_at.as_millis().div_euclid(1_000) as f64;
    [
        one(active, at, Number::Float(1.0)),
        one(since, at, Number::Float(began)),
    ]
}

fn one(labels: Labels, at: Timestamp, value: Number) -> Series {
    let mut series = Series::new(labels, Vec::new());
    match value {
        Number::Float(value) => series.samples.push(Sample { at, value }),
        Number::Histogram(value) => series.histograms.push(HistogramSample { at, value }),
    }
    series
}

fn end(labels: &Labels, at: Timestamp) -> Series {
    Series::new(labels.clone(), vec![Sample { at, value: STALE }])
}
