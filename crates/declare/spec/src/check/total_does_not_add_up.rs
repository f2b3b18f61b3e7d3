//! Totals that are not the sum.

use promise::{quantity::Money, say};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A `total` of costs that differs from the sum of `budgets` in the same currency.
    /// ja: 同じ通貨の `budgets` の合計と異なる `total`。
    /// # Why
    /// One of the figures was changed and the other was not.
    /// ja: 片方だけが変更されています。
    /// # Source
    /// No number of ours: the sum.
    /// ja: 独自の数値はありません。合計です。
    /// # Example
    /// `1000 USD + 500 USD = 1500 USD ≠ 1600 USD`
    /// ja: `1000 USD + 500 USD = 1500 USD ≠ 1600 USD`
    /// # Fix
    /// Correct the figure that is old.
    /// ja: 古い方の値を直します。
    "total-does-not-add-up": Error, needs ["costs"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let costs = &sight.spec.design.costs;
    let Some(total) = costs.total else { return };
    let Some(sum) = Money::sum(costs.budgets.values()).filter(|sum| sum.currency == total.currency) else { return };
    if sum == total {
        return;
    }
    let shown = costs.budgets.values().map(ToString::to_string).collect::<Vec<_>>().join(" + ");
    found
        .note(sight.places.at(&["costs", "total"]), say!("{shown} = {sum}, not {total}", "{shown} = {sum} で、{total} ではありません"))
        .also(sight.places.key(&["costs", "budgets"]), say!("the parts", "内訳"))
        .hint(say!("write `total: {sum}`", "`total: {sum}` と書きます"));
}
