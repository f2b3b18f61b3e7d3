//! Lines of a table of costs that do not multiply, and years that are not twelve months.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A budget that is not `count` × `each` of its `units`, and a `year` that is not twelve times the total.
    /// ja: 費目が `units` の `count` × `each` と合わない。`year` が合計の 12 倍と合わない。
    /// # Why
    /// The total is added up from the wrong line, and is approved.
    /// ja: 誤った行から合計が計算され、そのまま承認されます。
    /// # Source
    /// Arithmetic; 2 % may be lost to rounding.
    /// ja: 計算のみ。端数の丸めとして 2 % まで許します。
    /// # Example
    /// `budgets: { nodes: 214200 JPY }`, `units: { nodes: { count: 12, each: 23800 } }`
    /// ja: `budgets: { nodes: 214200 JPY }`, `units: { nodes: { count: 12, each: 23800 } }`
    /// # Fix
    /// Correct whichever of the three is wrong, and the total.
    /// ja: 誤っている値と合計を直します。
    "line-does-not-multiply": Error, needs ["costs"], check
}

/// What rounding may lose.
const ROUNDING: f64 = 0.02;
const MONTHS: f64 = 12.0;

#[allow(clippy::cast_precision_loss)] // Amounts of money are far below 2^53 hundredths.
fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let costs = &sight.spec.design.costs;
    for (name, unit) in &costs.units {
        let (Some(count), Some(each), Some(said)) = (unit.count, unit.each, costs.budgets.get(name)) else { continue };
        let amount = said.hundredths as f64 / 100.0;
        let product = count * each;
        if (product - amount).abs() <= (amount.abs().max(product.abs()) * ROUNDING).max(1.0) {
            continue;
        }
        found
            .note(sight.places.at(&["costs", "budgets", name]), say!("{count} × {each} = {product}, not {said}", "{count} × {each} = {product} で、{said} ではありません"))
            .also(sight.places.at(&["costs", "units", name, "each"]), say!("what one costs", "単価"));
    }
    let (Some(total), Some(year)) = (costs.total, costs.year) else { return };
    let (months, said) = (total.hundredths as f64 / 100.0 * MONTHS, year.hundredths as f64 / 100.0);
    if total.currency != year.currency || (months - said).abs() <= months * ROUNDING {
        return;
    }
    found
        .note(sight.places.at(&["costs", "year"]), say!("12 × {total} = {months}, not {year}", "12 × {total} = {months} で、{year} ではありません"))
        .also(sight.places.at(&["costs", "total"]), say!("a month", "月額"));
}
