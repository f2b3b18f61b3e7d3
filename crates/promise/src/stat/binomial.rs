//! The binomial distribution, exactly: how surprising so many failures are, and what so few events prove.

use super::DOUBT;

/// Terms of the continued fraction; it converges in about `sqrt(max(a, b))` of them, so this is exact up
/// to about a million events and still within 1e-6 beyond.
const TERMS_MAX: u32 = 2_000;

/// The logarithm of the gamma function for `x > 0`.
///
/// Stirling's series with the recurrence for small arguments: NIST DLMF 5.11.1 and 5.5.1. Relative error
/// below 1e-13 from `x = 10`.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut shift) = (x, 0.0);
    while x < 10.0 {
        shift -= x.ln();
        x += 1.0;
    }
    let inv = 1.0 / (x * x);
    let series = (1.0 / 12.0
        - inv * (1.0 / 360.0 - inv * (1.0 / 1260.0 - inv * (1.0 / 1680.0 - inv / 1188.0))))
        / x;
    shift + (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series
}

/// The regularised incomplete beta function `I_x(a, b)`: NIST DLMF 8.17.22 by the modified Lentz method,
/// turned by the symmetry 8.17.4 to the side on which it converges quickly.
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    let front = a * x.ln() + b * (-x).ln_1p() - (ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b));
    let away = |v: f64| if v.abs() < 1e-300 { 1e-300 } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for term in 1..=TERMS_MAX {
        let m = f64::from(term);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away(1.0 + even * d);
        c = away(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away(1.0 + odd * d);
        c = away(1.0 + odd / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-14 {
            break;
        }
    }
    (front.exp() * fraction / a).clamp(0.0, 1.0)
}

/// `P(X >= failures)` among `events` that each fail with probability `p`: NIST DLMF 8.17.5.
/// Counts may be fractions, as increases of counters are.
#[must_use]
pub fn at_least_so_many(failures: f64, events: f64, p: f64) -> f64 {
    if failures <= 0.0 {
        return 1.0;
    }
    if failures > events || p <= 0.0 {
        return 0.0;
    }
    incomplete_beta(p, failures, events - failures + 1.0)
}

/// The share of successes that `failures` among `events` prove: the one-sided lower bound of Clopper and
/// Pearson (Biometrika 26, 1934) with [`DOUBT`].
#[must_use]
pub fn proven_share(failures: f64, events: f64) -> f64 {
    if events <= 0.0 || failures >= events {
        return 0.0;
    }
    if failures <= 0.0 {
        return DOUBT.powf(1.0 / events);
    }
    // The largest failure rate that is not yet rejected: P(X <= failures) = DOUBT.
    let (mut low, mut high) = (failures / events, 1.0);
    // Each step halves an interval of at most 1; 60 reach the limit of a double.
    for _ in 0..60 {
        let p = f64::midpoint(low, high);
        if 1.0 - at_least_so_many(failures + 1.0, events, p) > DOUBT {
            low = p;
        } else {
            high = p;
        }
    }
    1.0 - high
}

/// How many events without one failure prove that `share` of them succeed: the least `n` with
/// `share^n <= DOUBT`. About `3 / (1 - share)`, the rule of three (Hanley and Lippman-Hand, JAMA 249, 1983).
/// No number of events proves 100 %: there every event counts by itself, and one is enough.
#[must_use]
pub fn proves(share: f64) -> f64 {
    if share >= 1.0 || share <= 0.0 {
        return 1.0;
    }
    // A share within 1e-9 of its neighbour must not need one event more by rounding.
    (DOUBT.ln() / share.ln() - 1e-9).ceil().max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PYTHON_TAILS: &[(f64, f64, f64, f64)] = &[
        (5.0, 200.0, 0.01, 5.174626363078589e-02),
        (31.0, 6000.0, 0.005, 4.516483353399849e-01),
        (60.0, 10000.0, 0.005, 9.172118302682036e-02),
        (3.0, 50.0, 0.05, 4.594668772804847e-01),
        (2.0, 1000.0, 0.0001, 4.674767851740148e-03),
    ];

    fn close(found: f64, wanted: f64) {
        assert!(
            (found - wanted).abs() <= 1e-9 * wanted.abs().max(1e-3),
            "{found} is not {wanted}"
        );
    }

    /// Reference values: `sum(math.comb(n, i) * F(p)**i * (1 - F(p))**(n - i) for i in range(k, n + 1))` with
    /// Python's exact `fractions.Fraction`.
    #[test]
    fn tails_are_exact() {
        close(at_least_so_many(1.0, 3.0, 0.005), 1.0 - 0.995_f64.powi(3));
        // A fair coin, 8 or more of 10: (45 + 10 + 1) / 1024.
        close(at_least_so_many(8.0, 10.0, 0.5), 56.0 / 1024.0);
        close(at_least_so_many(0.0, 10.0, 0.5), 1.0);
        close(at_least_so_many(10.0, 10.0, 0.5), 1.0 / 1024.0);
        close(at_least_so_many(11.0, 10.0, 0.5), 0.0);
        PYTHON_TAILS
            .iter()
            .for_each(|&(k, n, p, tail)| close(at_least_so_many(k, n, p), tail));
    }

    /// The one-sided 95 % bound for 0 of 30 is 0.05^(1/30); 2 of 20 fail: the published upper bound is 0.2826.
    #[test]
    fn few_events_prove_little() {
        close(proven_share(0.0, 30.0), 0.05_f64.powf(1.0 / 30.0));
        assert!((1.0 - proven_share(2.0, 20.0) - 0.2826).abs() < 5e-5);
        close(proven_share(5.0, 5.0), 0.0);
        close(proven_share(0.0, 0.0), 0.0);
    }

    /// ln 0.05 / ln 0.995 = 597.6; ln 0.05 / ln 0.95 = 58.4; ln 0.05 / ln 0.999 = 2994.2.
    #[test]
    fn the_rule_of_three() {
        assert_eq!(
            [0.995, 0.95, 0.999, 1.0].map(proves),
            [598.0, 59.0, 2995.0, 1.0]
        );
    }

    #[test]
    fn no_number_makes_it_leave_its_range() {
        for k in [0.0, 0.5, 1.0, 1e3, 1e9] {
            for n in [0.0, 1.0, 1e3, 1e12] {
                for p in [0.0, 1e-12, 0.5, 1.0] {
                    assert!(
                        (0.0..=1.0).contains(&at_least_so_many(k, n, p)),
                        "{k} {n} {p}"
                    );
                }
            }
        }
    }
}
