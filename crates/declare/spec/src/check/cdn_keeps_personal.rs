//! Pages of one person that are handed to the next.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A behaviour that is `personal`, or accepts methods that write, and keeps pages.
    /// ja: 利用者ごとに異なる(`personal`)、または書き込みのメソッドを受け付けるのに、キャッシュする振る舞い。
    /// # Why
    /// The next person sees what was made for the one before.
    /// ja: 前の利用者の内容が次の利用者に表示されます。
    /// # Source
    /// RFC 9111, 3.5: what needs authorisation is not kept by shared caches.
    /// ja: RFC 9111 3.5 節: 認可の要る応答は共有キャッシュに残しません。
    /// # Example
    /// `{ personal: true, ttl: 60s }`
    /// ja: `{ personal: true, ttl: 60s }`
    /// # Fix
    /// Do not keep it, or split the path.
    /// ja: キャッシュしないか、パスを分けます。
    "cdn-keeps-personal": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, cdn) in &sight.spec.design.infrastructure.cdn {
        for (behavior, it) in &cdn.behaviors {
            let keeps = it.caching == Some(true) || it.ttl.is_some_and(|ttl| !ttl.0.is_zero());
            let writes = it.methods.iter().any(|method| ["POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()));
            if !keeps || !(it.personal == Some(true) || writes) || it.caching == Some(false) {
                continue;
            }
            let at = |field| ["infrastructure", "cdn", name, "behaviors", behavior, field];
            let (field, other) = (if it.caching.is_some() { "caching" } else { "ttl" }, if writes { "methods" } else { "personal" });
            found
                .note(sight.places.at(&at(field)), say!("`{behavior}` keeps what is not the same for everyone", "`{behavior}` は利用者ごとに異なるものをキャッシュします"))
                .also(sight.places.at(&at(other)), say!("because of this", "理由"));
        }
    }
}
