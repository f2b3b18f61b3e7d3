//! With what the parts of a service are built: inventories, and tables of components.

use promise::say;

use super::{Reader, sentence, table::Table, words::plain};
use crate::{
    import::variables::{Variable, variables},
    runtime::runtime,
};

impl Reader<'_> {
    /// A table of components, one of whose columns says with what each is built: `Node.js 18 LTS, headless Chromium`.
    pub(super) fn built_with(&mut self, table: &Table<'_>) {
        const BUILT: [&str; 14] = [
            "built_with",
            "stack",
            "tech_stack",
            "technology",
            "technologies",
            "runtime",
            "language",
            "platform",
            "実装",
            "技術",
            "技術スタック",
            "言語",
            "ランタイム",
            "実行環境",
        ];
        let Some(column) = table.column(&BUILT).filter(|at| *at != table.name) else {
            return;
        };
        for (line, row) in table.rows {
            let (name, cell) = (table.cell(row, table.name), table.cell(row, column));
            if self.store(&name, &cell, row, table, *line) {
                continue;
            }
            let parts = cell.split([',', '、', '/', '+', '(', '（']);
            let runtime = parts.map(str::trim).find(|part| runtime(part).is_some());
            let Some(runtime) = runtime else {
                continue;
            };
            let known = plain(&super::short(&name, "main"));
            let mut all = self.draft.names(&["infrastructure", "compute"]).into_iter();
            let id = match all.find(|id| plain(id) == known) {
                Some(id) => id,
                None => self.draft.id("compute", &name),
            };
            let path = ["infrastructure", "compute", &id, "runtime"];
            if !self.draft.has(&path) {
                self.draft.set(&path, runtime, *line);
            }
        }
    }

    /// A component that is a database or a cache: its row says the rest of it. `false` where it is none.
    fn store(
        &mut self,
        name: &str,
        cell: &str,
        row: &[&str],
        table: &Table<'_>,
        line: usize,
    ) -> bool {
        let Some(section) = sentence::engine_in(cell).filter(|_| sentence::stores(cell)) else {
            return false;
        };
        let known = plain(&super::short(name, "main"));
        let mut all = self.draft.names(&["infrastructure", section]).into_iter();
        let id = all
            .find(|id| plain(id) == known)
            .unwrap_or_else(|| self.draft.id(section, name));
        self.subject = Some((section, id));
        for at in (0..row.len()).filter(|at| *at != table.name) {
            self.part_sentence(&table.cell(row, at), line);
        }
        self.subject = None;
        true
    }

    /// A column of a table of components that says how many there are of each: `8–40 pods`, `2 pods`.
    pub(super) fn scaled_between(&mut self, table: &Table<'_>) {
        const SCALED: [&str; 3] = ["scaling", "scale", "スケール"];
        const COUNTED: [&str; 3] = ["replicas", "instances", "台数"];
        // `Replicas (min – max)`
        let is_counted = |key: &str| {
            let rest = COUNTED.iter().find_map(|word| key.strip_prefix(word));
            rest.is_some_and(|rest| {
                rest.is_empty() || rest.starts_with("_min") || rest.starts_with("_最小")
            })
        };
        let is_it = |key: &String| SCALED.contains(&key.as_str()) || is_counted(key);
        let column = table.keys.iter().position(is_it);
        let Some(column) = column.filter(|at| *at != table.name) else {
            return;
        };
        for (line, row) in table.rows {
            let known = plain(&super::short(&table.cell(row, table.name), "main"));
            let mut all = self.draft.names(&["infrastructure", "compute"]).into_iter();
            let (Some(id), Some((least, most))) = (
                all.find(|id| plain(id) == known),
                machines(&table.cell(row, column), is_counted(&table.keys[column])),
            ) else {
                continue;
            };
            let path = |field| ["infrastructure", "compute", id.as_str(), field];
            // The first number of a span is not how many there usually are.
            if least < most && self.draft.line_of(&path("instances")) == *line {
                let why = say!("from so many to so many", "台数の幅の記述");
                self.draft.withdraw(&path("instances"), &why);
            }
            for (field, count) in [("instances_min", least), ("instances_max", most)] {
                if !self.draft.has(&path(field)) {
                    self.draft.set(&path(field), count, *line);
                }
            }
        }
    }

    /// How many connections each machine opens, in a list that says it of each group: `- claims-api: 30`, `- web 15, api 30`.
    pub(super) fn pooled(&mut self, text: &str, line: usize) -> bool {
        const POOLS: [&str; 4] = ["pool", "connections per", "プール", "接続数"];
        let heading = self.headings.last().map(|(_, text)| text.as_str());
        let above = [
            self.lead.as_str(),
            self.before.as_str(),
            heading.unwrap_or_default(),
        ];
        let above = above.join(" ").to_lowercase();
        if !POOLS.iter().any(|word| above.contains(word)) {
            return false;
        }
        let all = self.draft.names(&["infrastructure", "compute"]);
        let pool = |part: &str| {
            let part = part.trim();
            let at = part.rfind(|c: char| !c.is_ascii_digit())? + 1;
            let known = plain(part.get(..at)?.trim_end_matches([' ', ':', '：']));
            let id = all.iter().find(|id| plain(id) == known)?;
            Some((id.clone(), part.get(at..)?.parse::<u64>().ok()?))
        };
        // Nothing of a line that says something else too is taken.
        let pools: Option<Vec<_>> = text.split([',', '、']).map(pool).collect();
        let Some(pools) = pools else { return false };
        for (id, count) in pools {
            let path = ["infrastructure", "compute", id.as_str(), "connections_each"];
            let why = say!("the sentence above it says of what", "前の文による");
            self.draft.guess(&path, count, line, why);
        }
        true
    }

    /// Lines of settings: `api.hikari.maximumPoolSize=20` is what each of the machines that are named first opens.
    pub(super) fn lines_of_settings(&mut self, text: &str, first: usize) {
        const COMPUTE: [&str; 2] = ["infrastructure", "compute"];
        let mut group = String::new();
        let lines: Vec<(usize, &str)> = (first..).zip(text.lines()).collect();
        let written = lines.iter().filter_map(|(line, said)| {
            let (name, value) = said.trim().split_once('=')?;
            let value = value
                .split(" #")
                .next()
                .unwrap_or_default()
                .trim()
                .trim_matches('"');
            Some(Variable {
                name: name.trim().trim_start_matches("export ").to_owned(),
                value: value.to_owned(),
                line: *line,
            })
        });
        let written: Vec<Variable> = written.collect();
        let owner = self
            .part
            .clone()
            .filter(|(of, _)| *of == "compute")
            .map(|(_, id)| id);
        let told = variables(owner.as_deref(), &written, self.draft);
        let told: Vec<usize> = written
            .iter()
            .zip(told)
            .filter(|(_, told)| *told)
            .map(|(it, _)| it.line)
            .collect();
        for (line, said) in (first..).zip(text.lines()) {
            let said = said.trim();
            if told.contains(&line) {
                continue;
            }
            if let Some(name) = said.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
                group = format!("{}.", plain(name));
                continue;
            }
            let Some((key, value)) = said
                .split_once('=')
                .filter(|_| !said.starts_with(['#', ';', '!']))
            else {
                continue;
            };
            let key = format!("{group}{}", key.trim());
            let value = value.split(" #").next().unwrap_or_default().trim();
            let lower = key.to_lowercase();
            let is_pool =
                lower.contains("pool") && ["max", "size"].iter().any(|word| lower.contains(word));
            let owner = key.split(['.', '_']).next().map(plain).unwrap_or_default();
            let known = self
                .draft
                .names(&COMPUTE)
                .into_iter()
                .find(|id| plain(id) == owner);
            match (known, value.parse::<u64>()) {
                (Some(id), Ok(count)) if is_pool => {
                    let path = [COMPUTE[0], COMPUTE[1], id.as_str(), "connections_each"];
                    self.draft.set(&path, count, line);
                }
                _ if self.leaf(&key.to_lowercase(), value, line) => {}
                _ if super::numbers::says_one(value) => {
                    self.draft.lost(line, said, super::no_home())
                }
                _ => {}
            }
        }
    }

    /// A block whose first line remarks of which component it is: `# api / application.yaml`.
    pub(super) fn settings_of(&mut self, text: &str) {
        let remark = text.trim_start().lines().next().unwrap_or_default();
        let remark = remark.strip_prefix(['#', '/']).unwrap_or_default();
        let words = remark.split(|c: char| c.is_whitespace() || "/:,".contains(c));
        let first = words.map(plain).find(|word| !word.is_empty());
        let known = first.filter(|id| self.draft.has(&["infrastructure", "compute", id]));
        if let Some(id) = known {
            self.part = Some(("compute", id));
        }
    }

    /// `EKS 1.27`, `Node.js 16`: a line of an inventory; `false` where it is none.
    pub(super) fn versioned(&mut self, text: &str, line: usize) -> bool {
        const PLATFORMS: [(&str, &str); 3] = [("eks", "eks"), ("gke", "gke"), ("aks", "aks")];
        const LONGEST: usize = 28;
        let lower = text.trim().to_lowercase();
        let name_ends = lower.find(|c: char| c.is_ascii_digit());
        let Some(at) = name_ends.filter(|_| lower.len() <= LONGEST && lower.is_ascii()) else {
            return false;
        };
        let name = lower[..at].trim_matches(|c: char| c.is_whitespace() || c == ':' || c == 'v');
        let version = lower[at..].split_whitespace().next().unwrap_or_default();
        let is_version = version.chars().all(|c| c.is_ascii_digit() || c == '.')
            && lower[at..].trim() == version;
        if !is_version {
            return false;
        }
        let why = || say!("a line of what is in use", "使用中の製品の一覧");
        if let Some((language, _)) = runtime(text.trim()) {
            let id = self.draft.id("compute", language);
            let path = ["infrastructure", "compute", &id, "runtime"];
            self.draft.guess(&path, text.trim(), line, why());
            return true;
        }
        let Some((_, product)) = PLATFORMS.iter().find(|(word, _)| *word == name) else {
            return false;
        };
        let id = self.spoken_part("compute", name);
        let id = if id == "main" {
            (*product).to_owned()
        } else {
            id
        };
        let at = |field| ["infrastructure", "compute", id.as_str(), field];
        if self.draft.has(&at("version")) {
            return false;
        }
        self.draft.guess(&at("version"), version, line, why());
        if !self.draft.has(&at("product")) {
            self.draft.guess(&at("product"), *product, line, why());
        }
        true
    }
}

