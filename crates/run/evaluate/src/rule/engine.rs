//! When each rule is evaluated: on arrival, and at the ticks of its group.
//!
//! The index leads from a stored series to the rules that read it. They are looked at once the round is whole and
//! every target that was due has answered ([`watermark`](super::watermark)); a recorded series that an alert reads is worked
//! out for that look and not stored. At the ticks, which alone decide what is stored, a group is evaluated in order.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use promise::{Cause, Clock, Timestamp};
use promql::Series;
use store::{Labels, Round};

use super::{
    alert::{Look, Restored, State},
    file::{Action, Group},
    group::{Live, Manner, Outcome, reads},
    source::Source,
    watermark::{Place, Watermark},
};
use crate::{index::Index, source::WAIT_MAX};

/// A rule over many staggered targets is looked at early at most this often, so that it costs no more for each of them.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How far back alerts from before a restart are looked for; as in Prometheus.
const OUTAGE_MAX: Duration = Duration::from_secs(3_600);
/// A group is never evaluated more often.
const INTERVAL_MIN: Duration = Duration::from_millis(100);

/// What rules must know of a round: who spoke, and of which series.
#[derive(Debug, Clone)]
pub struct Heard {
    pub source: String,
    pub at: Timestamp,
    pub next: Timestamp,
    /// The series of its floats, shared with the round.
    pub floats: Arc<[Labels]>,
    pub series: Vec<Labels>,
    pub failed: Option<Cause>,
    /// It was pushed: nobody knows when more comes, so nobody waits for it.
    pub is_push: bool,
}

impl Heard {
    #[must_use]
    pub fn of(round: &Round) -> Self {
        Self {
            source: round.source.clone(),
            at: round.at,
            next: round.next,
            floats: round.floats.names().clone(),
            series: round
                .series
                .iter()
                .map(|series| series.labels.clone())
                .collect(),
            failed: round.failed.clone(),
            is_push: round.is_partial,
        }
    }
}

/// When a group is evaluated.
#[derive(Debug)]
pub struct Schedule {
    pub interval: Duration,
    next: Timestamp,
    pub evaluated: Option<Timestamp>,
    pub took: Duration,
    /// Ticks that passed while nobody evaluated.
    pub missed: u64,
}

/// All rules at work.
#[derive(Debug)]
pub struct Engine {
    live: Vec<Live>,
    schedules: Vec<Schedule>,
    manner: Manner,
    index: Index<Place>,
    watermark: Watermark,
    /// What is looked at when a rule is touched: itself and, of a recording rule, everything that leads from it to an alert.
    reached: BTreeMap<Place, Vec<Place>>,
    /// Rules that new data has touched, and the newest of it.
    touched: BTreeMap<Place, Timestamp>,
    /// When time alone may let a pending alert of a rule fire.
    ripe: BTreeMap<Place, Timestamp>,
    looked: BTreeMap<Place, Timestamp>,
}

impl Engine {
    /// `interval` is that of groups which name none.
    #[must_use]
    pub fn new(groups: Vec<Group>, interval: Duration, manner: Manner, now: Timestamp) -> Self {
        let live: Vec<Live> = groups.into_iter().map(Live::new).collect();
        let schedules = live
            .iter()
            .map(|live| Schedule::of(&live.group, interval, now))
            .collect();
        let mut index = Index::default();
        for (place, rule) in places(&live) {
            for matchers in rule.query.selectors() {
                index.add(matchers.to_vec(), place);
            }
        }
        let reached = if manner.tick_aligned {
            BTreeMap::new()
        } else {
            reached(&live)
        };
        Self {
            live,
            schedules,
            manner,
            index,
            watermark: Watermark::default(),
            reached,
            touched: BTreeMap::new(),
            ripe: BTreeMap::new(),
            looked: BTreeMap::new(),
        }
    }

    /// Every group with its schedule, in the order of the files.
    pub fn groups(&self) -> impl Iterator<Item = (&Live, &Schedule)> {
        self.live.iter().zip(&self.schedules)
    }

    /// Puts back the alerts that the stored series tell of.
    pub async fn restore(
        &mut self,
        source: &impl Source,
        now: Timestamp,
    ) -> Result<(), store::Error> {
        for live in &mut self.live {
            live.restore(source, now, OUTAGE_MAX, self.manner.tick_aligned)
                .await?;
        }
        Ok(())
    }

