//! Subscriptions that cost more than the budget that they are paid from.

use promise::{say, quantity::Money};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// Subscriptions of a category that together cost more than its budget; a known product's price is used where none is written.
    /// ja: 費目の予算を超える固定の月額(価格の記載がない既知の製品は表の価格を使います)。
    /// # Why
    /// The budget is spent before anything is used.
    /// ja: 使う前から予算を超えています。
    /// # Source
    /// What the spec says, or the provider's price in the table `prices`.
    /// ja: 仕様の値、または提供者の価格(`prices` の表)。
    /// # Example
    /// `shield_advanced` at 3000 USD in a budget of 300 USD
    /// ja: `shield_advanced` at 3000 USD in a budget of 300 USD
    /// # Fix
    /// Raise the budget, or leave the product out.
    /// ja: 予算を増やすか、製品を外します。
    "subscription-exceeds-budget": Error, needs ["costs"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let costs = &sight.spec.design.costs;
    for (category, budget) in &costs.budgets {
        let mut sum = 0i64;
        let mut parts = Vec::new();
        for (name, it) in &costs.subscriptions {
            let fact = sight.facts().one("prices", &[it.product.as_deref().unwrap_or(name)]).filter(|_| it.monthly.is_none());
            let Some(price) = it.monthly.or(fact.and_then(|fact| fact.figure::<Money>("monthly"))) else { continue };
            let of = it.category.as_deref().or(fact.map(|fact| fact.get("category")));
            if of != Some(category) || price.currency != budget.currency {
                continue;
            }
            sum = sum.saturating_add(price.hundredths);
            parts.push((name, price, fact));
        }
        if sum <= budget.hundredths {
            continue;
        }
        let shown = parts.iter().map(|(name, price, _)| format!("{name} {price}")).collect::<Vec<_>>().join(" + ");
        let diagnostic = found.note(sight.places.at(&["costs", "budgets", category]), say!("{shown} each month, and {category} has {budget}", "毎月 {shown} かかりますが、{category} の予算は {budget} です"));
        for (name, _, fact) in &parts {
            diagnostic.also(sight.places.key(&["costs", "subscriptions", name]), say!("paid from it", "ここから支払われます"));
            if let Some(fact) = fact {
                diagnostic.source(fact.source());
            }
        }
    }
}
