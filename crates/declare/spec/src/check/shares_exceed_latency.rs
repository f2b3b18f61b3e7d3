//! Latency budgets whose parts do not fit into the whole.

use promise::{say, unit::Span};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A latency budget whose `parts` together are longer than its `at_most`.
    /// ja: `parts` の合計が `at_most` より長いレイテンシの配分。
    /// # Why
    /// Each part may keep its share, and the promise is broken all the same.
    /// ja: どの区間も持ち分を守っていても、全体の約束が破れます。
    /// # Source
    /// The plain sum. Parts rarely are all slow at once: what fits as a sum fits in any case.
    /// ja: 単純な合計です。すべてが同時に遅くなることは少ないため、合計で収まれば必ず収まります。
    /// # Example
    /// `{ at_most: 500ms, parts: { database: 300ms, provider: 250ms } }`
    /// ja: `{ at_most: 500ms, parts: { database: 300ms, provider: 250ms } }`
    /// # Fix
    /// Give some of them less, or promise a longer time.
    /// ja: 持ち分を減らすか、約束する時間を延ばします。
    "shares-exceed-latency": Error, needs ["monitoring"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.monitoring.latency_budgets {
        let Some(whole) = it.at_most else { continue };
        let sum = Span(it.parts.values().map(|part| part.0).fold(std::time::Duration::ZERO, |sum, part| sum.saturating_add(part)));
        if sum <= whole {
            continue;
        }
        let shown = it.parts.values().map(ToString::to_string).collect::<Vec<_>>().join(" + ");
        let at = |field| ["monitoring", "latency_budgets", name, field];
        found
            .note(sight.places.at(&at("at_most")), say!("{shown} = {sum} > {whole}", "{shown} = {sum} > {whole}"))
            .also(sight.places.key(&at("parts")), say!("the parts", "区間ごとの持ち分"));
    }
}
