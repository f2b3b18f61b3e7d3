//! Ratio: of all events, at least so many are good. The classic service level objective.

use std::time::Duration;

use super::{At, Judge};
use crate::{
    Evidence, Reason, Selector, Signal, State, Verdict, Window,
    signal::Part,
    unit::{Percent, Span},
    verdict::{Amount, Saying},
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
    }
}

pub(super) const SAYINGS: &[Saying] = &[];

impl Judge for Ratio {
    fn signals(&self) -> Vec<Signal> {
        let part = match (&self.good, &self.bad) {
            (_, Some(bad)) => Part::Bad(bad.clone()),
            (Some(good), None) => Part::Good(good.clone()),
            (None, None) => Part::Good(self.total.clone()),
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
        Verdict {
            state: State::Unproven,
            reason: Reason::new("no-evidence", [("since", Amount::Time(at.since))]),
            measured: None,
            budget: None,
            newest: evidence.newest(),
            due: None,
            at: at.now,
        }
    }
}
