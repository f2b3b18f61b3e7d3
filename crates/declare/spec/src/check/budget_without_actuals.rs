//! Budgets that are compared with nothing.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// `budgets` without `actual_from`.
    /// ja: `actual_from` のない `budgets`。
    /// # Why
    /// That a budget is kept cannot be shown, and is heard of with the bill.
    /// ja: 予算を守っていることを示せず、請求書で初めて分かります。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// `budgets: { compute: 2500 USD }`
    /// ja: `budgets: { compute: 2500 USD }`
    /// # Fix
    /// Say where real costs come from.
    /// ja: 実績の取り込み元を書きます。
    "budget-without-actuals": Advice, needs ["costs"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let costs = &sight.spec.design.costs;
    if !costs.budgets.is_empty() && costs.actual_from.is_none() {
        found.note(sight.places.key(&["costs", "budgets"]), say!("no source of real costs", "費用の実績の取り込み元がありません")).hint(say!("add `actual_from`", "`actual_from` を加えます"));
    }
}
