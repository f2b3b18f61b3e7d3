//! Many facts as few: fine where judging looks closely, coarse where it only sums.

use std::time::Duration;

use super::{Evidence, Fact, Seen};
use crate::Timestamp;

/// Age and step as parts of the window: for 30 days 5 minutes over the newest hour, 1 hour over the newest
/// day, and 18 hours before, as the burn look-backs of the SRE workbook need. At most 13 + 25 + 41 facts.
const STEPS: [(u64, u64); 3] = [(720, 8_640), (30, 720), (1, 40)];
/// How often the steps may double before the oldest facts go.
const COARSER_MAX: u32 = 6;
/// Oldest starts kept open in one fact.
const OPEN_MAX: usize = 100;

impl Evidence {
    /// At most [`Evidence::MAX_FACTS`] facts that judge as `facts` do, which are in order of time.
    ///
    /// Only facts that touch are merged, so a hole stays a hole. Steps lie on a fixed grid, so the same past
    /// is always cut the same way; nor is anything merged across `edges`, which are in order, and each of which
    /// allows one fact more. `window` is the promise's longest. Facts before it are dropped.
    #[must_use]
    pub fn compact(
        mut facts: Vec<Fact>,
        now: Timestamp,
        window: Duration,
        edges: &[Timestamp],
    ) -> Vec<Fact> {
        let begin = now - window;
        facts.retain(|fact| fact.to > begin);
        let inside = |edge: &&Timestamp| **edge > begin && **edge < now;
        let most = Self::MAX_FACTS + edges.iter().filter(inside).count();
        // What is few stays as it was seen.
        for coarser in 0..=COARSER_MAX {
            if facts.len() <= most {
                return facts;
            }
            facts = merge(facts, edges, |to| step(now, to, window) << coarser);
        }
        // Only holes can hold so many apart, and with so many the promise is not green anyway.
        facts.split_off(facts.len().saturating_sub(most))
    }
}

fn step(now: Timestamp, to: Timestamp, window: Duration) -> i64 {
    let window = i64::try_from(window.as_millis()).unwrap_or(i64::MAX);
    let age = now.as_millis().saturating_sub(to.as_millis());
    let part = |n: u64| window / i64::try_from(n).unwrap_or(1);
    let (_, step) = STEPS
        .iter()
        .find(|(reach, _)| age <= part(*reach))
        .unwrap_or(&STEPS[2]);
    part(*step).max(1)
}

fn merge(facts: Vec<Fact>, edges: &[Timestamp], step: impl Fn(Timestamp) -> i64) -> Vec<Fact> {
    let mut out: Vec<Fact> = Vec::new();
    // A fact's cell is the grid cell of its end, which is part of it while its begin is not.
    let cell = |to: Timestamp, step: i64| {
        let side = edges.partition_point(|edge| *edge < to);
        ((to.as_millis() - 1).div_euclid(step), side)
    };
    for fact in facts {
        let step = step(fact.to);
        if let Some(last) = out.last_mut()
            && last.to == fact.from
            && cell(last.to, step) == cell(fact.to, step)
            && let Some(seen) = add(&last.seen, &fact.seen)
        {
            *last = Fact {
                from: last.from,
                to: fact.to,
                seen,
            };
            continue;
        }
        out.push(fact);
    }
    out
}

/// Both as one, where they are of one form.
fn add(a: &Seen, b: &Seen) -> Option<Seen> {
    Some(match (a, b) {
        (Seen::Events { good, total }, Seen::Events { good: g, total: t }) => Seen::Events {
            good: good + g,
            total: total + t,
        },
        (
            Seen::Spread { le, counts },
            Seen::Spread {
                le: le_b,
                counts: b,
            },
        ) if le == le_b && counts.len() == b.len() => Seen::Spread {
            le: le.clone(),
            counts: counts.iter().zip(b).map(|(a, b)| a + b).collect(),
        },
        (
            Seen::Level { low, high, .. },
            Seen::Level {
                last,
                low: l,
                high: h,
            },
        ) if [low, high, last, l, h].iter().all(|n| n.is_finite()) => Seen::Level {
            last: *last,
            low: low.min(*l),
            high: high.max(*h),
        },
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
        ) if open.len() + o.len() <= OPEN_MAX => {
            let mut all = [open.as_slice(), o].concat();
            all.sort();
            Seen::Pairs {
                in_time: in_time.saturating_add(*i),
                late: late.saturating_add(*l),
                open: all,
            }
        }
        (Seen::Beat, Seen::Beat) => Seen::Beat,
        (Seen::Count { n }, Seen::Count { n: m }) => Seen::Count { n: n + m },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_millis(secs * 1_000)
    }

    fn steady(secs: i64, every: i64) -> Vec<Fact> {
        let seen = |i| Seen::Events {
            good: f64::from(u8::from(i % 7 != 0)),
            total: 1.0,
        };
        (0..secs / every)
            .map(|i| Fact {
                from: at(i * every),
                to: at((i + 1) * every),
                seen: seen(i),
            })
            .collect()
    }

    fn sums(facts: &[Fact]) -> (f64, f64) {
        facts
            .iter()
            .fold((0.0, 0.0), |(g, t), fact| match fact.seen {
                Seen::Events { good, total } => (g + good, t + total),
                _ => (g, t),
            })
    }

    #[test]
    fn a_month_fits_and_loses_no_event() {
        let month = 30 * 86_400;
        let facts = steady(month, 60);
        let few = Evidence::compact(
            facts.clone(),
            at(month),
            Duration::from_secs(month as u64),
            &[],
        );
        assert!(few.len() <= Evidence::MAX_FACTS, "{}", few.len());
        assert_eq!(sums(&few), sums(&facts));
        assert!(few.windows(2).all(|pair| pair[0].to == pair[1].from));
        let newest_hour = few
            .iter()
            .filter(|fact| fact.from >= at(month - 3_600))
            .count();
        assert_eq!(newest_hour, 12);
    }

    #[test]
    fn a_hole_stays_a_hole() {
        let mut facts = steady(86_400, 60);
        facts.remove(700);
        let few = Evidence::compact(facts, at(86_400), Duration::from_secs(86_400), &[]);
        let holes: Vec<_> = few
            .windows(2)
            .filter(|p| p[0].to != p[1].from)
            .map(|p| (p[0].to, p[1].from))
            .collect();
        assert_eq!(holes, [(at(42_000), at(42_060))]);
    }

    #[test]
    fn however_torn_the_past_is_the_bound_holds() {
        let mut facts = steady(86_400, 60);
        let mut i = 0;
        facts.retain(|_| {
            i += 1;
            i % 2 == 0
        });
        assert_eq!(
            Evidence::compact(facts, at(86_400), Duration::from_secs(86_400), &[]).len(),
            Evidence::MAX_FACTS
        );
    }
}
