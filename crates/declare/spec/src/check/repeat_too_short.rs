//! Pages that repeat faster than a person can answer.

use std::time::Duration;

use promise::{say, unit};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A route that repeats its page within less than 30 s.
    /// ja: 30 秒未満で再通知する経路。
    /// # Why
    /// Pages that come faster than one can read bury the one that matters; and chat services drop messages sent in such haste.
    /// ja: 読むより速く届く通知は、大切な一通を埋もれさせます。チャットのサービスも短い間隔の投稿を捨てます。
    /// # Source
    /// Half of the shortest time in which a page is usually owed (1 minute).
    /// ja: 通知までの約束として通常最も短い 1 分の半分。
    /// # Example
    /// `repeat: 5s` where `5m` was meant
    /// ja: `5m` のつもりで `repeat: 5s` と書く
    /// # Fix
    /// Write minutes, or leave `repeat` out to page once.
    /// ja: 分の単位で書くか、`repeat` を消して一度だけ通知します。
    "repeat-too-short": Error, needs ["routes"], check
}

const SHORTEST: Duration = Duration::from_secs(30);

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (index, route) in sight.spec.routes.iter().enumerate() {
        let Some(repeat) = route.repeat.filter(|repeat| repeat.0 < SHORTEST) else { continue };
        let shortest = unit::Span(SHORTEST);
        found
            .note(
                sight.places.at(&["routes", &index.to_string(), "repeat"]),
                say!("telling again each {repeat} is too often", "{repeat} ごとの再通知は多すぎます"),
            )
            .hint(say!("write {shortest} or more", "{shortest} 以上にします"));
    }
}
