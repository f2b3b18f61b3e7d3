//! Lesser alerts that come after the graver one.

use std::collections::BTreeSet;

use promise::{quantity::Bound, say};

use crate::section::monitoring::Alert;

use super::{Found, Sight, words};

rule! {
    /// # Finds
    /// Two alerts on the same thing (names that differ by the severity alone, the same `of`, `measures` and `tier`) of which the lesser has the farther bound.
    /// ja: 同じ対象の二つの警報(名前の違いは重大度だけで、`of`・`measures`・`tier` が同じ)のうち、軽い方のしきい値が重い方より遠いもの。
    /// # Why
    /// By the time somebody is warned the grave one has long woken people: either the two were mixed up, or the warning warns of nothing.
    /// ja: 予告より先に重大な警報が出ます。二つを取り違えたか、予告の意味がありません。
    /// # Source
    /// No number of ours: both figures are in the spec. Alerts that wait for different times (`for`) are compared only where the lesser waits at least as long.
    /// ja: 独自の数値はありません。両方とも仕様の値です。待つ時間(`for`)が異なる場合は、軽い方が同じかより長いときだけ比べます。
    /// # Example
    /// `cpu_warning: { when: "> 85 %" }`, `cpu_critical: { when: "> 75 %" }`
    /// ja: `cpu_warning: { when: "> 85 %" }`, `cpu_critical: { when: "> 75 %" }`
    /// # Fix
    /// Exchange the two figures, or the severities.
    /// ja: 二つの値か重大度を入れ替えます。
    "warning-after-critical": Warning, needs ["monitoring", "severities"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let level = |it: &Alert| Some(sight.spec.severities.get(it.severity.as_ref()?)?.level);
    let alerts = &sight.spec.design.monitoring.alerts;
    for (name, lesser) in alerts {
        let (Some(when), Some(rank)) = (lesser.when, level(lesser)) else { continue };
        let graver = alerts.iter().filter(|(_, it)| level(it).is_some_and(|it| it < rank));
        let mut comes_first = graver.filter(|(other, it)| is_same((name, lesser), (other, it)) && waits_as_long(lesser, it));
        let Some((other, bound)) = comes_first.find_map(|(other, it)| Some((other, it.when.filter(|it| is_farther(when, *it))?))) else { continue };
        let at = |name| ["monitoring", "alerts", name, "when"];
        found
            .note(sight.places.at(&at(name)), say!("`{other}` is graver and comes first, at {bound}; this comes at {when}", "より重い `{other}` が先に {bound} で出ます。こちらは {when} です"))
            .also(sight.places.at(&at(other)), say!("the graver one", "重い方"))
            .hint(say!("exchange the two figures, or the severities", "二つの値か重大度を入れ替えます"));
    }
}

/// Whether two alerts look at the same thing.
fn is_same((one, a): (&str, &Alert), (other, b): (&str, &Alert)) -> bool {
    let base = words::base(one);
    // `warning` and `critical` alone tell of nothing.
    let tells = !base.is_empty() || a.of.is_some();
    // What two are called for people tells apart what their ids do not: `残高払い p95 700 ms 超`.
    let called = |it: &Alert| it.name.as_ref().map(|name| subject(&name.0.en));
    let is_called_so = called(a).zip(called(b)).is_none_or(|(a, b)| a == b);
    tells && is_called_so && base == words::base(other) && (&a.of, &a.measures, &a.tier) == (&b.of, &b.measures, &b.tier)
}

/// What stands before the figure of an alert's name.
fn subject(name: &str) -> BTreeSet<String> {
    let words = name.split(' ');
    let before: Vec<&str> = words.take_while(|word| !word.starts_with(|c: char| c.is_ascii_digit() || "<>≤≥".contains(c))).collect();
    words::base(&before.join(" "))
}

/// Whether the lesser cannot come first by waiting for less.
fn waits_as_long(lesser: &Alert, graver: &Alert) -> bool {
    match (lesser.r#for, graver.r#for) {
        (Some(lesser), Some(graver)) => lesser >= graver,
        (None, None) => true,
        _ => false,
    }
}

/// Whether `bound` is crossed only after `other`.
fn is_farther(bound: Bound, other: Bound) -> bool {
    let (a, b) = (bound.value.number(), other.value.number());
    bound.is_upper() == other.is_upper() && bound.value.is_like(other.value) && if bound.is_upper() { a < b } else { a > b }
}
