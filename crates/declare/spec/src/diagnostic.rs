//! What is wrong in a spec, where, and what to do about it, for people and for programs.

use promise::{
    Say,
    document::{Mistake, Span},
};
use serde_json::{Value, json};

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The spec is not used.
    Error,
    /// The spec is used, but something in it will not do what it says.
    Warning,
    /// It works and could be better.
    Advice,
}

impl Level {
    /// The stable name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Advice => "advice",
        }
    }

    #[must_use]
    pub fn say(self) -> Say {
        match self {
            Self::Error => promise::say!("error", "誤り"),
            Self::Warning => promise::say!("warning", "警告"),
            Self::Advice => promise::say!("advice", "助言"),
        }
    }
}

/// One finding. Its spans are byte offsets into the text that was loaded, on character boundaries.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    pub level: Level,
    /// Stable, kebab-case; a rule's code names its page in the reference.
    pub code: &'static str,
    pub message: Say,
    /// The places it speaks of; the first is where it is. A label may be empty.
    pub labels: Vec<(Span, Say)>,
    pub hint: Option<Say>,
    /// The name under which the text was loaded.
    pub file: String,
    /// Parts of the text that look like secrets: never shown beside this diagnostic.
    pub masked: Vec<Span>,
}

impl Diagnostic {
    /// A second place that the finding speaks of.
    pub fn also(&mut self, span: Span, label: Say) -> &mut Self {
        self.labels.push((span, label));
        self
    }

    pub fn hint(&mut self, hint: Say) -> &mut Self {
        self.hint = Some(hint);
        self
    }

    /// Where it is; the start of the text for one that has no place.
    #[must_use]
    pub fn span(&self) -> Span {
        self.labels.first().map_or(0..0, |(span, _)| span.clone())
    }

    pub(crate) fn of(mistake: Mistake, file: &str) -> Self {
        let mut labels = vec![(mistake.span, Say::same(""))];
        labels.extend(mistake.other);
        Self {
            level: Level::Error,
            code: mistake.code,
            message: mistake.message,
            labels,
            hint: mistake.hint,
            file: file.to_owned(),
            masked: Vec::new(),
        }
    }
}

/// Where lines begin, to turn offsets into lines and columns.
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        let starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self { text, starts }
    }

    /// The line that holds `offset`, counted from 0. `offset` may lie anywhere.
    pub(crate) fn number(&self, offset: usize) -> usize {
        self.starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1)
    }

    /// The bytes of a line without its end.
    pub(crate) fn range(&self, line: usize) -> Span {
        let from = self.starts.get(line).copied().unwrap_or(self.text.len());
        let next = self.starts.get(line + 1).copied();
        let until = next.map_or(self.text.len(), |next| next - 1);
        let trimmed = self
            .text
            .get(from..until)
            .unwrap_or_default()
            .trim_end_matches('\r')
            .len();
        from..from + trimmed
    }

    /// Line and column, both from 1; a column is a character.
    pub(crate) fn place(&self, offset: usize) -> (usize, usize) {
        let offset = floor(self.text, offset);
        let line = self.number(offset);
        let from = self.starts.get(line).copied().unwrap_or(0);
        let column = self
            .text
            .get(from..offset)
            .unwrap_or_default()
            .chars()
            .count();
        (line + 1, column + 1)
    }
}

/// The nearest character boundary at or before `offset`, within the text.
pub(crate) fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// Diagnostics for programs. Version 1; fields are added, never renamed or removed.
#[must_use]
pub fn to_json(diagnostics: &[Diagnostic], text: &str) -> Value {
    let lines = Lines::of(text);
    let say = |say: &Say| json!({ "en": say.en, "ja": say.ja });
    let place = |span: &Span| {
        let (line, column) = lines.place(span.start);
        let (end_line, end_column) = lines.place(span.end);
        json!({
            "line": line, "column": column,
            "end": { "line": end_line, "column": end_column },
            "bytes": { "start": span.start, "end": span.end },
        })
    };
    let one = |diagnostic: &Diagnostic| {
        let mut out = place(&diagnostic.span());
        let labels: Vec<Value> = diagnostic
            .labels
            .iter()
            .map(|(span, label)| {
                let mut out = place(span);
                out["message"] = say(label);
                out
            })
            .collect();
        out["file"] = json!(diagnostic.file);
        out["level"] = json!(diagnostic.level.as_str());
        out["code"] = json!(diagnostic.code);
        out["message"] = say(&diagnostic.message);
        out["hint"] = diagnostic.hint.as_ref().map_or(Value::Null, say);
        out["labels"] = Value::Array(labels);
        out
    };
    json!({ "version": 1, "diagnostics": diagnostics.iter().map(one).collect::<Vec<_>>() })
}
