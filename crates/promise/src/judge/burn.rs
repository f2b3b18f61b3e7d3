//! How fast the error budget burns, and whether that is worth telling.
//!
//! Two ways in, for busy and for quiet services:
//!
//! * *burning*: over a long and a short look-back more fails than the alert's rate (SRE workbook, ch. 5). The short
//!   one ends it soon after the burn.
//! * *leaking*: failures began to come more often at some point, wherever the look-backs lie. With 60 requests an hour
//!   and 99.9 % one failure an hour burns 16.7 times too fast, and a window of 5 minutes that holds it is an alert of
//!   the first kind; a steady leak, seen through such windows, comes and goes.
//!
//! Either must be beyond chance: failures too close together ([`stat::Clusters`]) or a drift ([`stat::Detector`]). A
//! service that keeps its promise exactly at its edge would look like this once a week at most.

use std::time::Duration;

use super::{View, coverage::millis};
use crate::{
    Amount, Reason, Seen, Timestamp,
    kind::BurnAlert,
    stat,
    unit::Span,
    verdict::{Burn, Saying},
};

/// A burn rate is a figure for people; beyond this it says no more.
pub(super) const RATE_MAX: f64 = 1e9;
/// Below an hour the look-backs of burn rates are shorter than scrape intervals.
const BURN_WINDOW_MIN: Duration = Duration::from_secs(3_600);
/// The shortest look-back that holds several scrapes.
const LOOK_BACK_MIN: Duration = Duration::from_secs(60);
/// SRE workbook, ch. 5, tables 5-6 and 5-8: rate and long look-back as parts of 30 days (1 h, 6 h, 1 d and 3 d); the
/// short one is a twelfth.
const BURNS: [(f64, u32); 4] = [(14.4, 720), (6.0, 120), (3.0, 30), (1.0, 10)];
/// Chance may raise one false alarm in so long where the budget is spent exactly; `examples/low_traffic.rs` has the
/// simulated months.
const CHANCE_EVERY: Duration = Duration::from_secs(7 * 86_400);
/// Where events are so few that a failed one is rarer than that, at most one in ten of them is told.
const FAILURES_TOLD: f64 = 0.1;
/// The part of the chance that slow drifts may take; clusters take the rest. With more for drifts a fault of one in ten
/// is told later, with less a leak of a few times the budget.
const DRIFT_PART: f64 = 0.25;
/// With fewer events than this no share of them can be told from chance.
const EVENTS_MIN: f64 = 20.0;
/// A leak is told when it has taken this much of the budget, as the fastest burn of the workbook has in its hour.
const LEAK_MIN: f64 = 0.02;

pub(crate) const SAYINGS: &[Saying] = &[
    Saying {
        code: "burning",
        en: "over the last {over} the error budget burned {rate} times too fast",
        ja: "直近 {over}、エラーバジェットが許容の {rate} 倍の速さで減っています",
    },
    Saying {
        code: "leaking",
        en: "{bad} of the last {total} events failed, {rate} times as many as the budget allows; chance alone does this less than once in 7 days",
        ja: "直近 {total} 件のうち {bad} 件が失敗し、許容の {rate} 倍です。偶然だけでこうなるのは 7 日に 1 度未満です",
    },
];

/// Events over a stretch.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    pub bad: f64,
    pub total: f64,
}

/// Reads `(good, total)` from what was seen.
pub(super) type Events<'f> = dyn Fn(&Seen) -> Option<(f64, f64)> + 'f;

/// A burn that is told.
#[derive(Debug)]
pub(super) struct Told {
    pub reason: Reason,
    pub severity: Option<String>,
}

/// What was learnt from every event in turn.
pub(super) struct Watched {
    drift: stat::Detector,
    clusters: stat::Clusters,
    /// The evidence of a drift that is beyond chance.
    level: f64,
}

impl Watched {
    /// The failures and events since a change for the worse that chance does not explain.
    fn beyond_chance(&self) -> Option<(f64, f64)> {
        let drifts = self.drift.evidence() >= self.level;
        drifts
            .then(|| self.drift.since_change())
            .or_else(|| self.clusters.found())
    }

    /// Whether there was ever a drift that chance does not explain.
    pub fn was_sure(&self) -> bool {
        self.drift.peak() >= self.level
    }
}

/// The events of a view by time.
pub(super) struct Flow<'v> {
    pub view: &'v View<'v>,
    pub events: &'v Events<'v>,
    /// The share that may fail.
    pub may_fail: f64,
    /// The window's length in milliseconds, without what does not count.
    pub window: f64,
}

