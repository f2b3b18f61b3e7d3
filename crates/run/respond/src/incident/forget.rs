//! A person is forgotten: their name goes from what people did about incidents and checklists, from silences, and from
//! the inbox.
//!
//! In the ledger a name is a commitment whose opening is destroyed; what lies here is a working copy that may change, so
//! the name itself is replaced. Where it stands in a sentence, the rest of the sentence stays.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::WHO_MAX;
use crate::{Error, Responder, acknowledge::checked};

/// What stands in the place of a name.
pub const FORGOTTEN: &str = "(erased)";

/// Fields that hold a name and nothing else.
const NAMES: [&str; 8] = [
    "by",
    "created_by",
    "opened_by",
    "owner",
    "person",
    "signed_by",
    "user",
    "who",
];
/// Fields in which people write sentences, and the languages in which a timeline says what they did.
const WORDS: [&str; 8] = [
    "causes", "comment", "en", "ja", "note", "reason", "roles", "text",
];
/// Once an incident is over, also the labels of its alerts: while one is open, its end is known by them.
const LABELS: &str = "promises";

impl Responder {
    /// Replaces a name wherever a person stands in incidents, silences, sheets of checklists and the inbox; answers in how
    /// many of those.
    pub async fn forget(&self, name: &str) -> Result<u64, Error> {
        let name = checked("the name", name, WHO_MAX)?;
        // Nobody ticks a sheet between its reading and its writing.
        let _turn = self.desk.sheets.lock().await;
        let sheets = self.sheets_with(|kept| without(kept, None, &name)).await?;
        let done = self.desk.change(move |_, book, change| {
            let mut places = sheets.len() as u64;
            sheets.into_iter().for_each(|sheet| change.also(sheet));
            for item in &book.inbox {
                if let Some(without) = without(item, None, &name) {
                    change.replace_inbox(without);
                    places += 1;
                }
            }
            for incident in book.incidents.values() {
                let is_over = incident.resolved.is_some();
                let also = if is_over { Some(LABELS) } else { None };
                if let Some(without) = without(incident, also, &name) {
                    change.put_incident(without);
                    places += 1;
                }
            }
            for silence in book.silences.values() {
                if let Some(without) = without(silence, None, &name) {
                    change.put_silence(without);
                    places += 1;
                }
            }
            Ok(places)
        });
        done.await
    }
}

/// The same without the name; `None` where it does not stand in it. `also` names one more field of sentences.
fn without<T: Serialize + DeserializeOwned>(
    thing: &T,
    also: Option<&str>,
    name: &str,
) -> Option<T> {
    let mut value = serde_json::to_value(thing).ok()?;
    let is_changed = forget(None, &mut value, also, name);
    if is_changed {
        serde_json::from_value(value).ok()
    } else {
        None
    }
}

/// Whether anything was replaced. `field` is the name of the field that holds the value, or of the one around it.
fn forget(field: Option<&str>, value: &mut Value, also: Option<&str>, name: &str) -> bool {
    let is_among = |fields: &[&str]| field.is_some_and(|field| fields.contains(&field));
    match value {
        Value::String(text) => {
            let new = if is_among(&NAMES) && text == name {
                FORGOTTEN.to_owned()
            } else if is_among(&WORDS) || field.is_some() && field == also {
                replaced(text, name)
            } else {
                return false;
            };
            let is_changed = *text != new;
            *text = new;
            is_changed
        }
        Value::Array(items) => {
            let each = items.iter_mut().map(|item| forget(field, item, also, name));
            each.fold(false, |any, one| any | one)
        }
        Value::Object(map) => {
            let each = map.iter_mut().map(|(key, item)| {
                // Under roles the keys are the team's words.
                let field = if is_among(&["roles"]) { "roles" } else { key };
                forget(Some(field), item, also, name)
            });
            each.fold(false, |any, one| any | one)
        }
        _ => false,
    }
}

/// A sentence without the name, where it stands as a word of its own: `Ito` is not in `Itoh`. Scripts that write no
/// blanks between words have no such border.
fn replaced(text: &str, name: &str) -> String {
    let is_border = |near: Option<char>, edge: Option<char>| {
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        !(is_word(near) && is_word(edge))
    };
    let mut out = String::with_capacity(text.len());
    let mut past = 0;
    for (at, found) in text.match_indices(name) {
        let end = at + found.len();
        let before = text[..at].chars().next_back();
        let is_whole = is_border(before, name.chars().next())
            && is_border(text[end..].chars().next(), name.chars().next_back());
        if is_whole {
            out.push_str(&text[past..at]);
            out.push_str(FORGOTTEN);
            past = end;
        }
    }
    out.push_str(&text[past..]);
    out
}

/// Whether a name stands in a text as a word of its own.
#[must_use]
pub fn stands_in(text: &str, name: &str) -> bool {
    !name.is_empty() && replaced(text, name) != text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_goes_from_its_fields_and_from_sentences_and_nothing_else_changes() {
        let mut value = json!({
            "id": "Ito", "owner": "payments",
            "acknowledged": { "by": "Ito", "reason": "Ito is on it, not Itoh" },
            "work": { "roles": { "scribe": "Ito", "commander": "Sato" }, "causes": ["Ito's change", "load"] },
            "timeline": [{ "who": "Itoh", "what": { "en": "Ito is scribe", "ja": "scribe: Ito" } }],
        });
        assert!(forget(None, &mut value, None, "Ito"));
        assert_eq!(
            value,
            json!({
                "id": "Ito", "owner": "payments",
                "acknowledged": { "by": "(erased)", "reason": "(erased) is on it, not Itoh" },
                "work": { "roles": { "scribe": "(erased)", "commander": "Sato" }, "causes": ["(erased)'s change", "load"] },
                "timeline": [{ "who": "Itoh", "what": { "en": "(erased) is scribe", "ja": "scribe: (erased)" } }],
            })
        );
        assert!(
            !forget(None, &mut value, None, "Ito"),
            "again there is nothing"
        );
        let mut closed = json!({ "promises": ["failed{key=\"Ito\"}", "failed{key=\"Itoh\"}"] });
        assert!(!forget(None, &mut closed, None, "Ito"));
        assert!(forget(None, &mut closed, Some(LABELS), "Ito"));
        let left = json!({ "promises": ["failed{key=\"(erased)\"}", "failed{key=\"Itoh\"}"] });
        assert_eq!(closed, left);
        assert_eq!(replaced("佐藤さんに連絡", "佐藤"), "(erased)さんに連絡");
    }
}
