//! Calls that another provider repeats without knowing of the first.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A dependency with `idempotent: false` and a `fallback`.
    /// ja: `idempotent: false` で `fallback` のある依存先。
    /// # Why
    /// A call without an answer may have been carried out: its repetition elsewhere charges the customer twice.
    /// ja: 応答のない呼び出しも実行済みかもしれず、別の提供者で繰り返すと二重請求になります。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// `{ idempotent: false, fallback: other_psp }`
    /// ja: `{ idempotent: false, fallback: other_psp }`
    /// # Fix
    /// Ask the first provider what became of the call before the second is used, or share an idempotency key.
    /// ja: 代替に切り替える前に元の呼び出しの結果を確かめるか、冪等キーを共有します。
    "fallback-repeats": Warning, needs ["dependencies"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.dependencies {
        let Some(fallback) = it
            .fallback
            .as_deref()
            .filter(|_| it.idempotent == Some(false))
        else {
            continue;
        };
        found
            .note(
                sight.places.at(&["dependencies", name, "fallback"]),
                say!(
                    "what `{name}` may have carried out is done again by `{fallback}`",
                    "`{name}` が実行済みかもしれない処理を、`{fallback}` が再び行います"
                ),
            )
            .also(
                sight.places.at(&["dependencies", name, "idempotent"]),
                say!("each call counts", "呼び出すたびに実行されます"),
            );
    }
}
