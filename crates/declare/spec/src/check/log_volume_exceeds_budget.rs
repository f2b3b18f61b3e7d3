//! Logs that cost more than is budgeted for them.

use promise::{quantity::Money, say};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// Streams whose `volume_per_day`, taken in and kept for `retention`, costs more in a month than the budget named by `costs.logs.category`.
    /// ja: `volume_per_day` の取り込みと `retention` の保管が、`costs.logs.category` の月予算を超えるログ。
    /// # Why
    /// Logs are paid by volume: a year of them at hand is found on the invoice, and then cut where an auditor needs them.
    /// ja: ログは量に応じて課金されます。請求で気づいて、監査に必要なものまで削ることになります。
    /// # Source
    /// `costs.logs.ingested` and `kept`, or the product's price in the table `log_prices`. A month has 30 days: volume × 30 × price in, and volume × days kept × price a month.
    /// ja: `costs.logs.ingested` と `kept`、または `log_prices` の表の価格。1 か月は 30 日: 量 × 30 × 取り込み単価 + 量 × 保存日数 × 月額単価。
    /// # Example
    /// `volume_per_day: 200 GiB, retention: 365d` in a budget of 1000 USD
    /// ja: `volume_per_day: 200 GiB, retention: 365d` in a budget of 1000 USD
    /// # Fix
    /// Keep less at hand, sample, move old logs to an object store, or raise the budget.
    /// ja: すぐ使う期間を短くするか、間引くか、古いログをオブジェクト保管へ移すか、予算を増やします。
    "log-volume-exceeds-budget": Error, needs ["log_analysis", "costs"], check
}

/// Prices of logs are per GiB.
const GIB: f64 = (1u64 << 30) as f64;

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let costs = &sight.spec.design.costs;
    let Some(logs) = &costs.logs else { return };
    let Some((category, budget)) = logs
        .category
        .as_ref()
        .and_then(|name| Some((name, costs.budgets.get(name)?)))
    else {
        return;
    };
    let fact = sight
        .facts()
        .one("log_prices", &[logs.product.as_deref().unwrap_or_default()]);
    let price = |own: Option<Money>, column: &str| {
        own.or_else(|| fact?.figure::<Money>(column))
            .filter(|it| it.currency == budget.currency)
    };
    let (ingested, kept) = (price(logs.ingested, "ingested"), price(logs.kept, "kept"));
    let mut sum = 0.0;
    let mut parts = Vec::new();
    for (name, stream) in &sight.spec.design.log_analysis {
        let Some(volume) = stream.volume_per_day else {
            continue;
        };
        let gib = volume.0 as f64 / GIB;
        let days = stream
            .retention
            .map_or(0.0, |it| it.0.as_secs_f64() / 86_400.0);
        let cost = |price: Option<Money>, days: f64| {
            price.map_or(0.0, |it| it.hundredths as f64 * gib * days)
        };
        sum += cost(ingested, 30.0) + cost(kept, days);
        parts.push((name, volume));
    }
    if sum <= budget.hundredths as f64 {
        return;
    }
    let month = Money {
        hundredths: sum.round() as i64,
        currency: budget.currency,
    };
    let diagnostic = found.note(
        sight.places.at(&["costs", "budgets", category]),
        say!(
            "the logs cost {month} a month, and {category} has {budget}",
            "ログだけで毎月 {month} かかりますが、{category} の予算は {budget} です"
        ),
    );
    for (name, volume) in parts {
        diagnostic.also(
            sight.places.at(&["log_analysis", name, "volume_per_day"]),
            say!("{volume} each day", "毎日 {volume}"),
        );
    }
    if let Some(fact) = fact.filter(|_| logs.ingested.is_none() || logs.kept.is_none()) {
        diagnostic.source(fact.source());
    }
}
