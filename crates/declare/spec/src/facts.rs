//! What providers offer, promise and charge: tables with the source and the date of every row.
//!
//! The tables are files under `facts/`, so that a price or an end of life can be mended without touching a rule;
//! a directory of files with the same names overrides them row by row without a release. A rule that holds
//! such a figure against a spec says where it comes from, and only advises while nobody has held the figure
//! against that source. A name that stands in no table is never wrong: the world has more products than the
//! tables.

use std::{borrow::Cow, collections::BTreeMap, sync::LazyLock};

use promise::{Say, document::did_you_mean, record::Scalar, say};

use crate::diagnostic::Source;

/// The tables that come with the program: name, how many cells tell one row from another, text.
const FILES: &[(&str, usize, &str)] = &[
    ("burstable", 1, include_str!("../facts/burstable.tsv")),
    ("card_data", 2, include_str!("../facts/card_data.tsv")),
    ("duties", 2, include_str!("../facts/duties.tsv")),
    ("end_of_life", 2, include_str!("../facts/end_of_life.tsv")),
    ("engines", 2, include_str!("../facts/engines.tsv")),
    ("instances", 2, include_str!("../facts/instances.tsv")),
    ("limits", 2, include_str!("../facts/limits.tsv")),
    ("log_prices", 1, include_str!("../facts/log_prices.tsv")),
    (
        "newest_offered",
        2,
        include_str!("../facts/newest_offered.tsv"),
    ),
    (
        "parameter_groups",
        3,
        include_str!("../facts/parameter_groups.tsv"),
    ),
    ("prices", 1, include_str!("../facts/prices.tsv")),
    ("regions", 2, include_str!("../facts/regions.tsv")),
    ("retention", 2, include_str!("../facts/retention.tsv")),
    ("protocols", 2, include_str!("../facts/protocols.tsv")),
    ("sign_in", 2, include_str!("../facts/sign_in.tsv")),
    ("sla", 1, include_str!("../facts/sla.tsv")),
    ("unfit", 2, include_str!("../facts/unfit.tsv")),
    ("waf_groups", 2, include_str!("../facts/waf_groups.tsv")),
];

/// The columns that every table ends with.
const LAST: [&str; 2] = ["source", "date"];
/// In the place of a date: nobody has held the row against its source yet.
const UNCOMPARED: &str = "-";
/// More rows than any table will have: a file with more is no table.
const ROWS_MAX: usize = 20_000;

static BUILT_IN: LazyLock<Facts> = LazyLock::new(|| Facts {
    tables: FILES
        .iter()
        .filter_map(|(name, keys, text)| Some(((*name).to_owned(), Table::read(text, *keys).ok()?)))
        .collect(),
});

/// Every table, by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    tables: BTreeMap<String, Table>,
}

#[derive(Debug, Clone, PartialEq)]
struct Table {
    columns: Vec<String>,
    /// How many cells, from the first, tell one row from another.
    keys: usize,
    rows: Vec<Vec<String>>,
}

/// One row of a table.
#[derive(Debug, Clone, Copy)]
pub struct Fact<'f> {
    columns: &'f [String],
    cells: &'f [String],
}

