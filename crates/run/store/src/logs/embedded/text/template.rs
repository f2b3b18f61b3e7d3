//! Messages as templates and what varies in them.
//!
//! `Payment 8213 of 1200 JPY failed` is a template with two slots: words with a digit vary, all else stays. What
//! stands in a slot is a column of its own, and often it is what another field of the row says; then only
//! that field's name is kept.
//!
//! A template is only made where words cannot reach over a slot's edge: what stands beside a slot is ASCII
//! that is in no word, or a letter that is always a word by itself.

use std::sync::Arc;

use super::{super::table::Column, Texts};

/// What is between slots; one more than there are slots.
#[derive(Debug, Clone)]
pub(in super::super) struct Template {
    pub literals: Vec<String>,
    pub slots: Vec<Slot>,
}

#[derive(Debug, Clone)]
pub(in super::super) enum Slot {
    Texts(Texts),
    /// What another column has in the same row, where it is known to be nothing that is asked for.
    Elsewhere,
    /// The value of another column in the same row.
    Reference {
        values: Arc<Column>,
        places: Vec<u32>,
    },
}

#[derive(Debug, Clone)]
pub(in super::super) struct Templates {
    pub templates: Vec<Template>,
    /// Texts that follow no template; their code is the number of templates.
    pub rest: Texts,
    pub codes: Vec<u32>,
    /// Where a text stands among those of its template.
    pub places: Vec<u32>,
}

impl Templates {
    pub fn new(templates: Vec<Template>, rest: Texts, codes: Vec<u32>) -> Self {
        let mut counts = vec![0u32; templates.len() + 1];
        let places = codes.iter().map(|code| {
            let count = counts.get_mut(*code as usize);
            count.map_or(0, |count| {
                *count += 1;
                *count - 1
            })
        });
        Self {
            places: places.collect(),
            templates,
            rest,
            codes,
        }
    }

    pub fn put(&self, i: usize, out: &mut String) -> Option<()> {
        let code = *self.codes.get(i)? as usize;
        let place = *self.places.get(i)? as usize;
        let Some(template) = self.templates.get(code) else {
            return self.rest.put(place, out);
        };
        let mut literals = template.literals.iter();
        out.push_str(literals.next()?);
        for slot in &template.slots {
            slot.put(place, out)?;
            out.push_str(literals.next()?);
        }
        Some(())
    }
}

impl Slot {
    fn put(&self, i: usize, out: &mut String) -> Option<()> {
        match self {
            Self::Texts(texts) => texts.put(i, out),
            Self::Elsewhere => None,
            Self::Reference { values, places, .. } => {
                let place = *places.get(i)? as usize;
                match &**values {
                    Column::Texts(texts) => texts.put(place, out),
                    Column::Integers(all) => {
                        out.push_str(&all.get(place)?.to_string());
                        Some(())
                    }
                    _ => None,
                }
            }
        }
    }
}

/// Where the slots of a text are, as ranges of bytes; `None` where it cannot follow a template.
pub(super) fn slots(text: &str, out: &mut Vec<(usize, usize)>) -> Option<()> {
    out.clear();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !joins(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        let mut has_digit = false;
        while at < bytes.len() && joins(bytes[at]) {
            has_digit |= bytes[at].is_ascii_digit();
            at += 1;
        }
        if !has_digit {
            continue;
        }
        // The full stop of a sentence belongs to what stays.
        let mut end = at;
        while matches!(bytes[end - 1], b'.' | b'-') {
            end -= 1;
        }
        let is_apart = |c: Option<char>| c.is_none_or(|c| c.is_ascii() || is_word_alone(c));
        if !is_apart(text[..start].chars().next_back()) || !is_apart(text[end..].chars().next()) {
            return None;
        }
        out.push((start, end));
    }
    // A text of many slots is no message but data, which is better kept as it is.
    (out.len() <= SLOTS_MAX).then_some(())
}

const SLOTS_MAX: usize = 24;

fn joins(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// Letters that are never part of a longer word, and marks; none of them changes beside a digit.
fn is_word_alone(c: char) -> bool {
    matches!(c, '\u{3001}'..='\u{300f}' | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fc}' | '\u{4e00}'..='\u{9fff}')
}
