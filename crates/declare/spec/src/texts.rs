//! The texts that make a spec, as if they stood one behind the other.
//!
//! A span is a range of bytes in that one long text, so it alone says in which file it lies, and nothing that
//! carries a span needs to carry a name beside it. Between two texts one byte is left free: the end of the one
//! is never the start of the next.

use std::path::PathBuf;

use promise::document::Span;

/// Every text that was read, in the order of reading; the first is the spec itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts(Vec<Text>);

/// One text and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub name: String,
    pub text: String,
    /// Where it begins in the long text.
    pub base: usize,
    /// Where its lines begin, within it.
    starts: Vec<usize>,
}

/// A place as people count: line and column from 1, a column is a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

impl Texts {
    #[must_use]
    pub fn one(name: impl Into<String>, text: impl Into<String>) -> Self {
        let mut texts = Self::default();
        texts.add(name, text);
        texts
    }

    /// Adds a text behind the others, and says where it begins.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> usize {
        let base = self
            .0
            .last()
            .map_or(0, |last| last.base + last.text.len() + 1);
        self.0.push(Text::new(name.into(), text.into(), base));
        base
    }

    /// The text that holds `offset`; `None` only where there is no text at all.
    #[must_use]
    pub fn at(&self, offset: usize) -> Option<&Text> {
        let after = self.0.partition_point(|text| text.base <= offset);
        self.0.get(after.saturating_sub(1))
    }

    #[must_use]
    pub fn get(&self, span: &Span) -> Option<&str> {
        let text = self.at(span.start)?;
        text.text
            .get(span.start - text.base..span.end.checked_sub(text.base)?)
    }

    /// The name of the file that holds `offset`.
    #[must_use]
    pub fn name(&self, offset: usize) -> &str {
        self.at(offset).map_or("", |text| &text.name)
    }

    #[must_use]
    pub fn place(&self, offset: usize) -> Place {
        self.at(offset)
            .map_or(Place { line: 1, column: 1 }, |text| text.place(offset))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Text> {
        self.0.iter()
    }

    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Text> {
        self.0.iter().find(|text| text.name == name)
    }

    #[must_use]
    pub fn is_known(&self, name: &str) -> bool {
        self.named(name).is_some()
    }

    /// The bytes of all texts together.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(|text| text.text.len()).sum()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The files, to be watched for changes.
    #[must_use]
    pub fn paths(&self) -> Vec<PathBuf> {
        self.0
            .iter()
            .map(|text| PathBuf::from(&text.name))
            .collect()
    }
}

/// Offsets that it is given and gives are those of the long text; they may lie anywhere.
impl Text {
    fn new(name: String, text: String, base: usize) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(ends).collect();
        Self {
            name,
            text,
            base,
            starts,
        }
    }

    /// The line that holds `offset`, counted from 0.
    #[must_use]
    pub fn line(&self, offset: usize) -> usize {
        let local = offset.saturating_sub(self.base);
        self.starts
            .partition_point(|start| *start <= local)
            .saturating_sub(1)
    }

    #[must_use]
    pub fn lines(&self) -> usize {
        self.starts.len()
    }

    /// The bytes of a line without its end.
    #[must_use]
    pub fn range(&self, line: usize) -> Span {
        let from = self.starts.get(line).copied().unwrap_or(self.text.len());
        let next = self.starts.get(line + 1).copied();
        let until = next.map_or(self.text.len(), |next| next - 1);
        let trimmed = self
            .text
            .get(from..until)
            .unwrap_or_default()
            .trim_end_matches('\r')
            .len();
        self.base + from..self.base + from + trimmed
    }

    #[must_use]
    pub fn get(&self, span: &Span) -> Option<&str> {
        self.text
            .get(span.start.checked_sub(self.base)?..span.end.checked_sub(self.base)?)
    }

    #[must_use]
    pub fn place(&self, offset: usize) -> Place {
        let offset = self.floor(offset);
        let line = self.line(offset);
        let before = self
            .get(&(self.range(line).start..offset))
            .unwrap_or_default();
        Place {
            line: line + 1,
            column: before.chars().count() + 1,
        }
    }

    /// The nearest character boundary at or before `offset`, within the text.
    #[must_use]
    pub fn floor(&self, offset: usize) -> usize {
        let mut local = offset.saturating_sub(self.base).min(self.text.len());
        while !self.text.is_char_boundary(local) {
            local -= 1;
        }
        self.base + local
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_says_in_which_file_it_lies() {
        let mut texts = Texts::one("a", "ab\n決x");
        // Two letters, a line break, three bytes of 決 and an x are 7 bytes; one stays free.
        assert_eq!(texts.add("b", "y"), 8);
        assert_eq!(
            (texts.name(7), texts.name(8), texts.name(99)),
            ("a", "b", "b")
        );
        assert_eq!(texts.place(6), Place { line: 2, column: 2 });
        assert_eq!(
            texts.place(5),
            Place { line: 2, column: 1 },
            "within a letter"
        );
        assert_eq!(texts.place(8), Place { line: 1, column: 1 });
        assert_eq!(texts.get(&(3..6)), Some("決"));
        assert_eq!(texts.get(&(6..9)), None, "a span lies in one file");
    }
}
