//! The error budget: of all events of the window, `1 - at_least` may fail.
//!
//! A window that is not over yet, or that the promise is too young to fill, is judged by the traffic that
//! it will have at the rate seen so far. Two examples with 99.5 %:
//!
//! * 30 days, 1,000 events an hour, 6 of them bad, after 20 days: 480,000 events seen, 720,000 expected,
//!   3,600 may fail, 2,880 did. That is 80 % of the budget after 67 % of the window: at risk.
//! * 5 minutes, 20 events a second, all bad for 20 s, after one minute: 1,200 seen, 6,000 expected, 30 may
//!   fail, 400 did: broken. It was so 1.5 s after the failures began.
//!
//! Where little happens chance has its say: a budget of less than [`FEW`] failures is overspent only when
//! chance would do this in fewer than one of twenty cases, and a green verdict needs as many events as prove
//! the share when none fails ([`stat::proves`]).

use std::time::Duration;

use super::{View, coverage::millis};
use crate::{
    Amount, Budget, Reason, Seen, State, Timestamp, Verdict, stat,
    unit::Span,
    verdict::{Burn, Measured, Saying},
};

/// With ten failures to spend, one more or less is no longer chance's whole share.
const FEW: f64 = 10.0;
/// Nine tenths gone leave the least time in which a person can still act.
const NEARLY: f64 = 0.9;
/// Below a tenth of the budget, being ahead of time is no news yet (SRE workbook, ch. 5: 10 % opens a ticket).
const AHEAD_MIN: f64 = 0.1;
/// A spent share is a figure for people; beyond this it says no more.
const SHARE_MAX: f64 = 1e9;
/// Below an hour the look-backs of burn rates are shorter than scrape intervals.
const BURN_WINDOW_MIN: Duration = Duration::from_secs(3_600);
/// The shortest look-back that holds several scrapes.
const LOOK_BACK_MIN: Duration = Duration::from_secs(60);
/// SRE workbook, ch. 5, table 5-8: rate, long and short look-back as parts of 30 days (1 h and 5 min, 6 h and
/// 30 min, 3 d and 6 h).
const BURNS: [(f64, u32, u32); 3] = [(14.4, 720, 8_640), (6.0, 120, 1_440), (1.0, 10, 120)];

pub(crate) const SAYINGS: &[Saying] = &[
    Saying {
        code: "no-traffic",
        en: "nothing happened in the window, so nothing is proven",
        ja: "期間内に対象の事象が一度も起きていないため、何も証明できません",
    },
    Saying {
        code: "too-few",
        en: "{total} events are too few to prove {at_least}; {needed} are needed",
        ja: "{total} 件では {at_least} を証明するには足りません({needed} 件必要です)",
    },
    Saying {
        code: "overspent",
        en: "{bad} of {total} events failed; the window allows {allowed}",
        ja: "{total} 件のうち {bad} 件が失敗しました。この期間に許されるのは {allowed} 件です",
    },
    Saying {
        code: "overspent-by-chance",
        en: "{bad} of {total} events failed, more than the budget allows, but among so few chance does this in {chance} of cases",
        ja: "{total} 件のうち {bad} 件が失敗し予算を超えましたが、この件数では偶然でも {chance} の確率で起こります",
    },
    Saying {
        code: "budget-ahead",
        en: "{spent} of the error budget is spent after {elapsed} of the window",
        ja: "期間の {elapsed} でエラーバジェットの {spent} を使いました",
    },
    Saying {
        code: "budget-nearly-spent",
        en: "{spent} of the error budget is spent",
        ja: "エラーバジェットの {spent} を使いました",
    },
    Saying {
        code: "burning",
        en: "over the last {over} the error budget burned {rate} times too fast",
        ja: "直近 {over}、エラーバジェットが許容の {rate} 倍の速さで減っています",
    },
    Saying {
        code: "within-budget",
        en: "{good} of {total} events were good; {left} of the error budget is left",
        ja: "{total} 件の {good} が成功し、エラーバジェットは {left} 残っています",
    },
    Saying {
        code: "within-budget-with-gaps",
        en: "{good} of {total} events were good, counting {missing} of unseen time as failed; {left} of the error budget is left",
        ja: "観測できなかった {missing}をすべて失敗と数えても {total} 件の {good} が成功し、エラーバジェットは {left} 残っています",
    },
];

/// What is owed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owed {
    pub at_least: f64,
    /// The share of the required time that may be unseen; it is counted as failed at the peak rate.
    pub gaps_at_most: f64,
    pub min_events: Option<u64>,
    /// A rolling window has its whole length even when the promise is younger; a calendar one ends when it ends.
    pub rolling: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    bad: f64,
    total: f64,
}

