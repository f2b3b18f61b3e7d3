//! Error limits that are reached only after the promise of success is broken.

use promise::{say, quantity::Quantity, unit::Percent};

use super::{Found, Sight, design, words};

rule! {
    /// # Finds
    /// A metric or alert about errors, or an alert on success, of a tier that allows a larger share of failures than the same tier's promise of success leaves.
    /// ja: 層の成功の約束が許す割合より多くのエラーを許す、同じ層のメトリクスや警報(成功率の警報を含みます)。
    /// # Why
    /// Between the two figures the promise is broken and this stays silent.
    /// ja: 二つの値のあいだでは約束が破れているのに、何も知らされません。
    /// # Source
    /// No number of ours: 100 % minus the promise of success.
    /// ja: 独自の数値はありません。100 % から成功の約束を引いた値です。
    /// # Example
    /// errors `> 5 %` beside success `>= 99.5 %`: `100 % − 99.5 % = 0.5 %`
    /// ja: errors `> 5 %` beside success `>= 99.5 %`: `100 % − 99.5 % = 0.5 %`
    /// # Fix
    /// Warn below what the promise leaves.
    /// ja: 約束が許す割合より小さい値で知らせます。
    "errors-beyond-promise": Warning, needs ["monitoring", "promises"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let monitoring = &sight.spec.design.monitoring;
    let metrics = monitoring.metrics.iter().filter(|(_, it)| it.measures.as_deref() == Some("errors"));
    let metrics = metrics.filter_map(|(name, it)| Some((["monitoring", "metrics", name, "bound"], it.bound.filter(|it| it.is_upper())?.value, it.tier.as_deref())));
    let alerts = monitoring.alerts.iter().filter(|(_, it)| it.measures.as_deref() == Some("errors"));
    let alerts = alerts.filter_map(|(name, it)| Some((["monitoring", "alerts", name, "when"], it.when.filter(|it| !it.is_upper())?.value, it.tier.as_deref())));
    // `success < 98 %` stays silent until 2 % fail, unless another alert on success tells before.
    let told = || monitoring.alerts.iter().filter(|(_, it)| it.measures.as_deref() == Some("success"));
    let failing = |it: &crate::section::monitoring::Alert| match it.when.filter(|it| it.is_upper())?.value {
        Quantity::Share(least) => Some(Percent(((1.0 - least.0) * 1e12).round() / 1e12)),
        _ => None,
    };
    let first = |tier: &Option<String>| told().filter(|(_, it)| it.tier == *tier).filter_map(|(_, it)| failing(it)).min_by(|a, b| a.0.total_cmp(&b.0));
    let succeed = told().filter_map(|(name, it)| {
        let errors = failing(it).filter(|errors| first(&it.tier).is_none_or(|first| errors.0 <= first.0))?;
        Some((["monitoring", "alerts", name, "when"], Quantity::Share(errors), it.tier.as_deref()))
    });
    for (path, value, tier) in metrics.chain(alerts).chain(succeed) {
        let Quantity::Share(errors) = value else { continue };
        let successes = design::successes(sight);
        let is_of_this = |it: &&design::Success<'_>| (it.tier == tier && tier.is_some()) || (it.tier.is_none() && words::may_be_of_one(path[2], it.name()));
        let Some(success) = successes.iter().filter(is_of_this).max_by(|a, b| a.at_least.0.total_cmp(&b.at_least.0)) else { continue };
        let left = Percent(((1.0 - success.at_least.0) * 1e12).round() / 1e12);
        if errors <= left {
            continue;
        }
        let at_least = success.at_least;
        found
            .note(sight.places.at(&path), say!("silent until {errors} fail, but {at_least} must succeed: 100 % − {at_least} = {left}", "{errors} が失敗するまで知らせませんが、成功の約束は {at_least} です: 100 % − {at_least} = {left}"))
            .also(sight.places.at(&success.path), say!("the promise of success", "成功の約束"))
            .hint(say!("write {left} or less", "{left} 以下にします"));
    }
}
