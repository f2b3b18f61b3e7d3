//! A sequential test: how surprising the failures are to somebody who looks again at every event.
//!
//! A test for one look, such as the binomial tail, is wrong more and more often when it is repeated, and alerting
//! repeats it for ever. This is an e-detector (Shin, Ramdas and Rinaldo, "E-detectors: a nonparametric framework
//! for sequential change detection", 2022, arXiv:2203.03532): bets against "at most the allowed share fails", each
//! begun anew wherever it would stand below its stake (the CUSUM of Page, Biometrika 41, 1954), and averaged.
//! Their theorem: while the share holds, it takes at least `x` events on average until [`Detector::evidence`]
//! reaches `x`, whatever the traffic's pace and however often one looks.

/// The failure rates that are bet on, as multiples of the allowed one: from a leak to a dead service.
const BETS: [f64; 6] = [1.5, 3.0, 10.0, 30.0, 100.0, 1_000.0];
/// No bet is certain: one success would end it for good.
const RATE_MAX: f64 = 0.95;
/// e^600 events is more than any clock holds, and far from overflow.
const LOG_MAX: f64 = 600.0;
/// A change is over after as many successes in a row as should have held five failures: chance alone is quiet for so
/// long in e^-5 = 0.7 % of cases. Beginning anew only lowers the bets, so the theorem stands.
const OVER_AFTER: f64 = 5.0;

/// Watches events for a change for the worse.
#[derive(Debug, Clone)]
pub struct Detector {
    bets: Vec<Bet>,
    strict: bool,
    failed: bool,
    /// Successes since the last failure.
    quiet: f64,
    peak: f64,
}

#[derive(Debug, Clone, Copy)]
struct Bet {
    /// What a failure and a success add to the logarithm of the stake.
    failure: f64,
    success: f64,
    log: f64,
    /// What was seen since it began.
    bad: f64,
    total: f64,
}

impl Detector {
    /// `may_fail` is the share that is allowed to fail.
    #[must_use]
    pub fn new(may_fail: f64) -> Self {
        let strict = may_fail <= 0.0;
        let bet = |times: f64| {
            // Where nearly everything may fail, the bets lie between that and certainty.
            let rate = (may_fail * times).min(RATE_MAX.max(f64::midpoint(may_fail, 1.0)));
            Bet {
                failure: (rate / may_fail).ln(),
                success: (-rate).ln_1p() - (-may_fail).ln_1p(),
                log: 0.0,
                bad: 0.0,
                total: 0.0,
            }
        };
        let bets = if strict || may_fail >= 1.0 {
            Vec::new()
        } else {
            BETS.map(bet).to_vec()
        };
        Self {
            bets,
            strict,
            failed: false,
            quiet: 0.0,
            peak: 0.0,
        }
    }

    /// The next events, of which `bad` failed.
    pub fn observe(&mut self, bad: f64, total: f64) {
        self.failed |= bad > 0.0;
        self.quiet = if bad > 0.0 { 0.0 } else { self.quiet + total };
        for bet in &mut self.bets {
            bet.log += bad * bet.failure + (total - bad).max(0.0) * bet.success;
            bet.bad += bad;
            bet.total += total;
            if bet.log <= 0.0 {
                (bet.log, bet.bad, bet.total) = (0.0, 0.0, 0.0);
            }
            bet.log = bet.log.min(LOG_MAX);
        }
        self.peak = self.peak.max(self.evidence());
        let (failed, of) = self.since_change();
        if failed > 0.0 && self.quiet * failed > OVER_AFTER * (of - self.quiet) {
            self.quiet = 0.0;
            for bet in &mut self.bets {
                (bet.log, bet.bad, bet.total) = (0.0, 0.0, 0.0);
            }
        }
    }