/// Judges events. `events` reads `(good, total)` from what was seen.
pub(crate) fn judge(
    view: &View<'_>,
    owed: Owed,
    events: &dyn Fn(&Seen) -> Option<(f64, f64)>,
) -> Verdict {
    let sum_in = |from: Timestamp, to: Timestamp| {
        view.pieces.iter().fold(Sum::default(), |sum, piece| {
            let share = piece.share_in(from, to);
            let (good, total) = events(&piece.fact.seen).unwrap_or((0.0, 0.0));
            Sum {
                bad: sum.bad + share * (total - good).max(0.0),
                total: sum.total + share * total,
            }
        })
    };
    let doubt = view.doubt(owed.gaps_at_most);
    let (seen, missing) = (view.seen(), view.missing());
    let peak = view
        .pieces
        .iter()
        .map(|piece| {
            events(&piece.fact.seen).map_or(0.0, |(_, total)| total)
                / millis(piece.fact.to.since(piece.fact.from))
        })
        .fold(0.0, f64::max);
    let mut sum = sum_in(view.start, view.now);
    let counted = sum;
    if doubt.is_none() {
        sum.bad += peak * missing;
        sum.total += peak * missing;
    }

    let window = millis(if owed.rolling {
        view.window.length()
    } else {
        view.window.until.since(view.start)
    });
    let mean = if seen > 0.0 {
        counted.total / seen
    } else {
        0.0
    };
    let unseen = if doubt.is_some() { peak * missing } else { 0.0 };
    let expected = sum.total + unseen + mean * (window - seen - missing).max(0.0);
    let may_fail = 1.0 - owed.at_least;
    // 1 - 0.995 is a little more than 0.005; a whole budget must not hang on that.
    let allowed = (may_fail * expected * 1e9).round() / 1e9;
    let elapsed = if window > 0.0 {
        ((seen + missing) / window).min(1.0)
    } else {
        1.0
    };
    let spent = if allowed > 0.0 {
        sum.bad / allowed
    } else {
        sum.bad
    }
    .min(SHARE_MAX);
    let chance = stat::at_least_so_many(sum.bad, sum.total, may_fail);

    let burns = burn_rates(view, window, may_fail, &sum_in);
    let burning = burning(view, window, may_fail, &sum_in);
    let left = (allowed - sum.bad).max(0.0);
    let left_millis = if mean > 0.0 {
        (left / mean).min(window)
    } else {
        window
    };
    let budget = Budget {
        allowed,
        spent: sum.bad,
        spent_share: spent,
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        left_millis: left_millis as u64,
        burn: burns,
    };

    let count = Amount::Count;
    let overspent = sum.bad > allowed + 1e-9;
    let by_chance = overspent && allowed < FEW && chance >= stat::DOUBT;
    #[allow(clippy::cast_precision_loss)]
    let needed = owed
        .min_events
        .map_or_else(|| stat::proves(owed.at_least), |n| n as f64);
    let ahead = spent >= AHEAD_MIN && spent > elapsed && chance < stat::DOUBT;
    let figures = [("bad", count(sum.bad)), ("total", count(sum.total))];
    let (state, reason) = if overspent && !by_chance {
        (
            State::Broken,
            Reason::new(
                "overspent",
                figures
                    .into_iter()
                    .chain([("allowed", Amount::Number(allowed))]),
            ),
        )
    } else if let Some(doubt) = doubt {
        (State::Unproven, doubt)
    } else if sum.total <= 0.0 {
        (State::Unproven, Reason::new("no-traffic", []))
    } else if by_chance {
        (
            State::AtRisk,
            Reason::new(
                "overspent-by-chance",
                figures.into_iter().chain([("chance", whole(chance))]),
            ),
        )
    } else if ahead {
        (
            State::AtRisk,
            Reason::new(
                "budget-ahead",
                [("spent", whole(spent)), ("elapsed", whole(elapsed))],
            ),
        )
    } else if spent >= NEARLY {
        (
            State::AtRisk,
            Reason::new("budget-nearly-spent", [("spent", whole(spent))]),
        )
    } else if let Some((rate, over)) = burning {
        (
            State::AtRisk,
            Reason::new(
                "burning",
                [("over", Amount::duration(over)), ("rate", tenths(rate))],
            ),
        )
    } else if sum.total + 1e-9 < needed {
        let total = ("total", count(sum.total.floor()));
        (
            State::Unproven,
            Reason::new(
                "too-few",
                [
                    total,
                    ("at_least", Amount::Share(owed.at_least)),
                    ("needed", count(needed)),
                ],
            ),
        )
    } else {
        let good = ("good", Amount::Share(1.0 - sum.bad / sum.total));
        let figures = [
            good,
            ("total", count(sum.total)),
            ("left", whole((1.0 - spent).max(0.0))),
        ];
        if missing > 0.0 {
            let missing = ("missing", Amount::Millis(missing));
            (
                State::Kept,
                Reason::new(
                    "within-budget-with-gaps",
                    figures.into_iter().chain([missing]),
                ),
            )
        } else {
            (State::Kept, Reason::new("within-budget", figures))
        }
    };

    let mut verdict = view.verdict(state, reason);
    if sum.total > 0.0 {
        let value = Amount::Share((1.0 - sum.bad / sum.total).clamp(0.0, 1.0));
        verdict.measured = Some(Measured {
            value,
            target: Amount::Share(owed.at_least),
        });
    }
    verdict.budget = Some(budget);
    verdict.due = due(view, owed, events).into_iter().chain(verdict.due).min();
    verdict
}

