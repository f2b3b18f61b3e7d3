//! One promise being watched: its signals, the sources that speak for it, and where they were silent.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use promise::{Cause, Evidence, Gap, Promise, Say, State, Timestamp};

use crate::{
    evaluator::Sources,
    gather::{Form, Gather, Span},
    source::Source,
};

/// A counter that went on without a reset through a hole of at most this long is known exactly; a longer
/// one says how much happened but no longer when.
const CARRIED_MAX: Duration = Duration::from_secs(3_600);
/// Gaps kept. Beyond it the two oldest become one that spans both: never less gap than there was.
const GAPS_MAX: usize = 64;

#[derive(Debug)]
pub(crate) struct Watch {
    pub promise: Arc<Promise>,
    pub gathers: Vec<Gather>,
    /// The sources that have spoken for it.
    pub feeds: BTreeMap<Arc<str>, Feed>,
    /// When the first of them was first heard.
    pub began: Option<Timestamp>,
    pub gaps: Vec<Gap>,
    /// Gaps found while its signals were borrowed.
    pub missing: Vec<Gap>,
    /// The last known state.
    pub state: Option<State>,
    /// When time alone may change its verdict.
    pub due: Option<Timestamp>,
    /// Signals that the round at hand has touched.
    touched: BTreeSet<usize>,
    /// How far back evidence matters.
    pub reach: Duration,
    /// How far each source had spoken when a snapshot was taken; what it says again up to there is known.
    pub resumed: BTreeMap<Arc<str>, Timestamp>,
    /// From where history must be read anew; all of it without a snapshot.
    pub replay_from: Option<Timestamp>,
    /// Where its evidence is cut, for what lies between two of them may not count.
    edges: Vec<Timestamp>,
}

/// What one source last said for one promise.
#[derive(Debug, Clone)]
pub(crate) struct Feed {
    pub last: Timestamp,
    /// Why its newest round did not speak for this promise: it failed, or what is needed was not in it.
    pub silent: Option<Cause>,
}

impl Watch {
    pub fn new(promise: Arc<Promise>, state: Option<State>) -> Self {
        let judge = promise.kind.as_judge();
        let signals = judge.signals().into_iter();
        let gathers = signals
            .map(|signal| Gather::new(signal, &promise))
            .collect();
        // Twice as far as evidence stays fresh, so that what went stale is still there to be named.
        let window = judge
            .window()
            .map_or(Duration::from_secs(86_400), promise::Window::longest);
        let reach = window.max(judge.fresh_for() * 2);
        Self {
            edges: promise.edges(),
            promise,
            gathers,
            feeds: BTreeMap::new(),
            began: None,
            gaps: Vec::new(),
            missing: Vec::new(),
            state,
            due: None,
            touched: BTreeSet::new(),
            resumed: BTreeMap::new(),
            replay_from: None,
            reach,
        }
    }

    /// Whether what `source` says at `at` is known from a snapshot.
    pub fn knows(&self, source: &str, at: Timestamp) -> bool {
        self.resumed
            .get(source)
            .is_some_and(|resumed| at <= *resumed)
    }

    pub fn touch(&mut self, signal: usize) {
        self.touched.insert(signal);
    }

    /// A round of `source` is complete and touched this promise.
    pub fn settle(&mut self, name: &Arc<str>, source: &Source, at: Timestamp) {
        let touched = std::mem::take(&mut self.touched);
        let feed = self.feeds.remove(name);
        let before = feed.as_ref().map(|feed| feed.last);
        let hole = feed.and_then(|feed| {
            feed.silent
                .or_else(|| source.missed(feed.last, at).then_some(Cause::NotRunning))
        });
        let too_long = before.is_some_and(|before| at.since(before) > CARRIED_MAX);
        let all_count = touched.iter().all(|signal| self.gathers[*signal].counts());
        // Where the hole is a gap, what is found after it is put into the last interval only.
        let is_broken = hole.is_some() && (too_long || !all_count);
        let from = before.or(source.answered).map(|from| {
            if is_broken {
                from.max(at - source.interval)
            } else {
                from
            }
        });
        let mut reset = false;
        for signal in touched {
            if is_broken && let Form::Level(level) = &mut self.gathers[signal].form {
                level.interrupt();
            }
            reset |= self.gathers[signal].settle(Span { from, at });
        }
        if let (Some(from), Some(cause)) = (before, hole)
            && (is_broken || reset)
        {
            self.gap(Gap {
                source: name.to_string(),
                from,
                to: at,
                cause,
            });
        }
        self.spoke(name, at);
    }

