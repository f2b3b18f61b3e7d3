//! The fixes of findings, applied to the text they were found in.
//!
//! An edit replaces bytes and nothing else, so comments and layout stay. After each round the text is read again:
//! a round that leaves more errors than there were is taken back, and its fixes are tried one by one.

use std::collections::BTreeMap;

use promise::document::{Edit, Fix, Safety};

use crate::{
    diagnostic::{Diagnostic, Level},
    load::{Loaded, World, load},
    texts::Texts,
};

/// One fix can lay open what another mends; nobody writes mistakes deeper than this within each other.
const ROUNDS_MAX: usize = 8;
/// Fixes of a round that is tried one by one: each costs a whole reading.
const ALONE_MAX: usize = 64;

/// What became of a text and the files that it includes.
#[derive(Debug, Clone, PartialEq)]
pub struct Mended {
    /// The files that changed, by name.
    pub files: BTreeMap<String, String>,
    /// The fixes that were applied, in order.
    pub applied: Vec<Fix>,
    /// What is left.
    pub loaded: Loaded,
}

/// Applies the fixes of `text` that are safe, or all of them, until none is left.
#[must_use]
pub fn mend(text: &str, file: &str, world: &World<'_>, with_unsafe: bool) -> Mended {
    let mut mended = Mended {
        files: BTreeMap::new(),
        applied: Vec::new(),
        loaded: load(text, file, world),
    };
    for _ in 0..ROUNDS_MAX {
        let fixes = chosen(&mended.loaded.diagnostics, with_unsafe);
        if fixes.is_empty() {
            break;
        }
        let before = mended.applied.len();
        if !mended.take(&fixes, text, file, world) {
            for fix in fixes.iter().take(ALONE_MAX) {
                // Those that went before may have moved its place.
                let now = chosen(&mended.loaded.diagnostics, with_unsafe);
                if let Some(same) = now.into_iter().find(|it| it.title == fix.title) {
                    mended.take(&[same], text, file, world);
                }
            }
        }
        if mended.applied.len() == before {
            break;
        }
    }
    mended
}

impl Mended {
    /// Applies them where that makes nothing worse; says whether it did.
    fn take(&mut self, fixes: &[Fix], text: &str, file: &str, world: &World<'_>) -> bool {
        let mut files = self.files.clone();
        files.extend(edited(&self.loaded.texts, fixes));
        let include = |from: &str, pattern: &str| {
            let all = (world.include)(from, pattern).into_iter();
            let newest =
                |(name, text): (String, Result<String, promise::Say>)| match files.get(&name) {
                    Some(changed) => (name, Ok(changed.clone())),
                    None => (name, text),
                };
            all.map(newest).collect()
        };
        let root = files.get(file).map_or(text, String::as_str);
        let loaded = load(
            root,
            file,
            &World {
                include: &include,
                ..*world
            },
        );
        if errors(&loaded) > errors(&self.loaded) || loaded.root.is_none() {
            return false;
        }
        self.loaded = loaded;
        self.files = files;
        self.applied.extend_from_slice(fixes);
        true
    }
}

fn errors(loaded: &Loaded) -> usize {
    loaded
        .diagnostics
        .iter()
        .filter(|it| it.level == Level::Error)
        .count()
}

/// The first fix of each finding, where it may be made and touches nothing that another one touches.
fn chosen(diagnostics: &[Diagnostic], with_unsafe: bool) -> Vec<Fix> {
    let may = |fix: &&Fix| (with_unsafe || fix.safety == Safety::Safe) && !fix.edits.is_empty();
    let mut taken: Vec<Fix> = Vec::new();
    for fix in diagnostics
        .iter()
        .filter_map(|it| it.fixes.first())
        .filter(may)
    {
        let meets = |edit: &Edit| {
            taken
                .iter()
                .flat_map(|fix| &fix.edits)
                .any(|other| touch(edit, other))
        };
        if !fix.edits.iter().any(meets) {
            taken.push(fix.clone());
        }
    }
    taken
}

/// Two insertions at one place touch, too: their order would be chance.
fn touch(a: &Edit, b: &Edit) -> bool {
    a.span.start == b.span.start || (a.span.start < b.span.end && b.span.start < a.span.end)
}

/// The texts that `fixes` change, as they then are. An edit outside of a text, or across two, is left out.
#[must_use]
pub fn edited(texts: &Texts, fixes: &[Fix]) -> BTreeMap<String, String> {
    let mut edits: Vec<&Edit> = fixes.iter().flat_map(|fix| &fix.edits).collect();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut out = BTreeMap::new();
    // From the end, so that places before an edit stay where they are.
    for edit in edits.into_iter().rev() {
        let Some(text) = texts.at(edit.span.start) else {
            continue;
        };
        if text.get(&edit.span).is_none() {
            continue;
        }
        let changed = out
            .entry(text.name.clone())
            .or_insert_with(|| text.text.clone());
        changed.replace_range(
            edit.span.start - text.base..edit.span.end - text.base,
            &edit.text,
        );
    }
    out
}
