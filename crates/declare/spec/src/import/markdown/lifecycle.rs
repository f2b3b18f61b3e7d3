//! Rules by which a store of objects deletes them: S3's, Azure's and Google's own forms, as designs show them.

use std::time::Duration;

use promise::{document::Node, record::Scalar as _, unit::Span};

use super::{Reader, tree::Data};
use crate::import::taking::{at, items, text};

/// When what is spoken of is deleted, and which line says so.
pub(super) struct Expiring {
    about: String,
    after: Span,
    line: usize,
}

impl Reader<'_> {
    /// Reads a list of such rules; `false` where none of them deletes anything.
    pub(super) fn lifecycle(&mut self, node: &Node, data: &Data<'_>) -> bool {
        let mut is_read = false;
        for rule in items(node) {
            let Some(days) = deleted_after(rule) else {
                continue;
            };
            let Some(count) = text(days).and_then(|it| it.parse::<u32>().ok()) else {
                continue;
            };
            is_read = true;
            let about = named(rule);
            let line = data.line(days);
            let after = Span(Duration::from_secs(86_400) * count);
            let id = self.draft.id("buckets", &super::short(&about, "objects"));
            let path = ["infrastructure", "buckets", id.as_str(), "expires_after"];
            self.draft.set(&path, after.to_string(), line);
            self.expiring.push(Expiring {
                about: about.to_lowercase(),
                after,
                line,
            });
        }
        is_read
    }

    /// What is deleted sooner than a duty keeps it is told of both; a duty is known by a word of the rule's, or of the
    /// bucket's name.
    pub(super) fn deleted_too_soon(&mut self) {
        const BUCKETS: [&str; 2] = ["infrastructure", "buckets"];
        for bucket in self.draft.names(&BUCKETS) {
            let path = [BUCKETS[0], BUCKETS[1], bucket.as_str(), "expires_after"];
            let said = self.draft.says(&path).and_then(|it| it.as_str());
            let Some(after) = said.and_then(|it| Span::parse(it).ok()) else {
                continue;
            };
            let line = self.draft.line_of(&path);
            let mut about = bucket.to_lowercase();
            for (word, japanese) in RECORDS {
                let mut own = about.split(|c: char| !c.is_alphanumeric());
                if own.any(|it| it == word) || word.len() > 3 && about.contains(word) {
                    about = format!("{about} {japanese}");
                }
            }
            if !self.expiring.iter().any(|it| it.line == line) {
                self.expiring.push(Expiring { about, after, line });
            }
        }
        for expiring in std::mem::take(&mut self.expiring) {
            let words = expiring.about.split(|c: char| !c.is_alphanumeric());
            let words: Vec<&str> = words
                .filter(|word| word.len() > 3 && !COMMON.contains(word))
                .collect();
            for duty in self.draft.names(&["compliance", "duties"]) {
                let at = |field| ["compliance", "duties", duty.as_str(), field];
                let said = |field| self.draft.says(&at(field)).and_then(|it| it.as_str());
                let (Some(what), Some(kept)) = (said("text"), said("kept")) else {
                    continue;
                };
                let what = what.to_lowercase();
                let is_of_it = words.iter().any(|word| what.contains(word));
                if is_of_it && Span::parse(kept).is_ok_and(|kept| expiring.after < kept) {
                    self.draft
                        .contest(&at("kept"), &expiring.after.to_string(), expiring.line);
                }
            }
        }
    }
}

/// What buckets are called, and the records that laws speak of.
const RECORDS: [(&str, &str); 7] = [
    ("rx", "処方箋"),
    ("clinical", "診療"),
    ("medical", "診療"),
    ("karte", "診療録"),
    ("カルテ", "診療録"),
    ("chart", "診療録"),
    ("prescription", "処方箋"),
];
/// Words that say nothing of what is kept.
const COMMON: [&str; 8] = [
    "data",
    "rule",
    "lifecycle",
    "delete",
    "expire",
    "events",
    "archive",
    "cleanup",
];

/// In how many days a rule deletes, in the words of each provider.
fn deleted_after(rule: &Node) -> Option<&Node> {
    const AT: [&[&str]; 4] = [
        &[
            "definition",
            "actions",
            "baseBlob",
            "delete",
            "daysAfterCreationGreaterThan",
        ],
        &[
            "definition",
            "actions",
            "baseBlob",
            "delete",
            "daysAfterModificationGreaterThan",
        ],
        &["Expiration", "Days"],
        &["ExpirationInDays"],
    ];
    let is_deletion = at(rule, &["action", "type"]).and_then(text) == Some("Delete");
    let google = at(rule, &["condition", "age"]).filter(|_| is_deletion);
    AT.iter().find_map(|path| at(rule, path)).or(google)
}

/// What a rule is called, and which objects it is of.
fn named(rule: &Node) -> String {
    let name = ["name", "ID", "Id", "id"]
        .iter()
        .find_map(|name| rule.get(name))
        .and_then(text);
    let prefix = at(rule, &["Filter", "Prefix"])
        .or_else(|| rule.get("Prefix"))
        .and_then(text);
    let azure = at(rule, &["definition", "filters", "prefixMatch"]).map(items);
    let azure = azure.and_then(|all| all.first()).and_then(text);
    let parts = [name, prefix.or(azure)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
