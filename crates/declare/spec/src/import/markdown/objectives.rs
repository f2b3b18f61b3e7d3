//! Documents of service level objectives: what is measured, what is owed, what was agreed, and when somebody is told.
//!
//! They have a form of their own: a heading names what is measured, labels below it (**SLI**, **SLO**, **SLA**,
//! **Alerting**, often in bold) say what the bullets under them are, and each bullet is a name and a value. Read as
//! prose, `Target: 99.9 %` would lose what the target is of, and in which direction it is owed.

use promise::say;

use super::{
    Reader,
    bounds::{condition, is_most_of_all, share_within},
    figures::{Figure, Kind, figures},
    owed::OFFERED,
    table::Table,
    words::{self, plain},
};

/// Whether the head of a column says that it holds what is owed.
pub(super) fn is_target(key: &str) -> bool {
    // `目標（月間）`, `Target (30 days)`: over which time it is measured stands beside it.
    const OVER: [&str; 9] = [
        "月間",
        "月次",
        "年間",
        "四半期",
        "month",
        "30",
        "rolling",
        "quarter",
        "window",
    ];
    let over = key
        .split_once('_')
        .filter(|(_, over)| OVER.iter().any(|word| over.starts_with(word)));
    let key = over.map_or(key, |(target, _)| target);
    BARE.contains(&key) || key.contains("要求値") || is_objectives(key)
}

/// Whether a name is what people call all their objectives together.
pub(super) fn is_objectives(key: &str) -> bool {
    let mut objectives = LABELS
        .iter()
        .filter(|(label, _)| *label == Label::Objective);
    objectives.any(|(_, names)| names.contains(&key))
}

/// The objective of recovery that a name is.
pub(super) fn recovered(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let fields = [("rto", "目標復旧時間"), ("rpo", "目標復旧時点")];
    let found = fields
        .iter()
        .find(|(word, ja)| lower.contains(word) || lower.contains(ja));
    found.map(|(field, _)| *field)
}

/// What the bullets below a label are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Indicator,
    Objective,
    Agreement,
    Alerting,
    /// What explains, and owes nothing: examples, arithmetic, policies.
    Remark,
}

/// What labels are called, as [`plain`] writes them.
const LABELS: &[(Label, &[&str])] = &[
    (
        Label::Objective,
        &[
            "slo",
            "slos",
            "sli_slo",
            "objective",
            "objectives",
            "slo_target",
            "slo_targets",
            "目標",
            "目標値",
            "サービスレベル目標",
        ],
    ),
    (Label::Agreement, &["sla", "slas", "サービスレベル合意"]),
    (
        Label::Indicator,
        &[
            "sli",
            "slis",
            "indicator",
            "calculation",
            "measurement",
            "definition",
            "計算式",
            "測定方法",
            "指標",
        ],
    ),
    (
        Label::Alerting,
        &[
            "alerting",
            "alerts",
            "alert",
            "alerting_rules",
            "アラート",
            "警報",
            "アラート条件",
        ],
    ),
    (
        Label::Remark,
        &[
            "example",
            "examples",
            "e_g",
            "例",
            "error_budget",
            "error_budget_policy",
            "エラーバジェット",
            "consequence",
            "validation",
        ],
    ),
];
/// Heads of the column that says what is measured, beside others that sort it.
const INDICATORS: [&str; 6] = [
    "メトリクス",
    "指標",
    "metric",
    "indicator",
    "sli",
    "監視項目",
];
/// Names of a value that say nothing of what it is about: the heading does.
const BARE: [&str; 10] = [
    "target",
    "slo",
    "sla",
    "objective",
    "commitment",
    "goal",
    "threshold",
    "目標",
    "目標値",
    "基準",
];
/// Over which time something is measured.
pub(super) const WINDOWS: [&str; 12] = [
    "計測期間",
    "集計期間",
    "評価期間",
    "slo_window",
    "evaluation_period",
    "measurement_window",
    "window",
    "period",
    "time_window",
    "rolling_window",
    "期間",
    "測定期間",
];
/// Headings below which a document explains itself.
const EXPLAINING: [&str; 10] = [
    "error budget",
    "glossary",
    "template",
    "definition",
    "what is",
    "what are",
    "appendix",
    "エラーバジェット",
    "用語",
    "とは",
];

