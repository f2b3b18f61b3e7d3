//! Objectives that are always kept.

use promise::{Kind, say};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// An objective that anything keeps: at least 0 %.
    /// ja: 何が起きても満たされる目標(0 % 以上)。
    /// # Why
    /// Such a promise is green whatever happens, and so proves nothing.
    /// ja: 何が起きても緑になり、何も証明しません。
    /// # Source
    /// No number.
    /// ja: 数値はありません。
    /// # Example
    /// `at_least: 0.0 %`
    /// ja: `at_least: 0.0 %`
    /// # Fix
    /// Write the objective that is owed.
    /// ja: 約束している目標を書きます。
    "impossible-objective": Error, needs [], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for promise in &sight.spec.promises {
        let share = match &promise.kind {
            Kind::Ratio(ratio) => ratio.at_least,
            Kind::Deadline(deadline) => deadline.at_least,
            Kind::Latency(_) | Kind::Threshold(_) | Kind::Freshness(_) | Kind::LogCount(_) | Kind::Declared(_) => continue,
        };
        if share.0 <= 0.0 {
            found
                .note(
                    sight.places.at(&["promises", &promise.id, "at_least"]),
                    say!("at least {share} is always kept", "{share} 以上は必ず満たされます"),
                )
                .hint(say!("write the share that is owed, such as 99.5 %", "約束している割合を書きます。例: 99.5 %"));
        }
    }
}
