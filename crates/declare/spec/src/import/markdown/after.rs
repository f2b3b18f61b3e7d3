//! What can be said only when the whole document has been read: which tier something watches, what a path is made
//! of, which backup is of which database.

use promise::say;
use serde_json::json;

use super::{Objective, PAYMENTS, Reader, blocks::bare, figures, no_home};

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
        self.figures_without_a_reader();
    }

    /// What has a figure and found no reader is told too.
    fn figures_without_a_reader(&mut self) {
        let told = self.draft.lines_told();
        for (line, text) in std::mem::take(&mut self.said) {
            if !told.contains(&line) && figures::says_one(&text) {
                self.draft.lost(line, &bare(&text), no_home());
            }
        }
    }

    fn tiers_of_what_is_watched(&mut self) {
        let words = |text: &str| -> Vec<String> {
            let text = text.to_lowercase();
            text.split(|c: char| !c.is_alphanumeric())
                .filter(|word| word.len() > 2 && !COMMON.contains(word))
                .map(str::to_owned)
                .collect()
        };
        for watched in std::mem::take(&mut self.watched) {
            let about = words(&watched.words);
            let tier = self
                .tiers
                .iter()
                .find(|(tier, _)| words(tier).iter().any(|word| about.contains(word)));
            let Some((tier, _)) = tier.cloned() else {
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

    /// Recovery objectives in prose repeat those of a tier, or are the service's own.
    fn objectives_without_a_tier(&mut self) {
        for Objective { field, value, line } in std::mem::take(&mut self.objectives) {
            if self.tiers.is_empty() {
                self.draft.guess(
                    &["service", "tiers", "service", field],
                    value,
                    line,
                    say!("no tier is named with it", "層の名前がない"),
                );
            } else {
                let what = format!("{field} {value}");
                self.draft.noted(
                    line,
                    &what,
                    say!("tiers say theirs one by one", "層ごとに書かれています"),
                );
            }
        }
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
