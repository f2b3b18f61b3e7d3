//! Calls that are repeated although the other side takes each for a new one.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A dependency with `retries` and `idempotent: false`.
    /// ja: `retries` があり `idempotent: false` の依存先。
    /// # Why
    /// A call whose answer was lost has been carried out; repeating it does it again.
    /// ja: 応答が失われても処理は済んでいるため、再送で二重に実行されます。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// `{ retries: 3, idempotent: false }`
    /// ja: `{ retries: 3, idempotent: false }`
    /// # Fix
    /// Send the same idempotency key with each try, or do not repeat.
    /// ja: 全試行に同じ冪等キーを付けるか、再試行をやめます。
    "retry-not-idempotent": Error, needs ["dependencies"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.dependencies {
        let Some(retries) = it.retries.filter(|n| *n > 0 && it.idempotent == Some(false)) else { continue };
        found
            .note(
                sight.places.at(&["dependencies", name, "retries"]),
                say!("{retries} repetitions of calls that are carried out each time", "呼び出しのたびに実行される処理を {retries} 回再試行します"),
            )
            .also(sight.places.at(&["dependencies", name, "idempotent"]), say!("each try counts", "毎回実行されます"));
    }
}