impl Flow<'_> {
    /// What happened in `(from, to]`; the events of a fact are taken as spread evenly over it.
    pub fn sum_in(&self, from: Timestamp, to: Timestamp) -> Sum {
        self.view.pieces.iter().fold(Sum::default(), |sum, piece| {
            let share = piece.share_in(from, to);
            let (good, total) = (self.events)(&piece.fact.seen).unwrap_or((0.0, 0.0));
            Sum {
                bad: sum.bad + share * (total - good).max(0.0),
                total: sum.total + share * total,
            }
        })
    }

    /// What a watcher of every piece in turn has come to believe, at `mean` events a millisecond.
    pub fn watched(&self, mean: f64) -> Watched {
        let every = (mean * millis(CHANCE_EVERY)).max(EVENTS_MIN);
        let doubt = (1.0 / every).min(FAILURES_TOLD * self.may_fail);
        let mut drift = stat::Detector::new(self.may_fail);
        let mut clusters = stat::Clusters::new(self.may_fail, (1.0 - DRIFT_PART) * doubt);
        for piece in &self.view.pieces {
            let share = piece.share_in(self.view.start, self.view.now);
            let (good, total) = (self.events)(&piece.fact.seen).unwrap_or((0.0, 0.0));
            let (bad, total) = (share * (total - good).max(0.0), share * total);
            drift.observe(bad, total);
            clusters.observe(bad, total);
        }
        Watched {
            drift,
            clusters,
            level: every / DRIFT_PART,
        }
    }

    /// The burn that most needs telling.
    pub fn told(&self, watched: &Watched, allowed: f64, burn: &[BurnAlert]) -> Option<Told> {
        let (bad, total) = watched.beyond_chance()?;
        let now = self.view.now;
        let alerts = self.alerts(burn);
        let burning = alerts.iter().find_map(|alert| {
            let long = self.rate(self.sum_in(now - alert.over, now));
            let short = self.rate(self.sum_in(now - alert.short, now));
            (long > alert.rate && short > alert.rate).then(|| Told {
                reason: Reason::new(
                    "burning",
                    [
                        ("over", Amount::duration(alert.over)),
                        ("rate", tenths(long)),
                    ],
                ),
                severity: alert.severity.clone(),
            })
        });
        burning.or_else(|| {
            let rate = self.rate(Sum { bad, total });
            let is_much = bad > 1.0 && bad >= LEAK_MIN * allowed;
            let severity = alerts
                .iter()
                .find(|alert| rate > alert.rate)
                .and_then(|alert| alert.severity.clone());
            let figures = [
                ("bad", Amount::Count(bad)),
                ("total", Amount::Count(total)),
                ("rate", tenths(rate)),
            ];
            is_much.then(|| Told {
                reason: Reason::new("leaking", figures),
                severity,
            })
        })
    }

    /// The rates to show, shortest look-back first.
    pub fn rates(&self, burn: &[BurnAlert]) -> Vec<Burn> {
        let mut overs: Vec<Duration> = self
            .alerts(burn)
            .into_iter()
            .map(|alert| alert.over)
            .collect();
        let whole = whole_millis(self.window);
        overs.extend(overs.is_empty().then_some(whole_millis(self.window / 10.0)));
        overs.push(whole);
        overs.sort_unstable();
        overs.dedup();
        let rate = |over| self.rate(self.sum_in(self.view.now - over, self.view.now));
        overs
            .into_iter()
            .map(|over| Burn {
                over: Span(over),
                rate: rate(over),
            })
            .collect()
    }

    fn rate(&self, sum: Sum) -> f64 {
        if sum.total <= 0.0 || sum.bad <= 0.0 {
            return 0.0;
        }
        let failed = sum.bad / sum.total;
        let rate = if self.may_fail > 0.0 {
            failed / self.may_fail
        } else {
            sum.bad
        };
        rate.min(RATE_MAX)
    }

    /// The alerts as written, or those of the workbook; the fastest first.
    fn alerts(&self, burn: &[BurnAlert]) -> Vec<Alert> {
        let mut alerts: Vec<Alert> = burn
            .iter()
            .map(|alert| Alert {
                rate: alert.rate,
                over: alert.over.0,
                short: alert.short(),
                severity: alert.severity.clone(),
            })
            .collect();
        alerts.sort_by(|a, b| b.rate.total_cmp(&a.rate));
        if alerts.is_empty() && self.window >= millis(BURN_WINDOW_MIN) {
            let of = |(rate, part)| Alert {
                rate,
                over: whole_millis(self.window / f64::from(part)),
                short: whole_millis(self.window / f64::from(part) / 12.0),
                severity: None,
            };
            alerts = BURNS
                .map(of)
                .into_iter()
                .filter(|alert| alert.over >= LOOK_BACK_MIN)
                .collect();
        }
        alerts
    }
}

struct Alert {
    rate: f64,
    over: Duration,
    short: Duration,
    severity: Option<String>,
}

/// Spans have millisecond steps; a finer one would not come back from the ledger equal.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole_millis(millis: f64) -> Duration {
    Duration::from_millis(millis as u64)
}

fn tenths(n: f64) -> Amount {
    Amount::Number((n * 10.0).round() / 10.0)
}
