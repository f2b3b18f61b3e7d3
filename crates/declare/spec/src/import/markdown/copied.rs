//! Copies that are told by name: `portal DB: copied every 4 h`, `精算ファイル: 6時間ごとに同期`. Whose recovery they are
//! for is known when all tiers have been read.

use promise::say;
use serde_json::{Value as Json, json};

use super::{
    Reader,
    figures::{Kind, figures},
    no_home, words,
};

/// What is copied, how often, and the line that says so.
pub(super) struct Copy {
    name: String,
    every: String,
    line: usize,
    /// Whether nothing else reads the line.
    is_alone: bool,
}

const COPIED: [&str; 14] = [
    "copied",
    "copy",
    "sync",
    "backup",
    "backed up",
    "snapshot",
    "dump",
    "複製",
    "同期",
    "コピー",
    "バックアップ",
    "スナップショット",
    "転送",
    "退避",
];
const OFTEN: [&str; 6] = ["every", "each", "ごと", "毎に", "おき", "間隔"];

/// Words that many things which are copied have in their names.
const COMMON: [&str; 14] = [
    "files", "file", "data", "database", "backup", "backups", "store", "copy", "aurora",
    "postgres", "mysql", "and", "the", "all",
];

impl Reader<'_> {
    /// Notes how often something that has a name is copied.
    pub(super) fn copied(&mut self, name: &str, text: &str, line: usize, is_alone: bool) -> bool {
        const NAME_MAX: usize = 48;
        let lower = text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if name.chars().count() > NAME_MAX || !has(&COPIED) {
            return false;
        }
        let time = figures(text).into_iter().find(|it| {
            let (before, after) = (lower.get(..it.start), lower.get(it.end..));
            let near = |text: &str, word: &&str| text.trim().starts_with(word);
            it.kind == Kind::Time
                && (before
                    .is_some_and(|text| OFTEN.iter().any(|word| text.trim_end().ends_with(word)))
                    || after.is_some_and(|text| OFTEN.iter().any(|word| near(text, word))))
        });
        let every = match time {
            Some(time) => Some(time.text),
            None => words::rhythm(text).map(str::to_owned),
        };
        let Some(every) = every else { return false };
        self.copies.push(Copy {
            name: name.to_owned(),
            every,
            line,
            is_alone,
        });
        true
    }

    /// A copy is of the tier whose name has its words.
    pub(super) fn tiers_of_copies(&mut self) {
        const BACKUPS: [&str; 2] = ["continuity", "backups"];
        for copy in std::mem::take(&mut self.copies) {
            let Some(tier) = self.tier_of(&copy.name) else {
                if copy.is_alone {
                    let what = format!("{}: {}", copy.name, copy.every);
                    self.draft.lost(copy.line, &what, no_home());
                }
                continue;
            };
            let id = self
                .draft
                .id("backups", &super::short(&copy.name, "backup"));
            let is_of_this = |said: Option<&Json>| said == Some(&json!(copy.every));
            let database = [BACKUPS[0], BACKUPS[1], "database", "every"];
            if !copy.is_alone && is_of_this(self.draft.says(&database)) {
                self.draft.shift((&BACKUPS, "database"), (&BACKUPS, &id));
            }
            let at = |field| [BACKUPS[0], BACKUPS[1], id.as_str(), field];
            if !self.draft.has(&at("every")) {
                self.draft.set(&at("every"), copy.every, copy.line);
            }
            let why = say!("their names share a word", "名前に同じ語がある");
            self.draft.guess(&at("tier"), tier, copy.line, why);
        }
    }

    /// The only tier whose name or row has a word of this name.
    fn tier_of(&self, name: &str) -> Option<String> {
        let lower = name.to_lowercase();
        let words = lower.split(|c: char| !c.is_alphanumeric());
        let told: Vec<&str> = words
            .filter(|word| match word.is_ascii() {
                true => word.len() > 3 && !COMMON.contains(word),
                false => word.chars().count() > 2,
            })
            .collect();
        let mut tiers = self.tiers.iter().filter(|(tier, _)| {
            let said = self.draft.says(&["service", "tiers", tier, "name"]);
            let row = self.tier_rows.iter().find(|(of, _)| of == tier);
            let all = [
                tier.as_str(),
                said.and_then(Json::as_str).unwrap_or_default(),
                row.map_or("", |(_, row)| row),
            ];
            let all = all.join(" ").to_lowercase();
            told.iter().any(|word| all.contains(word))
        });
        let first = tiers.next()?.0.clone();
        tiers.next().is_none().then_some(first)
    }
}
