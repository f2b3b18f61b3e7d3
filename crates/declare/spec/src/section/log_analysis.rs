//! `log_analysis`: which logs a design keeps, what stands in them, and what follows from them.

use std::collections::BTreeMap;

use promise::{
    quantity::Bound,
    record,
    unit::{Bytes, Span},
};

record! {
    /// A log stream as a design wants it.
    /// ja: 設計で定めたログ。
    pub struct Stream: Default {
        /// Which streams or indices, such as payment_*.
        /// ja: 対象のストリーム。
        pattern: Option<String>,
        /// What stands in a record.
        /// ja: 記録の項目。
        fields: Vec<String> = Vec::new(),
        /// Fields that are made unreadable before anything is stored.
        /// ja: 保存の前に伏せる項目。
        redacted: Vec<String> = Vec::new(),
        /// Fields that are stored encrypted.
        /// ja: 暗号化して保存する項目。
        encrypted: Vec<String> = Vec::new(),
        /// How long it is kept.
        /// ja: 保存期間。
        retention: Option<Span>,
        /// How much of that can be searched at once.
        /// ja: すぐに検索できる期間。
        at_hand: Option<Span>,
        /// How much arrives in a day.
        /// ja: 1 日の量。
        volume_per_day: Option<Bytes>,
        /// Whether it shows who did what, for auditors.
        /// ja: 監査用の記録か。
        audit: Option<bool>,
        /// Whether nobody can change it.
        /// ja: 改変できないか。
        immutable: Option<bool>,
        /// What makes it so: the name of a locked bucket, or `ledger`.
        /// ja: 改変を防ぐ仕組み。
        immutable_by: Option<String>,
        /// Where the clocks of those who write it come from, such as `ntp`.
        /// ja: 時刻の同期元。
        time_source: Option<String>,
        /// Whether it is looked at as it arrives.
        /// ja: 到着時に分析するか。
        real_time: Option<bool>,
        /// Whether what is unusual is looked for.
        /// ja: 異常検知の有無。
        anomaly_detection: Option<bool>,
        /// What follows from its records, by name.
        /// ja: 条件と動作。
        alerts: BTreeMap<String, LogAlert> = BTreeMap::new(),
    }
}

record! {
    /// A condition on log records and what follows from it.
    /// ja: ログの条件と動作。
    pub struct LogAlert {
        /// Which records, such as `status:failed`.
        /// ja: 対象の記録。
        logs: String,
        /// How many of them, such as `> 10`; one is enough where it is left out.
        /// ja: 件数の条件。
        count: Option<Bound>,
        /// In which time.
        /// ja: 期間。
        within: Option<Span>,
        /// What is done.
        /// ja: 動作。
        action: Option<String>,
        /// As how bad it counts; a key of `severities`.
        /// ja: 重大度。
        severity: Option<String>,
        /// The promise that proves it.
        /// ja: これを証明する約束。
        promise: Option<String>,
    }
}

impl LogAlert {
    /// A bound on one field's value within the condition, such as `processing_time > 5000`.
    #[must_use]
    pub fn field_bound(&self) -> Option<(&str, Bound)> {
        use promise::record::Scalar;
        self.logs.split(" AND ").find_map(|part| {
            let at = part.find(['<', '>', '≤', '≥'])?;
            let field = part[..at].trim().trim_end_matches(':');
            Some((field, Bound::parse(&part[at..]).ok()?))
        })
    }
}