impl Reader<'_> {
    /// Reads a bullet or paragraph by the label that it is, or that it stands under; `false` where it is neither.
    pub(super) fn labelled(&mut self, text: &str, line: usize) -> bool {
        if !self.is_of_objectives() {
            return false;
        }
        if self.is_under(&EXPLAINING) {
            return self.remark(text, line);
        }
        let (name, value) = text.split_once([':', '：']).unwrap_or((text, ""));
        let (key, value) = (plain(name), value.trim());
        let label = LABELS
            .iter()
            .find(|(_, names)| names.contains(&key.as_str()));
        if let Some((label, _)) = label.filter(|_| text.contains([':', '：'])) {
            if value.is_empty() {
                self.label = Some(*label);
                return true;
            }
            return match label {
                Label::Objective | Label::Agreement => self.owe(name, value, *label, true, line),
                Label::Alerting => self.told(text, value, line),
                Label::Indicator | Label::Remark => self.remark(text, line),
            };
        }
        if WINDOWS.contains(&key.as_str()) {
            self.draft.noted(
                line,
                text,
                say!(
                    "over which time it is measured; a promise of another kind has a `window`",
                    "測定の期間。種類を持つ約束では `window` に書きます"
                ),
            );
            return true;
        }
        match self.label {
            Some(label @ (Label::Objective | Label::Agreement)) if !value.is_empty() => {
                self.owe(name, value, label, true, line)
            }
            Some(Label::Alerting) => {
                self.told(text, if value.is_empty() { text } else { value }, line)
            }
            Some(Label::Indicator | Label::Remark) => self.remark(text, line),
            _ => false,
        }
    }

    /// A table with a column of targets: each row owes one.
    pub(super) fn owed_table(&mut self, table: &Table<'_>) -> bool {
        let mut columns = (0..table.keys.len()).filter(|at| *at != table.name);
        let Some(column) = columns.find(|at| is_target(&table.keys[*at])) else {
            return false;
        };
        let says = |cell: &str| figures(cell).iter().any(|it| it.kind != Kind::Count);
        if !table
            .rows
            .iter()
            .any(|(_, row)| says(&table.cell(row, column)))
        {
            return false;
        }
        for (line, row) in table.rows {
            // Every other column says what it is of, as far as it says no figure of its own.
            let others = (0..row.len())
                .filter(|at| *at != column)
                .map(|at| table.cell(row, at));
            let words: Vec<String> = others
                .filter(|cell| cell.chars().any(char::is_alphabetic) && !says(cell))
                .collect();
            let value = table.cell(row, column);
            let indicator = (0..table.keys.len())
                .find(|at| INDICATORS.iter().any(|word| table.keys[*at].contains(word)));
            let name = match indicator.filter(|at| *at != table.name) {
                // Of whom it is owed stands in another column than what is measured.
                Some(at) => format!("{} {}", table.cell(row, table.name), table.cell(row, at)),
                None => table.cell(row, table.name),
            };
            let named = format!("{name} {}", words.join(" "));
            if let Some(field) = recovered(&named).filter(|_| says(&value)) {
                let figure = figures(&value).into_iter().find(|it| it.kind == Kind::Time);
                if let Some(figure) = figure {
                    self.objective(field, &figure.text, &named, *line);
                    continue;
                }
            }
            let is_setting = ["間隔", "interval", "保存", "保持", "retention", "kept"]
                .iter()
                .any(|word| named.to_lowercase().contains(word));
            if is_setting || share_within(&value).is_some() {
                self.prose(&format!("{name}: {value}"), *line);
                continue;
            }
            if !says(&value) || !self.owe(&name, &value, Label::Objective, false, *line) {
                self.prose(&format!("{}: {value}", words.join(" / ")), *line);
            }
        }
        true
    }

    /// Whether the document is about objectives at all: the labels are words that others use otherwise.
    fn is_of_objectives(&self) -> bool {
        self.whole.contains("service level")
            || self.whole.contains("サービスレベル")
            || self.is_under(&["slo", "sli"])
    }

    fn remark(&mut self, text: &str, line: usize) -> bool {
        self.draft.noted(
            line,
            text,
            say!(
                "it explains, and owes nothing",
                "説明であり、約束ではありません"
            ),
        );
        true
    }

    /// Something owed: `name` says what, or the heading does.
    pub(super) fn owe(
        &mut self,
        name: &str,
        value: &str,
        label: Label,
        is_below_its_heading: bool,
        line: usize,
    ) -> bool {
        let heading = self.headings.last().filter(|_| is_below_its_heading);
        let heading = heading.map_or(String::new(), |(_, text)| text.clone());
        let all = figures(value);
        let said = condition(value);
        // A bare number is owed only where a sign says how: others count nines and requests.
        let figure = all
            .iter()
            .find(|it| it.kind != Kind::Count)
            .or(said.as_ref().map(|said| &said.figure));
        let Some(figure) = figure else {
            return self.remark(&format!("{name}: {value}"), line);
        };
        let key = plain(name);
        if figure.kind == Kind::Rate
            && label == Label::Objective
            && self.carried(&key, figure, line)
        {
            return true;
        }
        if let Some(field) = recovered(name).filter(|_| figure.kind == Kind::Time) {
            self.objective(field, &figure.text, name, line);
            return true;
        }
        // `Files < 1MB: P95 < 100ms`: what stands before the sign belongs to the name.
        let said = said.as_ref().filter(|said| said.figure == *figure);
        let about = said.map_or("", |said| said.about.as_str());
        let mut what = if BARE.contains(&key.as_str()) {
            heading.clone()
        } else {
            format!("{heading} {}", name.trim())
        };
        if !about.is_empty() {
            what = format!("{what} {about}");
        }
        let what = what.trim().to_owned();
        let lower = what.to_lowercase();
        let is_wanted = is_most_of_all(figure)
            && !matches!(
                words::measures(&what),
                Some("errors" | "misses" | "cpu" | "memory" | "disk" | "network")
            );
        let sign = said.map_or(if is_wanted { ">=" } else { "<=" }, |said| said.sign);
        let bound = format!("{sign} {}", figure.text);
        let what = if label == Label::Agreement {
            format!("{what} (SLA)")
        } else {
            what
        };
        let measures = words::measures(&what).unwrap_or("promise");
        let quantile = words::quantile(&what);
        // What is measured by the minute, stops with it, is availability by another name.
        const BY_TIME: [&str; 5] = [
            "share of minutes",
            "share of time",
            "counts as downtime",
            "count as downtime",
            "分の割合",
        ];
        let is_offered = figure.kind == Kind::Share
            && OFFERED
                .iter()
                .chain(&BY_TIME)
                .any(|word| lower.contains(word));
        if label == Label::Objective && is_offered && self.has_tiers() {
            self.objective("availability", &figure.text, &what, line);
            return true;
        }
        if label == Label::Objective
            && self.measured(&what, measures, quantile, &bound, figure, line)
        {
            return true;
        }
        let seen = format!("{what} {bound}");
        if self.stated.contains(&seen) {
            self.draft.noted(
                line,
                &seen,
                say!("it was said before", "前に書かれています"),
            );
            return true;
        }
        self.stated.push(seen);
        let id = self.draft.id(
            "promises",
            &super::short(&what, words::measures(&what).unwrap_or("promise")),
        );
        let at = |field| ["promises", id.as_str(), field];
        let why = || {
            say!(
                "nothing says by which metrics it is measured",
                "どのメトリクスで測るかが書かれていない"
            )
        };
        self.draft.guess(&at("kind"), "declared", line, why());
        self.draft.set(&at("text"), what.as_str(), line);
        if said.is_some() {
            self.draft.set(&at("bound"), bound, line);
        } else {
            self.draft.guess(
                &at("bound"),
                bound,
                line,
                say!("the direction is told by what it is of", "向きは内容による"),
            );
        }
        for more in all
            .iter()
            .filter(|it| it.kind != Kind::Count && *it != figure)
        {
            self.draft.noted(
                line,
                &more.text,
                say!("said beside the bound", "数値に添えられた値"),
            );
        }
        true
    }

    /// A rate that is owed is what a load test must show.
    fn carried(&mut self, key: &str, figure: &Figure, line: usize) -> bool {
        let field = match key {
            _ if key.contains("min") || key.contains("最小") || key.contains("最低") => {
                "rate_min"
            }
            _ if key.contains("max") || key.contains("最大") => "rate_max",
            _ if BARE.contains(&key) => "rate_target",
            _ => return false,
        };
        let path = ["load", "acceptance", field];
        if self.draft.has(&path) {
            return false;
        }
        self.draft.set(&path, figure.text.as_str(), line);
        true
    }

    /// When somebody is told: `Warning: P95 > 500ms for 10 minutes`.
    fn told(&mut self, text: &str, value: &str, line: usize) -> bool {
        let heading = self
            .headings
            .last()
            .map_or(String::new(), |(_, text)| text.clone());
        let severity = words::severity(text).map(|(name, _)| name);
        let Some(said) = condition(value) else {
            if figures(value).iter().all(|it| it.kind == Kind::Count) {
                return self.remark(text, line);
            }
            // `Exceeds by 50 %`, `approaching 80 %`: told, and of no form that a bound has.
            self.alert(&format!("{heading}: {value}"), severity, line, &heading);
            return true;
        };
        let id = self.draft.id(
            "alerts",
            &super::short(
                &format!("{heading} {}", said.about),
                words::measures(&heading).unwrap_or("alert"),
            ),
        );
        let at = |field| ["monitoring", "alerts", id.as_str(), field];
        self.draft
            .set(&at("name"), format!("{heading}: {value}"), line);
        self.draft.set(&at("when"), said.bound(), line);
        let lasting = figures(value).into_iter().find(|it| {
            let before = value[..it.start].trim_end().to_ascii_lowercase();
            let after = value[it.end..].trim_start();
            it.kind == Kind::Time
                && *it != said.figure
                && (before.ends_with("for")
                    || before.ends_with("over")
                    || after.starts_with("継続")
                    || after.starts_with("以上続"))
        });
        if let Some(lasting) = lasting {
            self.draft.set(&at("for"), lasting.text, line);
        }
        if let Some(severity) = severity {
            self.severity(severity, line);
            self.draft.set(&at("severity"), severity, line);
        }
        if let Some(measures) = words::measures(&said.about).or_else(|| words::measures(&heading)) {
            self.draft.guess(
                &at("measures"),
                measures,
                line,
                say!("told by its name", "名前による"),
            );
        }
        let rest = figures(value)
            .into_iter()
            .filter(|it| it.start > said.figure.end && it.kind != Kind::Time);
        for more in rest.collect::<Vec<_>>() {
            self.draft.noted(
                line,
                &more.text,
                say!("said beside the condition", "条件に添えられた値"),
            );
        }
        self.watch("alerts", &id, format!("{heading} {value}"), line);
        true
    }
}
