//! Tables of what is watched: for each row when somebody is told, how badly, and after which time.

use promise::say;

use super::{
    Reader,
    bounds::signed,
    figures::{Figure, Kind, figures},
    lost::FILES,
    no_home,
    numbers::says_one,
    place,
    procedure::looked_times,
    stating::is_often,
    table::Table,
    watching::lasts,
    words::{self, Form},
};

/// Words in the head of a column that says when somebody is told.
const WHEN: [&str; 8] = [
    "threshold",
    "condition",
    "trigger",
    "しきい値",
    "閾値",
    "条件",
    "warning",
    "critical",
];
const LASTING: [&str; 6] = [
    "for",
    "duration",
    "継続時間",
    "継続",
    "持続時間",
    "sustained",
];
pub(super) const SEVERITY: [&str; 11] = [
    "重さ",
    "深刻度",
    "重要度",
    "severity",
    "level",
    "priority",
    "重大度",
    "レベル",
    "優先度",
    "緊急度",
    "通知レベル",
];
/// How often somebody, or something, looks.
const EVERY: [&str; 11] = [
    "評価",
    "evaluation",
    "evaluated_every",
    "evaluation_interval",
    "evaluated",
    "every",
    "checked_every",
    "check_interval",
    "評価間隔",
    "評価周期",
    "確認間隔",
];
const RUNBOOK: [&str; 5] = ["手順書", "対応手順", "手順", "runbook", "playbook"];
const NONE: [&str; 4] = ["", "-", "–", "—"];
const ALERT: [&str; 3] = ["alert", "alarm", "アラート"];
/// Who is told, or by which way; the severity may stand in brackets behind it.
const TOLD: [&str; 9] = [
    "通知",
    "通知先",
    "連絡先",
    "notify",
    "notifies",
    "pages",
    "channel",
    "goes_to",
    "route",
];
/// What runs out: the less of it is left, the worse.
const LEFT: [&str; 5] = ["残", "remaining", "left", "expir", "cert"];

