//! `load`: how much is to be carried, how that is tried, and what counts as carried.

use std::collections::BTreeMap;

use promise::{
    quantity::{Bound, Rate},
    record,
    unit::{Percent, Span},
};

use super::infrastructure::Utilization;

record! {
    /// Load scenarios and what they must show.
    /// ja: 負荷試験と合格の条件。
    pub struct Load: Default {
        /// Scenarios, by name.
        /// ja: シナリオ。
        scenarios: BTreeMap<String, Scenario> = BTreeMap::new(),
        /// What counts as carried.
        /// ja: 合格の条件。
        acceptance: Acceptance = Acceptance::default(),
    }
}

record! {
    /// A load scenario.
    /// ja: 負荷シナリオ。
    pub struct Scenario: Default {
        /// `normal`, `peak`, `stress`, `spike` or `soak`.
        /// ja: 種類。
        kind: Option<String>,
        /// People at the same time.
        /// ja: 同時利用者数。
        users: Option<u64>,
        /// Requests.
        /// ja: 要求の頻度。
        rate: Option<Rate>,
        /// From how many addresses they come.
        /// ja: 送信元のアドレスの数。
        addresses: Option<u64>,
        /// How long it runs.
        /// ja: 実行時間。
        duration: Option<Span>,
        /// How long it takes to get up to its rate.
        /// ja: 立ち上げ時間。
        ramp_up: Option<Span>,
        /// How long a person pauses between two requests.
        /// ja: 利用者の思考時間。
        think: Option<Span>,
        /// Dependencies that really answer.
        /// ja: 実際に呼び出す依存先。
        calls: Vec<String> = Vec::new(),
        /// Dependencies whose place something else takes.
        /// ja: 代役を立てる依存先。
        mocks: Vec<String> = Vec::new(),
    }
}

record! {
    /// What counts as carried.
    /// ja: 合格の条件。
    pub struct Acceptance: Default {
        /// Answer times by quantile, such as p99.
        /// ja: 応答時間(分位点ごと)。
        response: BTreeMap<String, Bound> = BTreeMap::new(),
        /// The least that must be carried.
        /// ja: 最低の処理量。
        rate_min: Option<Rate>,
        /// What is aimed at.
        /// ja: 目標の処理量。
        rate_target: Option<Rate>,
        /// The most that is promised.
        /// ja: 最大の処理量。
        rate_max: Option<Rate>,
        /// Shares of failures by what fails; `all` for every request.
        /// ja: 失敗の割合(対象ごと)。
        errors: BTreeMap<String, Percent> = BTreeMap::new(),
        /// Use of resources.
        /// ja: 資源の使用率。
        utilization: Utilization = Utilization::default(),
    }
}
