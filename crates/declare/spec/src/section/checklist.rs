//! `checklists`: what people look at again and again, or once.

use promise::{Name, quantity::Bound, record, unit::Span};

record! {
    /// A checklist.
    /// ja: チェックリスト。
    pub struct Checklist: Default {
        /// What it is called.
        /// ja: 名前。
        name: Option<Name>,
        /// How often it is gone through; once where it is left out.
        /// ja: 実施の間隔(省略時は一度)。
        every: Option<Span>,
        /// Who goes through it.
        /// ja: 担当。
        owner: Option<String>,
        /// Its items.
        /// ja: 項目。
        items: Vec<Item> = Vec::new(),
    }
}

record! {
    /// An item of a checklist.
    /// ja: 項目。
    pub struct Item {
        /// In words.
        /// ja: 内容。
        text: String,
        /// What it is about, when it has a figure.
        /// ja: 数値の対象。
        of: Option<String>,
        /// The figure that is wanted.
        /// ja: 数値の条件。
        bound: Option<Bound>,
        /// Of which part of the requests, such as p95.
        /// ja: 分位点。
        quantile: Option<String>,
        /// The promise that answers it.
        /// ja: 答えとなる約束。
        promise: Option<String>,
        /// Whether it is done.
        /// ja: 済みか。
        done: bool = false,
    }
}
