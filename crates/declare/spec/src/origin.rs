//! Where a line of a spec came from: what `tegata import` left in the comment at its end.
//!
//! Whoever imported a design knows the design and not the spec that was made from it, so a finding shows the line of
//! the design too, and says what of it was guessed.

use std::{collections::BTreeSet, ops::Range};

use promise::{Lang, Say, document::Span, say};
use serde_json::{Value, json};

use crate::{
    diagnostic::Diagnostic,
    import::said,
    mask,
    texts::{Text, Texts},
};

/// What stands before the comment: a value may hold a `#`, and hardly one with two spaces before it.
const BEFORE: &str = "  # ";

/// Documents that are read for one list of findings.
const DOCUMENTS_MAX: usize = 64;

/// The place that a line was imported from, and why what it says is only a guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin<'t> {
    /// As it was named when it was imported; empty where no file says it.
    pub file: &'t str,
    /// Counted from 1; `None` where the document as a whole says it.
    pub line: Option<usize>,
    pub guess: Option<&'t str>,
    /// The bytes of the comment in its line, with the spaces before it.
    comment: Range<usize>,
}

/// How a guess is told, in both languages.
pub(crate) fn guessed(origin: &str, why: &str) -> Say {
    say!("{origin} guess: {why}", "{origin} 推測: {why}")
}

impl<'t> Origin<'t> {
    /// Of one line of a spec; `None` for one that was written by hand.
    fn of(line: &'t str) -> Option<Self> {
        let at = line.rfind(BEFORE)?;
        let comment = &line[at + BEFORE.len()..];
        let marks = Lang::ALL.map(|lang| guessed("", "").get(lang).trim_start().to_owned());
        let (place, guess) = marks
            .iter()
            .find_map(|mark| {
                let (place, why) = comment.split_once(mark.as_str())?;
                (place.is_empty() || place.ends_with(' '))
                    .then(|| (place.trim_end(), Some(why.trim())))
            })
            .unwrap_or((comment.trim_end(), None));
        let (file, number) = match place.rsplit_once(':') {
            Some((file, digits)) if !file.is_empty() => match digits.parse().ok() {
                Some(number) => (file, Some(number)),
                None => (place, None),
            },
            _ => (place, None),
        };
        // Any other comment is the author's own.
        (number.is_some() || guess.is_some()).then(|| Self {
            file,
            line: number,
            guess,
            comment: line[..at].trim_end().len()..line.len(),
        })
    }

    /// Of the line of `text` that holds `offset`.
    #[must_use]
    pub fn at(text: &'t Text, offset: usize) -> Option<Self> {
        Self::of(text.get(&text.range(text.line(text.floor(offset))))?)
    }

    /// `design.md:503`; empty where no file says it.
    #[must_use]
    pub fn place(&self) -> String {
        match self.line {
            Some(line) => format!("{}:{line}", self.file),
            None => self.file.to_owned(),
        }
    }

    /// Where the comment begins in its line.
    pub(crate) fn comment(&self) -> usize {
        self.comment.start
    }

    /// The line of the document, and what of it says `value`, if that can be told. `None` where the document has no such
    /// line any more, or where it may hold a secret.
    pub(crate) fn words(&self, document: &Text, value: &str) -> Option<(Span, Option<Span>)> {
        let line = self.line?.checked_sub(1);
        let line = document.range(line.filter(|line| *line < document.lines())?);
        let text = document.get(&line).filter(|text| !mask::may_tell(text))?;
        let said = said(text, value);
        let said = said.map(|said| line.start + said.start..line.start + said.end);
        Some((line, said))
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "file": self.file, "line": self.line, "guess": self.guess })
    }
}

/// The documents that these findings came from, each as far as `read` finds it by its name.
///
/// One beside a finding that covers a secret is left out: it says the secret too.
#[must_use]
pub fn documents(
    diagnostics: &[Diagnostic],
    texts: &Texts,
    read: &dyn Fn(&str) -> Option<String>,
) -> Texts {
    let shown = diagnostics.iter().filter(|it| it.masked.is_empty());
    let lines = shown.flat_map(|it| it.labels.iter().map(|(span, _)| span.start));
    let names: BTreeSet<&str> = lines
        .filter_map(|at| Origin::at(texts.at(at)?, at))
        .filter(|origin| origin.line.is_some())
        .map(|origin| origin.file)
        .collect();
    let mut out = Texts::default();
    for name in names.into_iter().take(DOCUMENTS_MAX) {
        if let Some(text) = read(name) {
            out.add(name, text);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Option<(&str, Option<usize>, Option<&str>, &str)> {
        let origin = Origin::of(line)?;
        Some((
            origin.file,
            origin.line,
            origin.guess,
            &line[..origin.comment.start],
        ))
    }

    #[test]
    fn a_place_and_a_guess_are_read_back() {
        assert_eq!(
            of("  rto: 5m       # docs/my design.md:12"),
            Some(("docs/my design.md", Some(12), None, "  rto: 5m"))
        );
        assert_eq!(
            of("  cpu: 70 %  # a.md:3 guess: by its name"),
            Some(("a.md", Some(3), Some("by its name"), "  cpu: 70 %"))
        );
        assert_eq!(
            of("  cpu: 70 %  # 設計.md:3 推測: 名前から"),
            Some(("設計.md", Some(3), Some("名前から"), "  cpu: 70 %"))
        );
        assert_eq!(
            of("  kind: inbox  # guess: no file says it"),
            Some(("", None, Some("no file says it"), "  kind: inbox"))
        );
    }

    #[test]
    fn what_a_person_wrote_is_left_alone() {
        assert_eq!(of("  rto: 5m"), None);
        assert_eq!(of("  rto: 5m  # what the board agreed to"), None);
        assert_eq!(of("  name: \"a # b:12\""), None);
        assert_eq!(of("# Made by `tegata import`"), None);
    }
}
