//! `monitoring`: what a design wants to be watched, drawn and told.
//!
//! What stands here is not collected by itself: a promise does that, and `promise` names it. Until then it is
//! checked against the rest, and owed without proof.

use std::collections::BTreeMap;

use promise::{Name, quantity::Bound, record, unit::Span};

record! {
    /// What a design wants to be watched.
    /// ja: 設計で定めた監視。
    pub struct Monitoring: Default {
        /// How often metrics are collected.
        /// ja: 収集間隔。
        interval: Option<Span>,
        /// Metrics with their thresholds, by name.
        /// ja: メトリクスとしきい値。
        metrics: BTreeMap<String, Metric> = BTreeMap::new(),
        /// What is told, by name.
        /// ja: 警報。
        alerts: BTreeMap<String, Alert> = BTreeMap::new(),
        /// What is drawn, by name.
        /// ja: ダッシュボード。
        dashboards: BTreeMap<String, Dashboard> = BTreeMap::new(),
        /// How long answers may take, and how that is divided among those who are passed, by name.
        /// ja: 応答時間の上限と、区間ごとの持ち分。
        latency_budgets: BTreeMap<String, LatencyBudget> = BTreeMap::new(),
        /// Over which time the objectives are measured.
        /// ja: 目標を測る期間。
        objective_window: Option<Span>,
        /// How long metrics are kept.
        /// ja: メトリクスの保存期間。
        metric_retention: Option<Span>,
        /// How long the provider's log groups are kept.
        /// ja: 監視サービスのログの保存期間。
        log_retention: Option<Span>,
        /// Whether metrics are collected each minute rather than each five.
        /// ja: 詳細監視の有無。
        detailed: Option<bool>,
        /// Whether the service brings metrics of its own.
        /// ja: 独自メトリクスの有無。
        custom_metrics: Option<bool>,
    }
}

record! {
    /// How long an answer may take, divided among those who are passed on the way.
    /// ja: 応答時間の上限と、区間ごとの配分。
    pub struct LatencyBudget: Default {
        /// How long the whole may take.
        /// ja: 全体の上限。
        at_most: Option<Span>,
        /// What each of them may take, by name.
        /// ja: 区間ごとの持ち分。
        parts: BTreeMap<String, Span> = BTreeMap::new(),
    }
}

record! {
    /// A metric with its threshold.
    /// ja: メトリクスとしきい値。
    pub struct Metric: Default {
        /// What its alarm is called.
        /// ja: アラームの名前。
        alarm: Option<String>,
        /// What is wanted of it, such as `>= 99.5 %`; beyond it somebody is told.
        /// ja: 守るべき範囲。外れると知らせます。
        bound: Option<Bound>,
        /// Over which time one value is formed.
        /// ja: 1 つの値を作る期間。
        period: Option<Span>,
        /// How many periods in a row must be bad.
        /// ja: 連続して悪い期間の数。
        periods: Option<u64>,
        /// How the value is formed: `average`, `sum`, `maximum`, `minimum`, `count`, or a quantile such as `p99`.
        /// ja: 統計の種類。
        statistic: Option<String>,
        /// As how bad it counts; a key of `severities`.
        /// ja: 重大度。
        severity: Option<String>,
        /// What is done, in the design's words.
        /// ja: 動作(設計書の呼び名)。
        action: Option<String>,
        /// The promise that proves it.
        /// ja: これを証明する約束。
        promise: Option<String>,
        /// The tier that it watches.
        /// ja: 監視する層。
        tier: Option<String>,
        /// What it measures, such as `success`, `errors`, `latency`, `cpu`.
        /// ja: 測るもの。
        measures: Option<String>,
    }
}

record! {
    /// Something that is told.
    /// ja: 警報。
    pub struct Alert: Default {
        /// What it is called.
        /// ja: 名前。
        name: Option<Name>,
        /// What of, such as `stripe_errors` or `cpu`.
        /// ja: 対象。
        of: Option<String>,
        /// It is told when the value is so, such as `> 5 %`.
        /// ja: 知らせる条件。
        when: Option<Bound>,
        /// How long the value must be so.
        /// ja: 継続時間。
        r#for: Option<Span>,
        /// How often it is looked at.
        /// ja: 評価する間隔。
        every: Option<Span>,
        /// How often in a row, where more than one look is needed.
        /// ja: 連続して満たす回数。
        periods: Option<u64>,
        /// As how bad it counts; a key of `severities`.
        /// ja: 重大度。
        severity: Option<String>,
        /// The tier that it watches.
        /// ja: 監視する層。
        tier: Option<String>,
        /// What it measures, such as `errors`, `latency`, `cpu`.
        /// ja: 測るもの。
        measures: Option<String>,
        /// Where a person reads what to do.
        /// ja: 対応手順の場所。
        runbook: Option<String>,
        /// The promise that proves it.
        /// ja: これを証明する約束。
        promise: Option<String>,
    }
}

record! {
    /// Something that is drawn.
    /// ja: ダッシュボード。
    pub struct Dashboard: Default {
        /// What it is called.
        /// ja: 名前。
        name: Option<Name>,
        /// What it shows.
        /// ja: 表示するもの。
        widgets: Vec<String> = Vec::new(),
    }
}
