//! Receivers that forget what may come a second time.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A delivery whose `remembered_for` is shorter than its `retried_for`.
    /// ja: `remembered_for` が `retried_for` より短いもの。
    /// # Why
    /// What comes again after it was forgotten is taken for new: people pay twice.
    /// ja: 忘れた後に届いた再送が新しいものとして扱われ、二重の処理になります。
    /// # Source
    /// No number of ours.
    /// ja: 独自の数値はありません。
    /// # Example
    /// `{ retried_for: 48h, remembered_for: 24h }`
    /// ja: `{ retried_for: 48h, remembered_for: 24h }`
    /// # Fix
    /// Remember longer than anything is sent again.
    /// ja: 再送されうる期間より長く覚えます。
    "repeat-after-memory": Error, needs ["deliveries"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.deliveries {
        let (Some(known), Some(again)) = (it.remembered_for, it.retried_for) else { continue };
        if known >= again {
            continue;
        }
        let at = |field| sight.places.at(&["deliveries", name, field]);
        found
            .note(at("remembered_for"), say!("forgotten after {known}, and it may come again for {again}", "{known} で忘れますが、{again} 後まで再び届きえます"))
            .also(at("retried_for"), say!("comes again", "再び届く期間"))
            .hint(say!("write `remembered_for: {again}` or more", "`remembered_for: {again}` 以上にします"));
    }
}
