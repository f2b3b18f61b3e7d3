//! Logs that would go before they are copied.

use promise::say;

use super::{Found, Sight, lookup::matches_glob};

rule! {
    /// # Finds
    /// A retention that ends before a day of the stream is old enough to be copied by `retention.cold`.
    /// ja: `retention.cold` で複製できるようになる前に、保存期間が終わるストリーム。
    /// # Why
    /// What is not copied stays, so the stream is kept longer than the retention says.
    /// ja: 複製が済むまで消えないため、保存期間より長く残ります。
    /// # Source
    /// No number of ours: a day ends up to 24 hours after its first record.
    /// ja: 独自の数値はありません。日の終わりは最初の記録から最大 24 時間後です。
    /// # Example
    /// `{ logs: 7d, cold: { to: /archive, after: 7d } }`
    /// ja: `{ logs: 7d, cold: { to: /archive, after: 7d } }`
    /// # Fix
    /// Copy earlier, or keep longer.
    /// ja: 早く複製するか、保存期間を延ばします。
    "copied-after-retention": Warning, needs ["retention"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let retention = &sight.spec.retention;
    let Some(cold) = &retention.cold else { return };
    let first = cold.after.0 + promise::unit::Span::days(1).0;
    // A pattern of streams is copied where a stream of its name would be.
    let is_copied = |pattern: &str| cold.takes(pattern) || cold.streams.iter().any(|it| matches_glob(pattern, it));
    let streams = retention.streams.iter().filter(|(pattern, _)| is_copied(pattern));
    let streams = streams.map(|(pattern, keep)| (vec!["retention", "streams", pattern.as_str()], keep));
    for (path, keep) in streams.chain([(vec!["retention", "logs"], &retention.logs)]) {
        if keep.0 >= first {
            continue;
        }
        found
            .note(sight.places.at(&path), say!("kept {keep}, and copied {} after its day", "保存期間は {keep}、複製は日の終わりから {} 後です", cold.after))
            .also(sight.places.at(&["retention", "cold", "after"]), say!("when it is copied", "複製の時期"));
    }
}