    /// Goes on with an alert that people were told of, though the stored series may not tell of it any more.
    pub fn goes_on(&mut self, labels: &Labels, since: Timestamp, now: Timestamp) {
        let rules = self.live.iter_mut().flat_map(|live| &mut live.rules);
        let writer = rules
            .filter(|standing| standing.rule.name() == labels.get("alertname"))
            .find(|standing| standing.may_write(labels));
        if let Some(standing) = writer {
            let is_known = standing
                .alerts
                .active()
                .any(|alert| alert.labels == *labels && alert.state == State::Firing);
            if !is_known {
                let restored = Restored {
                    labels: labels.clone(),
                    active_at: since,
                    last: since,
                    is_firing: true,
                };
                standing.alerts.restore(restored, now);
            }
        }
    }

    /// What a source said, after the store has acknowledged it.
    pub fn observe(&mut self, heard: &Heard) {
        let number = if heard.is_push {
            None
        } else {
            self.watermark
                .hear(&heard.source, heard.next, heard.failed.as_ref())
        };
        let listed = self.index.of_list(&heard.floats, |_| {});
        let others = heard
            .series
            .iter()
            .filter_map(|labels| self.index.of(labels));
        let others: Vec<_> = others.collect();
        for dependents in listed.iter().map(|(_, found)| found).chain(&others) {
            for place in dependents.iter() {
                if let Some(number) = number {
                    self.watermark.feeds(number, *place);
                }
                self.touch(*place, heard.at);
            }
        }
    }

    /// Series that the rules themselves have made, after they are stored.
    pub fn stored(&mut self, series: &[Series]) {
        for series in series {
            let newest = series.samples.last().map(|sample| sample.at);
            let Some(at) = newest.or_else(|| Some(series.histograms.last()?.at)) else {
                continue;
            };
            let Some(dependents) = self.index.of(&series.labels) else {
                continue;
            };
            for place in dependents.iter() {
                self.touch(*place, at);
            }
        }
    }

    fn touch(&mut self, place: Place, at: Timestamp) {
        if self.reached.contains_key(&place) {
            let newest = self.touched.entry(place).or_insert(at);
            *newest = at.max(*newest);
        }
    }

    /// Evaluates what is due. Cheap when nothing is. The outcome's series are to be stored, and then told to [`Self::stored`].
    pub async fn run(&mut self, source: &impl Source, clock: &dyn Clock) -> Outcome {
        let now = clock.now();
        let mut outcome = Outcome::default();
        for group in 0..self.live.len() {
            let tick = self.schedules[group].next;
            let is_due = tick <= now
                && (self.manner.tick_aligned
                    || self.watermark.ready_group(group, tick, now, WAIT_MAX));
            if !is_due {
                continue;
            }
            let began = clock.now();
            let made = self.live[group]
                .tick(source, tick, &self.manner, &self.watermark.sources)
                .await;
            outcome.series.extend(made.series);
            outcome.events.extend(made.events);
            self.schedules[group].done(tick, now, clock.now().since(began));
            for rule in 0..self.live[group].rules.len() {
                self.ripens((group, rule));
            }
        }
        let due = self.due_looks(now);
        for (at, places) in due {
            self.look(source, at, &places, &mut outcome).await;
        }
        outcome
    }

    /// The early looks that can be made now: instants and, for each, the rules in order.
    fn due_looks(&mut self, now: Timestamp) -> BTreeMap<Timestamp, BTreeSet<Place>> {
        let mut looks: BTreeMap<Timestamp, BTreeSet<Place>> = BTreeMap::new();
        let mut taken = Vec::new();
        for (place, newest) in &self.touched {
            let looked = self.looked.get(place).copied();
            if looked.is_some_and(|looked| now.since(looked) < LOOK_EVERY) {
                continue;
            }
            let schedule = &self.schedules[place.0];
            let seen = schedule.evaluated.max(looked);
            // What came late is looked at as of now: time does not go back for an alert.
            let at = if seen.is_some_and(|seen| *newest <= seen) {
                now
            } else {
                (*newest).min(now)
            };
            let reached = self.reached.get(place).map_or(&[][..], Vec::as_slice);
            // What it leads to may read other targets too.
            let is_whole = reached
                .iter()
                .all(|reached| self.watermark.ready(*reached, at, now, WAIT_MAX));
            if !is_whole {
                continue;
            }
            // A tick that still waits for a target comes first.
            if schedule.next <= at {
                continue;
            }
            taken.push(*place);
            // A tick so near brings the same a moment later.
            let is_near = schedule.next <= at + LOOK_EVERY;
            if is_near || seen.is_some_and(|seen| at <= seen) {
                continue;
            }
            looks.entry(at).or_default().extend(reached.iter().copied());
        }
        for place in taken {
            self.touched.remove(&place);
        }
        for (place, at) in &self.ripe {
            // Time alone is no reason to look at half a round.
            if *at <= now && self.watermark.ready(*place, now, now, WAIT_MAX) {
                looks.entry(now).or_default().insert(*place);
            }
        }
        looks
    }

