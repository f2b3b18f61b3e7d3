//! Purges of what is never kept.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A path under `invalidation` that only an origin with a `ttl` of 0 serves.
    /// ja: `ttl` が 0 のオリジンだけが担当する `invalidation` のパス。
    /// # Why
    /// Each release waits and pays for nothing, and hides which paths really need it.
    /// ja: 公開のたびに無駄な待ちと費用が生じ、本当に必要なパスが見えなくなります。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// `paths: [/api/*]` beside `{ path: /api/*, ttl: 0 }`
    /// ja: `paths: [/api/*]` beside `{ path: /api/*, ttl: 0 }`
    /// # Fix
    /// Leave the path out.
    /// ja: そのパスを外します。
    "purges-nothing": Warning, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, cdn) in &sight.spec.design.infrastructure.cdn {
        let Some(invalidation) = &cdn.invalidation else { continue };
        for (item, path) in invalidation.paths.iter().enumerate() {
            let serves = |of: &str| path.starts_with(of.trim_end_matches('*')) || of == path;
            let mut serving = cdn.origins.iter().filter(|(_, it)| it.path.as_deref().is_some_and(serves));
            let (Some((origin, it)), None) = (serving.next(), serving.next()) else { continue };
            if it.ttl.is_some_and(|ttl| ttl.0.is_zero()) {
                found
                    .note(sight.places.at(&["infrastructure", "cdn", name, "invalidation", "paths", &item.to_string()]), say!("{path} is never kept", "{path} はキャッシュされません"))
                    .also(sight.places.at(&["infrastructure", "cdn", name, "origins", origin, "ttl"]), say!("kept for no time", "有効期間 0"));
            }
        }
    }
}
