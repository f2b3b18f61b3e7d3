//! What is paid for: tables and lines of costs, how many of what, totals and years.

use promise::say;
use serde_json::json;

use super::{
    Reader,
    figures::{CURRENCIES, Kind, figures, is_money},
    place,
    row::unpaid,
    table::{Table, parted},
    words::{self, plain},
};

impl Reader<'_> {
    /// A table of what is paid for.
    pub(super) fn costs(&mut self, table: &Table<'_>) -> bool {
        let is_cost = |key: &String| {
            [
                "費用",
                "月額",
                "年額",
                "金額",
                "予算",
                "cost",
                "a_month",
                "per_month",
                "budget",
                "monthly",
            ]
            .iter()
            .any(|word| key.contains(word))
        };
        // `Item | EUR`, `項目 | 円/月`
        let is_code = |key: &String| {
            let code = key.split('_').next().unwrap_or_default().to_uppercase();
            CURRENCIES.contains(&code.as_str()) || code == "円"
        };
        let column = table.keys.iter().position(is_cost);
        let Some(column) = column.or_else(|| table.keys.iter().position(is_code)) else {
            return false;
        };
        // An error budget is not paid.
        let is_other = |row: &Vec<&str>| {
            let figures = figures(&table.cell(row, column));
            let is_paid = |kind: Kind| matches!(kind, Kind::Money | Kind::Count);
            figures.first().is_some_and(|it| !is_paid(it.kind))
        };
        if table.rows.iter().filter(|(_, row)| is_other(row)).count() * 2 > table.rows.len() {
            return false;
        }
        let (many, each) = (table.column(&COUNT), table.column(&EACH));
        let name_at = if table.name == column { 0 } else { table.name };
        // A second total is that of another environment: added to the first, neither would be right.
        let is_second = self.draft.has(&["costs", "total"]);
        for (line, row) in table.rows {
            let cell = table.cell(row, column);
            if is_second && is_money(&cell) {
                let why = say!(
                    "the costs of another environment were read already",
                    "別の環境の費用がすでにあります"
                );
                self.draft.lost(*line, &row.join(" / "), why);
            } else {
                let name = table.cell(row, name_at);
                self.budget(&name, &cell, *line);
                let number = |at: Option<usize>| bare_number(row.get(at?).copied()?);
                if let (Some(count), Some(each)) = (number(many), number(each)) {
                    let at = |field| ["costs", "units", &plain(&name), field].map(str::to_owned);
                    for (field, value) in [("count", count), ("each", each)] {
                        let path = at(field);
                        self.draft
                            .set(&path.each_ref().map(String::as_str), value, *line);
                    }
                }
            }
        }
        true
    }

    /// What a whole year costs, below a heading of costs: `Plan for the year: $452,200`.
    pub(super) fn year(&mut self, text: &str, line: usize) -> bool {
        const YEAR: [&str; 8] = [
            "for the year",
            "a year",
            "per year",
            "annual",
            "yearly",
            "年間",
            "年額",
            "年あたり",
        ];
        const WHOLE: [&str; 10] = [
            "for the year",
            "total",
            "altogether",
            "in all",
            "overall",
            "合計",
            "総額",
            "全体",
            "年額",
            "年間費用",
        ];
        const LESS: [&str; 10] = [
            "discount", "saving", "reserved", "commit", "割引", "節約", "削減", "予約", "増",
            "more",
        ];
        let lower = text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let is_cost = self.is_under(&["cost", "spend", "budget", "費用", "予算", "コスト"]);
        let amounts: Vec<_> = figures(text)
            .into_iter()
            .filter(|it| it.kind == Kind::Money)
            .collect();
        let [amount] = amounts.as_slice() else {
            return false;
        };
        let path = ["costs", "year"];
        if !is_cost || !has(&YEAR) || !has(&WHOLE) || has(&LESS) || self.draft.has(&path) {
            return false;
        }
        self.draft.guess(
            &path,
            amount.text.as_str(),
            line,
            say!("said of a year", "年額の記述"),
        );
        true
    }

    /// What is paid for, below a heading of costs, and how much; its unit may stand in the heading.
    pub(super) fn paid(&self, text: &str) -> Option<(String, String)> {
        const COSTS: [&str; 7] = ["budget", "cost", "bill", "spend", "費用", "予算", "見積"];
        const NAME_MAX: usize = 60;
        let (name, value) = text.split_once([':', '：'])?;
        let is_one = figures(value)
            .iter()
            .filter(|it| it.kind == Kind::Money)
            .count()
            < 2;
        if !is_one || name.chars().count() > NAME_MAX {
            return None;
        }
        let (_, heading) = self.headings.last()?;
        if !COSTS
            .iter()
            .any(|word| heading.to_lowercase().contains(word))
        {
            return None;
        }
        let (_, unit) = parted(heading);
        let is_bare = value
            .chars()
            .all(|c| c.is_ascii_digit() || "., ".contains(c));
        let value = if is_bare {
            format!("{} {unit}", value.trim())
        } else {
            value.trim().to_owned()
        };
        is_money(&value).then(|| (name.trim().to_owned(), value))
    }

    /// The currency that the sentence or heading above a table of costs names.
    fn currency(&self) -> Option<&'static str> {
        const CURRENCIES: [(&str, &str); 8] = [
            ("us dollar", "USD"),
            ("usd", "USD"),
            ("euro", "EUR"),
            ("eur", "EUR"),
            ("pounds", "GBP"),
            ("gbp", "GBP"),
            ("円", "JPY"),
            ("jpy", "JPY"),
        ];
        let found = CURRENCIES.iter().find(|(word, _)| self.is_under(&[*word]));
        found.map(|(_, code)| *code)
    }

    /// The money that the rest of the document counts in, where its costs are bare numbers.
    fn money_of_the_document(&self) -> &'static str {
        const SIGNS: [(&str, &[&str]); 4] = [
            ("JPY", &["円", "¥", "jpy"]),
            ("EUR", &["€", "eur "]),
            ("GBP", &["£", "gbp"]),
            ("USD", &["$", "usd"]),
        ];
        let found = SIGNS
            .iter()
            .find(|(_, signs)| signs.iter().any(|sign| self.whole.contains(sign)));
        found.map_or("USD", |(code, _)| *code)
    }

    pub(super) fn budget(&mut self, name: &str, text: &str, line: usize) {
        let is_bare = !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_digit() || "., ".contains(c));
        let code = self
            .currency()
            .unwrap_or_else(|| self.money_of_the_document());
        let with_code = is_bare.then(|| format!("{text} {code}"));
        let text = with_code.as_deref().unwrap_or(text);
        let Some(money) = place::value(words::Form::Money, text) else {
            return self.draft.lost(
                line,
                &format!("{name}: {text}"),
                say!("it is not an amount of money", "金額ではありません"),
            );
        };
        if let Some(why) = unpaid(name, text) {
            return self.draft.lost(line, &format!("{name}: {text}"), why);
        }
        let name_of = plain(name);
        let is_total = [
            "total",
            "sum",
            "month",
            "a_month",
            "per_month",
            "monthly",
            "合計",
            "総計",
            "計",
            "月額",
            "月計",
        ]
        .contains(&name_of.as_str())
            || ["total_", "合計", "総計"]
                .iter()
                .any(|word| name_of.starts_with(word));
        if is_total && !self.draft.has(&["costs", "total"]) {
            self.draft.set(&["costs", "total"], json!(money), line);
            self.totalled.get_or_insert(self.chapter);
        } else {
            self.draft
                .set(&["costs", "budgets", &name_of], json!(money), line);
            self.paid_for.push((self.chapter, name_of));
        }
    }
}

/// Heads of the columns that say how many, and what one costs.
const COUNT: [&str; 11] = [
    "数量", "台数", "個数", "数", "qty", "quantity", "count", "units", "number", "how_many", "本数",
];
const EACH: [&str; 10] = [
    "単価",
    "unit_price",
    "unit_cost",
    "each",
    "price",
    "price_each",
    "per_unit",
    "unit",
    "一台",
    "1台",
];

/// A number alone, with whatever counts it behind: `7,200,000分`, `$ 12.50`.
fn bare_number(text: &str) -> Option<f64> {
    let text = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    let end = text.find(|c: char| !(c.is_ascii_digit() || ",.".contains(c)));
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    // `1.2M`, `3 × 4`, `15万` are more than they look.
    let is_more = |c: char| "kKmMgG万千億×x*/".contains(c);
    if unit.trim_start().starts_with(is_more) || unit.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    number.replace(',', "").parse().ok()
}
