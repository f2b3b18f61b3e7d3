//! Threshold: the value of a PromQL expression stays within a bound.
//!
//! Only the present counts. With `for`, a value beyond the bound is at risk at first and broken once it has
//! been seen beyond it, without a break, for so long. With `resolve_at`, what was broken stays so until the value has
//! come back that far: one that hovers at its bound is told once.

use std::time::Duration;

use super::{At, Judge, place};
use crate::{
    Amount, Evidence, Measured, Reason, Seen, Signal, State, Timestamp, Verdict, Window,
    document::{Mistake, Node},
    judge::View,
    unit::Span,
    verdict::Saying,
    window::Stretch,
};

record! {
    /// The value of a PromQL expression stays within a bound.
    /// ja: PromQL 式の値が範囲内に収まること。
    pub struct Threshold {
        /// A PromQL expression with one series as its result.
        /// ja: 結果が 1 系列になる PromQL 式。
        query: String,
        /// The highest value that is allowed.
        /// ja: 許される最大の値。
        at_most: Option<f64>,
        /// The lowest value that is allowed.
        /// ja: 許される最小の値。
        at_least: Option<f64>,
        /// The value must be less than this.
        /// ja: 値はこれより小さくなければなりません。
        below: Option<f64>,
        /// The value must be more than this.
        /// ja: 値はこれより大きくなければなりません。
        above: Option<f64>,
        /// Beyond this, still within the bound, the promise is at risk.
        /// ja: 範囲内でもこの値を超えると「危うい」と判定します。
        warn_at: Option<f64>,
        /// How long the value must be out of bounds before the promise is broken.
        /// ja: 範囲外の状態がこの時間続くと「破れた」と判定します。
        r#for: Span = Span::default(),
        /// A second bound, within the first: what was broken stays broken until the value is back within this one.
        /// ja: 範囲の内側に置く解消の目安。一度破れた約束は、値がここまで戻るまで「破れた」のままです。
        resolve_at: Option<f64>,
        /// The unit to show behind the value.
        /// ja: 値の後に表示する単位。
        unit: Option<String>,
        /// Evidence older than this proves nothing.
        /// ja: これより古い証拠は何も証明しません。
        fresh_for: Span = Span::secs(60),
    }
}

pub(super) const SAYINGS: &[Saying] = &[
    Saying {
        code: "out-of-bounds",
        en: "the value is {value}; {bound} is promised",
        ja: "値は {value} です(約束は {bound})",
    },
    Saying {
        code: "out-of-bounds-for",
        en: "the value is {value}; {bound} is promised, and it has been so for {beyond}",
        ja: "値は {value} です(約束は {bound})。この状態が {beyond}続いています",
    },
    Saying {
        code: "out-of-bounds-lately",
        en: "the value is {value}; {bound} is promised. It has been so for {beyond}; after {allowed} the promise is broken",
        ja: "値は {value} です(約束は {bound})。この状態が {beyond}続いており、{allowed}続くと約束が破れます",
    },
    Saying {
        code: "not-back-yet",
        en: "the value is {value}, back within {bound}; it was beyond it, and is over at {resolve_at}",
        ja: "値は {value} で {bound} の範囲に戻りましたが、{resolve_at} に達するまで解消とみなしません",
    },
    Saying {
        code: "near-bound",
        en: "the value is {value}, beyond the warning at {warn_at}; {bound} is promised",
        ja: "値は {value} で、注意の目安 {warn_at} を超えています(約束は {bound})",
    },
    Saying { code: "within-bounds", en: "the value is {value}; {bound} is promised", ja: "値は {value} です(約束は {bound})" },
];

/// How far back it is looked for what a value between the two bounds came from; evidence of a day is kept. What hovers
/// there for longer is judged by the first bound alone.
const HELD_MAX: Duration = Duration::from_secs(23 * 3600);

impl Threshold {
    fn is_out(&self, value: f64) -> bool {
        self.is_too_high(value) || self.is_too_low(value)
    }

    fn is_too_high(&self, value: f64) -> bool {
        self.at_most.is_some_and(|bound| value > bound) || self.below.is_some_and(|bound| value >= bound)
    }

    fn is_too_low(&self, value: f64) -> bool {
        self.at_least.is_some_and(|bound| value < bound) || self.above.is_some_and(|bound| value <= bound)
    }

