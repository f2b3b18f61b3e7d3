//! Names that cannot be ids.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// An id of a promise, severity, receiver, tier or person that is not made of lower-case letters, digits, `_` and `-`.
    /// ja: 約束・重大度・宛先・層・人の id に、英小文字・数字・`_`・`-` 以外が使われている。
    /// # Why
    /// Ids stand in URLs, metric labels, file names and the ledger for years; there they must read the same everywhere.
    /// ja: id は URL、メトリクスのラベル、ファイル名、台帳に何年も残るため、どこでも同じに読める必要があります。
    /// # Source
    /// At most 63 characters, as a DNS label (RFC 1035), so that an id fits wherever a name does.
    /// ja: DNS ラベル(RFC 1035)と同じ 63 文字まで。
    /// # Example
    /// `promises: { "Payment Success": … }`
    /// ja: `promises: { "決済 成功": … }`
    /// # Fix
    /// Write a short id, and what people call it under `name`.
    /// ja: 短い id を付け、人が呼ぶ名前は `name` に書きます。
    "bad-id": Error, needs [], check, always
}

const LENGTH_MAX: usize = 63;

/// The same for editors; a test holds the two together.
pub(crate) const PATTERN: &str = "^[a-z0-9][a-z0-9_-]{0,62}$";

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let sections: [&[&str]; 7] =
        [&["promises"], &["severities"], &["receivers"], &["service", "tiers"], &["on_call", "people"], &["on_call", "schedules"], &["escalations"]];
    for section in sections {
        for id in sight.places.names(section).filter(|id| !is_id(id)) {
            let mut path = section.to_vec();
            path.push(id);
            found.note(sight.places.key(&path), say!("`{id}` cannot be an id", "`{id}` は id にできません")).hint(say!(
                "lower-case letters, digits, `_` and `-`, at most {LENGTH_MAX}; what people call it goes under `name`",
                "英小文字・数字・`_`・`-` で {LENGTH_MAX} 文字まで。人が呼ぶ名前は `name` に書きます"
            ));
        }
    }
}

fn is_id(text: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (1..=LENGTH_MAX).contains(&text.len())
        && text.bytes().next().is_some_and(is_plain)
        && text.bytes().all(|b| is_plain(b) || matches!(b, b'_' | b'-'))
}
