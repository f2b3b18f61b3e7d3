//! Diagnostics as annotations of GitHub Actions: a line each, shown beside the changed line of a review.
//!
//! Source: GitHub's "Workflow commands", `::error file=…,line=…,col=…,title=…::message`.

use std::fmt::Write as _;

use promise::Lang;

use super::{Diagnostic, Level};
use crate::texts::Texts;

/// One workflow command for each diagnostic.
#[must_use]
pub fn to_github(diagnostics: &[Diagnostic], texts: &Texts, lang: Lang) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        let command = match diagnostic.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Advice => "notice",
        };
        let span = diagnostic.span();
        let (from, to) = (texts.place(span.start), texts.place(span.end));
        let message = diagnostic.text(lang);
        // Writing to a text cannot fail.
        let _ = writeln!(
            out,
            "::{command} file={},line={},col={},endLine={},endColumn={},title={}::{}",
            property(diagnostic.file(texts)),
            from.line,
            from.column,
            to.line,
            to.column,
            property(diagnostic.code),
            data(&message),
        );
    }
    out
}

/// A message: only these letters would end it.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
