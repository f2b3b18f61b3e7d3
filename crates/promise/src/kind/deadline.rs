//! Deadline: when one event happens, another follows within a given time.
//!
//! "A critical alert reaches a person within 1 minute" and "a refund is paid within 24 hours" are
//! the same promise in different words, so they share this file.
//!
//! A start whose time is not up proves nothing yet. Once three quarters of the time has gone it
//! puts the promise at risk, while a person can still do something about it.

use std::time::Duration;

use super::{At, Judge, place};
use crate::{
    Amount, Evidence, LogQuery, Reason, Seen, Signal, State, Timestamp, Verdict, Window,
    document::{Mistake, Node},
    judge::budget::{self, Owed},
    unit::{Percent, Span},
    verdict::Saying,
};

record! {
    /// After one event another follows in time: a refund is paid within 24 hours.
    /// ja: ある事象の後、決められた時間内に次の事象が起きること(例: 返金は 24 時間以内)。
    pub struct Deadline {
        /// Log records that start the clock.
        /// ja: 計測を始めるログの条件。
        start: LogQuery,
        /// Log records that stop it.
        /// ja: 計測を終えるログの条件。
        end: LogQuery,
        /// The field that both share, such as payment_id.
        /// ja: 両者を結びつける項目(payment_id など)。
        by: String,
        /// The time that may pass.
        /// ja: 許される時間。
        within: Span,
        /// The share that must be in time.
        /// ja: 時間内に終わるべき割合。
        at_least: Percent = Percent(1.0),
        /// Over which time.
        /// ja: 対象の期間。
        window: Window,
        /// Evidence older than this proves nothing.
        /// ja: これより古い証拠は何も証明しません。
        fresh_for: Span = Span::secs(60),
        /// How much of the time may be unseen; it is counted as failed at the highest rate seen.
        /// ja: 観測できなくてもよい時間の割合。その間はすべて失敗したものと数えます。
        gaps_at_most: Percent = Percent(0.0),
        /// How many events a green verdict needs; by default as many as prove the share statistically.
        /// ja: 「守れている」と判定するのに必要な件数。省略すると統計的に必要な件数になります。
        min_events: Option<u64>,
    }
}

pub(super) const SAYINGS: &[Saying] = &[
    Saying {
        code: "running-out",
        en: "one that started {age} ago is still open; it is due within {within}",
        ja: "{age}前に始まったものがまだ終わっていません(期限は {within}以内)",
    },
    Saying {
        code: "too-late",
        en: "{bad} of {total} were not done within {within}; the window allows {allowed}",
        ja: "{total} 件のうち {bad} 件が {within}以内に終わりませんでした。この期間に許されるのは {allowed} 件です",
    },
    Saying {
        code: "in-time",
        en: "{good} of {total} were done within {within}",
        ja: "{total} 件の {good} が {within}以内に終わりました",
    },
    Saying {
        code: "still-open",
        en: "started and still open, {open}; none is done and none is overdue",
        ja: "{open} 件が始まりましたが、終わったものも期限を過ぎたものもまだありません",
    },
];

impl Judge for Deadline {
    fn signals(&self) -> Vec<Signal> {
        vec![Signal::Pairs {
            start: self.start.clone(),
            end: self.end.clone(),
            by: self.by.clone(),
            within: self.within.0,
        }]
    }

    fn window(&self) -> Option<Window> {
        Some(self.window)
    }

    fn fresh_for(&self) -> Duration {
        self.fresh_for.0
    }

    #[allow(clippy::cast_precision_loss)]
    fn events(&self, seen: &Seen, now: Timestamp) -> Option<(f64, f64)> {
        match seen {
            Seen::Pairs { in_time, late, open } => {
                let overdue = open.iter().filter(|start| now.since(**start) > self.within.0);
                let bad = *late as f64 + overdue.count() as f64;
                Some((*in_time as f64, *in_time as f64 + bad))
            }
            _ => None,
        }
    }

    fn judge(&self, evidence: &Evidence, at: &At<'_>) -> Verdict {
        let within = self.within.0;
        let owed = Owed {
            at_least: self.at_least.0,
            window: self.window,
            fresh_for: self.fresh_for.0,
            gaps_at_most: self.gaps_at_most.0,
            min_events: self.min_events,
            budget_at_least: None,
            burn: &[],
        };
        let view = owed.view(evidence, at);
        let overdue = |start: &&Timestamp| at.now.since(**start) > within;
        let mut verdict = budget::judge(&view, &owed, &|seen| self.events(seen, at.now));

        let open = view.pieces.iter().flat_map(|piece| match &piece.fact.seen {
            Seen::Pairs { open, .. } => open.as_slice(),
            _ => &[],
        });
        let running: Vec<Timestamp> = open.filter(|start| !overdue(start)).copied().collect();
        let oldest = running.iter().min().copied();
        let warn_after = within.mul_f64(0.75);
        verdict.due = oldest
            .into_iter()
            .flat_map(|start| [start + warn_after, start + within + Duration::from_millis(1)])
            .filter(|due| *due > at.now)
            .chain(verdict.due)
            .min();
        let age = oldest.map(|start| at.now.since(start));
        let within = ("within", Amount::duration(within));
        match (verdict.state, age) {
            (State::Broken, _) => retell(&mut verdict, "too-late", within),
            (State::Kept | State::AtRisk, Some(age)) if age >= warn_after => {
                verdict.state = State::AtRisk;
                verdict.reason = Reason::new("running-out", [("age", Amount::duration(age)), within]);
            }
            (State::Unproven, Some(age)) if age >= warn_after && verdict.reason.code == "no-traffic" => {
                verdict.state = State::AtRisk;
                verdict.reason = Reason::new("running-out", [("age", Amount::duration(age)), within]);
            }
            (State::Unproven, Some(_)) if verdict.reason.code == "no-traffic" => {
                verdict.reason = Reason::new("still-open", [("open", Amount::Count(running.len() as f64))]);
            }
            (State::Kept, _) if verdict.reason.code == "within-budget" => retell(&mut verdict, "in-time", within),
            _ => {}
        }
        verdict
    }

    fn mistakes(&self, node: &Node) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        if self.start == self.end {
            let say = say!("`start` and `end` are the same", "`start` と `end` が同じです");
            let other = say!("`start` is here", "`start` はここです");
            mistakes.push(Mistake::new("clash", place(node, "end"), say).other(place(node, "start"), other));
        }
        if self.within.0 >= self.window.longest() {
            let say = say!("the window is over before a deadline is", "期限が来る前に期間が終わってしまいます");
            let other = say!("`within` is here", "`within` はここです");
            mistakes.push(Mistake::new("clash", place(node, "window"), say).other(place(node, "within"), other));
        }
        if self.within.0.is_zero() {
            let say = say!("nothing takes no time at all", "所要時間 0 の処理はありません");
            mistakes.push(Mistake::new("wrong-value", place(node, "within"), say));
        }
        mistakes
    }
}

fn retell(verdict: &mut Verdict, code: &'static str, within: (&'static str, Amount)) {
    let mut reason = Reason::new(code, [within]);
    reason.figures.append(&mut verdict.reason.figures);
    verdict.reason = reason;
}
