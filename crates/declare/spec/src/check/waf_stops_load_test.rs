//! Load tests that the web firewall refuses.

use promise::{quantity::Rate, say};

use crate::diagnostic::Level;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A web firewall that blocks, with a `rate_limit` for one address below the rate of a scenario; a warning where the scenario says its `addresses`.
    /// ja: 1 アドレスの `rate_limit` がシナリオの頻度より低い、拒否する設定の WAF(シナリオに `addresses` があれば警告)。
    /// # Why
    /// A generator sends from a few addresses: the firewall stops it, and the test shows the firewall.
    /// ja: 負荷の送信元は少数のアドレスなので WAF に止められ、試験の結果は WAF の動作になります。
    /// # Source
    /// What the spec says.
    /// ja: 仕様の値。
    /// # Example
    /// `rate_limit: 100/min` beside a scenario of 400/s
    /// ja: `rate_limit: 100/min` beside a scenario of 400/s
    /// # Fix
    /// Let the generator's addresses pass for the time of the test, or send from more of them.
    /// ja: 試験の間だけ送信元を許可するか、送信元を増やします。
    "waf-stops-load-test": Advice, needs ["security", "load"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let scenarios = sight.spec.design.load.scenarios.iter();
    let rates = scenarios.filter_map(|(name, it)| {
        Some((
            name,
            Rate(it.rate?.0 / it.addresses.unwrap_or(1).max(1) as f64),
        ))
    });
    let Some((scenario, rate)) = rates.max_by(|a, b| a.1.0.total_cmp(&b.1.0)) else {
        return;
    };
    for (name, waf) in &sight.spec.design.security.waf {
        let Some(limit) = waf
            .rate_limit
            .filter(|limit| *limit < rate && waf.blocks != Some(false))
        else {
            continue;
        };
        let diagnostic = found
            .note(
                sight.places.at(&["security", "waf", name, "rate_limit"]),
                say!("one address may send {limit}, and `{scenario}` sends {rate} from each", "1 アドレスに許すのは {limit} ですが、`{scenario}` は 1 アドレスから {rate} を送ります"),
            )
            .also(sight.places.at(&["load", "scenarios", scenario, "rate"]), say!("what the test sends", "試験の頻度"))
            .hint(say!("say with `addresses` from how many it sends, or let them pass for the time of the test", "`addresses` に送信元の数を書くか、試験の間だけ許可します"));
        // Where nothing says from how many addresses it comes, there may be more.
        if sight.spec.design.load.scenarios[scenario].addresses.is_some() {
            diagnostic.level(Level::Warning);
        }
    }
}
