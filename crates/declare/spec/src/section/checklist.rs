//! `checklists`: what people look at again and again, or once.

use promise::{Name, quantity::Bound, record, unit::Span};

use super::calendar::{TimeOfDay, Weekday};

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
        /// Only on these days of the week, where it is gone through daily; every day where none is given.
        /// ja: 毎日のリストを実施する曜日。なければ毎日。
        days: Vec<Weekday> = Vec::new(),
        /// Until when on its day it is signed; the end of the day, week or month where it is left out.
        /// ja: 署名の期限の時刻。省略すると、その日・週・月の終わり。
        by: Option<TimeOfDay>,
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
        /// A PromQL expression that answers it, with `bound`; the greatest of its values counts, or the smallest where the bound is a lower one.
        /// ja: 答えとなる PromQL。`bound` と比べます(複数の値があれば最も悪いもの)。
        query: Option<String>,
        /// Whether it is done.
        /// ja: 済みか。
        done: bool = false,
    }
}

impl Item {
    /// Whether evidence answers it, and no person.
    #[must_use]
    pub fn is_judged(&self) -> bool {
        self.promise.is_some() || self.query.is_some()
    }
}
