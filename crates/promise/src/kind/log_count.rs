//! Log count: at most, or at least, so many matching log records in a window.
//!
//! Too many is proven as soon as it is seen. Too few is proven only when the window is over, and
//! that there were no more only when all of it was seen.

use std::time::Duration;

use super::{At, Judge, place};
use crate::{
    Amount, Evidence, LogQuery, Measured, Reason, Seen, Signal, State, Verdict, Window,
    document::{Mistake, Node},
    judge::View,
    unit::Span,
    verdict::Saying,
};

record! {
    /// At most, or at least, so many log records: no more than 10 failures in 5 minutes.
    /// ja: 条件に合うログの件数が範囲内に収まること(例: 失敗は 5 分間に 10 件まで)。
    pub struct LogCount {
        /// Which log records are counted.
        /// ja: 数えるログの条件。
        logs: LogQuery,
        /// The highest number that is allowed.
        /// ja: 許される最大の件数。
        at_most: Option<u64>,
        /// The lowest number that is allowed.
        /// ja: 許される最小の件数。
        at_least: Option<u64>,
        /// From this number on the promise is at risk; goes with `at_most`.
        /// ja: この件数から「危うい」と判定します。`at_most` とともに使います。
        warn_at: Option<u64>,
        /// Over which time.
        /// ja: 対象の期間。
        window: Window,
        /// Evidence older than this proves nothing.
        /// ja: これより古い証拠は何も証明しません。
        fresh_for: Span = Span::secs(60),
    }
}

pub(super) const SAYINGS: &[Saying] = &[
    Saying {
        code: "too-many",
        en: "{count} records matched; at most {at_most} are promised",
        ja: "{count} 件が条件に合いました(約束は {at_most} 件まで)",
    },
    Saying {
        code: "too-few-records",
        en: "{count} records matched; at least {at_least} are promised",
        ja: "条件に合ったのは {count} 件です(約束は {at_least} 件以上)",
    },
    Saying {
        code: "not-yet-enough",
        en: "{count} records matched so far; at least {at_least} are promised when the window is over",
        ja: "ここまでに条件に合ったのは {count} 件です(期間の終わりまでに {at_least} 件以上の約束)",
    },
    Saying {
        code: "many",
        en: "{count} records matched, and the warning is at {warn_at}; at most {at_most} are promised",
        ja: "{count} 件が条件に合い、注意の目安 {warn_at} 件に達しました(約束は {at_most} 件まで)",
    },
    Saying { code: "counted", en: "{count} records matched; {bound} is promised", ja: "{count} 件が条件に合いました(約束は {bound})" },
];

#[allow(clippy::cast_precision_loss)]
fn float(n: u64) -> f64 {
    n as f64
}

impl LogCount {
    fn bound(&self) -> Amount {
        let signs = [("≥", self.at_least), ("≤", self.at_most)];
        let parts = signs.into_iter().filter_map(|(sign, bound)| Some(format!("{sign} {}", bound?)));
        Amount::Text(parts.collect::<Vec<_>>().join(", "))
    }
}

impl Judge for LogCount {
    fn signals(&self) -> Vec<Signal> {
        vec![Signal::Count { logs: self.logs.clone() }]
    }

    fn window(&self) -> Option<Window> {
        Some(self.window)
    }

    fn fresh_for(&self) -> Duration {
        self.fresh_for.0
    }

    fn judge(&self, evidence: &Evidence, at: &At<'_>) -> Verdict {
        let window = self.window.at(at.now, at.zone);
        let view = View::new(evidence, at, window, self.fresh_for.0);
        let counts = view.pieces.iter().map(|piece| match piece.fact.seen {
            Seen::Count { n } => n * piece.share_in(view.start, at.now),
            _ => 0.0,
        });
        // A fact that lies half in the window counts half; a record is there or not.
        let count = (counts.sum::<f64>() + 1e-6).floor();
        let is_over = at.since <= window.from && window.until <= at.now;
        let too_many = self.at_most.filter(|most| count > float(*most));
        let too_few = self.at_least.filter(|least| count < float(*least));
        let warn = self.warn_at.filter(|warn| count >= float(*warn));
        let figures = [("count", Amount::Count(count))];
        let figure = |name, n: u64| figures.clone().into_iter().chain([(name, Amount::Count(float(n)))]);
        let (state, reason) = if let Some(most) = too_many {
            (State::Broken, Reason::new("too-many", figure("at_most", most)))
        } else if let Some(doubt) = view.doubt(0.0) {
            (State::Unproven, doubt)
        } else if let Some(least) = too_few {
            let code = if is_over { "too-few-records" } else { "not-yet-enough" };
            (if is_over { State::Broken } else { State::Unproven }, Reason::new(code, figure("at_least", least)))
        } else if let (Some(warn), Some(most)) = (warn, self.at_most) {
            let most = ("at_most", Amount::Count(float(most)));
            (State::AtRisk, Reason::new("many", figure("warn_at", warn).chain([most])))
        } else {
            (State::Kept, Reason::new("counted", figures.clone().into_iter().chain([("bound", self.bound())])))
        };
        let mut verdict = view.verdict(state, reason);
        verdict.measured = Some(Measured { value: Amount::Count(count), target: self.bound() });
        if let Window::Calendar(_) = self.window {
            verdict.due = verdict.due.into_iter().chain([window.until]).min();
        }
        verdict
    }

    fn mistakes(&self, node: &Node) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        if self.at_most.is_none() && self.at_least.is_none() {
            let say = say!("`at_most` or `at_least` is missing", "`at_most` か `at_least` がありません");
            mistakes.push(Mistake::new("missing-key", node.span.clone(), say));
        }
        if let (Some(most), Some(least)) = (self.at_most, self.at_least)
            && most < least
        {
            let say = say!("no count is at least {least} and at most {most}", "{least} 以上かつ {most} 以下の件数はありません");
            let other = say!("`at_least` is here", "`at_least` はここです");
            mistakes.push(Mistake::new("clash", place(node, "at_most"), say).other(place(node, "at_least"), other));
        }
        if let Some(warn) = self.warn_at {
            match self.at_most {
                None => {
                    let say = say!("`warn_at` goes with `at_most`", "`warn_at` は `at_most` とともに使います");
                    mistakes.push(Mistake::new("clash", place(node, "warn_at"), say));
                }
                Some(most) if warn > most => {
                    let say = say!("the warning comes after the promise is broken", "注意の目安が約束の件数を超えています");
                    let other = say!("`at_most` is here", "`at_most` はここです");
                    mistakes.push(Mistake::new("clash", place(node, "warn_at"), say).other(place(node, "at_most"), other));
                }
                Some(_) => {}
            }
        }
        mistakes
    }
}
