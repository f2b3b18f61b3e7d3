//! Waiting for others that lasts longer than the load balancer waits for us.

use promise::{say, unit::Span};

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A dependency whose tries together, and after them those of its `fallback`, last longer than the `idle_timeout` of a load balancer on the way, or than its product's default.
    /// ja: 全試行と続く `fallback` の試行の合計が、経路上のロードバランサーの `idle_timeout`(または製品の既定値)より長い依存先。
    /// # Why
    /// The caller gets an error while the work goes on behind it, and tries again: people pay twice.
    /// ja: 裏で処理が続くまま呼び出し元に誤りが返り、再送されます。二重の支払いにつながります。
    /// # Source
    /// `timeout` × (1 + `retries`) + `backoff`; a product's default from the table `limits`.
    /// ja: `timeout` × (1 + `retries`) + `backoff`。製品の既定値は `limits` の表。
    /// # Example
    /// `30 s × (1 + 3) = 120 s > 60 s`
    /// ja: `30 s × (1 + 3) = 120 s > 60 s`
    /// # Fix
    /// Set a `deadline` below the idle timeout, or answer at once and go on in the background.
    /// ja: アイドルタイムアウトより短い `deadline` を設けるか、すぐに応答して裏で続けます。
    "retries-exceed-idle-timeout": Error, needs ["dependencies", "infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, dependency) in &sight.spec.design.dependencies {
        let Some(waits) = design::waits(sight, name) else { continue };
        for (balancer, it) in &sight.spec.design.infrastructure.load_balancers {
            let product = it.product.as_deref().unwrap_or_default();
            let fact = sight.facts().limit::<Span>(product, "idle_timeout").filter(|_| it.idle_timeout.is_none());
            let Some(idle) = it.idle_timeout.or(fact.map(|(span, _)| span)) else { continue };
            if waits.total <= idle {
                continue;
            }
            let (en, ja) = (&waits.shown.en, &waits.shown.ja);
            let diagnostic = found.note(
                sight.places.at(&["dependencies", name, if dependency.deadline.is_some() { "deadline" } else { "timeout" }]),
                say!("waiting for `{name}` may last {en}; `{balancer}` gives up after {idle}", "`{name}` を待つ時間は最長 {ja} ですが、`{balancer}` は {idle} で切断します"),
            );
            let label = if fact.is_some() { say!("{idle} by default", "既定値 {idle}") } else { say!("gives up here", "ここで切断します") };
            diagnostic.also(sight.places.at(&["infrastructure", "load_balancers", balancer, if fact.is_some() { "product" } else { "idle_timeout" }]), label);
            if let Some((_, fact)) = fact {
                diagnostic.source(fact.source());
            }
        }
    }
}
