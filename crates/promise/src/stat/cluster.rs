//! Failures close together: how surprising it is that so few events hold so many of them.
//!
//! A scan statistic (Naus, "The distribution of the size of the maximum cluster of points on a line", JASA 60,
//! 1965). While each event fails with probability `p` at most, independently, one given event is a failure that
//! comes with `k - 1` others among the `n - 1` events before it with probability `p * P(Bin(n - 1, p) >= k - 1)`.
//! So chance begins no more clusters of this kind among `x` events than `x` times as many, and of several kinds
//! no more than the sum (Boole). It is exact for the two or three failures with which a fault begins, where bets
//! ([`Detector`](super::Detector)) promise ten times more false alarms than they raise; slow drifts are theirs.

use std::collections::VecDeque;

use super::at_least_so_many;

/// With more failures than this a bet has long been won.
const FAILURES_MAX: f64 = 10.0;
/// One failure alone is no cluster.
const FAILURES_MIN: f64 = 2.0;
/// The part of the doubt that is for pairs, since a fault begins with one; of what is left the same part is for three
/// failures, and so on.
const PAIRS: f64 = 0.75;
/// A cluster is over after as many successes in a row as should have held five failures.
const OVER_AFTER: f64 = 5.0;

/// Watches events for failures that come too close together.
#[derive(Debug, Clone)]
pub struct Clusters {
    may_fail: f64,
    /// Clusters that chance may begin with each event.
    doubt: f64,
    /// Failing steps, each with the successes after it up to the next, newest last.
    steps: VecDeque<Step>,
}

#[derive(Debug, Clone, Copy)]
struct Step {
    bad: f64,
    total: f64,
    /// Events that succeeded after it.
    quiet: f64,
}

impl Clusters {
    /// `may_fail` is the share that is allowed to fail, `doubt` how many clusters chance may begin with each event.
    #[must_use]
    pub fn new(may_fail: f64, doubt: f64) -> Self {
        Self {
            may_fail,
            doubt,
            steps: VecDeque::new(),
        }
    }

    /// The next events, of which `bad` failed.
    pub fn observe(&mut self, bad: f64, total: f64) {
        if bad <= 0.0 {
            if let Some(last) = self.steps.back_mut() {
                last.quiet += total;
            }
            return;
        }
        // A cluster that has ended is not told again with the next failure.
        let is_after_quiet = self.steps.back().is_some_and(|last| last.quiet > 0.0);
        if is_after_quiet && self.suffixes().any(|it| it.is_rare && it.is_over()) {
            self.steps.clear();
        }
        self.steps.push_back(Step {
            bad,
            total,
            quiet: 0.0,
        });
        let mut held: f64 = self.steps.iter().map(|step| step.bad).sum();
        while let Some(first) = self.steps.front()
            && held - first.bad >= FAILURES_MAX
        {
            held -= first.bad;
            self.steps.pop_front();
        }
    }

    /// Failures and events of the closest cluster that is not over and is too rare for chance.
    #[must_use]
    pub fn found(&self) -> Option<(f64, f64)> {
        self.suffixes()
            .find(|it| it.is_rare && !it.is_over())
            .map(|it| (it.bad, it.total))
    }

    /// The newest failing step, with the one before it, and so on.
    fn suffixes(&self) -> impl Iterator<Item = Suffix> + '_ {
        let quiet = self.steps.back().map_or(0.0, |last| last.quiet);
        self.steps.iter().rev().scan((0.0, 0.0), move |sum, step| {
            *sum = (sum.0 + step.bad, sum.1 + step.total + step.quiet);
            let (bad, total) = *sum;
            Some(Suffix {
                bad,
                total,
                quiet,
                is_rare: self.is_rare(bad, total),
            })
        })
    }

    fn is_rare(&self, bad: f64, total: f64) -> bool {
        let count = bad.min(FAILURES_MAX).floor();
        if count < FAILURES_MIN || self.may_fail <= 0.0 {
            return false;
        }
        let others = at_least_so_many(count - 1.0, (total - 1.0).max(count - 1.0), self.may_fail);
        self.may_fail * others <= self.doubt * PAIRS * (1.0 - PAIRS).powf(count - FAILURES_MIN)
    }
}

/// What was seen since one failing step.
struct Suffix {
    bad: f64,
    total: f64,
    /// The successes at its end.
    quiet: f64,
    is_rare: bool,
}

impl Suffix {
    fn is_over(&self) -> bool {
        self.quiet * self.bad > OVER_AFTER * (self.total - self.quiet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a doubt of 1e-4 pairs have 7.5e-5, so at 0.1 % the second failure may come with 7.5 %:
    /// 1 - 0.999^77 = 7.41 %, and 1 - 0.999^78 = 7.51 %.
    #[test]
    fn two_failures_are_a_cluster_when_few_events_lie_between_them() {
        for (between, is_cluster) in [(0.0, true), (76.0, true), (77.0, false), (900.0, false)] {
            let mut clusters = Clusters::new(0.001, 1e-4);
            clusters.observe(0.0, 5_000.0);
            clusters.observe(1.0, 1.0);
            assert_eq!(clusters.found(), None);
            clusters.observe(0.0, between);
            clusters.observe(1.0, 1.0);
            let found = is_cluster.then_some((2.0, between + 2.0));
            assert_eq!(clusters.found(), found, "{between}");
        }
    }

    /// Ten failures in a row, then successes: with the sixth, 6 * 10 > 5 * 10, it is over. The next failure is one alone.
    #[test]
    fn what_is_over_is_not_told_again() {
        let mut clusters = Clusters::new(0.001, 1e-4);
        (0..10).for_each(|_| clusters.observe(1.0, 1.0));
        (0..5).for_each(|_| clusters.observe(0.0, 1.0));
        assert!(clusters.found().is_some());
        clusters.observe(0.0, 1.0);
        assert_eq!(clusters.found(), None);
        clusters.observe(1.0, 1.0);
        assert_eq!(clusters.found(), None);
        clusters.observe(1.0, 1.0);
        assert_eq!(clusters.found(), Some((2.0, 2.0)));
    }

    /// 200,000 events of which exactly the allowed share fails: chance may begin 400 clusters, and a bound that were
    /// ten times too careful would find 40.
    #[test]
    fn chance_begins_no_more_of_them_than_doubt_says_and_not_many_fewer() {
        let mut seed = 1u64;
        let mut uniform = || {
            // Marsaglia's xorshift64 (J. Stat. Softw. 8, 2003).
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            #[allow(clippy::cast_precision_loss)]
            let part = (seed >> 11) as f64 / (1u64 << 53) as f64;
            part
        };
        let mut clusters = Clusters::new(0.02, 0.002);
        let (mut begun, mut before) = (0, false);
        for _ in 0..200_000 {
            clusters.observe(f64::from(u8::from(uniform() < 0.02)), 1.0);
            let now = clusters.found().is_some();
            begun += i32::from(now && !before);
            before = now;
        }
        assert!((100..=400).contains(&begun), "{begun}");
    }

    #[test]
    fn no_number_makes_it_panic() {
        for may_fail in [0.0, 1e-12, 0.001, 0.5, 1.0] {
            for (bad, total) in [(0.0, 0.0), (1e9, 1e9), (0.5, 1.0), (3.0, 1.0), (2.0, 1e15)] {
                let mut clusters = Clusters::new(may_fail, 1e-4);
                clusters.observe(bad, total);
                clusters.observe(bad, total);
                assert!(clusters.found().is_none_or(|(bad, _)| bad >= 2.0));
            }
        }
    }
}
