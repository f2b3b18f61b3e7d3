//! `corrections`: stretches that do not count, such as an announced maintenance, and who answers for that.

use promise::{Timestamp, record};

record! {
    /// A stretch that does not count for the promises that it names.
    /// ja: 約束の計算から除く時間帯。
    pub struct Correction {
        /// When it begins, RFC 3339.
        /// ja: 始まりの時刻。
        from: Timestamp,
        /// When it ends.
        /// ja: 終わりの時刻。
        to: Timestamp,
        /// Why it does not count; the auditor reads this.
        /// ja: 除く理由。監査人が読みます。
        why: String,
        /// Who answers for leaving it out.
        /// ja: 除くことの責任者。
        who: String,
        /// The promises that it holds for; empty means all that have a window.
        /// ja: 対象の約束。空なら期間を持つすべての約束。
        promises: Vec<String> = Vec::new(),
    }
}

impl Correction {
    /// Whether it holds for the promise of this id.
    #[must_use]
    pub fn is_for(&self, id: &str) -> bool {
        self.promises.is_empty() || self.promises.iter().any(|promise| promise == id)
    }
}
