//! A spec while it is put together from other files: what was said, from which line, and how surely.

use std::collections::BTreeSet;

use promise::{Say, say};
use serde_json::Value;

use super::{About, Imported, escalated, unreadable::unreadable, written};

/// How sure it is that the spec says what the file said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    Mapped,
    /// One of several meanings was taken; the line is marked in the spec.
    Guessed,
    /// It is not in the spec.
    Lost,
}

impl Standing {
    /// The stable name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mapped => "mapped",
            Self::Guessed => "guessed",
            Self::Lost => "not understood",
        }
    }

    #[must_use]
    pub fn say(self) -> Say {
        match self {
            Self::Mapped => say!("mapped", "対応済み"),
            Self::Guessed => say!("mapped with a guess", "推測で対応"),
            Self::Lost => say!("not understood", "未対応"),
        }
    }
}

/// What became of one thing that a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// What the file says there, in its own words.
    pub what: String,
    pub standing: Standing,
    /// Where the spec says it, such as `promises.paid.window`.
    pub to: Option<String>,
    /// Why it was guessed or not understood.
    pub why: Option<Say>,
}

/// One value of the spec, and where it came from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Leaf {
        value: Value,
        origin: String,
        guess: Option<Say>,
    },
    Map(Vec<(String, Part)>),
    List(Vec<Part>),
}

/// The spec so far.
#[derive(Debug, Default)]
pub struct Draft {
    file: String,
    root: Vec<(String, Part)>,
    report: Vec<Entry>,
    names: BTreeSet<String>,
}

/// What a large repository of manifests says; beyond this a report is read by nobody.
const ENTRIES_MAX: usize = 50_000;

impl Draft {
    /// Everything that follows is from this file.
    pub(crate) fn open(&mut self, file: &str) {
        self.file = file.to_owned();
    }

    /// Says `value` at `path`, as line `line` does.
    pub(crate) fn set(&mut self, path: &[&str], value: impl Into<Value>, line: usize) {
        self.put(path, value.into(), line, None, false);
    }

    /// The same, where it may mean something else.
    pub(crate) fn guess(&mut self, path: &[&str], value: impl Into<Value>, line: usize, why: Say) {
        self.put(path, value.into(), line, Some(why), false);
    }

    /// Adds `value` to the list at `path`.
    pub(crate) fn push(&mut self, path: &[&str], value: impl Into<Value>, line: usize) {
        self.put(path, value.into(), line, None, true);
    }

    /// The same, where it may not belong there.
    pub(crate) fn push_guess(
        &mut self,
        path: &[&str],
        value: impl Into<Value>,
        line: usize,
        why: Say,
    ) {
        self.put(path, value.into(), line, Some(why), true);
    }

    /// Another figure for what the spec says already at `path`: both are kept until somebody decides.
    pub(crate) fn contest(&mut self, path: &[&str], also: &str, line: usize) {
        let (of, also) = (path.join("."), also.to_owned());
        self.push(
            &["unsettled"],
            serde_json::json!({ "of": of, "also": also }),
            line,
        );
    }

    /// Something that the spec will not say.
    pub(crate) fn lost(&mut self, line: usize, what: &str, why: Say) {
        self.tell(line, what, Standing::Lost, None, Some(why));
    }

    /// Something that is right as it is, although the spec has no words for it.
    pub(crate) fn noted(&mut self, line: usize, what: &str, why: Say) {
        self.tell(line, what, Standing::Mapped, None, Some(why));
    }

    /// The lines of the open file of which something was told.
    pub(crate) fn lines_told(&self) -> BTreeSet<usize> {
        let of_file = self.report.iter().filter(|entry| entry.file == self.file);
        of_file.map(|entry| entry.line).collect()
    }

    #[must_use]
    pub(crate) fn has(&self, path: &[&str]) -> bool {
        let mut here = &self.root;
        for (depth, name) in path.iter().enumerate() {
            match here.iter().find(|(known, _)| known == name) {
                Some((_, Part::Map(below))) => here = below,
                Some(_) => return depth + 1 == path.len(),
                None => return false,
            }
        }
        true
    }

