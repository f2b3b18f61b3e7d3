//! What providers offer, promise and charge: tables with the source and the date of every row.
//!
//! The tables are files under `facts/`, so that a price or an end of life can be mended without touching a rule;
//! a directory of files with the same names overrides them row by row without a release. A rule that holds
//! such a figure against a spec says where it comes from. A name that stands in no table is never wrong: the
//! world has more products than the tables.

use std::{borrow::Cow, collections::BTreeMap, sync::LazyLock};

use promise::{Say, record::Scalar};

use crate::diagnostic::Source;

/// The tables that come with the program: name, how many cells tell one row from another, text.
const FILES: &[(&str, usize, &str)] = &[
    ("burstable", 1, include_str!("../facts/burstable.tsv")),
    ("cadence", 2, include_str!("../facts/cadence.tsv")),
    ("end_of_life", 2, include_str!("../facts/end_of_life.tsv")),
    ("engines", 2, include_str!("../facts/engines.tsv")),
    ("limits", 2, include_str!("../facts/limits.tsv")),
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
    ("sla", 1, include_str!("../facts/sla.tsv")),
    ("unfit", 2, include_str!("../facts/unfit.tsv")),
    ("waf_groups", 2, include_str!("../facts/waf_groups.tsv")),
];

/// The columns that every table ends with.
const LAST: [&str; 2] = ["source", "date"];
/// More rows than any table will have; what is beyond it in a file that overrides one is not read.
const ROWS_MAX: usize = 20_000;

static BUILT_IN: LazyLock<Facts> = LazyLock::new(|| Facts {
    tables: FILES
        .iter()
        .filter_map(|(name, keys, text)| Some(((*name).to_owned(), Table::read(text, *keys)?)))
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
    /// `None` where `text` is no such table.
    #[must_use]
    pub fn with(mut self, name: &str, text: &str) -> Option<Self> {
        let table = self.tables.get_mut(name)?;
        let keys = table.keys;
        let more = Table::read(text, keys)?;
        if table.columns != more.columns {
            return None;
        }
        table
            .rows
            .retain(|row| !more.rows.iter().any(|new| new[..keys] == row[..keys]));
        table.rows.extend(more.rows);
        Some(self)
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
    fn read(text: &str, keys: usize) -> Option<Self> {
        let mut lines = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let cells = |line: &str| -> Vec<String> {
            line.split('\t')
                .map(|cell| cell.trim().to_owned())
                .collect()
        };
        let columns = cells(lines.next()?);
        if columns.len() <= LAST.len() || !columns.ends_with(&LAST.map(str::to_owned)) {
            return None;
        }
        let rows = lines.take(ROWS_MAX).map(cells);
        let rows: Vec<Vec<String>> = rows.filter(|row| row.len() == columns.len()).collect();
        Some(Self {
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

    /// Where it is written, and when it was read there.
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
        Source::of(Say::same(name)).at(url).on(self.get("date"))
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
                assert!(
                    fact.get("date").parse::<jiff::civil::Date>().is_ok(),
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
        assert_eq!(
            Facts::built_in().clone().with("limits", "product\tprice\n"),
            None
        );
    }
}