    fn warns(&self, value: f64) -> bool {
        let upper = self.at_most.is_some() || self.below.is_some();
        self.warn_at.is_some_and(|warn| if upper { value > warn } else { value < warn })
    }

    /// Whether the value is between the bound and `resolve_at`.
    fn is_between(&self, value: f64) -> bool {
        let upper = self.at_most.is_some() || self.below.is_some();
        let is_short = |back: f64| if upper { value > back } else { value < back };
        !self.is_out(value) && self.resolve_at.is_some_and(is_short)
    }

    fn long_view<'e>(&self, evidence: &'e Evidence, at: &At<'e>) -> View<'e> {
        let stretch = Stretch { from: at.now - HELD_MAX, until: at.now };
        View::new(evidence, at, stretch, self.fresh_for.0)
    }

    /// Whether a value between the two bounds came from a breach; `None` where a hole hides where it came from.
    fn is_held(&self, view: &View<'_>) -> Option<bool> {
        // Since when it has been out without a break, and until when, going back.
        let mut spell: Option<(Timestamp, Timestamp)> = None;
        let is_seen_since = |from: Timestamp| view.holes.iter().all(|(_, end)| *end <= from);
        for piece in view.pieces.iter().rev() {
            let Seen::Level { last, low, high } = piece.fact.seen else { continue };
            if self.is_out(last) || self.is_out(low) || self.is_out(high) {
                let until = match spell {
                    Some((since, until)) if piece.to >= since => until,
                    _ => piece.to,
                };
                if until.since(piece.from) >= self.r#for.0 {
                    return is_seen_since(piece.to).then_some(true);
                }
                spell = Some((piece.from, until));
            } else if !self.is_between(last) {
                return is_seen_since(piece.to).then_some(false);
            } else {
                spell = None;
            }
        }
        view.holes.is_empty().then_some(false)
    }

    /// The bound in signs that read in any language: `>= 1, <= 80`.
    fn bound(&self) -> Amount {
        let unit = self.unit.as_deref().map_or_else(String::new, |unit| format!(" {unit}"));
        let signs = [("≥", self.at_least), (">", self.above), ("≤", self.at_most), ("<", self.below)];
        let parts = signs.into_iter().filter_map(|(sign, bound)| Some(format!("{sign} {}{unit}", bound?)));
        Amount::Text(parts.collect::<Vec<_>>().join(", "))
    }

    fn amount(&self, value: f64) -> Amount {
        match &self.unit {
            Some(unit) => Amount::Text(format!("{} {unit}", crate::unit::trim_zeros(value, 3))),
            None => Amount::Number(value),
        }
    }

    /// Since when the value has been seen out of bounds without a break.
    fn out_since(&self, view: &View<'_>) -> Timestamp {
        let mut since = view.now;
        for piece in view.pieces.iter().rev() {
            let Seen::Level { last, low, high } = piece.fact.seen else { break };
            if piece.to < since && since != view.now {
                break;
            }
            // Out from its first moment only where no value within it was in bounds.
            let whole = (self.is_too_high(low) && self.is_too_high(high)) || (self.is_too_low(low) && self.is_too_low(high));
            if !whole {
                if self.is_out(last) {
                    since = piece.to;
                }
                break;
            }
            since = piece.from;
        }
        since
    }
}

impl Judge for Threshold {
    fn signals(&self) -> Vec<Signal> {
        vec![Signal::Level { query: self.query.clone() }]
    }

    fn window(&self) -> Option<Window> {
        None
    }

    fn fresh_for(&self) -> Duration {
        self.fresh_for.0
    }

