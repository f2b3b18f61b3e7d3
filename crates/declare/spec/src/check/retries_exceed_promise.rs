//! Waiting for others that lasts longer than people were promised to wait.

use promise::say;

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A dependency whose tries together, and after them those of its `fallback`, last longer than a latency promise that needs it.
    /// ja: 全試行と続く `fallback` の試行の合計が、それを必要とする応答時間の約束より長い依存先。
    /// # Why
    /// One slow answer, waited for as it is written, is a broken promise to that person.
    /// ja: 一度の遅い応答を書かれたとおりに待つだけで、その人への約束が破れます。
    /// # Source
    /// No number of ours: `timeout` × (1 + `retries`) + the doubling `backoff`, or `deadline` where that is shorter.
    /// ja: 独自の数値はありません。`timeout` × (1 + `retries`) + 倍々の `backoff`。`deadline` が短ければその値です。
    /// # Example
    /// `30 s × (1 + 3) = 120 s > 3 s`
    /// ja: `30 s × (1 + 3) = 120 s > 3 s`
    /// # Fix
    /// Set a `deadline` for all tries together, and answer "we will tell you" when it has passed.
    /// ja: 全試行の合計に `deadline` を設け、過ぎたら「後で知らせる」と応答します。
    "retries-exceed-promise": Error, needs ["dependencies", "promises", "monitoring"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, dependency) in &sight.spec.design.dependencies {
        let Some(waits) = design::waits(sight, name) else { continue };
        let latencies = design::latencies(sight);
        let needs = |it: &&design::Latency<'_>| dependency.needed_by.iter().any(|by| by == it.name || Some(by.as_str()) == it.tier);
        let Some(tightest) = latencies.iter().filter(needs).min_by_key(|it| it.at_most) else { continue };
        if waits.total <= tightest.at_most {
            continue;
        }
        let (en, ja) = (&waits.shown.en, &waits.shown.ja);
        let (promise, at_most) = (tightest.name, tightest.at_most);
        found
            .note(
                sight.places.at(&["dependencies", name, if dependency.deadline.is_some() { "deadline" } else { "timeout" }]),
                say!("waiting for `{name}` may last {en}, and `{promise}` promises {at_most}", "`{name}` を待つ時間は最長 {ja} ですが、`{promise}` の約束は {at_most} です"),
            )
            .also(sight.places.at(&tightest.path), say!("the promise", "約束"))
            .hint(say!("write `deadline: {at_most}` or less", "`deadline: {at_most}` 以下にします"));
    }
}
