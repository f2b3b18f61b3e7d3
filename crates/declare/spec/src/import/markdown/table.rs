//! Tables: each row is a thing whose columns are fields, or a name and a value. What the rows are is told by the heads of
//! all columns together and by the heading above: one word alone stands in tables of every kind.

use std::collections::BTreeSet;

use promise::say;
use serde_json::json;

use super::{
    Reader,
    aside::columns_elsewhere,
    bounds::condition,
    figures::{CURRENCIES, figures},
    numbers::says_one,
    objectives::{is_target, recovered},
    owed::OFFERED,
    place,
    row::is_place,
    words::{self, Form, plain},
};

/// Heads of a column whose values are of no one kind: the name before each says of which.
const ANY_VALUE: [&str; 9] = [
    "value",
    "setting",
    "description",
    "content",
    "値",
    "内容",
    "設定値",
    "設定",
    "パラメータ値",
];

/// Heads of a column that numbers or sorts the rows, and names none.
const NUMBERING: [&str; 14] = [
    "no",
    "#",
    "id",
    "",
    "項番",
    "番号",
    "版",
    "順序",
    "順番",
    "分類",
    "大項目",
    "頻度",
    "種別",
    "category",
];

/// What the rows of a table may be, and the words by which its heading or its first columns say so.
const SECTIONS: [(&str, &[&str]); 7] = [
    (
        "tiers",
        &[
            "tier",
            "service",
            "capability",
            "recover",
            "サービス",
            "業務",
            "機能",
            "復旧",
            "層",
        ],
    ),
    (
        "severities",
        &[
            "severit",
            "level",
            "priorit",
            "incident",
            "重大度",
            "レベル",
            "障害",
            "緊急度",
            "インシデント",
        ],
    ),
    (
        "dependencies",
        &[
            "dependenc",
            "provider",
            "partner",
            "upstream",
            "external",
            "vendor",
            "連携",
            "外部",
            "接続先",
            "依存",
        ],
    ),
    ("scenarios", &["scenario", "load", "シナリオ", "負荷"]),
    (
        "metrics",
        &["metric", "monitor", "メトリクス", "監視", "指標"],
    ),
    ("backups", &["backup", "バックアップ"]),
    ("streams", &["log", "stream", "ログ"]),
];

/// Parts of the infrastructure that documents list in tables.
const PARTS: [&str; 5] = ["databases", "caches", "queues", "compute", "load_balancers"];

/// A table as it is read.
pub(super) struct Table<'t> {
    pub(super) keys: Vec<String>,
    /// What a bare number of the column counts, where its head says so: `月額（円）`, `Timeout (s)`.
    units: Vec<&'t str>,
    /// The column that names the rows.
    pub(super) name: usize,
    pub(super) rows: &'t [(usize, Vec<&'t str>)],
}

