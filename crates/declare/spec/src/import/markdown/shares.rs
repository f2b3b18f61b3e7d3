//! Tables that divide how long an answer may take among those who are passed on the way.

use promise::{record::Scalar as _, say, unit::Span};
use serde_json::Value;

use super::{
    Reader,
    figures::{Kind, figures},
    table::Table,
};

impl Reader<'_> {
    /// A table of such shares; `false` where it is none, or where nothing says of what they are.
    pub(super) fn share_table(&mut self, table: &Table<'_>) -> bool {
        const SHARES: [&str; 7] = [
            "持ち分",
            "配分",
            "割り当て",
            "割当",
            "budget",
            "allocation",
            "share",
        ];
        const LATENCY: [&str; 5] = ["レイテンシ", "応答時間", "latency", "response time", "遅延"];
        const TOTALS: [&str; 6] = ["合計", "計", "全体", "total", "sum", "end to end"];
        const ROWS_MIN: usize = 3;
        let is_share = |key: &String| {
            // An error budget is none of latency.
            let is_other = ["error", "エラー"].iter().any(|word| key.contains(word));
            SHARES.iter().any(|word| key.contains(word)) && !is_other
        };
        let column = table.keys.iter().position(is_share);
        let Some(column) = column.filter(|at| *at != table.name && self.is_under(&LATENCY)) else {
            return false;
        };
        let time = |row: &[&str]| {
            let all = figures(&table.cell(row, column));
            all.into_iter()
                .find(|it| it.kind == Kind::Time)
                .map(|it| it.text)
        };
        let shares: Vec<(usize, String, String)> = table
            .rows
            .iter()
            .filter_map(|(line, row)| Some((*line, table.cell(row, table.name), time(row)?)))
            .collect();
        let (totals, parts): (Vec<_>, Vec<_>) = shares
            .into_iter()
            .partition(|(_, name, _)| TOTALS.contains(&name.to_lowercase().as_str()));
        let whole = totals.first().map(|(line, _, time)| (time.clone(), *line));
        let Some((whole, line)) = whole.or_else(|| self.divided()) else {
            return false;
        };
        // What is longer than the whole is no share of it.
        let span = |text: &str| Span::parse(text).ok();
        if parts.len() < ROWS_MIN || parts.iter().any(|(.., time)| span(time) > span(&whole)) {
            return false;
        }
        let heading = self
            .headings
            .last()
            .map(|(_, text)| text.clone())
            .unwrap_or_default();
        let id = self
            .draft
            .id("latency_budgets", &super::short(&heading, "latency"));
        let path = |field| ["monitoring", "latency_budgets", id.as_str(), field];
        let why = say!("what is divided here", "ここで配分している値");
        self.draft.guess(&path("at_most"), whole, line, why);
        for (line, name, time) in parts {
            let part = self
                .draft
                .id(&format!("{id}.parts"), &super::short(&name, "part"));
            let [a, b, c, d] = path("parts");
            self.draft.set(&[a, b, c, d, &part], time, line);
        }
        true
    }

    /// The bound that a table under this heading divides: that of what the heading names in its brackets, or the only one.
    fn divided(&self) -> Option<(String, usize)> {
        const METRICS: [&str; 2] = ["monitoring", "metrics"];
        let heading = self.headings.last()?.1.to_lowercase();
        let subject = heading
            .split_once(['(', '（'])
            .map(|(_, rest)| rest.trim_end_matches([')', '）']));
        let lines: Vec<&str> = self.whole.lines().collect();
        let bounds = self.draft.names(&METRICS).into_iter().filter_map(|name| {
            let said = |field| {
                let path = [METRICS[0], METRICS[1], name.as_str(), field];
                self.draft.says(&path).and_then(Value::as_str)
            };
            let bound = said("bound").filter(|_| said("measures") == Some("latency"))?;
            let line = self
                .draft
                .line_of(&[METRICS[0], METRICS[1], name.as_str(), "bound"]);
            let time = bound.trim_start_matches(['<', '=', ' ']).to_owned();
            Span::parse(&time).ok()?;
            Some((time, line))
        });
        let mut all = bounds.filter(|(_, line)| {
            let row = line.checked_sub(1).and_then(|at| lines.get(at));
            subject.is_none_or(|subject| row.is_some_and(|row| row.contains(subject.trim())))
        });
        all.next()
            .filter(|_| subject.is_some() || all.next().is_none())
    }
}