    /// A service that keeps its promise gets here once in so many events at most. Where nothing may fail, one
    /// failure is beyond all doubt.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn evidence(&self) -> f64 {
        if self.strict && self.failed {
            return LOG_MAX.exp();
        }
        let sum: f64 = self.bets.iter().map(|bet| bet.log.exp()).sum();
        sum / (self.bets.len().max(1) as f64)
    }

    /// The most evidence that there was at any time.
    #[must_use]
    pub fn peak(&self) -> f64 {
        self.peak
    }

    /// Failures and events since the change, as the strongest bet has it.
    #[must_use]
    pub fn since_change(&self) -> (f64, f64) {
        self.bets
            .iter()
            .max_by(|a, b| a.log.total_cmp(&b.log))
            .map_or((0.0, 0.0), |bet| (bet.bad, bet.total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: with 0.1 % allowed one failure multiplies the bets by 1.5, 3, 10, 30, 100 and 950 (for 0.95 is the
    /// most). Their mean is 1094.5 / 6 = 182.4.
    #[test]
    fn one_failure_weighs_what_the_bets_say() {
        let mut detector = Detector::new(0.001);
        detector.observe(0.0, 500.0);
        assert_eq!(detector.evidence(), 1.0);
        detector.observe(1.0, 1.0);
        assert!((detector.evidence() - 1_094.5 / 6.0).abs() < 1e-6);
        assert_eq!(detector.since_change(), (1.0, 1.0));
    }

    /// The second failure in a row: 950^2 / 6 alone is 150,416, more than the 43,200 events of a month at 60 an hour.
    #[test]
    fn two_failures_in_a_row_are_no_chance_at_60_an_hour() {
        let mut detector = Detector::new(0.001);
        detector.observe(0.0, 5_000.0);
        detector.observe(1.0, 1.0);
        detector.observe(1.0, 1.0);
        assert!(detector.evidence() > 43_200.0);
    }

    /// Ten failures in a row, then successes: after the sixth, 6 * 10 > 5 * 10, nothing of it is left to be told again.
    #[test]
    fn what_is_over_is_not_told_again() {
        let mut detector = Detector::new(0.001);
        detector.observe(10.0, 10.0);
        assert!(detector.evidence() > 1e6);
        (0..6).for_each(|_| detector.observe(0.0, 1.0));
        assert_eq!(detector.evidence(), 1.0);
        assert!(detector.peak() > 1e6);
    }

    #[test]
    fn a_promise_without_a_budget_is_broken_by_one_failure_and_one_without_bounds_by_none() {
        let mut strict = Detector::new(0.0);
        strict.observe(0.0, 1e6);
        assert!(strict.evidence() <= 1.0);
        strict.observe(1.0, 1.0);
        assert!(strict.evidence() > 1e200);
        let mut lax = Detector::new(1.0);
        lax.observe(9.0, 9.0);
        assert!(lax.evidence() <= 1.0);
    }

    #[test]
    fn no_number_makes_it_leave_its_range() {
        for may_fail in [0.0, 1e-12, 0.001, 0.5, 0.999, 1.0] {
            for (bad, total) in [(0.0, 0.0), (1e9, 1e9), (0.5, 1.0), (0.0, 1e15)] {
                let mut detector = Detector::new(may_fail);
                detector.observe(bad, total);
                let evidence = detector.evidence();
                assert!(
                    evidence.is_finite() && evidence >= 0.0,
                    "{may_fail} {bad} {total}"
                );
            }
        }
    }

    /// The theorem, tried: 400 runs in which exactly the allowed share fails last longer than `x` events on average.
    #[test]
    fn chance_alone_reaches_a_level_more_rarely_than_it_says() {
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
        let level = 500.0;
        let mut events = 0u64;
        for _ in 0..400 {
            let mut detector = Detector::new(0.01);
            while detector.evidence() < level {
                detector.observe(f64::from(u8::from(uniform() < 0.01)), 1.0);
                events += 1;
            }
        }
        assert!(events / 400 > 500, "one alarm in {} events", events / 400);
    }
}
