//! Facts of one signal in order of time, fine where new and coarse where old, in bounded memory.

use std::{collections::VecDeque, time::Duration};

use promise::{Fact, Seen, Timestamp};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Age, and the width of the cells in which facts of at least that age are kept. An hour of 15 s, two days
/// of 5 min, 12 weeks and a day of hours, then days: 240 + 564 + 1,992 + 280 facts for a year.
const TIERS: [(i64, i64); 4] = [
    (0, 15 * SECOND),
    (HOUR, 5 * MINUTE),
    (2 * DAY, HOUR),
    (85 * DAY, DAY),
];

/// Facts of one signal.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    facts: VecDeque<Fact>,
    tidied: i64,
    grid: Grid,
}

impl Timeline {
    /// `edges` are in order; no cell reaches across one.
    pub fn with_edges(edges: Vec<Timestamp>) -> Self {
        Self {
            grid: Grid { edges },
            ..Self::default()
        }
    }

    /// Facts that a timeline with the same edges has given, in order.
    pub fn restore(&mut self, facts: Vec<Fact>) {
        self.facts = facts.into();
    }

    /// Adds what was seen over `(from, to]`. Time that is covered already stays covered once.
    pub fn add(&mut self, from: Timestamp, to: Timestamp, seen: Seen) {
        let width = TIERS[0].1;
        // Facts are open to the left: what happened at one instant lies in the millisecond that ends there.
        let from = from.min(to - INSTANT);
        let grid = &self.grid;
        let cell = grid.cell(to, width);
        let place = self
            .facts
            .partition_point(|fact| grid.cell(fact.to, width) < cell);
        reach_back(&mut self.facts, place, from);
        let floor = place.checked_sub(1).map(|before| self.facts[before].to);
        let from = floor.map_or(from, |floor| from.max(floor)).min(to);
        match self.facts.get_mut(place) {
            Some(fact) if grid.cell(fact.to, width) == cell && same_form(&fact.seen, &seen) => {
                let is_older = to < fact.to;
                fact.from = fact.from.min(from);
                fact.to = fact.to.max(to);
                merge(&mut fact.seen, &seen, is_older);
            }
            // An older cell has been merged into a wider one; the fact belongs there.
            Some(fact) if fact.from <= to && to < fact.to && same_form(&fact.seen, &seen) => {
                merge(&mut fact.seen, &seen, true);
            }
            _ => self.facts.insert(place, Fact { from, to, seen }),
        }
    }

    /// Forgets what lies before `since` and merges what has grown old. Cheap when done recently.
    pub fn tidy(&mut self, since: Timestamp, now: Timestamp) {
        if now.as_millis() - self.tidied < 5 * MINUTE && self.tidied <= now.as_millis() {
            return;
        }
        self.tidied = now.as_millis();
        while self.facts.front().is_some_and(|fact| fact.to <= since) {
            self.facts.pop_front();
        }
        let facts = std::mem::take(&mut self.facts);
        self.facts = self.grid.thinned(facts, now).into();
    }

    pub fn newest(&self) -> Option<Timestamp> {
        self.facts.back().map(|fact| fact.to)
    }

    pub fn len(&self) -> usize {
        self.facts.len()
    }

    pub fn facts(&self, since: Timestamp) -> Vec<Fact> {
        self.after(since).cloned().collect()
    }

    pub fn after(&self, since: Timestamp) -> impl Iterator<Item = &Fact> {
        let first = self.facts.partition_point(|fact| fact.to <= since);
        self.facts.range(first..)
    }
}

/// What nothing covers after `from` and before the fact at `place` is covered now, by the facts that follow it: where
/// one of two sources began a moment later than the other and its cell is over, that moment was seen all the same.
fn reach_back(facts: &mut VecDeque<Fact>, place: usize, from: Timestamp) {
    for at in (0..place).rev() {
        if facts[at].to <= from {
            return;
        }
        let before = at.checked_sub(1).map(|before| facts[before].to);
        let reached = before.map_or(from, |before| before.max(from));
        facts[at].from = facts[at].from.min(reached);
        if facts[at].from <= from {
            return;
        }
    }
}

/// The shortest fact: time is told in milliseconds.
const INSTANT: Duration = Duration::from_millis(1);

/// Where cells lie: on a fixed grid, cut at edges.
#[derive(Debug, Default)]
struct Grid {
    edges: Vec<Timestamp>,
}

