//! What can be said only when the whole document has been read: which tier something watches, what a path is made
//! of, which backup is of which database.

use promise::say;
use serde_json::{Value, json};

use super::{Objective, PAYMENTS, Reader, blocks::bare, no_home, numbers};

/// Words that stand in the names of many things and tell none apart.
const COMMON: [&str; 9] = [
    "system",
    "service",
    "services",
    "general",
    "application",
    "monitoring",
    "rate",
    "time",
    "the",
];

impl Reader<'_> {
    pub(super) fn finish(mut self) {
        self.tiers_of_what_is_watched();
        self.objectives_without_a_tier();
        self.path();
        self.backups_of_databases();
        self.drills();
        self.restores();
        self.time_zone_of_the_language();
        self.figures_without_a_reader();
    }

    /// What has a figure and found no reader is told too.
    fn figures_without_a_reader(&mut self) {
        for (line, text) in self.said.clone() {
            if !text.contains(['?', '？']) {
                self.profiles(&text, line);
            }
        }
        let told = self.draft.lines_told();
        for (line, text) in std::mem::take(&mut self.said) {
            if !told.contains(&line) && numbers::says_one(&text) {
                self.draft.lost(line, &bare(&text), no_home());
            }
        }
    }

    /// The tier whose name shares a word with a text.
    fn tier_in(&self, text: &str) -> Option<String> {
        let about = words_of(text);
        let tier = |tier: &&(String, Option<String>)| {
            let name = self.draft.says(&["service", "tiers", &tier.0, "name"]);
            let name = name.and_then(Value::as_str).unwrap_or_default();
            let is_named = !name.is_empty() && text.contains(name);
            is_named || words_of(&tier.0).iter().any(|word| about.contains(word))
        };
        self.tiers.iter().find(tier).map(|(tier, _)| tier.clone())
    }

    fn tiers_of_what_is_watched(&mut self) {
        for watched in std::mem::take(&mut self.watched) {
            let about = words_of(&watched.words);
            let Some(tier) = self.tier_in(&watched.words) else {
                continue;
            };
            let why = say!("their names share a word", "名前に同じ語がある");
            self.draft.guess(
                &["monitoring", watched.section, &watched.id, "tier"],
                tier.as_str(),
                watched.line,
                why,
            );
            // Payments wait for whoever carries them out, and so does the only tier that there is.
            let pays = PAYMENTS
                .iter()
                .any(|word| about.iter().any(|it| it == word));
            let payer = self.payer.clone().filter(|_| pays || self.tiers.len() == 1);
            if let Some(payer) = payer.filter(|payer| self.draft.has(&["dependencies", payer])) {
                self.draft
                    .push(&["dependencies", &payer, "needed_by"], tier, watched.line);
            }
        }
    }

    /// An objective is that of the tier which its words name, of the only one, or of the service.
    fn objectives_without_a_tier(&mut self) {
        for Objective {
            field,
            value,
            about,
            line,
        } in std::mem::take(&mut self.objectives)
        {
            let only = self.draft.only_in(&["service", "tiers"]);
            let why = || say!("told by the words around it", "前後の語による");
            if let Some(tier) = self.tier_in(&about).or(only) {
                self.draft
                    .guess(&["service", "tiers", &tier, field], value, line, why());
            } else if self.tiers.is_empty() {
                let why = say!("no tier is named with it", "層の名前がない");
                self.draft
                    .guess(&["service", "tiers", "service", field], value, line, why);
            } else if self.tiers.iter().any(|(tier, _)| {
                self.draft
                    .says(&["service", "tiers", tier, field])
                    .is_some_and(|said| *said == value)
            }) {
                let what = format!("{field} {value}");
                let why = say!("a tier promises the same", "同じ値を約束する層があります");
                self.draft.noted(line, &what, why);
            } else {
                let what = format!("{field} {value}: {about}");
                let why = say!(
                    "none of the tiers is named with it",
                    "どの層のものか書かれていません"
                );
                self.draft.lost(line, &what, why);
            }
        }
    }

    /// Whether tiers are named anywhere, in what was read so far.
    pub(super) fn has_tiers(&self) -> bool {
        self.whole.contains("rto") || self.whole.contains("目標復旧") || !self.tiers.is_empty()
    }

    fn path(&mut self) {
        let mut names = Vec::new();
        for (section, product) in self.shown.clone() {
            let path = ["infrastructure", section];
            let known = self
                .draft
                .first_in(&path, product)
                .or_else(|| self.draft.only_in(&path));
            let name = match known {
                Some(name) => name,
                None => {
                    let name = self.draft.id(section, product);
                    self.draft.guess(
                        &["infrastructure", section, &name, "product"],
                        product,
                        self.shown_at,
                        say!("the diagram shows it", "図にある"),
                    );
                    name
                }
            };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.len() > 1 {
            self.draft.guess(
                &["service", "path"],
                json!(names),
                self.shown_at,
                say!("what the diagram shows", "図による"),
            );
        }
    }

    /// A drill of which nothing else is said is one of the failover.
    fn drills(&mut self) {
        if self.draft.has(&["continuity", "drills", "failover"])
            && let Some(failover) = self.draft.only_in(&["continuity", "failover"])
        {
            let why = say!("there is one failover", "切り替えは一つ");
            self.draft.guess(
                &["continuity", "drills", "failover", "of"],
                failover,
                0,
                why,
            );
        }
    }

    /// A restore that is tried is one of every backup, where no more is said of it.
    fn restores(&mut self) {
        let Some((every, line)) = self.restore_tried.take() else {
            return;
        };
        for backup in self.draft.names(&["continuity", "backups"]) {
            let path = ["continuity", "backups", &backup, "restore_tested_every"];
            if !self.draft.has(&path) {
                let why = say!(
                    "of which backup is not said",
                    "どのバックアップかは書かれていない"
                );
                self.draft.guess(&path, every.as_str(), line, why);
            }
        }
    }

    /// Japanese has one time zone.
    fn time_zone_of_the_language(&mut self) {
        let is_japanese = self.whole.chars().any(|c| ('ぁ'..='ん').contains(&c));
        if is_japanese && !self.draft.has(&["service", "time_zone"]) {
            let why = say!("the document is in Japanese", "日本語の文書");
            self.draft
                .guess(&["service", "time_zone"], "Asia/Tokyo", 0, why);
        }
    }

    fn backups_of_databases(&mut self) {
        if let Some(database) = self.draft.only_in(&["infrastructure", "databases"])
            && self.draft.has(&["continuity", "backups", "database"])
        {
            self.draft.guess(
                &["continuity", "backups", "database", "of"],
                database,
                0,
                say!("there is one database", "データベースは一つ"),
            );
        }
    }
}

/// The words of a text that tell it from others.
fn words_of(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() > 2 && !COMMON.contains(word))
        .map(str::to_owned)
        .collect()
}
