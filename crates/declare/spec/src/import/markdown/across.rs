//! Tables whose columns are those whom the service depends on, and tables of keys: where each of them lies.

use promise::say;

use super::{
    Reader,
    figures::{Kind, figures},
    no_home,
    numbers::says_one,
    place,
    table::Table,
    waiting::OTHERS,
    words::{self, Form},
};

impl Reader<'_> {
    /// A table of what providers are held to: a column for each of them, a row for each property. `false` where it is
    /// none.
    pub(super) fn providers_across(&mut self, table: &Table<'_>) -> bool {
        let names_one = |key: &str| {
            OTHERS
                .iter()
                .chain(&["psp", "代行"])
                .any(|word| key.contains(word))
        };
        let columns: Vec<usize> = (0..table.keys.len())
            .filter(|at| *at != table.name)
            .collect();
        if columns.len() < 2 || !columns.iter().all(|at| names_one(&table.keys[*at])) {
            return false;
        }
        let known = self.draft.names(&["dependencies"]);
        for at in columns {
            let head = table.keys[at].replace('_', " ");
            // `Acquirer A` is the `a` of a block of settings.
            let short = head.split(' ').next_back().unwrap_or_default().to_owned();
            let id = match known
                .iter()
                .find(|id| **id == short || **id == table.keys[at])
            {
                Some(id) => id.clone(),
                None => self
                    .draft
                    .id("dependencies", &super::short(&head, "provider")),
            };
            for (line, row) in table.rows {
                let (name, cell) = (table.cell(row, table.name), table.cell(row, at));
                let told = property(&name).and_then(|(field, form)| {
                    let bare = cell.replace(',', "").parse::<f64>().is_ok();
                    let cell = if bare && form == Form::Rate {
                        format!("{cell}/s")
                    } else {
                        cell.clone()
                    };
                    Some((field, place::value(form, &cell)?))
                });
                match told {
                    Some((field, value)) if !self.draft.has(&["dependencies", &id, field]) => {
                        self.draft.set(&["dependencies", &id, field], value, *line);
                    }
                    _ if says_one(&cell) => {
                        self.draft
                            .lost(*line, &format!("{head} / {name}: {cell}"), no_home());
                    }
                    _ => {}
                }
            }
        }
        true
    }

    /// A table of keys: one that is said to lie in one place only is not in another. `false` where it is none.
    pub(super) fn key_table(&mut self, table: &Table<'_>) -> bool {
        const KEYS: [&str; 5] = ["key", "kms", "鍵", "キー", "cmk"];
        const WHERE: [&str; 6] = ["location", "region", "リージョン", "場所", "where", "所在"];
        const ONLY: [&str; 6] = [
            "only",
            "のみ",
            "だけ",
            "nowhere else",
            "single-region",
            "シングルリージョン",
        ];
        let is_of_keys = KEYS.iter().any(|word| table.keys[table.name] == *word);
        let Some(column) = table
            .column(&WHERE)
            .filter(|at| is_of_keys && *at != table.name)
        else {
            return false;
        };
        for (line, row) in table.rows {
            let (name, cell) = (table.cell(row, table.name), table.cell(row, column));
            let lower = place::with_regions(&cell.to_lowercase());
            let id = self.draft.id("keys", &super::short(&name, "key"));
            let words = lower.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
            let regions: Vec<&str> = words.filter(|word| place::is_region(word)).collect();
            let is_only = ONLY.iter().any(|word| lower.contains(word));
            for region in regions.iter().filter(|_| is_only) {
                self.draft
                    .push(&["security", "keys", &id, "regions"], *region, *line);
            }
            let rest = (0..row.len()).filter(|at| ![table.name, column].contains(at));
            for cell in rest.map(|at| table.cell(row, at)) {
                if figures(&cell).iter().any(|it| it.kind == Kind::Time) {
                    self.prose(&format!("{name} {cell}"), *line);
                }
            }
            if !is_only {
                self.draft.noted(
                    *line,
                    &row.join(" / "),
                    say!(
                        "where a key lies; copies may lie elsewhere",
                        "鍵の所在(複製の有無は不明)"
                    ),
                );
            }
        }
        true
    }
}

/// The field of a dependency that a property is, by its name or the words in it.
fn property(name: &str) -> Option<(&'static str, Form)> {
    const LIMITS: [&str; 6] = ["limit", "上限", "quota", "ceiling", "maximum", "最大"];
    const PER_SECOND: [&str; 6] = ["per second", "/s", "毎秒", "tps", "件/秒", "秒間"];
    let lower = name.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let key = words::plain(name);
    if let Some(found) = words::field("dependencies", &key) {
        return Some(found);
    }
    if has(&["availability", "uptime", "稼働率", "可用性"]) {
        return Some(("availability", Form::Share));
    }
    (has(&PER_SECOND) && has(&LIMITS) || has(&["rate limit", "レート制限", "流量上限"]))
        .then_some(("rate_limit", Form::Rate))
}
