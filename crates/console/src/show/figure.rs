//! Figures: what was measured, what is owed, what is left of the budget.

use std::time::Duration;

use maud::{Markup, html};
use promise::{Amount, Budget, Lang, Promise, unit::trim_zeros};

use crate::{lang::Pick, show::time};

/// What is left of a budget, as a share; negative where it is overspent. Not a number counts as nothing left.
pub(crate) fn left(budget: &Budget) -> f64 {
    let left = 1.0 - budget.spent_share;
    if left.is_finite() { left } else { 0.0 }
}

/// `62.4 %`; an overspent budget reads `−12.0 %`, and what is not quite gone never reads 0.
pub(crate) fn share(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        p if !p.is_finite() => "–".to_owned(),
        p if p < 0.0 => format!("−{:.1} %", -p),
        p if p > 0.0 && p < 0.1 => "< 0.1 %".to_owned(),
        p => format!("{:.1} %", (p * 10.0).floor() / 10.0),
    }
}

/// A part of a budget; one that is many budgets reads as so many times.
pub(crate) fn part(part: f64) -> String {
    if part.is_finite() && part >= 1.0 {
        return format!("{} ×", trim_zeros(part, 1));
    }
    share(part)
}

/// What is left of a budget, in words of its own once it is gone: `−3806 %` says less than `38 times spent`.
pub(crate) fn left_share(budget: &Budget) -> String {
    share(left(budget).max(0.0))
}

/// How long what is left would last if everything failed, or how often the budget was spent once it is gone; nothing
/// where no failure is allowed at all.
pub(crate) fn left_time(budget: &Budget, lang: Lang) -> Option<String> {
    if left(budget) < 0.0 {
        let times = trim_zeros(
            budget.spent_share,
            if budget.spent_share < 10.0 { 1 } else { 0 },
        );
        return Some(match lang {
            Lang::En => format!("{times} × spent"),
            Lang::Ja => format!("{times} 倍を消費"),
        });
    }
    match budget.left_millis {
        0 => None,
        // The budget of a short window is less than a second; it still is something.
        millis @ 1..10_000 => Some(Amount::duration(Duration::from_millis(millis)).show(lang)),
        millis => Some(time::length(Duration::from_millis(millis), lang)),
    }
}

/// A bar of what is left. The figure beside it says the same.
pub(crate) fn bar(budget: &Budget) -> Markup {
    let width = (left(budget).clamp(0.0, 1.0) * 100.0).round();
    html! {
        svg.bar viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" {
            rect.track width="100" height="4" {}
            rect.fill width=(width) height="4" {}
        }
    }
}

/// `≥`, `≤` or nothing, as the kind owes it.
pub(crate) fn sign(promise: &Promise) -> &'static str {
    match promise.kind.tag() {
        "ratio" | "deadline" => "≥ ",
        "latency" => "≤ ",
        _ => "",
    }
}

pub(crate) fn amount(amount: &Amount, lang: Lang) -> String {
    amount.show(lang)
}

/// The kind of a promise, in words.
pub(crate) fn kind(promise: &Promise, lang: Lang) -> &'static str {
    match promise.kind.tag() {
        "ratio" => lang.pick("ratio", "割合"),
        "latency" => lang.pick("latency", "応答時間"),
        "threshold" => lang.pick("threshold", "しきい値"),
        "deadline" => lang.pick("deadline", "期限"),
        "freshness" => lang.pick("freshness", "鮮度"),
        "heartbeat" => lang.pick("heartbeat", "心拍"),
        "log_count" | "log-count" | "count" => lang.pick("log count", "ログの件数"),
        "declared" => lang.pick("declared", "宣言のみ"),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_that_is_not_quite_gone_does_not_read_zero() {
        assert_eq!(share(0.0004), "< 0.1 %");
        assert_eq!(share(0.0), "0.0 %");
        assert_eq!(share(-0.25), "−25.0 %");
        assert_eq!(share(0.9999), "99.9 %");
        assert_eq!(share(f64::NAN), "–");
    }
}