impl Reader<'_> {
    /// Reads a table of alerts; `false` where it is none.
    pub(super) fn alert_table(&mut self, table: &Table<'_>) -> bool {
        // `監視項目 | 注意（Sev2） | 重大（Sev1）`: a threshold for each severity.
        let is_ranked = |at: &usize| {
            let cells = table.rows.iter().map(|(_, row)| table.cell(row, *at));
            let (told, bare): (Vec<_>, Vec<_>) = cells
                .filter(|cell| !NONE.contains(&cell.as_str()))
                .partition(|cell| figures(cell).iter().any(|it| signed(cell, it).is_some()));
            self.rank(&table.keys[*at]).is_some() && told.len() > bare.len()
        };
        let ranked = (0..table.keys.len())
            .filter(|at| *at != table.name && is_ranked(at))
            .count();
        let is_when = |at: &usize| {
            WHEN.iter().any(|word| table.keys[*at].contains(word)) || ranked > 1 && is_ranked(at)
        };
        let whens: Vec<usize> = (0..table.keys.len())
            .filter(|at| *at != table.name)
            .filter(is_when)
            .collect();
        let (lasting, severity) = (table.column(&LASTING), table.column(&SEVERITY));
        let is_named = table.column(&ALERT).is_some_and(|at| at <= table.name);
        let told = table.column(&TOLD);
        let is_listed = told.is_some()
            && self.headings.last().is_some_and(|(_, text)| {
                let text = text.to_lowercase();
                ALERT.iter().any(|word| text.contains(word))
            });
        let is_ours =
            whens.len() > 1 || lasting.is_some() || is_named || severity.is_some() || is_listed;
        // How each value is formed is said of metrics.
        let is_formed = table
            .keys
            .iter()
            .any(|key| words::field("metrics", key).is_some_and(|(field, _)| field == "periods"));
        let is_of_metrics = is_formed
            || table.keys[table.name].contains("metric")
            || table.keys[table.name].contains("メトリクス");
        if whens.is_empty() && severity.is_some() && is_when(&table.name) {
            self.conditions(table, severity);
            return true;
        }
        if whens.is_empty() || !is_ours || (is_of_metrics && whens.len() == 1) {
            return false;
        }
        for (line, row) in table.rows {
            let cell = |at: Option<usize>| at.map_or(String::new(), |at| table.cell(row, at));
            let mut is_read = false;
            for when in &whens {
                let written = [cell(severity), cell(told), table.keys[*when].clone()];
                let rank = written.iter().find_map(|level| self.rank(level));
                let told = Told {
                    name: &cell(Some(table.name)),
                    when: &cell(Some(*when)),
                    lasting: &cell(lasting),
                    severity: rank,
                    runbook: &cell(table.column(&RUNBOOK)),
                };
                is_read |= self.told_when(&told, *line);
            }
            let (name, when) = (cell(Some(table.name)), cell(whens.first().copied()));
            if !is_read && is_listed && !when.is_empty() {
                let rank = self.rank(&cell(told));
                self.alert(&format!("{name}: {when}"), rank, *line, &name);
            } else if !is_read && row.iter().any(|cell| says_one(cell)) {
                self.draft.lost(*line, &row.join(" / "), no_home());
            }
        }
        true
    }

    /// A table whose rows are called by their conditions.
    fn conditions(&mut self, table: &Table<'_>, severity: Option<usize>) {
        for (line, row) in table.rows {
            let cell = |at: Option<usize>| at.map_or(String::new(), |at| table.cell(row, at));
            let text = cell(Some(table.name));
            let rank = self.rank(&cell(severity));
            let id = self.alert(&text, rank, *line, "");
            let at = |field| ["monitoring", "alerts", id.as_str(), field];
            for (field, words) in [("every", &EVERY[..]), ("for", &LASTING)] {
                let value = place::value(Form::Seconds, &cell(table.column(words)));
                if let Some(value) = value.filter(|_| !self.draft.has(&at(field))) {
                    self.draft.set(&at(field), value, *line);
                }
            }
            let looked = cell(table.column(&EVERY));
            let first = figures(&looked)
                .into_iter()
                .find(|it| it.kind == Kind::Time);
            if let Some(first) = first.filter(|_| !self.draft.has(&at("every"))) {
                self.draft.set(&at("every"), first.text, *line);
            }
            let periods = looked_times(&text).or_else(|| looked_times(&looked));
            if let Some(periods) = periods.filter(|_| self.draft.has(&at("every"))) {
                self.draft.set(&at("periods"), periods, *line);
            }
            let runbook = cell(table.column(&RUNBOOK));
            if !NONE.contains(&runbook.as_str()) {
                self.draft.set(&at("runbook"), runbook, *line);
            }
        }
    }

    /// The severity that a text names, in the words of the document or in everybody's.
    pub(super) fn rank(&self, text: &str) -> Option<&'static str> {
        let own = self.ranks.iter().find(|(name, _)| name == text.trim());
        own.map(|(_, id)| *id)
            .or_else(|| words::severity(text).map(|(id, _)| id))
    }

    fn told_when(&mut self, told: &Told<'_>, line: usize) -> bool {
        // How often something is tried is no threshold: `1 分ごとの試験決済を含む決済の成功が 0 件`.
        // `12.3 の規則` is where it is written.
        let is_reference = |it: &Figure| {
            let after = told.when[it.end..].trim_start();
            it.kind == Kind::Count
                && ["の規則", "の定義", "を参照", "参照", "節", "章"]
                    .iter()
                    .any(|word| after.starts_with(word))
        };
        let mut all = figures(told.when);
        all.retain(|it| !is_often(told.when, it) && !is_reference(it));
        // `1 台 130 セッション超`: of what, and how much.
        let beyond = all.iter().find(|it| signed(told.when, it).is_some());
        let Some(figure) = beyond.or(all.first()) else {
            return false;
        };
        let both = format!("{} {}", told.name, told.when);
        let measures = words::measures(&both).or_else(|| words::quantile(&both).map(|_| "latency"));
        // How far files are behind is not what the recovery point of a database is about.
        let is_of_files = FILES.iter().any(|word| both.to_lowercase().contains(word));
        let measures = measures.filter(|measures| *measures != "lag" || !is_of_files);
        let said = signed(told.when, figure);
        let sign = said
            .as_ref()
            .map_or_else(|| worse(&both, measures), |said| said.sign);
        let name = format!(
            "{} {}",
            super::short(told.name, measures.unwrap_or("alert")),
            told.severity.unwrap_or_default()
        );
        let id = self.draft.id("alerts", name.trim());
        let at = |field| ["monitoring", "alerts", id.as_str(), field];
        self.draft.set(&at("name"), both.as_str(), line);
        let counts = told.when[figure.end..].trim_start();
        let counts = counts.trim_start_matches(['件', '回', '個', '台', '名', '本']);
        let is_reached = figure.kind == Kind::Count && counts.starts_with("以上");
        let sign = if is_reached { ">=" } else { sign };
        // Nothing counts less than none: `成功が 0 件`.
        let is_none = figure.text == "0" && sign == "<" && said.is_none();
        let bound = format!("{sign} {}", if is_none { "1" } else { &figure.text });
        if said.is_some() || is_reached {
            self.draft.set(&at("when"), bound, line);
        } else {
            let why = say!("the direction is told by what it is of", "向きは内容による");
            self.draft.guess(&at("when"), bound, line, why);
        }
        let own = lasts(&told.when[figure.end..]).map(serde_json::Value::from);
        if let Some(lasting) = own.or_else(|| place::value(Form::Seconds, told.lasting)) {
            self.draft.set(&at("for"), lasting, line);
        }
        if let Some(severity) = told.severity {
            self.severity(severity, line);
            self.draft.set(&at("severity"), severity, line);
        }
        if !NONE.contains(&told.runbook) {
            self.draft.set(&at("runbook"), told.runbook, line);
        }
        if let Some(measures) = measures {
            let why = say!("told by its name", "名前による");
            self.draft.guess(&at("measures"), measures, line, why);
        }
        self.watch("alerts", &id, both, line);
        true
    }
}

/// One cell of a table that says when somebody is told.
struct Told<'t> {
    name: &'t str,
    when: &'t str,
    lasting: &'t str,
    runbook: &'t str,
    severity: Option<&'static str>,
}

/// On which side of a figure without a sign it is bad.
fn worse(text: &str, measures: Option<&str>) -> &'static str {
    let lower = text.to_lowercase();
    let runs_out = LEFT.iter().any(|word| lower.contains(word));
    if measures == Some("success") || runs_out {
        "<"
    } else {
        ">"
    }
}