impl<'t> Table<'t> {
    fn new(head: &[&'t str], rows: &'t [(usize, Vec<&'t str>)]) -> Self {
        let (words, units): (Vec<&str>, Vec<&str>) = head.iter().map(|cell| parted(cell)).unzip();
        let keys: Vec<String> = words.iter().map(|cell| plain(cell)).collect();
        let is_counted = |at: usize| {
            let number = |row: &Vec<&str>| row.get(at).is_none_or(|it| it.parse::<u32>().is_ok());
            rows.iter().all(|(_, row)| number(row))
        };
        let names = |at: &usize| !NUMBERING.contains(&keys[*at].as_str()) && !is_counted(*at);
        let name = (0..keys.len()).find(names).unwrap_or_default();
        Self {
            keys,
            units,
            name,
            rows,
        }
    }

    pub(super) fn column(&self, words: &[&str]) -> Option<usize> {
        self.keys
            .iter()
            .position(|key| words.contains(&key.as_str()))
    }

    /// The cell of a row, with the unit that its column's head names.
    pub(super) fn cell(&self, row: &[&str], at: usize) -> String {
        let cell = row.get(at).copied().unwrap_or_default().trim_matches('*');
        if place::is_open(cell) {
            return String::new();
        }
        let unit = self.units.get(at).copied().unwrap_or_default();
        let is_bare = cell
            .chars()
            .all(|c| c.is_ascii_digit() || "., ".contains(c));
        if unit.is_empty() || cell.is_empty() || !is_bare {
            cell.to_owned()
        } else {
            format!("{cell} {unit}")
        }
    }

    fn is_of(&self, words: &[&str], heading: &str) -> bool {
        let first = self.keys.iter().take(self.name + 1).map(String::as_str);
        let mut told = first.chain([heading]);
        told.any(|text| words.iter().any(|word| text.contains(word)))
    }

    /// How many columns are fields of a section.
    fn fits(&self, section: &str) -> usize {
        let others = self
            .keys
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != self.name);
        let mut fields: Vec<&str> = others
            .filter_map(|(_, key)| {
                let named =
                    words::field(section, key).or_else(|| words::field_within(section, key));
                Some(named?.0)
            })
            .collect();
        fields.dedup();
        fields.len()
    }
}

/// A head, and the unit that stands in its brackets.
pub(super) fn parted(cell: &str) -> (&str, &str) {
    let Some((words, rest)) = cell.split_once(['(', '（']) else {
        // `GBP a month`, `USD/month`, `円/月`
        let mut words = cell.split([' ', '/', '／']);
        let code = words.find(|word| CURRENCIES.contains(word) || ["円", "ドル"].contains(word));
        // `auth/s`
        let is_rate = figures(&format!("1 {cell}"))
            .first()
            .is_some_and(|it| it.kind == super::figures::Kind::Rate && !cell.contains(' '));
        // `Minutes`, `分`
        const TIMES: [(&str, &[&str]); 4] = [
            ("s", &["seconds", "sec", "秒"]),
            ("min", &["minutes", "min", "mins", "分"]),
            ("h", &["hours", "時間"]),
            ("d", &["days", "日数"]),
        ];
        let lower = cell.to_lowercase();
        let time = TIMES
            .iter()
            .find(|(_, words)| words.contains(&lower.as_str()));
        let unit = match time {
            Some((unit, _)) => unit,
            None if is_rate => cell,
            None => "",
        };
        return (cell, code.unwrap_or(unit));
    };
    let inner = rest.trim_end_matches([')', '）', ' ']);
    let unit = inner.split(['/', '／']).next().unwrap_or_default().trim();
    let is_unit = figures(&format!("1 {unit}"))
        .first()
        .is_some_and(|it| it.kind != super::figures::Kind::Count);
    if is_unit {
        (words.trim(), unit)
    } else {
        (cell, "")
    }
}

impl Reader<'_> {
    /// A table: each row is a thing, its columns are fields; or each row is a name and a value.
    pub(super) fn table(&mut self, head: &[&str], rows: &[(usize, Vec<&str>)]) {
        let elsewhere = columns_elsewhere(head);
        if !elsewhere.is_empty() {
            return self.table_that_serves(head, rows, &elsewhere);
        }
        let mut table = Table::new(head, rows);
        for (line, row) in rows {
            self.sent_again(&row.join(" / "), *line);
        }
        self.capped(&table);
        self.looks_back(&table);
        self.region_table(&table);
        if self.network_table(&table.keys, rows)
            || self.share_table(&table)
            || self.settings(&table)
            || self.costs(&table)
            || self.routine(&table)
            || self.hours_table(&table)
            || self.rota_table(&table)
            || self.key_table(&table)
            || self.sla_table(&table)
            || self.step_table(&table)
            || self.alert_table(&table)
        {
            return;
        }
        if self.tiers_across(&table) {
            return;
        }
        if let Some(section) = self.section_of(&table) {
            // Where what seemed to be the name is a field, the kind names the row: `日次 | 毎日 3:00 | 7 日`.
            let kind = table.column(&["種別", "分類", "category", "頻度"]);
            if let Some(kind) = kind
                && (words::field(section, &table.keys[table.name]).is_some()
                    || is_place(&table.keys[table.name]))
            {
                table.name = kind;
            }
            for (at, (line, row)) in rows.iter().enumerate() {
                self.row(section, &table, row, at, *line);
            }
            self.built_with(&table);
            self.scaled_between(&table);
            return;
        }
        self.built_with(&table);
        self.scaled_between(&table);
        if self.providers_across(&table) || self.retention_table(&table) || self.owed_table(&table)
        {
            return;
        }
        for (line, row) in rows {
            if let [name, value] = row.as_slice() {
                self.bullet(&format!("{name}: {value}"), false, *line);
                continue;
            }
            let name = table.cell(row, table.name);
            let said: Vec<String> = (0..row.len())
                .map(|at| format!("{} {}", head.get(at).unwrap_or(&""), table.cell(row, at)))
                .collect();
            if self.duty(&name, &said.join(" / "), *line) {
                continue;
            }
            for at in (0..row.len()).filter(|at| *at != table.name) {
                let (key, cell) = (
                    head.get(at).copied().unwrap_or_default(),
                    table.cell(row, at),
                );
                if says_one(&cell) {
                    self.prose(&format!("{name} {key}: {cell}"), *line);
                }
            }
        }
    }

    /// A table with columns for several environments, without those of which nothing is owed.
    fn table_that_serves(
        &mut self,
        head: &[&str],
        rows: &[(usize, Vec<&str>)],
        elsewhere: &[usize],
    ) {
        let why = say!(
            "it is of another environment than production",
            "本番ではない環境の記述です"
        );
        let mut kept = Vec::new();
        for (line, row) in rows {
            let cells = row.iter().enumerate();
            let (left, other): (Vec<_>, Vec<_>) =
                cells.partition(|(at, _)| !elsewhere.contains(at));
            for (at, cell) in other.into_iter().filter(|(_, cell)| says_one(cell)) {
                self.draft
                    .lost(*line, &format!("{}: {cell}", head[at]), why.clone());
            }
            kept.push((*line, left.into_iter().map(|(_, cell)| *cell).collect()));
        }
        let head: Vec<&str> = (0..head.len())
            .filter(|at| !elsewhere.contains(at))
            .map(|at| head[at])
            .collect();
        self.table(&head, &kept);
    }

    /// What the rows are: the section that most columns are fields of, two at least, or one where the words above say
    /// the same.
    fn section_of(&self, table: &Table<'_>) -> Option<&'static str> {
        // `11.1 一覧` says nothing that the chapter does not.
        let is_plain = |text: &str| {
            let bare = text.trim_start_matches(|c: char| c.is_ascii_digit() || ". ".contains(c));
            PLAIN.contains(&bare.trim().to_lowercase().as_str())
        };
        let mut above = self.headings.iter().rev().map(|(_, text)| text.as_str());
        let own = above.find(|text| !is_plain(text)).unwrap_or_default();
        let heading = own.to_lowercase();
        let told = SECTIONS
            .iter()
            .map(|(section, words)| (*section, table.is_of(words, &heading)));
        let first =
            |row: &[&str]| place::product_in(row.get(table.name).copied().unwrap_or_default());
        let parts = PARTS.iter().map(|part| {
            let is_here = self.part.as_ref().is_some_and(|(of, _)| of == part);
            let is_named = table
                .rows
                .iter()
                .any(|(_, row)| first(row).is_some_and(|(of, _)| of == *part));
            (*part, is_here || is_named)
        });
        let fitting = told.chain(parts).filter_map(|(section, is_told)| {
            let fits = table.fits(section);
            // Other lists have levels and times to answer, too: names of severities, or marks, stand in these.
            let is_ranked = section != "severities"
                || table.rows.iter().any(|(_, row)| {
                    let name = table.cell(row, table.name);
                    words::severity(&name).is_some() || is_mark(&name)
                });
            if !is_ranked {
                return None;
            }
            // Much else has a window and a rhythm.
            let is_enough = fits > 1 && section != "backups";
            (is_enough || (fits > 0 && is_told)).then_some((is_told, fits, section))
        });
        fitting
            .max_by_key(|(is_told, fits, _)| (*is_told, *fits))
            .map(|(.., section)| section)
    }

    /// A table whose columns are tiers, and whose rows are what each of them promises.
    fn tiers_across(&mut self, table: &Table<'_>) -> bool {
        let fields: Vec<Option<&'static str>> = table
            .rows
            .iter()
            .map(|(_, row)| promised(&table.cell(row, table.name)))
            .collect();
        let known: BTreeSet<&str> = fields.iter().flatten().copied().collect();
        // Where one column is called the target, the others remark on it.
        let others = || (0..table.keys.len()).filter(|at| *at != table.name);
        let is_remark = |at: &usize| REMARKS.iter().any(|word| table.keys[*at].contains(word));
        let has_target = others().any(|at| is_target(&table.keys[at]));
        let tiers: Vec<usize> = others().filter(|at| !is_remark(at)).collect();
        if known.len() < 2 || tiers.len() < 2 || has_target {
            return false;
        }
        for at in tiers {
            let head = table.keys[at].replace('_', " ");
            let tier = self.tier(&head, 0);
            for ((line, row), field) in table.rows.iter().zip(&fields) {
                let (name, cell) = (table.cell(row, table.name), table.cell(row, at));
                let form = if *field == Some("availability") {
                    Form::Share
                } else {
                    Form::Seconds
                };
                match field.and_then(|field| Some((field, place::value(form, &cell)?))) {
                    Some((field, value)) => {
                        self.draft
                            .set(&["service", "tiers", &tier, field], value, *line);
                    }
                    None if says_one(&cell) => {
                        self.prose(&format!("{head} {name} target: {cell}"), *line);
                    }
                    None => {}
                }
            }
        }
        true
    }

    /// A table of names with values of every kind.
    fn settings(&mut self, table: &Table<'_>) -> bool {
        let others: Vec<usize> = (0..table.keys.len())
            .filter(|at| *at != table.name)
            .collect();
        let (values, remarks): (Vec<usize>, Vec<usize>) = others
            .into_iter()
            .partition(|at| ANY_VALUE.contains(&table.keys[*at].as_str()));
        let is_remark = |at: &usize| REMARKS.iter().any(|word| table.keys[*at].contains(word));
        let [value] = values.as_slice() else {
            return false;
        };
        if !remarks.iter().all(is_remark) {
            return false;
        }
        for (line, row) in table.rows {
            let (name, value) = (table.cell(row, table.name), table.cell(row, *value));
            if row.len() == table.keys.len() {
                self.bullet(&format!("{name}: {value}"), false, *line);
            } else {
                self.prose(&row.join(" / "), *line);
                continue;
            }
            for remark in remarks.iter().map(|at| table.cell(row, *at)) {
                if says_one(&remark) {
                    let why = say!("a remark beside the value", "値に添えられた備考です");
                    self.draft.lost(*line, &remark, why);
                }
            }
        }
        true
    }

    /// A table of what is looked at again and again: each row is an item of the list of its rhythm.
    fn routine(&mut self, table: &Table<'_>) -> bool {
        let Some(rhythm) = table.column(&["頻度", "frequency", "cadence", "周期"]) else {
            return false;
        };
        if !self.is_under(&["点検", "チェック", "checklist", "routine"]) {
            // Whatever else is done there, how often a restore is tried and a disaster rehearsed is told.
            if self.is_under(&["定期", "routine", "maintenance"]) {
                for (line, row) in table.rows {
                    let (name, every) = (table.cell(row, table.name), table.cell(row, rhythm));
                    self.tried(&name, &every, *line);
                }
            }
            return false;
        }
        for (line, row) in table.rows {
            let (name, every) = (table.cell(row, table.name), table.cell(row, rhythm));
            let id = plain(words::rhythm(&every).unwrap_or("seldom"));
            let id = format!("every_{id}");
            let path = ["checklists", id.as_str(), "name"];
            if !self.draft.has(&path) {
                self.draft.set(&path, every.as_str(), *line);
                if let Some(span) = place::value(Form::Seconds, &every) {
                    self.draft.set(&["checklists", &id, "every"], span, *line);
                }
            }
            let others = (0..row.len()).filter(|at| *at != table.name && *at != rhythm);
            let bound = others
                .map(|at| table.cell(row, at))
                .find_map(|cell| condition(&cell));
            let mut item = json!({ "text": name });
            if let Some(bound) = bound {
                item["bound"] = json!(bound.bound());
                item["of"] = json!(name);
            }
            self.draft.push(&["checklists", &id, "items"], item, *line);
            self.duty(&name, &format!("{name}: {every}"), *line);
            self.tried(&name, &every, *line);
        }
        true
    }

    /// How often something is tried: a restore, or a disaster.
    fn tried(&mut self, name: &str, every: &str, line: usize) {
        const REHEARSED: [&str; 3] = ["訓練", "drill", "exercise"];
        let mut said = format!("{name}: {every}");
        self.restored(&mut said, line);
        let lower = name.to_lowercase();
        if REHEARSED.iter().any(|word| lower.contains(word)) {
            self.statements(&said, line);
        }
    }
}

/// Headings that name no matter of their own.
const PLAIN: [&str; 9] = [
    "一覧",
    "概要",
    "まとめ",
    "overview",
    "list",
    "summary",
    "inventory",
    "table",
    "plan",
];

/// Whether a name is a mark of some order: `S`, `レベル 2`, `③`.
fn is_mark(name: &str) -> bool {
    const ORDER: [&str; 6] = ["レベル", "level", "ランク", "rank", "sev", "tier"];
    let lower = name.to_lowercase();
    let bare = lower.trim_matches(|c: char| c.is_whitespace() || "()（）[]".contains(c));
    bare.chars().count() <= 2 || ORDER.iter().any(|word| bare.starts_with(word))
}

/// What the head of a column is called that belongs to no tier.
const REMARKS: [&str; 14] = [
    "備考", "note", "remark", "comment", "説明", "根拠", "単位", "unit", "window", "期間",
    "source", "測定", "measured", "担当",
];

/// The field of a tier that a name is.
fn promised(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let is_offered = OFFERED.iter().any(|word| lower.contains(word));
    recovered(name).or(is_offered.then_some("availability"))
}
