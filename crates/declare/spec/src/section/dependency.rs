//! `dependencies`: what others do for the service, how long it waits for them and what they promise.

use promise::{
    quantity::Rate,
    record,
    unit::{Percent, Span},
};

record! {
    /// Something that others run and the service needs.
    /// ja: 他者が提供し、サービスが必要とするもの。
    pub struct Dependency: Default {
        /// The product, such as `stripe`, when it is a known one.
        /// ja: 製品名(既知のもの)。
        product: Option<String>,
        /// The share of time that its provider promises.
        /// ja: 提供者が約束する可用性。
        availability: Option<Percent>,
        /// How long one call waits.
        /// ja: 1 回の呼び出しで待つ時間。
        timeout: Option<Span>,
        /// How often a failed call is repeated.
        /// ja: 再試行の回数。
        retries: Option<u64>,
        /// The pause before the first repetition; it doubles each time.
        /// ja: 最初の再試行までの待ち時間(毎回 2 倍)。
        backoff: Option<Span>,
        /// All tries together may take so long.
        /// ja: 全試行の合計の上限。
        deadline: Option<Span>,
        /// Whether a repeated call is known as the same.
        /// ja: 再送を同一の要求として扱うか。
        idempotent: Option<bool>,
        /// How often it may be called.
        /// ja: 許される呼び出し頻度。
        rate_limit: Option<Rate>,
        /// How often it is called at the busiest.
        /// ja: 最大の呼び出し頻度。
        calls_max: Option<Rate>,
        /// The names of the promises and tiers that need it.
        /// ja: これを必要とする約束と層。
        needed_by: Vec<String> = Vec::new(),
        /// What takes its place when it is down.
        /// ja: 停止時の代替。
        fallback: Option<String>,
        /// Within which time its webhooks must be answered.
        /// ja: Webhook への応答期限。
        webhook_within: Option<Span>,
        /// Where it keeps data, by country, such as JP.
        /// ja: データの保管国。
        countries: Vec<String> = Vec::new(),
    }
}
