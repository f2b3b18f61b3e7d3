//! Ratio: of all events, at least so many are good. The classic service level objective.
//!
//! The arithmetic of its error budget is in `judge::budget`.

use std::time::Duration;

use super::{
    At, Judge,
    budgeting::{self, Budgeting, BurnAlert, Slices},
    exactly_one,
};
use crate::{
    Evidence, Seen, Selector, Signal, Timestamp, Verdict, Window,
    document::{Mistake, Node},
    judge::budget::{self, Owed},
    signal::Part,
    unit::{Percent, Span},
    verdict::Saying,
};

record! {
    /// Of all events at least so many are good: payments succeed 99.5 %.
    /// ja: すべての事象のうち、少なくともこの割合が成功すること。
    pub struct Ratio {
        /// Counter of all events.
        /// ja: すべての事象のカウンター。
        total: Selector,
        /// Counter of the good ones; write `good` or `bad`.
        /// ja: 成功した事象のカウンター。`good` か `bad` のどちらかを書きます。
        good: Option<Selector>,
        /// Counter of the bad ones.
        /// ja: 失敗した事象のカウンター。
        bad: Option<Selector>,
        /// The share of good events that is owed.
        /// ja: 約束する成功の割合。
        at_least: Percent,
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
        /// So many failures are within budget, however few events there are.
        /// ja: 件数がどれほど少なくても、この件数までの失敗はバジェットの内とみなします。
        budget_at_least: Option<u64>,
        /// Which burns of the budget are told, and as what; by default those of the SRE workbook (14.4, 6, 3 and 1
        /// times over 1 h, 6 h, 1 d and 3 d of a window of 30 d) as what the promise itself is told.
        /// ja: どの減り方をどの重大度で知らせるか。省略すると SRE workbook の 4 段階(30 日の期間なら 1 時間で 14.4 倍、6 時間で 6 倍、1 日で 3 倍、3 日で 1 倍)です。
        burn: Vec<BurnAlert> = Vec::new(),
        /// How the budget is counted: `occurrences`, `time_slices` or `ratio_time_slices`.
        /// ja: バジェットの数え方(`occurrences`、`time_slices`、`ratio_time_slices`)。
        budgeting: Budgeting = Budgeting::Occurrences,
        /// How long a slice of time is.
        /// ja: スライスの長さ。
        slice: Span = Span::secs(60),
        /// The share of good events that makes a slice good; by default the share that is owed.
        /// ja: スライスを「良い」とみなす成功の割合。省略すると約束の割合です。
        slice_at_least: Option<Percent>,
    }
}

pub(super) const SAYINGS: &[Saying] = &[];

impl Judge for Ratio {
    fn signals(&self) -> Vec<Signal> {
        let part = match (&self.good, &self.bad) {
            (_, Some(bad)) => Part::Bad(bad.clone()),
            (Some(good), None) => Part::Good(good.clone()),
            // `mistakes` refuses this; without either, no event is known to be good.
            (None, None) => Part::Bad(self.total.clone()),
        };
        vec![Signal::Events { total: self.total.clone(), part }]
    }

    fn window(&self) -> Option<Window> {
        Some(self.window)
    }

    fn fresh_for(&self) -> Duration {
        self.fresh_for.0
    }

    fn judge(&self, evidence: &Evidence, at: &At<'_>) -> Verdict {
        let owed = Owed {
            at_least: self.at_least.0,
            window: self.window,
            fresh_for: self.fresh_for.0,
            gaps_at_most: self.gaps_at_most.0,
            min_events: self.min_events,
            budget_at_least: self.budget_at_least,
            burn: &self.burn,
        };
        let view = owed.view(evidence, at);
        budget::judge(&view, &owed, &|seen| self.events(seen, at.now))
    }

    fn events(&self, seen: &Seen, _: Timestamp) -> Option<(f64, f64)> {
        match seen {
            Seen::Events { good, total } => Some((*good, *total)),
            _ => None,
        }
    }

    fn slices(&self) -> Option<Slices> {
        Slices::of(self.budgeting, self.slice, self.slice_at_least, self.at_least.0)
    }

    fn mistakes(&self, node: &Node) -> Vec<Mistake> {
        let mut mistakes = budgeting::mistakes(node, self.window, &self.burn, self.budgeting, self.slice);
        mistakes.extend(exactly_one(node, ["good", "bad"]));
        mistakes
    }
}
