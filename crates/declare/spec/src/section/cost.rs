//! `costs`: what may be spent, and what is known to cost something.

use std::collections::BTreeMap;

use promise::{quantity::Money, record, unit::Percent};

record! {
    /// What may be spent in a month.
    /// ja: 1 か月に使える金額。
    pub struct Costs: Default {
        /// By category.
        /// ja: 費目ごと。
        budgets: BTreeMap<String, Money> = BTreeMap::new(),
        /// All together.
        /// ja: 合計。
        total: Option<Money>,
        /// How many of what each budget pays for, and what one costs, by the budget's name.
        /// ja: 費目ごとの数量と単価。
        units: BTreeMap<String, Unit> = BTreeMap::new(),
        /// What a whole year is said to cost.
        /// ja: 年額。
        year: Option<Money>,
        /// The most that was granted.
        /// ja: 承認された上限。
        ceiling: Option<Money>,
        /// What is paid each month whatever happens, by name.
        /// ja: 固定の月額。
        subscriptions: BTreeMap<String, Subscription> = BTreeMap::new(),
        /// What logs cost, by their volume.
        /// ja: ログの料金。
        logs: Option<LogPrice>,
        /// At which share of a budget somebody is told.
        /// ja: 予算の何割で知らせるか。
        warn_at: Option<Percent>,
        /// Where real costs come from, such as `cur` or `billing_export`.
        /// ja: 実績の取り込み元。
        actual_from: Option<String>,
        /// How costs are kept low, in words, by name.
        /// ja: 費用を抑える方針。
        savings: BTreeMap<String, String> = BTreeMap::new(),
    }
}

record! {
    /// What a budget pays for.
    /// ja: 費目の内訳。
    pub struct Unit: Default {
        /// How many.
        /// ja: 数量。
        count: Option<f64>,
        /// What one costs, in the currency of the budget.
        /// ja: 単価(費目と同じ通貨)。
        each: Option<f64>,
    }
}

record! {
    /// What logs cost, by their volume.
    /// ja: ログの料金。
    pub struct LogPrice: Default {
        /// The product that keeps them, such as `cloudwatch_logs`; its known price counts where none stands here.
        /// ja: 保管する製品(価格の省略時は既知の価格)。
        product: Option<String>,
        /// The budget that they are paid from.
        /// ja: 費目。
        category: Option<String>,
        /// What a GiB costs that comes in.
        /// ja: 取り込み 1 GiB の料金。
        ingested: Option<Money>,
        /// What a GiB costs that is kept for a month.
        /// ja: 保管 1 GiB の月額。
        kept: Option<Money>,
    }
}

record! {
    /// Something that is paid each month.
    /// ja: 固定の月額。
    pub struct Subscription: Default {
        /// The product, when it is a known one.
        /// ja: 製品名。
        product: Option<String>,
        /// The budget that it is paid from.
        /// ja: 費目。
        category: Option<String>,
        /// What it costs in a month; a known product's price where it is left out.
        /// ja: 月額(省略時は既知の価格)。
        monthly: Option<Money>,
    }
}