/// When the window itself changes what is counted: it ends, or its oldest failure leaves it.
fn due(
    view: &View<'_>,
    owed: Owed,
    events: &dyn Fn(&Seen) -> Option<(f64, f64)>,
) -> Option<Timestamp> {
    if !owed.rolling {
        return Some(view.window.until).filter(|end| *end > view.now);
    }
    let failed = view
        .pieces
        .iter()
        .find(|piece| events(&piece.fact.seen).is_some_and(|(good, total)| good < total))?;
    let length = view.window.length();
    [failed.fact.from + length, failed.fact.to + length]
        .into_iter()
        .find(|at| *at > view.now)
}

/// Spans have millisecond steps; a finer one would not come back from the ledger equal.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole_millis(millis: f64) -> Duration {
    Duration::from_millis(millis as u64)
}

fn look_backs(window: f64) -> impl Iterator<Item = (f64, Duration, Duration)> {
    let part = move |n: u32| whole_millis(window / f64::from(n));
    BURNS
        .into_iter()
        .map(move |(rate, long, short)| (rate, part(long), part(short)))
        .filter(move |(_, long, _)| window >= millis(BURN_WINDOW_MIN) && *long >= LOOK_BACK_MIN)
}

fn rate(sum: Sum, may_fail: f64) -> f64 {
    if sum.total <= 0.0 || sum.bad <= 0.0 {
        return 0.0;
    }
    let failed = sum.bad / sum.total;
    (if may_fail > 0.0 {
        failed / may_fail
    } else {
        sum.bad
    })
    .min(SHARE_MAX)
}

/// The worst burn that both its look-backs show and that is no chance.
fn burning(
    view: &View<'_>,
    window: f64,
    may_fail: f64,
    sum_in: &dyn Fn(Timestamp, Timestamp) -> Sum,
) -> Option<(f64, Duration)> {
    look_backs(window).find_map(|(limit, long, short)| {
        let (in_long, in_short) = (
            sum_in(view.now - long, view.now),
            sum_in(view.now - short, view.now),
        );
        let burns = rate(in_long, may_fail) > limit && rate(in_short, may_fail) > limit;
        let by_chance = stat::at_least_so_many(in_long.bad, in_long.total, may_fail) >= stat::DOUBT;
        (burns && !by_chance).then(|| (rate(in_long, may_fail), long))
    })
}

/// The rates to show, shortest look-back first.
fn burn_rates(
    view: &View<'_>,
    window: f64,
    may_fail: f64,
    sum_in: &dyn Fn(Timestamp, Timestamp) -> Sum,
) -> Vec<Burn> {
    let mut overs: Vec<Duration> = look_backs(window).map(|(_, long, _)| long).collect();
    let whole = whole_millis(window);
    overs.extend(overs.is_empty().then_some(whole_millis(window / 10.0)));
    overs.push(whole);
    overs
        .into_iter()
        .map(|over| Burn {
            over: Span(over),
            rate: rate(sum_in(view.now - over, view.now), may_fail),
        })
        .collect()
}

/// A share in whole percent, for sentences.
fn whole(share: f64) -> Amount {
    Amount::Share((share * 100.0).round() / 100.0)
}

fn tenths(n: f64) -> Amount {
    Amount::Number((n * 10.0).round() / 10.0)
}
