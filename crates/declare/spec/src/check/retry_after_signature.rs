//! Deliveries whose signature is too old when they are sent again.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A delivery with `signed_once: true` that is sent again (`first_retry`, else `retried_for`) later than `signature_max_age`.
    /// ja: `signed_once: true` で、再送(`first_retry`、なければ `retried_for`)が `signature_max_age` より遅いもの。
    /// # Why
    /// Whoever checks the signature refuses every such try: the retries that should save an event never can.
    /// ja: 署名の検証で再送がすべて拒まれ、通知を救うはずの再送が役に立ちません。
    /// # Source
    /// No number of ours. Standard Webhooks: the timestamp is when it was sent, and receivers allow it a tolerance.
    /// ja: 独自の数値はありません。Standard Webhooks では、時刻は送信時のもので、受信側は許容範囲を設けます。
    /// # Example
    /// `{ first_retry: 10m, signature_max_age: 5m, signed_once: true }`
    /// ja: `{ first_retry: 10m, signature_max_age: 5m, signed_once: true }`
    /// # Fix
    /// Sign each try anew, and tell a second one by its id.
    /// ja: 試行ごとに署名し直し、重複は ID で見分けます。
    "retry-after-signature": Error, needs ["deliveries"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.deliveries {
        let at = |field| sight.places.at(&["deliveries", name, field]);
        let first = it.first_retry.map(|after| ("first_retry", after));
        let (Some(true), Some(age)) = (it.signed_once, it.signature_max_age) else { continue };
        // Where the first comes in time, the last may still come too late.
        let last = it.retried_for.map(|after| ("retried_for", after));
        let Some((field, after)) = first.into_iter().chain(last).find(|(_, after)| *after > age) else { continue };
        found
            .note(at("signature_max_age"), say!("refused when its signature is older than {age}, and it is sent again after {after} with that of the first try", "署名が {age} より古いと拒まれますが、{after} 後の再送も最初の署名のままです"))
            .also(at(field), say!("sent again", "再送"))
            .hint(say!("sign each try anew, and write `signed_once: false`", "試行ごとに署名し直し、`signed_once: false` にします"));
    }
}
