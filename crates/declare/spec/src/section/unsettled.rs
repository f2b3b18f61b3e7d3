//! `unsettled`: what the documents behind a spec say of one thing differently.

use promise::record;

record! {
    /// Another figure for something that the spec says already.
    /// ja: 仕様の値と食い違う、別の記述。
    pub struct Unsettled {
        /// What it is of: where it stands in the spec, such as `severities.sev1.answer_within`.
        /// ja: 対象。`severities.sev1.answer_within` のような仕様の場所。
        of: String,
        /// The other figure.
        /// ja: もう一つの値。
        also: String,
    }
}
