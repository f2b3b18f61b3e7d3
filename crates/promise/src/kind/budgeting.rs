//! What a promise with an error budget may say of it: how failures are counted, and which burn is worth a page.

use std::{fmt, time::Duration};

use super::place;
use crate::{
    Say, Window,
    document::{Mistake, Node, Value},
    record::Scalar,
    scalar_as_text,
    unit::{Percent, Span},
};

/// How the budget is counted; the budgeting methods of OpenSLO v1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budgeting {
    /// Each event counts once.
    Occurrences,
    /// Each slice of time counts once, and is good when enough of its events were.
    TimeSlices,
    /// Each slice of time counts once, and is as good as its events were.
    RatioTimeSlices,
}

const METHODS: [(&str, Budgeting); 3] = [
    ("occurrences", Budgeting::Occurrences),
    ("time_slices", Budgeting::TimeSlices),
    ("ratio_time_slices", Budgeting::RatioTimeSlices),
];

impl fmt::Display for Budgeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = METHODS.iter().find(|(_, method)| method == self);
        f.write_str(name.map_or("", |(name, _)| name))
    }
}

impl Scalar for Budgeting {
    const NAME: &'static str = "budgeting method";
    const NAME_JA: &'static str = "数え方";
    const EXAMPLE: &'static str = "occurrences";
    const ONE_OF: &'static [&'static str] = &["occurrences", "time_slices", "ratio_time_slices"];

    fn parse(text: &str) -> Result<Self, Say> {
        let found = METHODS.iter().find(|(name, _)| *name == text);
        found.map(|(_, method)| *method).ok_or_else(|| {
            say!(
                "`{text}` is no way to count a budget",
                "`{text}` という数え方はありません"
            )
        })
    }
}
scalar_as_text!(Budgeting);

/// Slices of time that count as one event each. Slices without events count as none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slices {
    pub width: Duration,
    /// The share of good events that makes a slice good; without it a slice is as good as that share.
    pub at_least: Option<f64>,
}

impl Slices {
    pub(super) fn of(
        method: Budgeting,
        width: Span,
        at_least: Option<Percent>,
        owed: f64,
    ) -> Option<Self> {
        let at_least = match method {
            Budgeting::Occurrences => return None,
            Budgeting::TimeSlices => Some(at_least.map_or(owed, |share| share.0)),
            Budgeting::RatioTimeSlices => None,
        };
        Some(Self {
            width: width.0,
            at_least,
        })
    }

    /// What a slice counts for, of whose events so many were good.
    #[must_use]
    pub fn good(self, good: f64, total: f64) -> f64 {
        let share = if total > 0.0 {
            (good / total).clamp(0.0, 1.0)
        } else {
            1.0
        };
        match self.at_least {
            // The share that a division gives may miss the whole figure by a rounding.
            Some(at_least) => f64::from(u8::from(share + 1e-12 >= at_least)),
            None => share,
        }
    }
}

record! {
    /// A burn of the error budget that is worth telling; it must show over a long and a short look-back.
    /// ja: 知らせるべきエラーバジェットの減り方。長短二つの期間の両方で見えたときに知らせます。
    pub struct BurnAlert {
        /// How many times faster than the window allows the budget must burn.
        /// ja: 許容の何倍の速さで減っているか。
        rate: f64,
        /// The long look-back.
        /// ja: 長いほうの期間。
        over: Span,
        /// The short look-back, which ends the alert soon after the burn; a twelfth of the long one by default.
        /// ja: 短いほうの期間。省略すると長いほうの 12 分の 1 です。
        short: Option<Span>,
        /// The severity that it is told as, whatever the promise's own; without it the promise's decides.
        /// ja: 知らせるときの重大度。省略すると約束の重大度に従います。
        severity: Option<String>,
    }
}

impl BurnAlert {
    #[must_use]
    pub fn short(&self) -> Duration {
        self.short.map_or(self.over.0 / 12, |short| short.0)
    }
}

/// The least that a look-back may be: it must hold more than one scrape.
const LOOK_BACK_MIN: Duration = Duration::from_secs(60);

/// What the fields of a budget say against each other.
pub(super) fn mistakes(
    node: &Node,
    window: Window,
    burn: &[BurnAlert],
    method: Budgeting,
    slice: Span,
) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for (index, alert) in burn.iter().enumerate() {
        let span = match node.get("burn").map(|node| &node.value) {
            Some(Value::List(items)) => items.get(index).map(|item| item.span.clone()),
            _ => None,
        };
        let span = span.unwrap_or_else(|| place(node, "burn"));
        if alert.over.0 > window.longest() {
            let say = say!(
                "a look-back of {} is longer than the window",
                "{} という期間は約束の期間より長くなっています",
                alert.over
            );
            mistakes.push(Mistake::new("clash", span.clone(), say).other(
                place(node, "window"),
                say!("the window is here", "約束の期間はここです"),
            ));
        }
        if alert.rate <= 0.0 {
            let say = say!(
                "a burn rate is more than 0",
                "減る速さは 0 より大きい数です"
            );
            mistakes.push(Mistake::new("wrong-value", span.clone(), say));
        }
        if alert.short() >= alert.over.0
            || alert.short() < LOOK_BACK_MIN / 12
            || alert.over.0 < LOOK_BACK_MIN
        {
            let say = say!(
                "the long look-back is at least a minute, and the short one shorter",
                "長いほうの期間は 1 分以上、短いほうはそれより短くします"
            );
            mistakes.push(Mistake::new("wrong-value", span, say));
        }
    }
    if method != Budgeting::Occurrences
        && (slice.0 < LOOK_BACK_MIN / 6 || slice.0 * 2 > window.longest())
    {
        let say = say!(
            "a slice takes 10 s or more, and at most half the window",
            "スライスは 10 秒以上、期間の半分以下にします"
        );
        mistakes.push(Mistake::new("wrong-value", place(node, "slice"), say));
    }
    mistakes
}