    /// What the spec says at `path` so far.
    #[must_use]
    pub(crate) fn says(&self, path: &[&str]) -> Option<&Value> {
        let (last, above) = path.split_last()?;
        match self.below(above).iter().find(|(name, _)| name == last)? {
            (_, Part::Leaf { value, .. }) => Some(value),
            _ => None,
        }
    }

    fn below(&self, path: &[&str]) -> &[(String, Part)] {
        let mut here = self.root.as_slice();
        for name in path {
            match here.iter().find(|(known, _)| known == name) {
                Some((_, Part::Map(below))) => here = below,
                _ => return &[],
            }
        }
        here
    }

    /// Puts what is said of one thing to another; what that says itself stays.
    pub(crate) fn shift(&mut self, from: (&[&str], &str), to: (&[&str], &str)) {
        let Some(all) = self.map_at(from.0) else {
            return;
        };
        let Some(at) = all.iter().position(|(known, _)| known == from.1) else {
            return;
        };
        let (_, part) = all.remove(at);
        if let Some(all) = self.map_at(to.0) {
            let known = all.iter_mut().find(|(known, _)| known == to.1);
            match (known, part) {
                (Some((_, Part::Map(here))), Part::Map(more)) => {
                    for (field, part) in more {
                        if !here.iter().any(|(known, _)| *known == field) {
                            here.push((field, part));
                        }
                    }
                }
                (Some(_), _) => {}
                (None, part) => all.push((to.1.to_owned(), part)),
            }
        }
        let path = |(path, name): (&[&str], &str)| format!("{}.{name}", path.join("."));
        let (old, new) = (path(from), path(to));
        for said in self.report.iter_mut().filter_map(|entry| entry.to.as_mut()) {
            let rest = said
                .strip_prefix(&old)
                .filter(|it| it.is_empty() || it.starts_with('.'));
            if let Some(rest) = rest {
                *said = format!("{new}{rest}");
            }
        }
    }

    /// The line of the open file that says what stands at a path; 0 where none does.
    pub(crate) fn line_of(&self, path: &[&str]) -> usize {
        let path = path.join(".");
        let mut entries = self.report.iter();
        entries
            .find(|entry| entry.to.as_ref() == Some(&path))
            .map_or(0, |entry| entry.line)
    }

    /// Names something of which nothing else is said.
    pub(crate) fn name(&mut self, path: &[&str], name: &str) {
        let path: Vec<&str> = path.iter().copied().chain([name]).collect();
        self.map_at(&path);
    }

    /// Takes back what was said at a path and below it; the report says why.
    pub(crate) fn withdraw(&mut self, path: &[&str], why: &Say) {
        self.take_back(path, why, None);
    }

    fn take_back(&mut self, path: &[&str], why: &Say, standing: Option<Standing>) {
        let Some((field, above)) = path.split_last() else {
            return;
        };
        if let Some(all) = self.map_at(above) {
            all.retain(|(known, _)| known != field);
        }
        let path = path.join(".");
        for entry in &mut self.report {
            let to = entry.to.as_deref().and_then(|to| to.strip_prefix(&path));
            if to.is_some_and(|below| below.is_empty() || below.starts_with('.')) {
                entry.to = None;
                entry.standing = standing.unwrap_or(entry.standing);
                entry.why = Some(why.clone());
            }
        }
    }

    /// The map at a path, which is made where nothing stands there.
    fn map_at(&mut self, path: &[&str]) -> Option<&mut Vec<(String, Part)>> {
        let mut here = &mut self.root;
        for name in path {
            let at = here.iter().position(|(known, _)| known == name);
            let at = at.unwrap_or_else(|| {
                here.push(((*name).to_owned(), Part::Map(Vec::new())));
                here.len() - 1
            });
            match &mut here[at].1 {
                Part::Map(below) => here = below,
                _ => return None,
            }
        }
        Some(here)
    }

    /// The first thing below `path` whose product is this one.
    #[must_use]
    pub(crate) fn first_in(&self, path: &[&str], product: &str) -> Option<String> {
        let is_one = |part: &Part| match part {
            Part::Map(fields) => fields.iter().any(|(name, part)| {
                name == "product" && matches!(part, Part::Leaf { value, .. } if value == product)
            }),
            _ => false,
        };
        let found = self.below(path).iter().find(|(_, part)| is_one(part));
        found.map(|(name, _)| name.clone())
    }

