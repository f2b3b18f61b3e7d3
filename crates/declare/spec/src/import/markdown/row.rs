//! A row of a table: one thing, each of its cells a field.

use promise::{Say, say};
use serde_json::{Value as Json, json};

use super::{
    Reader,
    figures::{Kind, figures},
    lost::Saved,
    no_home,
    noticed::escalates,
    numbers::says_one,
    place,
    stated::LOGS,
    table::Table,
    words::{self, Form, plain},
};

/// How a cell begins that says of something that nothing of it is kept.
const NOT_SAVED: [&str; 6] = [
    "取得しない",
    "対象外",
    "取らない",
    "none",
    "not backed up",
    "no backup",
];

impl Reader<'_> {
    pub(super) fn row(
        &mut self,
        section: &'static str,
        table: &Table<'_>,
        row: &[&str],
        at: usize,
        line: usize,
    ) {
        let name = table.cell(row, table.name);
        let name = name.as_str();
        let (start, id) = match section {
            "tiers" => {
                let id = self.tier(name, line);
                self.tier_rows.push((id.clone(), row.join(" ")));
                (vec!["service", "tiers"], id)
            }
            "severities" => {
                let Some((id, rank)) = words::severity(name).or_else(|| words::ranked(name, at))
                else {
                    return self.draft.lost(line, &row.join(" / "), no_home());
                };
                self.ranks.push((name.to_owned(), id));
                self.draft.set(&["severities", id, "level"], rank, line);
                self.draft.set(&["severities", id, "name"], name, line);
                (vec!["severities"], id.to_owned())
            }
            "dependencies" => (vec!["dependencies"], self.provider(name, line)),
            "scenarios" => (vec!["load", "scenarios"], self.scenario(name, line)),
            "backups"
                if row.iter().any(|cell| {
                    NOT_SAVED
                        .iter()
                        .any(|word| cell.to_lowercase().starts_with(word))
                }) =>
            {
                let why = say!("it is not backed up", "バックアップしないもの");
                return self.draft.noted(line, &row.join(" / "), why);
            }
            "backups" => {
                let id = self.draft.id("backups", &super::short(name, "backup"));
                self.backed_up.push(Saved {
                    id: id.clone(),
                    name: name.to_owned(),
                    row: row.join(" / ").to_lowercase(),
                    line,
                });
                // What is written since the last copy is in the log.
                const LOGGED: [&str; 11] = [
                    "任意時点",
                    "継続バックアップ",
                    "point-in-time",
                    "point in time recovery",
                    "pitr",
                    "plus log",
                    "transaction log",
                    "wal ",
                    "ポイントインタイム",
                    "トランザクションログ",
                    "継続的",
                ];
                let said = row.join(" / ").to_lowercase();
                if LOGGED.iter().any(|word| said.contains(word)) {
                    let path = ["continuity", "backups", id.as_str(), "point_in_time"];
                    self.draft.set(&path, true, line);
                }
                (vec!["continuity", "backups"], id)
            }
            "streams" => {
                let kind = LOGS.iter().find(|(.., words)| {
                    words.iter().any(|word| name.to_lowercase().contains(word))
                });
                let id = kind.map_or("logs", |(kind, ..)| *kind);
                let id = self.draft.id("log_analysis", &super::short(name, id));
                let shown = row
                    .iter()
                    .any(|cell| CARD.iter().any(|word| cell.to_lowercase().contains(word)));
                let hidden = row
                    .iter()
                    .any(|cell| HIDDEN.iter().any(|word| cell.to_lowercase().contains(word)));
                if shown && !hidden {
                    let why = say!("the row says so", "同じ行の記述による");
                    self.draft.push_guess(
                        &["log_analysis", &id, "fields"],
                        "card_number",
                        line,
                        why,
                    );
                }
                let path = ["log_analysis", id.as_str(), "audit"];
                if ["監査", "audit"]
                    .iter()
                    .any(|word| name.to_lowercase().contains(word))
                {
                    self.draft
                        .guess(&path, true, line, say!("by its name", "名前による"));
                } else if kind.is_some_and(|(_, shows_who, _)| !shows_who)
                    || is_of_machines(name)
                    || is_of_developers(name)
                    || is_beside_an_audit(table, name)
                {
                    self.draft
                        .guess(&path, false, line, say!("by its name", "名前による"));
                }
                (vec!["log_analysis"], id)
            }
            "metrics" => {
                let cells: Vec<(&str, &str)> = table
                    .keys
                    .iter()
                    .map(String::as_str)
                    .zip(row.iter().copied())
                    .skip(table.name)
                    .collect();
                return self.metric_row(name, &cells, line);
            }
            part => {
                let id = self.draft.id(part, &super::short(name, "main"));
                (vec!["infrastructure", part], id)
            }
        };
        let product = row
            .iter()
            .find_map(|cell| place::product_in(cell).filter(|(of, _)| *of == section));
        let above = self.parts.iter().rev().find(|part| part.section == section);
        if let Some((_, product)) = product {
            self.draft
                .set(&["infrastructure", section, &id, "product"], product, line);
        } else if let Some(product) = above.and_then(|part| part.product) {
            let why = say!("the heading names it", "見出しに名前がある");
            self.draft.guess(
                &["infrastructure", section, &id, "product"],
                product,
                line,
                why,
            );
        }
        for at in (0..table.keys.len()).filter(|at| *at != table.name) {
            let (key, cell) = (&table.keys[at], table.cell(row, at));
            if NOTHING.contains(&cell.as_str()) {
                continue;
            }
            let named = words::field(section, key).or_else(|| words::field_within(section, key));
            if let ("streams", Some(("retention", _))) = (section, named)
                && let Some((hand, whole)) = in_turn(&cell)
            {
                self.draft
                    .set(&["log_analysis", &id, "at_hand"], hand, line);
                self.draft
                    .set(&["log_analysis", &id, "retention"], whole, line);
                continue;
            }
            if section == "streams"
                && let Some(hand) = before_the_archive(key, &cell)
            {
                let why = say!(
                    "what is older lies in an archive",
                    "それより古い分はアーカイブにあります"
                );
                self.draft
                    .guess(&["log_analysis", &id, "at_hand"], hand, line, why);
                continue;
            }
            if section == "severities" {
                self.around_the_clock(&id, &cell, line);
                let after = figures(&cell).into_iter().find(|it| it.kind == Kind::Time);
                if let Some(after) = after.filter(|_| escalates(key)) {
                    let path = ["severities", id.as_str(), "escalate_after"];
                    self.draft.set(&path, after.text, line);
                    self.draft.push(
                        &["severities", id.as_str(), "escalate_to"],
                        json!("secondary"),
                        line,
                    );
                    continue;
                }
            }
            match named.and_then(|(field, form)| self.field(field, form, &cell, &id)) {
                Some((field, value)) => {
                    // Media that are written once are what keeps it from being changed.
                    if field == "immutable" && cell.eq_ignore_ascii_case("worm") {
                        let path = ["log_analysis", id.as_str(), "immutable_by"];
                        self.draft.set(&path, "worm", line);
                    }
                    let mut path = start.clone();
                    path.extend([id.as_str(), field]);
                    self.draft.set(&path, value, line);
                }
                None if section == "tiers" => self.prose(&format!("{name} {key} {cell}"), line),
                None if says_one(&cell) => {
                    self.draft
                        .lost(line, &format!("{name} / {key}: {cell}"), no_home());
                }
                None => {}
            }
        }
    }

    /// A cell as the value of a field; so many generations are kept as long as they take to be made.
    pub(super) fn field(
        &self,
        field: &'static str,
        form: Form,
        cell: &str,
        id: &str,
    ) -> Option<(&'static str, Json)> {
        if field == "retention" && (cell.contains("世代") || cell.contains("generation")) {
            let count: u64 = figures(cell).first()?.text.parse().ok()?;
            let every = self
                .draft
                .says(&["continuity", "backups", id, "every"])?
                .as_str()?;
            let days: u64 = every.strip_suffix('d')?.parse().ok()?;
            return Some((field, json!(format!("{}d", count * days))));
        }
        // `750 hrs/month` below `Instance`, of what is used for free.
        let is_class = |cell: &str| {
            let first = cell.split_whitespace().next().unwrap_or_default();
            !cell.contains('/') && first.contains(|c: char| c.is_ascii_digit())
        };
        if field == "instance" && !is_class(cell) {
            return None;
        }
        Some((field, place::value(form, cell)?))
    }

    /// A dependency that a row names: each row is one of its own.
    pub(super) fn provider(&mut self, name: &str, line: usize) -> String {
        let known = self.depends_on(name, name, line);
        let is_known = known != plain(&super::short(name, "provider"));
        if is_known {
            return known;
        }
        let id = self
            .draft
            .id("dependencies", &super::short(name, "provider"));
        if !name.is_ascii() {
            let path = ["dependencies", id.as_str(), "product"];
            self.draft
                .guess(&path, name, line, say!("what it is called", "呼び名"));
        }
        id
    }
}

