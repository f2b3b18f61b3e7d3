//! Positions as editors count them: lines from 0, and UTF-16 code units within a line.
//!
//! 決 is one unit and three bytes; 😀 is two units and four bytes.

use promise::document::Span;
use serde_json::{Value, json};
use spec::Text;

/// A byte offset of the long text as a position in its file.
pub(super) fn of(text: &Text, offset: usize) -> Value {
    let offset = text.floor(offset);
    let line = text.line(offset);
    let start = text.range(line).start;
    let before = text.get(&(start..offset)).unwrap_or_default();
    json!({ "line": line, "character": before.encode_utf16().count() })
}

pub(super) fn range(text: &Text, span: &Span) -> Value {
    json!({ "start": of(text, span.start), "end": of(text, span.end) })
}

/// The byte offset, within this text alone, of a position; beyond the end of a line it is that end.
pub(super) fn offset(text: &Text, position: &Value) -> Option<usize> {
    let number = |name| usize::try_from(position.get(name)?.as_u64()?).ok();
    let (line, character) = (number("line")?, number("character")?);
    if line >= text.lines() {
        return Some(text.text.len());
    }
    let range = text.range(line);
    let mut units = 0;
    for (at, letter) in text.get(&range)?.char_indices() {
        if units >= character {
            return Some(range.start + at - text.base);
        }
        units += letter.len_utf16();
    }
    Some(range.end - text.base)
}

#[cfg(test)]
mod tests {
    use spec::Texts;

    use super::*;

    #[test]
    fn units_of_utf16_are_counted() {
        let texts = Texts::one("a", "決😀x\r\ny");
        let Some(text) = texts.at(0) else { return };
        // 決 is 3 bytes and 1 unit, 😀 4 bytes and 2 units: x stands at byte 7, unit 3.
        assert_eq!(of(text, 7), json!({ "line": 0, "character": 3 }));
        assert_eq!(offset(text, &json!({ "line": 0, "character": 3 })), Some(7));
        assert_eq!(
            offset(text, &json!({ "line": 0, "character": 2 })),
            Some(7),
            "within a letter"
        );
        assert_eq!(
            offset(text, &json!({ "line": 0, "character": 99 })),
            Some(8),
            "the end of its line"
        );
        assert_eq!(
            offset(text, &json!({ "line": 1, "character": 1 })),
            Some(11)
        );
        assert_eq!(
            offset(text, &json!({ "line": 9, "character": 0 })),
            Some(11)
        );
        assert_eq!(offset(text, &json!({ "line": -1, "character": 0 })), None);
    }
}