impl Grid {
    /// The cell in which an instant lies; cells are open to the left, as facts are.
    fn cell(&self, at: Timestamp, width: i64) -> (i64, usize) {
        let side = self.edges.partition_point(|edge| *edge < at);
        ((at.as_millis() - 1).div_euclid(width), side)
    }

    fn thinned(&self, facts: impl IntoIterator<Item = Fact>, now: Timestamp) -> Vec<Fact> {
        let mut out: Vec<Fact> = Vec::new();
        for fact in facts {
            let age = now.as_millis() - fact.to.as_millis();
            let width = TIERS
                .iter()
                .rev()
                .find(|(older, _)| age >= *older)
                .map_or(TIERS[0].1, |(_, width)| *width);
            match out.last_mut() {
                Some(last)
                    if self.cell(last.to, width) == self.cell(fact.to, width)
                        && last.to >= fact.from
                        && same_form(&last.seen, &fact.seen) =>
                {
                    last.to = fact.to;
                    merge(&mut last.seen, &fact.seen, false);
                }
                _ => out.push(fact),
            }
        }
        out
    }
}

/// How finely history of an age is kept; what is replayed need be no finer.
pub(crate) fn width_at(age: Duration) -> Duration {
    let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    let width = TIERS
        .iter()
        .rev()
        .find(|(older, _)| age >= *older)
        .map_or(TIERS[0].1, |(_, width)| *width);
    Duration::from_millis(width.unsigned_abs())
}

fn same_form(a: &Seen, b: &Seen) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

/// Takes `other` into `seen`; both are of one form.
fn merge(seen: &mut Seen, other: &Seen, other_is_older: bool) {
    match (seen, other) {
        (Seen::Events { good, total }, Seen::Events { good: g, total: t }) => {
            *good += g;
            *total += t;
        }
        (
            Seen::Spread { le, counts },
            Seen::Spread {
                le: bounds,
                counts: more,
            },
        ) => spread(le, counts, bounds, more),
        (
            Seen::Level { last, low, high },
            Seen::Level {
                last: newer,
                low: l,
                high: h,
            },
        ) => {
            if !other_is_older {
                *last = *newer;
            }
            *low = low.min(*l);
            *high = high.max(*h);
        }
        (
            Seen::Pairs {
                in_time,
                late,
                open,
            },
            Seen::Pairs {
                in_time: i,
                late: l,
                open: o,
            },
        ) => {
            *in_time += i;
            *late += l;
            if !other_is_older {
                open.clone_from(o);
            }
        }
        (Seen::Count { n }, Seen::Count { n: more }) => *n += more,
        _ => {}
    }
}

/// Adds histograms whose bounds may differ (a new release has other buckets): what lies between two bounds
/// of the one is put under the upper one, so that nothing looks faster than it was.
fn spread(le: &mut Vec<f64>, counts: &mut Vec<f64>, bounds: &[f64], more: &[f64]) {
    if le.as_slice() != bounds {
        let mut all = [le.as_slice(), bounds].concat();
        all.sort_by(f64::total_cmp);
        all.dedup();
        *counts = onto(&all, le, counts);
        let more = onto(&all, bounds, more);
        *le = all;
        counts
            .iter_mut()
            .zip(more)
            .for_each(|(count, more)| *count += more);
        return;
    }
    counts
        .iter_mut()
        .zip(more)
        .for_each(|(count, more)| *count += more);
}