impl Facts {
    /// Those that come with the program.
    #[must_use]
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// The names of the tables, for which a directory may hold `<name>.tsv`.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FILES.iter().map(|(name, ..)| *name)
    }

    /// These, with the rows of `text` in the place of those that have the same first cells, and added to the rest.
    ///
    /// # Errors
    /// Where no table has that name, or `text` is none with its columns; the sentence names the line.
    pub fn with(mut self, name: &str, text: &str) -> Result<Self, Say> {
        let Some(table) = self.tables.get_mut(name) else {
            let all = Self::names().collect::<Vec<_>>().join(", ");
            return Err(match did_you_mean(name, Self::names()) {
                Some(near) => say!(
                    "there is no table `{name}`: did you mean `{near}`?",
                    "表 `{name}` はありません。`{near}` のことですか?"
                ),
                None => say!(
                    "there is no table `{name}`, only {all}",
                    "表 `{name}` はありません。あるのは {all} です"
                ),
            });
        };
        let keys = table.keys;
        let more = Table::read(text, keys)?;
        if table.columns != more.columns {
            let columns = table.columns.join(", ");
            return Err(say!(
                "line 1: the columns of `{name}` are {columns}, separated by tabs",
                "1 行目: `{name}` の列は、タブ区切りで {columns} です"
            ));
        }
        table
            .rows
            .retain(|row| !more.rows.iter().any(|new| new[..keys] == row[..keys]));
        table.rows.extend(more.rows);
        Ok(self)
    }

    /// The rows of a table whose first cells are `key`.
    pub fn of<'f>(&'f self, table: &str, key: &[&str]) -> impl Iterator<Item = Fact<'f>> {
        let table = self.tables.get(table);
        let rows = table.into_iter().flat_map(|table| {
            table.rows.iter().map(|cells| Fact {
                columns: &table.columns,
                cells,
            })
        });
        rows.filter(move |fact| {
            key.iter()
                .zip(fact.cells)
                .all(|(wanted, cell)| wanted == cell)
        })
    }

    /// The first of them.
    #[must_use]
    pub fn one<'f>(&'f self, table: &str, key: &[&str]) -> Option<Fact<'f>> {
        self.of(table, key).next()
    }

    /// A figure of the table `limits`.
    #[must_use]
    pub fn limit<T: Scalar>(&self, product: &str, limit: &str) -> Option<(T, Fact<'_>)> {
        let fact = self.one("limits", &[product, limit])?;
        Some((fact.figure("value")?, fact))
    }
}

impl Table {
    /// Columns by tabs, the first line their names. A line that starts with `#` is a remark.
    fn read(text: &str, keys: usize) -> Result<Self, Say> {
        let lines = text.lines().enumerate();
        let mut lines = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let cells = |line: &str| -> Vec<String> {
            line.split('\t')
                .map(|cell| cell.trim().to_owned())
                .collect()
        };
        let columns = lines
            .next()
            .map(|(_, line)| cells(line))
            .unwrap_or_default();
        if columns.len() <= keys.max(LAST.len()) || !columns.ends_with(&LAST.map(str::to_owned)) {
            return Err(say!(
                "line 1: a table starts with the names of its columns, separated by tabs, the last ones `source` and `date`",
                "1 行目: 表の先頭は、タブ区切りの列名です(最後の 2 列は `source` と `date`)"
            ));
        }
        let mut rows = Vec::new();
        for (at, line) in lines {
            let (row, number) = (cells(line), at + 1);
            let (found, wanted) = (row.len(), columns.len());
            if found != wanted {
                return Err(say!(
                    "line {number}: {found} cells where there are {wanted} columns",
                    "{number} 行目: {wanted} 列のところに {found} 個の値があります"
                ));
            }
            let date = row.last().map_or("", String::as_str);
            if date != UNCOMPARED && date.parse::<jiff::civil::Date>().is_err() {
                return Err(say!(
                    "line {number}: `{date}` is no date such as 2026-11-22; `-` says that nobody has held the row against its source",
                    "{number} 行目: `{date}` は 2026-11-22 のような日付ではありません(出典と未照合の行には `-` と書きます)"
                ));
            }
            if rows.len() == ROWS_MAX {
                return Err(say!(
                    "line {number}: a table has {ROWS_MAX} rows at most",
                    "{number} 行目: 表の行数は {ROWS_MAX} までです"
                ));
            }
            rows.push(row);
        }
        Ok(Self {
            columns,
            keys,
            rows,
        })
    }
}

impl<'f> Fact<'f> {
    /// The cell under a column; empty where the table has none of that name.
    #[must_use]
    pub fn get(&self, column: &str) -> &'f str {
        let at = self.columns.iter().position(|name| name == column);
        at.and_then(|at| self.cells.get(at))
            .map_or("", String::as_str)
    }

    /// The same as a typed figure.
    #[must_use]
    pub fn figure<T: Scalar>(&self, column: &str) -> Option<T> {
        T::parse(self.get(column)).ok()
    }

    /// Where it is written, and when it was read there, if it was.
    #[must_use]
    pub fn source(&self) -> Source {
        let url = self.get("source");
        // The host says whose page it is.
        let host = url.split('/').nth(2).unwrap_or(url);
        let name = Cow::from(self.get("clause"));
        let name = if name.is_empty() {
            Cow::from(host)
        } else {
            name
        };
        let source = Source::of(Say::same(name)).at(url);
        match self.get("date") {
            UNCOMPARED => source.uncompared(),
            date => source.on(date),
        }
    }
}

