//! Snapshots: what is known of a promise, kept so that a restart reads the minutes since and not the weeks before.
//!
//! A snapshot is a promise's buckets, the counters' last values and its gaps, as JSON. It is only ever an answer to
//! "where were we": one that is missing, of another form, or of a promise that has changed is not used, and history
//! is read whole. What the stores hold beyond it is replayed on top, and what it knows already is not counted again.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use promise::{Cause, Fact, Gap, Promise, Seen, Timestamp};
use serde::{Deserialize, Serialize};
use store::Labels;

use crate::{
    evaluator::{Evaluator, INTERVAL},
    gather::{Form, Gather, slices::Slice},
    source::Source,
    watch::{Feed, Watch},
};

/// Counts up when the form or the meaning of a snapshot changes.
const VERSION: u32 = 1;

type Pairs = Vec<(String, String)>;
/// The last sample of a series: its labels, time and value.
type Last = (Pairs, Timestamp, f64);

#[derive(Serialize, Deserialize)]
struct Snapshot {
    version: u32,
    at: Timestamp,
    /// The promise as it was, for another one has other buckets.
    promise: serde_json::Value,
    began: Option<Timestamp>,
    feeds: BTreeMap<String, (Timestamp, Option<Cause>)>,
    /// The streams that came from each of them: a stored record is known by its stream alone.
    #[serde(default)]
    streams: BTreeMap<String, BTreeSet<String>>,
    gaps: Vec<Gap>,
    gathers: Vec<Saved>,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    /// From the end of the fact before, its own length, and what was seen.
    facts: Vec<(i64, i64, Packed)>,
    slices: Option<(i64, Vec<(i64, Slice)>)>,
    form: Inner,
}

/// Events are by far the most frequent.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Packed {
    Events(f64, f64),
    Other(Seen),
}

#[derive(Serialize, Deserialize)]
enum Inner {
    Events(Vec<Last>, Vec<Last>),
    Spread(Vec<Last>),
    Level {
        last: Option<Timestamp>,
        absent: Option<Timestamp>,
    },
    Beat(Option<Pairs>),
    Pairs(Vec<(String, Timestamp)>),
    Logs(u64),
}

/// Why a snapshot is not used; history is read instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("there is no such promise")]
    Unknown,
    #[error("it cannot be read")]
    Unreadable,
    #[error("it is of another version")]
    Version,
    #[error("the promise has changed since")]
    Changed,
}

impl Evaluator {
    /// The promises, in the order in which they are watched.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &str> {
        self.watches.iter().map(|watch| watch.promise.id.as_str())
    }

    /// What is known of a promise at `now`, for [`Evaluator::restore`] of a later start. `None` where it has no
    /// number in it that JSON can hold, as an infinite level has not.
    #[must_use]
    pub fn snapshot(&self, id: &str, now: Timestamp) -> Option<Vec<u8>> {
        let watch = &self.watches[*self.by_id.get(id)?];
        let feeds = watch.feeds.iter();
        let snapshot = Snapshot {
            version: VERSION,
            at: now,
            promise: what_matters(&watch.promise),
            began: watch.began,
            feeds: feeds
                .map(|(name, feed)| (name.to_string(), (feed.last, feed.silent.clone())))
                .collect(),
            streams: watch
                .feeds
                .keys()
                .filter_map(|name| {
                    let streams = &self.sources.get(name)?.streams;
                    (!streams.is_empty()).then(|| (name.to_string(), streams.clone()))
                })
                .collect(),
            gaps: watch.gaps.clone(),
            gathers: watch.gathers.iter().map(save).collect(),
        };
        let is_finite = watch
            .gathers
            .iter()
            .flat_map(|it| it.timeline.after(Timestamp::EPOCH));
        let is_finite = is_finite.into_iter().all(|fact| match &fact.seen {
            Seen::Level { last, low, high } => [last, low, high].iter().all(|n| n.is_finite()),
            _ => true,
        });
        is_finite.then(|| serde_json::to_vec(&snapshot).ok())?
    }

    /// Takes up a promise where a snapshot left it. To be called before [`Evaluator::warm`], which then reads only
    /// what came after.
    pub fn restore(&mut self, id: &str, bytes: &[u8]) -> Result<(), Unusable> {
        let place = *self.by_id.get(id).ok_or(Unusable::Unknown)?;
        let snapshot: Snapshot = serde_json::from_slice(bytes).map_err(|_| Unusable::Unreadable)?;
        let watch = &mut self.watches[place];
        if snapshot.version != VERSION {
            return Err(Unusable::Version);
        }
        if snapshot.promise != what_matters(&watch.promise)
            || snapshot.gathers.len() != watch.gathers.len()
        {
            return Err(Unusable::Changed);
        }
        let mut fresh = Watch::new(watch.promise.clone(), watch.state);
        for (gather, saved) in fresh.gathers.iter_mut().zip(snapshot.gathers) {
            load(gather, saved).ok_or(Unusable::Unreadable)?;
        }
        fresh.began = snapshot.began;
        fresh.gaps = snapshot.gaps;
        fresh.replay_from = Some(snapshot.at);
        let mut streams = snapshot.streams;
        for (name, (last, silent)) in snapshot.feeds {
            let streams = streams.remove(&name).unwrap_or_default();
            let name: Arc<str> = Arc::from(name);
            fresh.resumed.insert(name.clone(), last);
            fresh.feeds.insert(name.clone(), Feed { last, silent });
            let source = self
                .sources
                .entry(name)
                .or_insert_with(|| Source::new(INTERVAL));
            source.feeds.insert(place);
            source.streams.extend(streams);
        }
        *watch = fresh;
        Ok(())
    }
}

