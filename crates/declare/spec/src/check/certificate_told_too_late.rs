//! Certificates whose end is told after they should have been renewed, or never in time.

use promise::{say, unit::Span};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A certificate that is told of before it is renewed by itself, or that nobody renews and that is told of less than a week before.
    /// ja: 自動更新より前に知らせる証明書、または手動更新なのに 1 週間未満の前にしか知らせない証明書。
    /// # Why
    /// An alarm before each automatic renewal teaches people to ignore it; a late one leaves no time to get a new one.
    /// ja: 自動更新のたびに鳴る警報は無視されるようになり、遅い警報では更新が間に合いません。
    /// # Source
    /// Seven days: a working week in which a person can be found to do it.
    /// ja: 7 日: 担当者が対応できる 1 週間。
    /// # Example
    /// `{ automatic: true, renewed_before: 30d, told_before: 60d }`
    /// ja: `{ automatic: true, renewed_before: 30d, told_before: 60d }`
    /// # Fix
    /// Tell after the automatic renewal should have happened, and at least a week before the end.
    /// ja: 自動更新の後かつ期限の 1 週間以上前に知らせます。
    "certificate-told-too-late": Warning, needs ["security"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.security.certificates {
        let Some(told) = it.told_before else { continue };
        let at = sight.places.at(&["security", "certificates", name, "told_before"]);
        if let (Some(true), Some(renewed)) = (it.automatic, it.renewed_before.filter(|renewed| told > *renewed)) {
            found
                .note(at, say!("told {told} before the end, but it renews itself only {renewed} before: an alarm each time", "期限の {told} 前に知らせますが、自動更新は {renewed} 前なので毎回警報になります"))
                .also(sight.places.at(&["security", "certificates", name, "renewed_before"]), say!("renewed here", "ここで更新されます"));
        } else if it.automatic != Some(true) && told < Span::days(7) {
            found.note(at, say!("{told} are left to get a new one by hand", "手動で更新する猶予が {told} しかありません"));
        }
    }
}
