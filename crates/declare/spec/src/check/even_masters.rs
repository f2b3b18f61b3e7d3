//! Votes that can end in a draw.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A search engine with dedicated masters of which there are fewer than three, or an even number.
    /// ja: 専用マスターが 3 台未満または偶数の検索エンジン。
    /// # Why
    /// With two, losing one stops the cluster; with four, no more may be lost than with three.
    /// ja: 2 台では 1 台の喪失で止まり、4 台でも 3 台と同じ数しか失えません。
    /// # Source
    /// A majority of n is ⌊n ÷ 2⌋ + 1.
    /// ja: n 台の過半数は ⌊n ÷ 2⌋ + 1 台です。
    /// # Example
    /// `masters: 2`
    /// ja: `masters: 2`
    /// # Fix
    /// Have three.
    /// ja: 3 台にします。
    "even-masters": Warning, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.infrastructure.search {
        let Some(masters) = it.masters.filter(|n| it.dedicated_masters != Some(false) && (*n < 3 || n.is_multiple_of(2))) else { continue };
        let (needed, lost) = (masters / 2 + 1, masters - (masters / 2 + 1));
        found.note(sight.places.at(&["infrastructure", "search", name, "masters"]), say!("{masters} masters need {needed} to agree: {lost} may be lost", "{masters} 台のマスターには {needed} 台の同意が必要で、失えるのは {lost} 台です"));
    }
}