    async fn look(
        &mut self,
        source: &impl Source,
        at: Timestamp,
        places: &BTreeSet<Place>,
        outcome: &mut Outcome,
    ) {
        let mut made = Outcome::default();
        for (group, rule) in places {
            self.live[*group]
                .evaluate(
                    *rule,
                    source,
                    at,
                    Look::Early,
                    &self.manner,
                    &self.watermark.sources,
                    &mut made,
                )
                .await;
            self.looked.insert((*group, *rule), at);
            self.ripens((*group, *rule));
        }
        outcome.events.append(&mut made.events);
    }

    fn ripens(&mut self, place: Place) {
        self.ripe.remove(&place);
        if self.manner.tick_aligned {
            return;
        }
        let standing = &self.live[place.0].rules[place.1];
        if let Action::Alert { hold, .. } = &standing.rule.action
            && let Some(at) = standing.alerts.ripe_at(*hold)
        {
            self.ripe.insert(place, at);
        }
    }

    /// When [`Self::run`] should next be called if nothing arrives.
    #[must_use]
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        // What is due and still waits for a target is asked for again when the wait is over.
        let ticks = self.schedules.iter().map(|schedule| {
            let next = schedule.next;
            if next <= now { next + WAIT_MAX } else { next }
        });
        let looks = self.touched.iter().map(|(place, newest)| {
            let spaced = self
                .looked
                .get(place)
                .map_or(*newest, |looked| *looked + LOOK_EVERY);
            if spaced <= now {
                *newest + WAIT_MAX
            } else {
                spaced
            }
        });
        ticks.chain(looks).chain(self.ripe.values().copied()).min()
    }

    /// The alerts that fire now.
    pub fn firing(&self) -> impl Iterator<Item = &super::alert::Alert> {
        let rules = self.live.iter().flat_map(|live| &live.rules);
        rules
            .flat_map(|standing| standing.alerts.iter())
            .filter(|alert| alert.state == State::Firing)
    }
}

impl Schedule {
    fn of(group: &Group, default: Duration, now: Timestamp) -> Self {
        let interval = group.interval.unwrap_or(default).max(INTERVAL_MIN);
        let step = millis(interval);
        // Groups are spread over the interval, each always at the same place.
        let spread = i64::from(hash(&group.file, &group.name)).rem_euclid(step);
        let now = now.as_millis();
        let next = now - (now - spread).rem_euclid(step) + step;
        Self {
            interval,
            next: Timestamp::from_millis(next),
            evaluated: None,
            took: Duration::ZERO,
            missed: 0,
        }
    }

    fn done(&mut self, tick: Timestamp, now: Timestamp, took: Duration) {
        self.evaluated = Some(tick);
        self.took = took;
        self.next = tick + self.interval;
        if self.next + self.interval <= now {
            let behind = (now.as_millis() - self.next.as_millis()) / millis(self.interval);
            self.next =
                Timestamp::from_millis(self.next.as_millis() + behind * millis(self.interval));
            self.missed += u64::try_from(behind).unwrap_or(0);
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis())
        .unwrap_or(i64::MAX)
        .max(1)
}

/// FNV-1a: the same in every version, because it says when a group is evaluated.
fn hash(file: &str, name: &str) -> u32 {
    let bytes = file.bytes().chain([0]).chain(name.bytes());
    bytes.fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

fn places(live: &[Live]) -> impl Iterator<Item = (Place, &super::file::Rule)> {
    live.iter().enumerate().flat_map(|(group, live)| {
        let rules = live.group.rules.iter().enumerate();
        rules.map(move |(rule, text)| ((group, rule), text))
    })
}

/// For each rule that leads to an alert, the rules to look at, in order, itself first.
fn reached(live: &[Live]) -> BTreeMap<Place, Vec<Place>> {
    let all: Vec<(Place, &super::file::Rule)> = places(live).collect();
    let mut reached: BTreeMap<Place, Vec<Place>> = BTreeMap::new();
    // From the last to the first: what a rule leads to lies behind it, and is known by then.
    for (number, (place, rule)) in all.iter().enumerate().rev() {
        match &rule.action {
            Action::Alert { .. } => {
                reached.insert(*place, vec![*place]);
            }
            Action::Record { metric } => {
                let behind = all[number + 1..].iter();
                let mut leads = BTreeSet::new();
                for (reader, rule) in behind {
                    if reads(rule, metric)
                        && let Some(further) = reached.get(reader)
                    {
                        leads.extend(further.iter().copied());
                    }
                }
                if !leads.is_empty() {
                    reached.insert(*place, [*place].into_iter().chain(leads).collect());
                }
            }
        }
    }
    reached
}
