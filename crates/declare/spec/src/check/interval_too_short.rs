//! Intervals that cannot be kept.

use std::time::Duration;

use promise::{say, unit};

use super::{Found, Sight, lookup};

rule! {
    /// # Finds
    /// An `interval` or `timeout` under 100 ms.
    /// ja: 100 ミリ秒未満の `interval` や `timeout`。
    /// # Why
    /// Zero would ask without pause; and promises are judged once a second, so faster samples prove nothing more.
    /// ja: 0 では休みなく問い合わせることになります。判定は毎秒なので、これより速く集めても証明は増えません。
    /// # Source
    /// A tenth of the second in which promises are judged.
    /// ja: 約束が判定される 1 秒の 10 分の 1。
    /// # Example
    /// `interval: 0s`
    /// ja: `interval: 0s`
    /// # Fix
    /// Write a second or more.
    /// ja: 1 秒以上にします。
    "interval-too-short": Error, needs [], check, always
}

const SHORTEST: Duration = Duration::from_millis(100);

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for asked in lookup::asked(sight) {
        for (field, length) in [("interval", asked.interval), ("timeout", asked.timeout)] {
            if length < SHORTEST {
                let (length, shortest) = (unit::Span(length), unit::Span(SHORTEST));
                found
                    .note(
                        sight.places.at(&asked.at(field)),
                        say!("{length} is shorter than {shortest}", "{length} は {shortest} より短くなっています"),
                    )
                    .hint(say!("write a second or more", "1 秒以上にしてください"));
            }
        }
    }
}