fn onto(all: &[f64], le: &[f64], counts: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; all.len() + 1];
    for (i, count) in counts.iter().enumerate() {
        let place = le
            .get(i)
            .map_or(all.len(), |bound| all.partition_point(|b| b < bound));
        out[place] += count;
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_millis(secs * SECOND)
    }

    fn total(facts: &[Fact]) -> f64 {
        facts
            .iter()
            .map(|fact| {
                if let Seen::Events { total, .. } = fact.seen {
                    total
                } else {
                    0.0
                }
            })
            .sum()
    }

    #[test]
    fn thirty_days_take_bounded_memory_and_no_event_is_lost() {
        let mut timeline = Timeline::default();
        let rounds = 30 * 24 * 60;
        for i in 1..=rounds {
            timeline.add(
                at((i - 1) * 60),
                at(i * 60),
                Seen::Events {
                    good: 1.0,
                    total: 1.0,
                },
            );
            timeline.tidy(Timestamp::EPOCH, at(i * 60));
        }
        let facts = timeline.facts(Timestamp::EPOCH);
        // One event a minute: 30 * 24 * 60 = 43,200.
        assert_eq!(total(&facts), 43_200.0);
        assert!(timeline.len() < 240 + 564 + 792, "{} cells", timeline.len());
        assert!(
            facts.windows(2).all(|pair| pair[0].to <= pair[1].from),
            "facts overlap"
        );
    }

    /// 12 weeks of a round each 5 min: 24,192 events, whatever the cells; a window of 1 h, 1 d or 12 w sums as many as
    /// it has rounds. An edge inside an hour is kept as it is.
    #[test]
    fn twelve_weeks_sum_exactly_and_are_cut_at_edges() {
        let weeks = 12 * 7 * 86_400;
        let edge = at(86_400 + 600);
        let mut timeline = Timeline::with_edges(vec![edge]);
        for to in (300..=weeks).step_by(300) {
            let (good, total) = (0.0, 1.0);
            timeline.add(at(to - 300), at(to), Seen::Events { good, total });
            timeline.tidy(Timestamp::EPOCH, at(to));
        }
        let since = |secs: i64| total(&timeline.facts(at(weeks - secs)));
        assert_eq!(since(3_600), 12.0);
        assert_eq!(since(86_400), 288.0);
        assert_eq!(since(weeks), 24_192.0);
        assert!(
            timeline.len() < 240 + 564 + 1_992,
            "{} cells",
            timeline.len()
        );
        assert!(timeline.facts.iter().any(|fact| fact.to == edge));
    }

    #[test]
    fn holes_stay_visible() {
        let mut timeline = Timeline::default();
        timeline.add(at(0), at(10), Seen::Count { n: 1.0 });
        timeline.add(at(100), at(110), Seen::Count { n: 1.0 });
        let facts = timeline.facts(Timestamp::EPOCH);
        assert_eq!((facts[0].to, facts[1].from), (at(10), at(100)));
    }

    /// The first source is heard at 13.685 s and 15.4 s, the second at 13.732 s and 14.5 s: together they saw all of
    /// 13.685 s to 15.4 s, though a cell ends at 15 s.
    #[test]
    fn a_second_source_leaves_no_hole_where_a_cell_ends() {
        let ms = Timestamp::from_millis;
        let mut timeline = Timeline::default();
        timeline.add(ms(13_732), ms(14_500), Seen::Count { n: 1.0 });
        timeline.add(ms(13_685), ms(15_400), Seen::Count { n: 1.0 });
        let facts = timeline.facts(Timestamp::EPOCH);
        let spans: Vec<_> = facts.iter().map(|fact| (fact.from, fact.to)).collect();
        assert_eq!(spans, [(ms(13_685), ms(14_500)), (ms(14_500), ms(15_400))]);
    }

    proptest! {
        /// Sources that are heard without a pause, each from a start and at an interval of its own: all the time from the
        /// first start on is covered, once.
        #[test]
        fn what_any_source_saw_is_covered(
            sources in prop::collection::vec((0i64..20_000, 200i64..9_000), 1..5),
        ) {
            let ms = Timestamp::from_millis;
            let end = 120_000;
            let mut rounds: Vec<(i64, i64)> = sources
                .iter()
                .flat_map(|(start, interval)| {
                    let starts = (0..).map(move |n| start + n * interval);
                    starts.take_while(move |from| from + interval <= end).map(move |from| (from + interval, from))
                })
                .collect();
            rounds.sort_unstable();
            let mut timeline = Timeline::default();
            for (to, from) in &rounds {
                timeline.add(ms(*from), ms(*to), Seen::Count { n: 1.0 });
            }
            let facts = timeline.facts(Timestamp::EPOCH);
            let first = sources.iter().map(|(start, _)| *start).min().unwrap_or(0);
            prop_assert_eq!(facts.first().map(|fact| fact.from), Some(ms(first)));
            prop_assert_eq!(facts.last().map(|fact| fact.to), rounds.last().map(|(to, _)| ms(*to)));
            prop_assert!(facts.windows(2).all(|pair| pair[0].to == pair[1].from), "{facts:?}");
        }
    }

    #[test]
    fn other_buckets_never_make_it_look_faster() {
        let (mut le, mut counts) = (vec![0.1, 1.0], vec![5.0, 3.0, 1.0]);
        spread(&mut le, &mut counts, &[0.5, 1.0], &[2.0, 2.0, 2.0]);
        assert_eq!(le, [0.1, 0.5, 1.0]);
        // (0.1,1.0] of the first goes to 1.0; (0,0.5] of the second to 0.5.
        assert_eq!(counts, [5.0, 2.0, 5.0, 3.0]);
    }
}