#[cfg(test)]
mod tests {
    use promise::unit::{Percent, Span};

    use super::*;

    #[test]
    fn every_table_is_read_and_every_row_has_a_source_and_a_date() {
        for (name, _, text) in FILES {
            let table = &BUILT_IN.tables[*name];
            assert_eq!(
                table.rows.len(),
                text.lines().count() - 1,
                "{name}: a line is no row"
            );
            for fact in BUILT_IN.of(name, &[]) {
                assert!(
                    fact.get("source").starts_with("https://"),
                    "{name}: {:?}",
                    fact.cells
                );
            }
        }
    }

    #[test]
    fn figures_are_of_their_kind() {
        for fact in BUILT_IN.of("sla", &[]) {
            assert!(
                fact.figure::<Percent>("availability").is_some(),
                "{:?}",
                fact.cells
            );
        }
        for fact in BUILT_IN.of("end_of_life", &[]) {
            assert!(
                fact.get("ends").parse::<jiff::civil::Date>().is_ok(),
                "{:?}",
                fact.cells
            );
        }
        for fact in BUILT_IN.of("burstable", &[]) {
            assert!(
                fact.figure::<Percent>("baseline").is_some(),
                "{:?}",
                fact.cells
            );
        }
    }

    #[test]
    fn a_file_beside_the_program_overrides_row_by_row() {
        let text = "product\tlimit\tvalue\tsource\tdate\nalb\tidle_timeout\t90s\thttps://x.example/\t2027-01-01\nmine\tidle_timeout\t5s\thttps://x.example/\t2027-01-01\n";
        let facts = Facts::built_in().clone().with("limits", text);
        let limit = |product| {
            facts
                .as_ref()
                .ok()
                .and_then(|it| it.limit::<Span>(product, "idle_timeout"))
                .map(|(span, _)| span)
        };
        assert_eq!(
            (limit("alb"), limit("mine"), limit("nginx")),
            (
                Some(Span::secs(90)),
                Some(Span::secs(5)),
                Some(Span::secs(60))
            )
        );
    }

    #[test]
    fn a_malformed_file_is_refused_with_its_line() {
        let head = "product\tlimit\tvalue\tsource\tdate";
        let said = |name: &str, text: String| {
            let facts = Facts::built_in().clone().with(name, &text);
            facts.err().map(|said| said.en).unwrap_or_default()
        };
        let row = "alb\tidle_timeout\t90s\thttps://x.example/";
        for (name, text, wanted) in [
            ("limit", format!("{head}\n"), "did you mean `limits`?"),
            (
                "limits",
                "product\tprice\n".to_owned(),
                "line 1: a table starts with",
            ),
            (
                "prices",
                format!("{head}\n"),
                "line 1: the columns of `prices` are product, monthly, category, source, date",
            ),
            (
                "limits",
                format!("{head}\n# a remark\n{row}\n"),
                "line 3: 4 cells where there are 5 columns",
            ),
            (
                "limits",
                format!("{head}\n{row}\tyesterday\n"),
                "line 2: `yesterday` is no date",
            ),
        ] {
            let said = said(name, text);
            assert!(said.contains(wanted), "{wanted:?} is not in {said:?}");
        }
    }

    #[test]
    fn a_row_without_a_date_is_not_compared_with_its_source() {
        let row = "mine\t99.9 %\t-\thttps://x.example/\t-";
        let facts = Facts::built_in().clone().with(
            "sla",
            &format!("product\tavailability\tmost\tsource\tdate\n{row}\n"),
        );
        let source =
            |facts: &Facts, product| facts.one("sla", &[product]).map(|fact| fact.source());
        let facts = facts.expect("a table");
        let (mine, rds) = (source(&facts, "mine"), source(&facts, "rds"));
        assert_eq!(
            mine.map(|it| (it.is_compared, it.date)),
            Some((false, None))
        );
        assert!(rds.is_some_and(|it| it.is_compared && it.date.is_some()));
    }
}
