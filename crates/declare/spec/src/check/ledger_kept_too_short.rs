//! A ledger that forgets what still has to be proven.

use promise::{say, unit::Span};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// `ledger.keep` no longer than the longest retention of logs.
    /// ja: ログの最長の保存期間以下の `ledger.keep`。
    /// # Why
    /// Each part of the logs is sealed by an entry of the ledger. Were it pruned before the part, nobody could tell any more whether the part is what was sealed.
    /// ja: ログの各パートは台帳の記録で封印されます。それが先に消えると、パートが封印時のままかどうかを誰も確かめられません。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// `ledger: { keep: 365d }`, `retention: { logs: 365d }`
    /// ja: `ledger: { keep: 365d }`, `retention: { logs: 365d }`
    /// # Fix
    /// Keep the ledger at least a month longer than any log.
    /// ja: 台帳は、どのログよりも 1 か月以上長く保存します。
    "ledger-kept-too-short": Error, needs ["ledger", "retention"], check, always
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let Some(keep) = sight.spec.ledger.keep else { return };
    let retention = &sight.spec.retention;
    let longest = retention.streams.values().fold(retention.logs, |longest, span| Span(longest.0.max(span.0)));
    if keep.0 > longest.0 {
        return;
    }
    found
        .note(
            sight.places.at(&["ledger", "keep"]),
            say!("kept {keep}, and logs are kept {longest}", "台帳の保存期間は {keep} ですが、ログは {longest} 保存されます"),
        )
        .also(sight.places.at(&["retention"]), say!("what its entries seal", "台帳が封印するログ"));
}
