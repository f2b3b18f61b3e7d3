//! Corrections that take out nothing, or too much.

use promise::{Correction, say};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A correction that ends before it begins, that no promise with a window has, or one too many for a promise.
    /// ja: 終わりが始まりより前の補正、期間を持つ約束に当てはまらない補正、一つの約束に多すぎる補正。
    /// # Why
    /// Somebody believes that a stretch does not count, and it does.
    /// ja: 除いたつもりの時間帯が、実際には数えられてしまいます。
    /// # Source
    /// At most 40 for one promise: each cuts its evidence twice, and a verdict must fit into the ledger.
    /// ja: 一つの約束に 40 件まで。補正ごとに証拠が二か所で分かれ、判定は台帳に収まる必要があります。
    /// # Example
    /// `{ from: 2026-11-20T03:00:00+09:00, to: 2026-11-20T01:00:00+09:00, ... }`
    /// ja: `{ from: 2026-11-20T03:00:00+09:00, to: 2026-11-20T01:00:00+09:00, ... }`
    /// # Fix
    /// Swap the times, name a promise of kind `ratio`, `latency`, `deadline` or `log_count`, or join corrections.
    /// ja: 時刻を入れ替えるか、`ratio`・`latency`・`deadline`・`log_count` の約束を指定するか、補正をまとめます。
    "idle-correction": Error, needs ["promises", "corrections"], check, always
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, correction) in &sight.spec.corrections {
        if correction.from >= correction.to {
            found
                .note(
                    sight.places.at(&["corrections", name, "to"]),
                    say!("`{name}` ends before it begins", "`{name}` は始まる前に終わっています"),
                )
                .also(
                    sight.places.at(&["corrections", name, "from"]),
                    say!("it begins here", "始まりはここです"),
                );
            continue;
        }
        let mut promises = sight.spec.promises.iter().filter(|promise| correction.is_for(&promise.id));
        if !promises.any(|promise| promise.kind.as_judge().window().is_some()) {
            found.note(
                sight.places.key(&["corrections", name]),
                say!(
                    "no promise of `{name}` has a window to take it out of",
                    "`{name}` の対象に、期間を持つ約束がありません"
                ),
            );
        }
    }
    for promise in &sight.spec.promises {
        let (count, most) = (promise.corrections.len(), Correction::MAX);
        if count > most {
            let id = &promise.id;
            found.note(
                sight.places.key(&["promises", id]),
                say!("`{id}` has {count} corrections, and at most {most} are possible", "`{id}` の補正が {count} 件あります(上限は {most} 件)"),
            );
        }
    }
}