    fn judge(&self, evidence: &Evidence, at: &At<'_>) -> Verdict {
        let reach = self.r#for.0 + self.fresh_for.0;
        let stretch = Stretch { from: at.now - reach, until: at.now };
        let view = View::new(evidence, at, stretch, self.fresh_for.0);
        let newest = view.pieces.iter().rev().find_map(|piece| match piece.fact.seen {
            Seen::Level { last, .. } => Some((piece.to, last)),
            _ => None,
        });
        let unknown = || view.doubt(0.0).unwrap_or_else(|| Reason::new("no-evidence", [("since", Amount::Time(view.start))]));
        let Some((to, value)) = newest.filter(|_| !view.is_stale()) else {
            return view.verdict(State::Unproven, unknown());
        };
        let figures = [("value", self.amount(value)), ("bound", self.bound())];
        let out_for = to.since(self.out_since(&view).min(to));
        let figure = |name, amount| figures.clone().into_iter().chain([(name, amount)]);
        // Only what was missing since the value was last known in bounds, or after the newest value, matters.
        let begin = if self.is_out(value) { to - out_for.max(Duration::from_millis(1)) } else { to };
        let doubt = view.holes.iter().any(|(_, end)| *end > to || (self.is_out(value) && *end >= begin));
        let allowed = self.r#for.0;
        let (state, reason) = if self.is_out(value) && out_for >= allowed {
            let code = if allowed.is_zero() { "out-of-bounds" } else { "out-of-bounds-for" };
            (State::Broken, Reason::new(code, figure("beyond", Amount::duration(out_for))))
        } else if doubt {
            (State::Unproven, unknown())
        } else if self.is_out(value) {
            let beyond = figure("beyond", Amount::duration(out_for));
            let allowed = ("allowed", Amount::duration(allowed));
            (State::AtRisk, Reason::new("out-of-bounds-lately", beyond.chain([allowed])))
        } else if let (true, Some(back)) = (self.is_between(value), self.resolve_at)
            && let held @ (None | Some(true)) = self.is_held(&self.long_view(evidence, at))
        {
            match held {
                Some(_) => (State::Broken, Reason::new("not-back-yet", figure("resolve_at", self.amount(back)))),
                None => (State::Unproven, self.long_view(evidence, at).doubt(0.0).unwrap_or_else(unknown)),
            }
        } else if let Some(warn) = self.warn_at.filter(|_| self.warns(value)) {
            (State::AtRisk, Reason::new("near-bound", figure("warn_at", self.amount(warn))))
        } else {
            (State::Kept, Reason::new("within-bounds", figures.clone()))
        };
        let mut verdict = view.verdict(state, reason);
        verdict.measured = Some(Measured { value: self.amount(value), target: self.bound() });
        verdict
    }

    fn mistakes(&self, node: &Node) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        let bounds = [("at_most", self.at_most), ("below", self.below), ("at_least", self.at_least), ("above", self.above)];
        let written: Vec<_> = bounds.into_iter().filter_map(|(name, bound)| Some((name, bound?))).collect();
        if written.is_empty() {
            mistakes.push(
                Mistake::new("missing-key", node.span.clone(), say!("no bound is written", "範囲が書かれていません"))
                    .hint(say!("write `at_most`, `at_least`, `below` or `above`", "`at_most`、`at_least`、`below`、`above` のいずれかを書きます")),
            );
        }
        for (a, b) in [("at_most", "below"), ("at_least", "above")] {
            if written.iter().filter(|(name, _)| [a, b].contains(name)).count() == 2 {
                mistakes.push(
                    Mistake::new("clash", place(node, b), say!("`{a}` and `{b}` are both written", "`{a}` と `{b}` の両方が書かれています"))
                        .other(place(node, a), say!("`{a}` is here", "`{a}` はここです")),
                );
            }
        }
        let (high, low) = (self.at_most.or(self.below), self.at_least.or(self.above));
        if let (Some(high), Some(low)) = (high, low) {
            if high < low {
                let say = say!("no value is at least {low} and at most {high}", "{low} 以上かつ {high} 以下の値はありません");
                mistakes.push(Mistake::new("clash", node.span.clone(), say));
            }
            if self.warn_at.is_some() {
                let say = say!("`warn_at` needs one bound, here are two", "`warn_at` は範囲の片側だけがあるときに使えます");
                mistakes.push(Mistake::new("clash", place(node, "warn_at"), say));
            }
        } else if let (Some(warn), Some(bound)) = (self.warn_at, high.or(low))
            && self.is_out(warn)
        {
            let say = say!("the warning at {warn} comes after the bound {bound}", "注意の目安 {warn} が範囲 {bound} の外にあります");
            mistakes.push(Mistake::new("clash", place(node, "warn_at"), say));
        }
        if let Some(back) = self.resolve_at {
            if high.is_some() && low.is_some() {
                let say = say!("`resolve_at` needs one bound, here are two", "`resolve_at` は範囲の片側だけがあるときに使えます");
                mistakes.push(Mistake::new("clash", place(node, "resolve_at"), say));
            } else if self.is_out(back) {
                let say = say!("at {back} the promise is broken, so it cannot be over there", "{back} では約束が破れているため、解消の目安にできません");
                mistakes.push(Mistake::new("clash", place(node, "resolve_at"), say));
            }
        }
        mistakes
    }
}
