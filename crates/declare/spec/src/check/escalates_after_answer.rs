//! Escalations that begin when the answer is already late.

use promise::say;

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A severity whose `escalation` calls a second person only after its `answer_within` has passed.
    /// ja: `answer_within` を過ぎてから次の人を呼ぶ `escalation` を持つ重大度。
    /// # Why
    /// Whoever is called first may sleep: the promise is broken before anybody else hears of it.
    /// ja: 最初の人が気づかなければ、ほかの誰にも知らされないまま約束が破れます。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// `answer_within: 5m`, `steps: [{ after: 0s }, { after: 15m }]`
    /// ja: `answer_within: 5m`, `steps: [{ after: 0s }, { after: 15m }]`
    /// # Fix
    /// Call the second person within the time that is promised.
    /// ja: 約束した時間のうちに次の人を呼びます。
    "escalates-after-answer": Advice, needs ["severities"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, severity) in &sight.spec.severities {
        let (Some(within), Some((after, at))) =
            (severity.answer_within, design::widens_after(sight, name, severity))
        else {
            continue;
        };
        if after <= within {
            continue;
        }
        found
            .note(
                at,
                say!(
                    "the next person is called after {after}, and `{name}` is to be answered within {within}",
                    "次の人を呼ぶのは {after} 後ですが、`{name}` は {within} 以内に応答する約束です"
                ),
            )
            .also(
                sight.places.at(&["severities", name, "answer_within"]),
                say!("the answer that is promised", "約束した応答時間"),
            );
    }
}
