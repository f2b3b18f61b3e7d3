//! Plans that cost more than was granted.

use promise::{quantity::Money, say};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A sum of `budgets`, in the same currency, above the `ceiling`.
    /// ja: 同じ通貨の `budgets` の合計が `ceiling` を上回る。
    /// # Why
    /// The plan cannot be paid from what was granted, and somebody learns of it with the bill.
    /// ja: 承認された金額では賄えず、請求が来て初めて分かります。
    /// # Source
    /// No number of ours: the sum.
    /// ja: 独自の数値はありません。合計です。
    /// # Example
    /// `1000 USD + 600 USD`, of 1500 USD
    /// ja: `1000 USD + 600 USD`、上限 1500 USD
    /// # Fix
    /// Ask for more, or plan less.
    /// ja: 上限を見直すか、計画を減らします。
    "budgets-exceed-ceiling": Error, needs ["costs"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let costs = &sight.spec.design.costs;
    let Some(ceiling) = costs.ceiling else { return };
    let Some(sum) = Money::sum(costs.budgets.values()).filter(|sum| sum.currency == ceiling.currency) else { return };
    if sum.hundredths <= ceiling.hundredths {
        return;
    }
    found
        .note(sight.places.at(&["costs", "ceiling"]), say!("the budgets come to {sum}, and {ceiling} was granted", "内訳の合計 {sum} が、承認された {ceiling} を上回ります"))
        .also(sight.places.key(&["costs", "budgets"]), say!("the parts", "内訳"));
}