    /// The names of what stands below `path`.
    #[must_use]
    pub(crate) fn names(&self, path: &[&str]) -> Vec<String> {
        self.below(path)
            .iter()
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// The name of the only thing below `path`.
    #[must_use]
    pub(crate) fn only_in(&self, path: &[&str]) -> Option<String> {
        match self.below(path) {
            [(name, _)] => Some(name.clone()),
            _ => None,
        }
    }

    /// An id that nothing at `section` has yet, made from what another tool calls it.
    pub(crate) fn id(&mut self, section: &str, name: &str) -> String {
        let base = id(name);
        let mut id = base.clone();
        for n in 2.. {
            if self.names.insert(format!("{section}/{id}")) {
                break;
            }
            id = format!("{base}_{n}");
        }
        id
    }

    fn put(&mut self, path: &[&str], value: Value, line: usize, guess: Option<Say>, is_item: bool) {
        let what = path.join(".");
        let standing = if guess.is_some() {
            Standing::Guessed
        } else {
            Standing::Mapped
        };
        let origin = if line > 0 {
            format!("{}:{line}", self.file)
        } else {
            self.file.clone()
        };
        let shown = shown(&value);
        let leaf = Part::Leaf {
            value,
            origin,
            guess: guess.clone(),
        };
        match place(&mut self.root, path, leaf, is_item) {
            Ok(()) => self.tell(line, &shown, standing, Some(what), guess),
            Err(first) => self.tell(
                line,
                &shown,
                Standing::Lost,
                Some(what),
                Some(say!(
                    "{first} says it already, and differently",
                    "{first} に別の値がすでにあります"
                )),
            ),
        }
    }

    fn tell(
        &mut self,
        line: usize,
        what: &str,
        standing: Standing,
        to: Option<String>,
        why: Option<Say>,
    ) {
        if self.report.len() < ENTRIES_MAX {
            let (file, what) = (self.file.clone(), what.to_owned());
            self.report.push(Entry {
                file,
                line,
                what,
                standing,
                to,
                why,
            });
        }
    }

    /// What every spec must say, and the text of it all.
    pub(crate) fn finish(mut self, about: &About<'_>) -> Imported {
        let mut own = Self::default();
        let missing = || say!("no file says it", "どのファイルにも書かれていません");
        for (field, value) in [
            ("name", about.name),
            ("owner", "nobody-yet"),
            ("time_zone", about.time_zone),
        ] {
            if !self.has(&["service", field]) {
                own.guess(&["service", field], value, 0, missing());
            }
        }
        if self.has(&["promises"]) && !self.has(&["receivers"]) {
            own.guess(&["receivers", "inbox", "kind"], "inbox", 0, missing());
            own.guess(
                &["routes"],
                serde_json::json!([{ "receivers": ["inbox"] }]),
                0,
                missing(),
            );
        }
        for (section, part) in own.root {
            merge(&mut self.root, section, part);
        }
        self.report.append(&mut own.report);
        if !self.has(&["promises"]) {
            self.root
                .push(("promises".to_owned(), Part::Map(Vec::new())));
        }
        if self.report.len() == ENTRIES_MAX {
            let why = say!(
                "the report ends here: it is too long",
                "報告が長すぎるため、ここまでです"
            );
            let (file, what) = (String::new(), String::new());
            self.report.push(Entry {
                file,
                line: 0,
                what,
                standing: Standing::Lost,
                to: None,
                why: Some(why),
            });
        }
        escalated::escalated(&mut self.root, &mut self.report);
        let mut text = written::text(&self.root, about.lang);
        let wrong = unreadable(&text);
        if !wrong.is_empty() {
            for (path, why) in wrong {
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                self.take_back(&path, &why, Some(Standing::Lost));
            }
            text = written::text(&self.root, about.lang);
        }
        self.report
            .sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        Imported {
            text,
            report: self.report,
        }
    }
}

fn merge(root: &mut Vec<(String, Part)>, section: String, part: Part) {
    let known = root.iter_mut().find(|(name, _)| *name == section);
    match (known, part) {
        (Some((_, Part::Map(here))), Part::Map(more)) => {
            let mut all = more;
            all.append(here);
            *here = all;
        }
        (Some(_), _) => {}
        (None, part) => root.push((section, part)),
    }
}

/// `Err` with the origin of what stands there already and differs.
fn place(
    here: &mut Vec<(String, Part)>,
    path: &[&str],
    leaf: Part,
    is_item: bool,
) -> Result<(), String> {
    let Some((name, rest)) = path.split_first() else {
        return Ok(());
    };
    let at = here
        .iter()
        .position(|(known, _)| known == name)
        .unwrap_or_else(|| {
            let empty = match (rest.is_empty(), is_item) {
                (false, _) => Part::Map(Vec::new()),
                (true, true) => Part::List(Vec::new()),
                (true, false) => leaf.clone(),
            };
            here.push(((*name).to_owned(), empty));
            here.len() - 1
        });
    match &mut here[at].1 {
        Part::Map(below) if !rest.is_empty() => place(below, rest, leaf, is_item),
        Part::List(items) if rest.is_empty() && is_item => {
            let same = |item: &Part| matches!((item, &leaf), (Part::Leaf { value: a, .. }, Part::Leaf { value: b, .. }) if a == b);
            if !items.iter().any(same) {
                items.push(leaf);
            }
            Ok(())
        }
        Part::Leaf { value, origin, .. } => match leaf {
            Part::Leaf { value: new, .. } if rest.is_empty() && *value == new => Ok(()),
            _ => Err(origin.clone()),
        },
        Part::Map(_) | Part::List(_) => Err(path.join(".")),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Ids are lower-case letters, digits, `_` and `-`, at most 63 characters.
pub(super) fn id(name: &str) -> String {
    const LENGTH_MAX: usize = 56;
    let mut out = String::new();
    let mut before_is_lower = false;
    for letter in name.chars() {
        if letter.is_ascii_alphanumeric() {
            if letter.is_ascii_uppercase() && before_is_lower {
                out.push('_');
            }
            before_is_lower = letter.is_ascii_lowercase() || letter.is_ascii_digit();
            out.push(letter.to_ascii_lowercase());
        } else {
            before_is_lower = false;
            if !out.is_empty() && !out.ends_with(['_', '-']) {
                out.push(if letter == '-' { '-' } else { '_' });
            }
        }
        if out.len() >= LENGTH_MAX {
            break;
        }
    }
    let out = out.trim_end_matches(['_', '-']).to_owned();
    if out.is_empty() {
        "unnamed".to_owned()
    } else {
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_made_of_what_people_write() {
        for (name, wanted) in [
            ("PaymentSuccess", "payment_success"),
            ("api-gateway (prod)", "api-gateway_prod"),
            ("決済", "unnamed"),
            ("__x__", "x"),
            ("HTTPErrors5xx", "httperrors5xx"),
        ] {
            assert_eq!(id(name), wanted);
        }
        assert!(id(&"x".repeat(200)).len() <= 63);
    }

    #[test]
    fn what_two_files_say_differently_is_told_and_the_first_stays() {
        let mut draft = Draft::default();
        draft.open("a.yaml");
        draft.set(&["service", "name"], "Shop", 1);
        draft.open("b.yaml");
        draft.set(&["service", "name"], "Shop", 7);
        draft.set(&["service", "name"], "Other", 8);
        draft.set(&["service"], "flat", 9);
        let done = draft.finish(&About {
            name: "x",
            time_zone: "UTC",
            lang: promise::Lang::En,
        });
        assert!(
            done.text.contains("name: Shop") && !done.text.contains("Other"),
            "{}",
            done.text
        );
        let standings: Vec<(usize, Standing)> = done
            .report
            .iter()
            .map(|it| (it.line, it.standing))
            .collect();
        use Standing::{Lost, Mapped};
        // What no file says stands before all.
        assert_eq!(
            standings[standings.len() - 4..],
            [(1, Mapped), (7, Mapped), (8, Lost), (9, Lost)]
        );
    }

    #[test]
    fn ids_do_not_meet() {
        let mut draft = Draft::default();
        let ids = [
            draft.id("promises", "A b"),
            draft.id("promises", "a-B"),
            draft.id("promises", "a_b"),
            draft.id("receivers", "a_b"),
        ];
        assert_eq!(ids, ["a_b", "a-b", "a_b_2", "a_b"]);
    }
}
