//! Files that stay old after a release.

use promise::{say, unit::Span};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A path that is kept longer than an hour and is not among those purged with each release.
    /// ja: 1 時間より長くキャッシュされ、公開時に破棄されないパス。
    /// # Why
    /// For that long some people get new pages with old scripts.
    /// ja: その間、新しい画面に古いスクリプトが届く人がいます。
    /// # Source
    /// One hour: about what a release and its rollback take.
    /// ja: 1 時間: 公開と切り戻しにかかる時間の目安。
    /// # Example
    /// `{ path: /assets/*, ttl: 7d }` and purges of `/static/*`
    /// ja: `{ path: /assets/*, ttl: 7d }` and purges of `/static/*`
    /// # Fix
    /// Name files by their content, purge the path, or keep it shorter.
    /// ja: 内容のハッシュを名前に含めるか、破棄の対象に加えるか、期間を短くします。
    "stale-after-release": Advice, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, cdn) in &sight.spec.design.infrastructure.cdn {
        let Some(invalidation) = cdn.invalidation.as_ref().filter(|it| it.on_deployment == Some(true)) else { continue };
        for (origin, it) in &cdn.origins {
            let (Some(path), Some(ttl)) = (it.path.as_deref(), it.ttl.filter(|ttl| *ttl > Span::secs(3_600))) else { continue };
            if invalidation.paths.iter().any(|purged| purged.starts_with(path.trim_end_matches('*'))) {
                continue;
            }
            found
                .note(sight.places.at(&["infrastructure", "cdn", name, "origins", origin, "ttl"]), say!("{path} may stay old for {ttl} after a release", "{path} は公開後も {ttl} 古いままになりえます"))
                .also(sight.places.key(&["infrastructure", "cdn", name, "invalidation", "paths"]), say!("purged with a release", "公開時に破棄するパス"));
        }
    }
}
