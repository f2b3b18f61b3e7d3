//! One alarm that is stated twice, with two bounds.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A metric whose `alarm` is the name of an alert of the design, with another number in its bound.
    /// ja: メトリクスの `alarm` と同じ名前のアラートがあり、しきい値が違う。
    /// # Why
    /// What is set is not what was decided, and nobody sees it before it matters.
    /// ja: 設定が決定と違い、必要なときまで誰も気づきません。
    /// # Source
    /// No number of ours: both are in the spec.
    /// ja: 独自の数値はありません。どちらも仕様の値です。
    /// # Example
    /// an alert `db-cpu` at `> 70 %`, and a metric with `alarm: db-cpu` and `bound: "> 80"`
    /// ja: an alert `db-cpu` at `> 70 %`, and a metric with `alarm: db-cpu` and `bound: "> 80"`
    /// # Fix
    /// Decide which holds, and set it.
    /// ja: どちらかに決めて設定します。
    "alarm-stated-twice": Error, needs ["monitoring"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let monitoring = &sight.spec.design.monitoring;
    for (metric, it) in &monitoring.metrics {
        let (Some(alarm), Some(bound)) = (it.alarm.as_deref(), &it.bound) else { continue };
        let is_it = |id: &str, name: Option<&str>| {
            let rest = name.and_then(|name| name.strip_prefix(alarm)).or_else(|| id.strip_prefix(&alarm.to_lowercase()));
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-'))
        };
        for (id, alert) in &monitoring.alerts {
            let Some(when) = alert.when.as_ref().filter(|_| is_it(id, alert.name.as_ref().map(|name| &*name.0.en))) else { continue };
            // A share may be written as its percentage: `> 80` is `> 80 %`.
            let (a, b) = (bound.value.number(), when.value.number());
            let is_same = [1.0, 100.0, 0.01].iter().any(|times| (a * times - b).abs() < 1e-9);
            if is_same {
                continue;
            }
            found
                .note(sight.places.at(&["monitoring", "metrics", metric, "bound"]), say!("`{alarm}` is set at {bound}, and was decided as {when}", "`{alarm}` の設定は {bound} ですが、決定は {when} です"))
                .also(sight.places.at(&["monitoring", "alerts", id, "when"]), say!("the same alarm", "同じアラーム"));
        }
    }
}
