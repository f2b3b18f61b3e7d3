//! With what the parts of a service are built: inventories, and tables of components.

use promise::say;

use super::{Reader, table::Table, words::plain};
use crate::runtime::runtime;

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
            let parts = cell.split([',', '、', '/', '+', '(', '（']);
            let runtime = parts.map(str::trim).find(|part| runtime(part).is_some());
            let Some(runtime) = runtime else {
                continue;
            };
            let known = plain(&super::short(&name, "main"));
            let id = match self.draft.has(&["infrastructure", "compute", &known]) {
                true => known,
                false => self.draft.id("compute", &name),
            };
            let path = ["infrastructure", "compute", &id, "runtime"];
            if !self.draft.has(&path) {
                self.draft.set(&path, runtime, *line);
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
