//! Who takes turns: a table of turns, and how seldom each of them should come.

use promise::say;

use super::{Reader, by_the_words, clock, numbers::NUMBERS, table::Table};

impl Reader<'_> {
    /// A table with a turn in each row: the names in it are those who take turns.
    pub(super) fn rota_table(&mut self, table: &Table<'_>) -> bool {
        const TURNS: [&str; 7] = [
            "week",
            "turn",
            "shift",
            "weeks",
            "週",
            "順番",
            "ローテーション",
        ];
        const WHO: [&str; 9] = [
            "primary",
            "on_call",
            "name",
            "who",
            "engineer",
            "当番",
            "担当",
            "主担当",
            "一次",
        ];
        const TEAM: [&str; 2] = ["on_call", "team"];
        let (Some(turn), Some(who)) = (table.column(&TURNS), table.column(&WHO)) else {
            return false;
        };
        if turn == who || !self.is_under(&clock::ON_CALL) || self.draft.has(&TEAM) {
            return false;
        }
        let mut names: Vec<String> = Vec::new();
        for (line, row) in table.rows {
            let name = table.cell(row, who);
            let why = say!("one of those who take turns", "交代で当番に入る人");
            self.draft.noted(*line, &row.join(" / "), why);
            if !name.is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
        if let (Some((line, _)), false) = (table.rows.first(), names.is_empty()) {
            let why = say!("so many are named in the rota", "当番表にある人数");
            self.draft.guess(&TEAM, names.len() as u64, *line, why);
        }
        true
    }

    /// `no engineer is primary more often than one week in six`, `当番は 6 週に 1 回まで`.
    pub(super) fn seldom_called(&mut self, text: &str, line: usize) -> bool {
        const TURNS: [&str; 3] = ["week in ", "turn in ", "shift in "];
        const WEEKS: [&str; 6] = [
            "週に1回",
            "週間に1回",
            "週に一回",
            "週間に一回",
            "週間のうち1週間",
            "週のうち1週",
        ];
        const WHOSE: [&str; 8] = [
            "on-call",
            "on call",
            "primary",
            "pager",
            "engineer",
            "当番",
            "オンコール",
            "担当",
        ];
        let lower = text.to_lowercase();
        let path = ["on_call", "one_in"];
        if !WHOSE.iter().any(|word| lower.contains(word)) || self.draft.has(&path) {
            return false;
        }
        let behind = TURNS.iter().find_map(|word| {
            let (_, rest) = lower.split_once(word)?;
            let word = rest.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
            let named = NUMBERS.iter().find(|(name, _)| *name == word);
            named.map_or_else(|| word.parse().ok(), |(_, number)| Some(u64::from(*number)))
        });
        let before = || {
            let bare = lower.replace(' ', "");
            let at = WEEKS.iter().find_map(|word| bare.find(word))?;
            let digits = bare[..at]
                .trim_end_matches(|c: char| c.is_ascii_digit())
                .len();
            bare[digits..at].parse().ok()
        };
        let Some(count) = behind.or_else(before).filter(|count: &u64| *count > 1) else {
            return false;
        };
        let why = by_the_words();
        self.draft.guess(&path, count, line, why.clone());
        // The second of a turn is called no less than the first, where the document counts both.
        const BOTH: [&str; 5] = [
            "区別なく",
            "どちらも当番",
            "either role",
            "both roles",
            "primary or secondary",
        ];
        if BOTH.iter().any(|word| lower.contains(word)) {
            self.draft.guess(&["on_call", "at_once"], 2, line, why);
        }
        true
    }
}