/// Why an amount is not what is paid each month or year: the price of one, or what is earned.
pub(super) fn unpaid(name: &str, text: &str) -> Option<Say> {
    const EACH: [&str; 14] = [
        "per customer",
        "per user",
        "per transaction",
        "per request",
        "per hour",
        "per seat",
        "per gb",
        "/hour",
        "/user",
        "/gb",
        "/人",
        "/件",
        "単価",
        "1件あたり",
    ];
    const EARNED: [&str; 9] = [
        "revenue", "saving", "benefit", "roi", "profit", "売上", "削減", "効果", "利益",
    ];
    let said = format!("{name} {text}").to_lowercase();
    let name = name.to_lowercase();
    if EACH.iter().any(|word| said.contains(word)) {
        return Some(say!(
            "the price of one, and no budget",
            "単価であり、予算ではありません"
        ));
    }
    let is_word = |word: &str| match word.is_ascii() {
        true => name
            .split(|c: char| !c.is_ascii_alphabetic())
            .any(|own| own.trim_end_matches('s') == word),
        false => name.contains(word),
    };
    EARNED.iter().any(|word| is_word(word)).then(|| {
        say!(
            "what is earned or saved, and no budget",
            "収入や削減額であり、予算ではありません"
        )
    })
}

/// Whether a log is there to mend the program, and tells of no person.
fn is_of_developers(name: &str) -> bool {
    const WORDS: [&str; 6] = ["debug", "trace", "profil", "デバッグ", "トレース", "性能"];
    let lower = name.to_lowercase();
    WORDS.iter().any(|word| lower.contains(word))
}

