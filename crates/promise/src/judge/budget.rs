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
//! Where little happens chance has its say: a budget of less than [`FEW`] failures is overspent only when chance
//! would do this in fewer than one of twenty months, and a green verdict needs as many events as prove the share
//! when none fails ([`stat::proves`]). How fast the budget burns is told by `burn`.

use std::time::Duration;

use super::{
    View,
    burn::{Events, Flow, RATE_MAX},
    coverage::millis,
};
use crate::{
    Amount, Budget, Evidence, Reason, State, Timestamp, Verdict, Window,
    kind::{At, BurnAlert},
    stat,
    verdict::{Measured, Saying},
};

/// With ten failures to spend, one more or less is no longer chance's whole share.
const FEW: f64 = 10.0;
/// Below this a chance in whole percent would be told as none; that many short windows make it likely is told with it.
const RARE: f64 = 0.01;
/// Nine tenths gone leave the least time in which a person can still act.
const NEARLY: f64 = 0.9;
/// 30 days in milliseconds.
const MONTH: f64 = 2_592_000_000.0;
/// Below a tenth of the budget, being ahead of time is no news yet (SRE workbook, ch. 5: 10 % opens a ticket).
const AHEAD_MIN: f64 = 0.1;
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
        code: "overspent-by-rare-chance",
        en: "{bad} of {total} events failed, more than the budget allows, but among so few chance does this in up to {chance} of windows, and 30 days have {looks} of them",
        ja: "{total} 件のうち {bad} 件が失敗し予算を超えましたが、この件数では偶然でも最大 {chance} の確率で起こり、30 日にはこの期間が {looks} 回あります",
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
pub(crate) struct Owed<'k> {
    pub at_least: f64,
    pub window: Window,
    pub fresh_for: Duration,
    /// The share of the required time that may be unseen; it is counted as failed at the peak rate.
    pub gaps_at_most: f64,
    pub min_events: Option<u64>,
    pub budget_at_least: Option<u64>,
    pub burn: &'k [BurnAlert],
}

impl Owed<'_> {
    pub fn view<'e>(&self, evidence: &'e Evidence, at: &At<'e>) -> View<'e> {
        View::new(
            evidence,
            at,
            self.window.at(at.now, at.zone),
            self.fresh_for,
        )
    }

    /// A rolling window has its whole length even when the promise is younger; a calendar one ends when it ends.
    fn is_rolling(&self) -> bool {
        matches!(self.window, Window::Rolling(_))
    }
}

/// Judges events. `events` reads `(good, total)` from what was seen.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn judge(view: &View<'_>, owed: &Owed<'_>, events: &Events<'_>) -> Verdict {
    let begin = if owed.is_rolling() {
        view.window.from
    } else {
        view.start
    };
    let window = view.counted(begin, view.window.until);
    let may_fail = 1.0 - owed.at_least;
    let flow = Flow {
        view,
        events,
        may_fail,
        window,
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
    let mut sum = flow.sum_in(view.start, view.now);
    let counted = sum;
    if doubt.is_none() {
        sum.bad += peak * missing;
        sum.total += peak * missing;
    }

    let mean = if seen > 0.0 {
        counted.total / seen
    } else {
        0.0
    };
    let unseen = if doubt.is_some() { peak * missing } else { 0.0 };
    let expected = sum.total + unseen + mean * (window - seen - missing).max(0.0);
    // 1 - 0.995 is a little more than 0.005; a whole budget must not hang on that.
    let allowed = (may_fail * expected * 1e9).round() / 1e9;
    let allowed = owed
        .budget_at_least
        .map_or(allowed, |least| allowed.max(least as f64));
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
    .min(RATE_MAX);
    let chance = stat::at_least_so_many(sum.bad, sum.total, may_fail);

    let watched = flow.watched(mean);
    let told = flow.told(&watched, allowed, owed.burn);
    let is_sure = watched.was_sure();
    // One look at one window may be wrong in one of twenty cases; a month has many short ones.
    let looks = (MONTH / window.max(1.0)).max(1.0);
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
        burn: flow.rates(owed.burn),
    };

    let count = Amount::Count;
    let overspent = sum.bad > allowed + 1e-9;
    let by_chance = overspent && allowed < FEW && chance * looks >= stat::DOUBT && !is_sure;
    let needed = owed
        .min_events
        .map_or_else(|| stat::proves(owed.at_least), |n| n as f64);
    let ahead = spent >= AHEAD_MIN && spent > elapsed && chance < stat::DOUBT;
    let figures = [("bad", count(sum.bad)), ("total", count(sum.total))];
    let mut severity = None;
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
        let figures = figures.into_iter();
        let reason = if chance < RARE {
            let rare = [("chance", at_most(chance)), ("looks", count(looks.floor()))];
            Reason::new("overspent-by-rare-chance", figures.chain(rare))
        } else {
            let chance = [("chance", whole(chance))];
            Reason::new("overspent-by-chance", figures.chain(chance))
        };
        (State::AtRisk, reason)
    } else if let Some(told) = told {
        severity = told.severity;
        (State::AtRisk, told.reason)
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
    verdict.severity = severity;
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
fn due(view: &View<'_>, owed: &Owed<'_>, events: &Events<'_>) -> Option<Timestamp> {
    if !owed.is_rolling() {
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

/// A share in whole percent, for sentences.
fn whole(share: f64) -> Amount {
    Amount::Share((share * 100.0).round() / 100.0)
}

/// A small share for sentences, never told as none: in tenths of a percent, rounded up.
fn at_most(share: f64) -> Amount {
    Amount::Share((share * 1000.0).ceil().max(1.0) / 1000.0)
}