    /// `name` has spoken for this promise at `at`.
    pub fn spoke(&mut self, name: &Arc<str>, at: Timestamp) {
        self.began.get_or_insert(at);
        self.feeds.insert(
            name.clone(),
            Feed {
                last: at,
                silent: None,
            },
        );
    }

    pub fn gap(&mut self, gap: Gap) {
        if gap.from >= gap.to {
            return;
        }
        self.gaps.push(gap);
        if self.gaps.len() > GAPS_MAX {
            let oldest = self.gaps.remove(0);
            if let Some(next) = self.gaps.first_mut() {
                next.from = next.from.min(oldest.from);
                next.to = next.to.max(oldest.to);
            }
        }
    }

    pub fn take_missing(&mut self) {
        for gap in std::mem::take(&mut self.missing) {
            self.gap(gap);
        }
    }

    /// The clock jumped: what lies between is no time that was watched.
    pub fn clock_jumped(&mut self, from: Timestamp, to: Timestamp) {
        if self.feeds.is_empty() {
            return;
        }
        let gap = Gap {
            source: "clock".to_owned(),
            from: from.min(to),
            to: from.max(to),
            cause: Cause::ClockJump,
        };
        self.gap(gap);
        if to < from {
            self.gathers.iter_mut().for_each(|gather| gather.rewind(to));
            self.feeds
                .values_mut()
                .for_each(|feed| feed.last = feed.last.min(to));
        }
    }

    /// Everything that the verdict at `now` rests on.
    pub fn evidence(&self, sources: &Sources, now: Timestamp) -> Evidence {
        let since = now - self.reach;
        let mut facts: Vec<_> = self
            .gathers
            .iter()
            .flat_map(|gather| gather.facts(since))
            .collect();
        if self.gathers.len() > 1 {
            facts.sort_by_key(|fact| (fact.to, fact.from));
        }
        let mut facts = Evidence::compact(facts, now, self.reach, &self.edges);
        let judge = self.promise.kind.as_judge();
        for fact in &mut facts {
            let seen = std::mem::replace(&mut fact.seen, promise::Seen::Beat);
            fact.seen = judge.coarse(seen);
        }
        let mut gaps: Vec<Gap> = self
            .gaps
            .iter()
            .filter(|gap| gap.to > since)
            .cloned()
            .collect();
        gaps.extend(self.open_gaps(sources, now));
        gaps.sort_by_key(|gap| (gap.from, gap.to));
        let heard = self.feeds.iter().map(|(name, feed)| {
            let answered = sources.get(name).and_then(|source| source.answered);
            answered.map_or(feed.last, |answered| answered.max(feed.last))
        });
        // What a level waits to be asked of is still on its way.
        let unasked = self.gathers.iter().filter_map(|gather| match &gather.form {
            Form::Level(level) => level.last.filter(|_| level.is_pending()),
            _ => None,
        });
        let until = heard.max().map(|heard| unasked.fold(heard, Timestamp::min));
        // After a restart the sources are heard anew, but history reaches further back.
        let first = facts.iter().map(|fact| fact.from).min();
        Evidence {
            from: self
                .began
                .map(|began| first.map_or(began, |first| began.min(first))),
            facts,
            gaps,
            until,
        }
    }

    /// Holes that have not ended yet.
    fn open_gaps<'w>(
        &'w self,
        sources: &'w Sources,
        now: Timestamp,
    ) -> impl Iterator<Item = Gap> + 'w {
        let silent = self.feeds.iter().filter_map(move |(name, feed)| {
            // A source that the spec names no longer owes nothing.
            let source = sources.get(name).filter(|source| source.is_owed)?;
            let cause = feed.silent.clone().or_else(|| source.lateness(now))?;
            Some(Gap {
                source: name.to_string(),
                from: feed.last.min(now),
                to: now,
                cause,
            })
        });
        let absent = self
            .gathers
            .iter()
            .filter_map(move |gather| match &gather.form {
                Form::Level(level) => level.absent.map(|since| Gap {
                    source: level.text.clone(),
                    from: since.min(now),
                    to: now,
                    cause: level
                        .wrong
                        .clone()
                        .map_or(Cause::Absent, |error| Cause::Failed {
                            error: Say::same(error),
                        }),
                }),
                _ => None,
            });
        silent.chain(absent).filter(|gap| gap.from < gap.to)
    }

    pub fn tidy(&mut self, now: Timestamp) {
        let since = now - self.reach;
        self.gaps.retain(|gap| gap.to > since);
        self.gathers
            .iter_mut()
            .for_each(|gather| gather.timeline.tidy(since, now));
    }
}