/// Whether another row of the table is the audit log, and this one is not of who did what.
fn is_beside_an_audit(table: &Table<'_>, name: &str) -> bool {
    const AUDIT: [&str; 3] = ["audit", "監査", "証跡"];
    const WHO: [&str; 8] = [
        "security",
        "access",
        "セキュリティ",
        "アクセス",
        "操作",
        "認証",
        "閲覧",
        "entry",
    ];
    let says = |name: &str, words: &[&str]| words.iter().any(|word| name.contains(word));
    let mut names = table
        .rows
        .iter()
        .map(|(_, row)| table.cell(row, table.name).to_lowercase());
    let is_web = says(&name.to_lowercase(), &["web access"]);
    names.any(|other| says(&other, &AUDIT)) && (is_web || !says(&name.to_lowercase(), &WHO))
}

/// `CloudWatch 90 days, then S3 to 13 months`: how long it is at hand, and how long it is kept in all.
fn in_turn(cell: &str) -> Option<(String, String)> {
    let lower = cell.to_lowercase();
    let turns = ["then", "after", "その後", "以降", "→"];
    let mut times = figures(cell).into_iter().filter(|it| it.kind == Kind::Time);
    let (first, last) = (times.next()?, times.next_back()?);
    turns
        .iter()
        .any(|word| lower.contains(word))
        .then_some((first.text, last.text))
}

/// Whether a log of requests is one of machines, which says nothing of who did what.
pub(super) fn is_of_machines(name: &str) -> bool {
    const MACHINES: [&str; 10] = [
        "alb",
        "nlb",
        "elb",
        "load balancer",
        "ロードバランサ",
        "cdn",
        "cloudfront",
        "nginx",
        "apache",
        "web サーバ",
    ];
    let lower = name.to_lowercase();
    MACHINES.iter().any(|word| lower.contains(word))
}

/// What a card's number is called, and what says that it cannot be read.
const CARD: [&str; 4] = ["カード番号", "card number", "pan ", "全桁"];
const HIDDEN: [&str; 12] = [
    "マスク",
    "mask",
    "末尾",
    "last four",
    "トークン",
    "token",
    "truncat",
    "redact",
    "hash",
    "no card",
    "除去",
    "伏せ",
];

/// What stands in a cell that says nothing.
const NOTHING: [&str; 9] = ["", "-", "–", "—", "－", "なし", "n/a", "N/A", "none"];

/// Whether a column says where something lies.
pub(super) fn is_place(key: &str) -> bool {
    const WHERE: [&str; 9] = [
        "置き場所",
        "保存先",
        "保管先",
        "保管場所",
        "格納先",
        "where",
        "storage",
        "location",
        "stored_in",
    ];
    WHERE.contains(&key)
}

/// `CloudWatch Logs 30 日 → S3 Glacier`: how long a log is at hand before it lies where nobody searches.
fn before_the_archive(key: &str, cell: &str) -> Option<String> {
    const ARCHIVES: [&str; 5] = ["glacier", "deep archive", "archive", "アーカイブ", "テープ"];
    let (hand, then) = cell.split_once(['→', '⇒'])?;
    let lower = then.to_lowercase();
    // An archive that answers at once is at hand too.
    let is_archive = ARCHIVES.iter().any(|word| lower.contains(word)) && !lower.contains("instant");
    let time = figures(hand).into_iter().find(|it| it.kind == Kind::Time)?;
    (is_place(key) && is_archive).then_some(time.text)
}
