//! Suppressions that cover nothing any more.

use promise::{document::Fix, say};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A suppression that covered no finding.
    /// ja: 何も抑えていない抑制。
    /// # Why
    /// What it excused has been mended; it would silently excuse the next mistake of the same kind.
    /// ja: 元の問題はもうありません。残しておくと、次の同じ誤りを黙って見逃します。
    /// # Source
    /// No number.
    /// ja: 数値はありません。
    /// # Example
    /// A suppression of `page-too-late` while every page is in time.
    /// ja: どの通知も間に合うのに `page-too-late` を抑制している。
    /// # Fix
    /// Remove it.
    /// ja: 抑制を消します。
    "idle-suppression": Warning, needs ["suppressions"], check, always
}

/// It stands last among the rules: what the others found has then been covered.
fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for name in sight.excuses.idle() {
        let path = ["suppressions", name];
        let diagnostic = found.note(
            sight.places.key(&path),
            say!("`{name}` covers nothing", "`{name}` は何も抑えていません"),
        );
        diagnostic.hint(say!("remove it", "消してください"));
        if let Some(lines) = sight.places.lines(&path, sight.texts) {
            diagnostic.fix(Fix::risky(say!("remove `{name}`", "`{name}` を消す")).replace(lines, ""));
        }
    }
}
