//! Freshness: something is heard from again and again, such as a nightly backup or a heartbeat.
//!
//! Silence breaks the promise only where it was listened to: a gap in the evidence leaves it unproven.

use std::time::Duration;

use super::{At, Judge, exactly_one, place};
use crate::{
    Amount, Evidence, Gap, LogQuery, Measured, Reason, Seen, Selector, Signal, State, Timestamp, Verdict, Window,
    document::{Mistake, Node},
    judge::{View, because},
    unit::Span,
    verdict::Saying,
    window::Stretch,
};

record! {
    /// Something is heard from at least this often: a backup within 25 hours.
    /// ja: 少なくともこの間隔で何かが届くこと(例: バックアップが 25 時間以内)。
    pub struct Freshness {
        /// Series of which any new sample counts; write `series` or `logs`.
        /// ja: 新しい値が届けばよい系列。`series` か `logs` のどちらかを書きます。
        series: Option<Selector>,
        /// Log records of which any new one counts.
        /// ja: 新しい記録が届けばよいログの条件。
        logs: Option<LogQuery>,
        /// The longest silence that is allowed.
        /// ja: 許される最長の沈黙。
        within: Span,
        /// A shorter silence that puts the promise at risk.
        /// ja: 「危うい」と判定する沈黙の長さ。
        warn_at: Option<Span>,
    }
}

pub(super) const SAYINGS: &[Saying] = &[
    Saying {
        code: "silent",
        en: "last heard {age} ago; {within} is promised",
        ja: "最後に届いたのは {age}前です(約束は {within}以内)",
    },
    Saying {
        code: "silent-long",
        en: "last heard {age} ago, longer than the warning at {warn_at}; {within} is promised",
        ja: "最後に届いたのは {age}前で、注意の目安 {warn_at}を過ぎています(約束は {within}以内)",
    },
    Saying {
        code: "heard",
        en: "heard {age} ago; {within} is promised",
        ja: "{age}前に届きました(約束は {within}以内)",
    },
];

impl Judge for Freshness {
    fn signals(&self) -> Vec<Signal> {
        let series = self.series.clone().map(|series| Signal::Beat { series });
        let logs = self.logs.clone().map(|logs| Signal::LogBeat { logs });
        series.or(logs).into_iter().collect()
    }

    fn window(&self) -> Option<Window> {
        None
    }

    fn fresh_for(&self) -> Duration {
        self.within.0
    }

    fn judge(&self, evidence: &Evidence, at: &At<'_>) -> Verdict {
        let within = self.within.0;
        // A beat older than the window still says since when it has been silent.
        let stretch = Stretch { from: at.since, until: at.now };
        let view = View::new(evidence, at, stretch, within);
        let beats = evidence.facts.iter().filter(|fact| fact.seen == Seen::Beat && fact.to <= at.now);
        let Some(last) = beats.map(|fact| fact.to).max() else {
            let since = Amount::Time(at.since);
            let reason = view.doubt(0.0).unwrap_or_else(|| Reason::new("no-evidence", [("since", since)]));
            return view.verdict(State::Unproven, reason);
        };
        let age = at.now.since(last);
        let figures = [("age", Amount::duration(age)), ("within", Amount::duration(within))];
        // What came before `within` would be too old now: only deafness since then leaves a doubt.
        let begin = last.max(at.now - within);
        let unheard = |gap: &&Gap| gap.from.max(begin) < gap.to.min(at.now);
        let doubt = evidence.gaps.iter().filter(unheard).max_by_key(|gap| gap.to).map(|gap| {
            let from = gap.from.max(last);
            because(gap, from, Amount::duration(gap.to.min(at.now).since(from)))
        });
        let (state, reason) = match (age > within, doubt) {
            (true, Some(doubt)) => (State::Unproven, doubt),
            (true, None) => (State::Broken, Reason::new("silent", figures)),
            (false, _) => match self.warn_at.filter(|warn| age > warn.0) {
                Some(warn) => {
                    let warn = ("warn_at", Amount::duration(warn.0));
                    (State::AtRisk, Reason::new("silent-long", figures.into_iter().chain([warn])))
                }
                None => (State::Kept, Reason::new("heard", figures)),
            },
        };
        let mut verdict = view.verdict(state, reason);
        verdict.newest = Some(last);
        verdict.measured = Some(Measured { value: Amount::duration(age), target: Amount::duration(within) });
        let next = self.warn_at.into_iter().map(|warn| warn.0).chain([within]);
        verdict.due = next.map(|after| last + after + Duration::from_millis(1)).filter(|due| *due > at.now).min();
        verdict
    }

    fn turned(&self, verdict: &Verdict) -> Option<Timestamp> {
        let allowed = match verdict.state {
            State::Broken => self.within,
            State::AtRisk => self.warn_at.unwrap_or_default(),
            _ => Span::default(),
        };
        verdict.newest.map(|last| last + allowed.0)
    }

    fn mistakes(&self, node: &Node) -> Vec<Mistake> {
        let mut mistakes: Vec<Mistake> = exactly_one(node, ["series", "logs"]).into_iter().collect();
        if self.within.0.is_zero() {
            let say = say!("no silence at all cannot be kept", "沈黙 0 は守れません");
            mistakes.push(Mistake::new("wrong-value", place(node, "within"), say));
        }
        if self.warn_at.is_some_and(|warn| warn >= self.within) {
            let say = say!("the warning comes after the promise is broken", "注意の目安が約束の時間より後になっています");
            let other = say!("`within` is here", "`within` はここです");
            mistakes.push(Mistake::new("clash", place(node, "warn_at"), say).other(place(node, "within"), other));
        }
        mistakes
    }
}