/// What of a promise its buckets depend on: neither its name nor its owner.
fn what_matters(promise: &Promise) -> serde_json::Value {
    serde_json::json!({
        "kind": promise.kind,
        "since": promise.since,
        "time_zone": promise.time_zone,
        "edges": promise.edges(),
    })
}

fn pairs(labels: &Labels) -> Pairs {
    let pairs = labels.iter();
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn save(gather: &Gather) -> Saved {
    let mut before = 0;
    let facts = gather.timeline.after(Timestamp::EPOCH).map(|fact| {
        let (from, to) = (fact.from.as_millis(), fact.to.as_millis());
        let row = (from - before, to - from, pack(&fact.seen));
        before = to;
        row
    });
    Saved {
        facts: facts.collect(),
        slices: gather
            .slicer
            .as_ref()
            .map(crate::gather::slices::Slicer::save),
        form: match &gather.form {
            Form::Events(events) => Inner::Events(events.totals.save(), events.parts.save()),
            Form::Spread(spread) => Inner::Spread(spread.counters.save()),
            Form::Level(level) => Inner::Level {
                last: level.last,
                absent: level.absent,
            },
            Form::Beat { heard, .. } => Inner::Beat(heard.as_ref().map(pairs)),
            Form::Pairs(open) => Inner::Pairs(open.save()),
            Form::Count(matching) | Form::LogBeat(matching) => Inner::Logs(matching.matched),
        },
    }
}

/// `None` where it is a snapshot of another form of signal.
fn load(gather: &mut Gather, saved: Saved) -> Option<()> {
    let mut before = 0i64;
    let facts = saved.facts.into_iter().map(|(gap, length, seen)| {
        let from = before.checked_add(gap)?;
        before = from.checked_add(length).filter(|_| length > 0)?;
        let seen = match seen {
            Packed::Events(good, total) => Seen::Events { good, total },
            Packed::Other(seen) => seen,
        };
        let (from, to) = (Timestamp::from_millis(from), Timestamp::from_millis(before));
        Some(Fact { from, to, seen })
    });
    gather.timeline.restore(facts.collect::<Option<_>>()?);
    match (&mut gather.slicer, saved.slices) {
        (Some(slicer), Some(slices)) => slicer.restore(slices),
        (None, None) => {}
        _ => return None,
    }
    match (&mut gather.form, saved.form) {
        (Form::Events(events), Inner::Events(totals, parts)) => {
            events.totals.restore(totals);
            events.parts.restore(parts);
        }
        (Form::Spread(spread), Inner::Spread(last)) => spread.counters.restore(last),
        (Form::Level(level), Inner::Level { last, absent }) => {
            (level.last, level.absent) = (last, absent);
        }
        (Form::Beat { heard, .. }, Inner::Beat(pairs)) => *heard = pairs.map(Labels::new),
        (Form::Pairs(open), Inner::Pairs(saved)) => open.restore(saved),
        (Form::Count(matching) | Form::LogBeat(matching), Inner::Logs(matched)) => {
            matching.matched = matched;
        }
        _ => return None,
    }
    Some(())
}

fn pack(seen: &Seen) -> Packed {
    match seen {
        Seen::Events { good, total } => Packed::Events(*good, *total),
        other => Packed::Other(other.clone()),
    }
}