/// How many machines a cell says there are, at least and at most; what is counted may stand in the head alone.
fn machines(cell: &str, is_counted: bool) -> Option<(u64, u64)> {
    const MACHINES: [&str; 9] = [
        "pod",
        "task",
        "instance",
        "container",
        "replica",
        "ポッド",
        "タスク",
        "インスタンス",
        "台",
    ];
    let rest = cell.trim();
    let (least, rest) = number(rest)?;
    let span = ["–", "-", "〜", "～", "~", "to ", "から"];
    let rest = rest.trim_start();
    let (most, rest) = match span.iter().find_map(|sign| rest.strip_prefix(sign)) {
        Some(rest) => number(rest.trim_start())?,
        None => (least, rest),
    };
    let unit = rest.trim_start().to_lowercase();
    let is_bare = is_counted && !unit.starts_with(|c: char| c.is_alphanumeric());
    let is_machine = is_bare || MACHINES.iter().any(|word| unit.starts_with(word));
    (is_machine && least <= most).then_some((least, most))
}

fn number(text: &str) -> Option<(u64, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::machines;

    #[test]
    fn machines_are_counted_from_their_least_to_their_most() {
        for (cell, wanted) in [
            ("8–40 pods", Some((8, 40))),
            ("2 pods", Some((2, 2))),
            ("4〜16 台", Some((4, 16))),
            ("16 vCPU, 128 GB", None),
            ("1 leader, 20 workers at most", None),
        ] {
            assert_eq!(machines(cell, false), wanted, "{cell}");
        }
    }
}
