//! Warnings that come when the money is gone.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A `warn_at` of 100 %.
    /// ja: 100 % の `warn_at`。
    /// # Why
    /// Nothing can be done any more.
    /// ja: その時点ではもう手を打てません。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// `warn_at: 100 %`
    /// ja: `warn_at: 100 %`
    /// # Fix
    /// Warn while half or three quarters are spent.
    /// ja: 半分や 4 分の 3 を使った時点で知らせます。
    "warned-when-spent": Warning, needs ["costs"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let Some(at) = sight.spec.design.costs.warn_at.filter(|at| at.0 >= 1.0) else { return };
    found.note(sight.places.at(&["costs", "warn_at"]), say!("told at {at}, when the budget is spent", "予算を使い切る {at} で知らせます"));
}
