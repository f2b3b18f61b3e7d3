//! Scenarios whose people cannot make so many requests.

use promise::{say, quantity::Quantity, unit::Span};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A scenario whose `users` ÷ `rate` is shorter than the pause between two requests, or than the accepted median answer.
    /// ja: `users` ÷ `rate` が、要求の間の `think` や合格とする応答時間の中央値より短いシナリオ。
    /// # Why
    /// Each person waits for the answer and pauses before asking again, so the rate is never reached and the test shows less than it says.
    /// ja: 各利用者は応答を待ち、間を置いてから次を送るため、その頻度には達しません。
    /// # Source
    /// Little's law: users = rate × (answer time + pause).
    /// ja: リトルの法則: 利用者数 = 頻度 ×(応答時間 + 間)。
    /// # Example
    /// `100 users ÷ 100/s = 1 s < 5 s pause`
    /// ja: `100 users ÷ 100/s = 1 s < 5 s pause`
    /// # Fix
    /// Add users, lower the rate, or shorten the pause.
    /// ja: 利用者を増やすか、頻度を下げるか、間を短くします。
    "users-cannot-make-rate": Error, needs ["load"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let load = &sight.spec.design.load;
    let median = load.acceptance.response.get("p50").and_then(|bound| match bound.value {
        Quantity::Time(span) => Some(span),
        _ => None,
    });
    for (name, it) in &load.scenarios {
        let (Some(users), Some(rate)) = (it.users, it.rate.filter(|rate| rate.0 > 0.0)) else { continue };
        #[allow(clippy::cast_precision_loss)]
        let cycle = users as f64 / rate.0;
        // A test may well answer faster than the median that is accepted; only a pause is certain.
        let Some(least) = it.think.or(median.filter(|_| cycle < 0.01)) else { continue };
        if cycle >= least.0.as_secs_f64() {
            continue;
        }
        let cycle = Span(std::time::Duration::from_secs_f64((cycle * 1000.0).round() / 1000.0));
        found
            .note(sight.places.at(&["load", "scenarios", name, "users"]), say!("{users} users ÷ {rate} = one request each {cycle}, but a person takes at least {least}", "{users} 人 ÷ {rate} = 一人 {cycle} ごとに 1 件ですが、一人は少なくとも {least} かかります"))
            .also(sight.places.at(&["load", "scenarios", name, "rate"]), say!("the rate", "頻度"));
    }
}
