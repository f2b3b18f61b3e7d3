//! Texts of one column: as they came, and in the forms in which they take little room.
//!
//! What has a form (integers, hex, UUIDs, addresses, times) is kept as the numbers that it is, few different
//! texts as a dictionary, and messages as templates with the columns of what varies in them. Every form
//! gives back the very same bytes; what does not fit one exactly is kept as it is.

pub(super) mod encode;
pub(super) mod form;
pub(super) mod read;
pub(super) mod template;

use std::sync::Arc;

use self::{form::Form, template::Templates};

/// The texts of a column, in order.
#[derive(Debug, Clone)]
pub(in super::super) enum Texts {
    Plain(Plain),
    /// All are the same.
    Same {
        text: Arc<str>,
        count: usize,
    },
    Dictionary {
        entries: Plain,
        codes: Vec<u32>,
    },
    /// Each is a number, written in this form.
    Formed {
        form: Form,
        numbers: Vec<i64>,
    },
    /// Hex digits, so many each; with the hyphens of a UUID where they are UUIDs.
    Hex {
        digits: usize,
        is_uuid: bool,
        packed: Vec<u8>,
    },
    /// All begin and end alike.
    Affixed {
        prefix: Arc<str>,
        suffix: Arc<str>,
        inner: Box<Texts>,
    },
    Templates(Box<Templates>),
}

/// Texts one after another.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Plain {
    pub bytes: String,
    pub ends: Vec<u32>,
}

impl Plain {
    pub fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.end();
    }

    /// Ends a text that was put to the end of `bytes`.
    pub fn end(&mut self) {
        // A table is closed at a few megabytes.
        self.ends
            .push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn get(&self, i: usize) -> Option<&str> {
        let end = *self.ends.get(i)? as usize;
        let start = match i.checked_sub(1) {
            Some(before) => *self.ends.get(before)? as usize,
            None => 0,
        };
        self.bytes.get(start..end)
    }

    /// Whether a word, folded, may be in one of the texts: looked for in all of them at once.
    pub fn may_hold(&self, word: &str) -> bool {
        // What is not ASCII may be folded to what is.
        !self.bytes.is_ascii() || word.is_ascii() && holds(self.bytes.as_bytes(), word.as_bytes())
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|i| self.get(i).unwrap_or_default())
    }
}

impl Default for Texts {
    fn default() -> Self {
        Self::Plain(Plain::default())
    }
}

/// Letters by how seldom they stand in logs; digits, and those of hex numbers, are everywhere.
const SELDOM: &[u8] = b"zqjxkvwyghpulmbsnirto_cfdae9876543210";

/// Whether a word in lower case is in an ASCII text, in whatever case.
fn holds(text: &[u8], word: &[u8]) -> bool {
    let rank = |byte: u8| SELDOM.iter().position(|seldom| *seldom == byte);
    let bytes = word.iter().enumerate();
    let Some((at, byte)) = bytes.min_by_key(|(_, byte)| rank(**byte).unwrap_or(SELDOM.len()))
    else {
        return true;
    };
    let mut found = memchr::memchr2_iter(*byte, byte.to_ascii_uppercase(), text);
    found.any(|place| {
        let here = place
            .checked_sub(at)
            .and_then(|start| text.get(start..)?.get(..word.len()));
        here.is_some_and(|here| here.eq_ignore_ascii_case(word))
    })
}

/// The hyphens of a UUID stand before these digits.
const HYPHENS: [usize; 4] = [8, 12, 16, 20];
pub(super) const UUID_DIGITS: usize = 32;

impl Texts {
    /// Adds to texts that are kept as they came.
    pub fn push(&mut self, text: &str) {
        if let Self::Plain(plain) = self {
            plain.push(text);
        }
    }

    pub fn owned(&self, i: usize) -> Option<String> {
        let mut out = String::new();
        self.put(i, &mut out)?;
        Some(out)
    }

    /// A text that stands as such in memory.
    pub fn borrowed(&self, i: usize) -> Option<&str> {
        match self {
            Self::Plain(plain) => plain.get(i),
            Self::Same { text, count } => (i < *count).then_some(text),
            Self::Dictionary { entries, codes } => entries.get(*codes.get(i)? as usize),
            _ => None,
        }
    }

    /// Adds a text to `out`; `None` where there is none, which is damage.
    pub fn put(&self, i: usize, out: &mut String) -> Option<()> {
        match self {
            Self::Plain(_) | Self::Same { .. } | Self::Dictionary { .. } => {
                out.push_str(self.borrowed(i)?)
            }
            Self::Formed { form, numbers } => form.put(*numbers.get(i)?, out),
            Self::Hex {
                digits,
                is_uuid,
                packed,
            } => put_hex(packed, *digits, *is_uuid, i, out)?,
            Self::Affixed {
                prefix,
                suffix,
                inner,
            } => {
                out.push_str(prefix);
                inner.put(i, out)?;
                out.push_str(suffix);
            }
            Self::Templates(templates) => templates.put(i, out)?,
        }
        Some(())
    }

    /// Which of the first `count` texts pass.
    pub fn filter(&self, count: usize, test: &mut dyn FnMut(&str) -> bool) -> Option<Vec<bool>> {
        match self {
            Self::Same { text, .. } => Some(vec![test(text); count]),
            Self::Dictionary { entries, codes } => {
                let passing: Vec<bool> = entries.iter().map(&mut *test).collect();
                let codes = codes.get(..count)?.iter();
                codes
                    .map(|code| passing.get(*code as usize).copied())
                    .collect()
            }
            Self::Plain(plain) => Some(plain.iter().take(count).map(test).collect()),
            _ => {
                let (mut text, mut out) = (String::new(), Vec::with_capacity(count));
                for i in 0..count {
                    text.clear();
                    self.put(i, &mut text)?;
                    out.push(test(&text));
                }
                Some(out)
            }
        }
    }
}

/// Digits of each text fill whole bytes.
pub(super) fn hex_stride(digits: usize) -> usize {
    digits.div_ceil(2)
}

fn put_hex(packed: &[u8], digits: usize, is_uuid: bool, i: usize, out: &mut String) -> Option<()> {
    let stride = hex_stride(digits);
    let bytes = packed.get(i.checked_mul(stride)?..)?.get(..stride)?;
    for at in 0..digits {
        if is_uuid && HYPHENS.contains(&at) {
            out.push('-');
        }
        let byte = bytes[at / 2];
        let digit = if at % 2 == 0 { byte >> 4 } else { byte & 15 };
        out.push(char::from_digit(u32::from(digit), 16)?);
    }
    Some(())
}

/// The packed digits of a text, where it is hex of so many digits in the form.
pub(super) fn pack_hex(text: &str, digits: usize, is_uuid: bool, out: &mut Vec<u8>) -> Option<()> {
    let hyphens = if is_uuid { HYPHENS.len() } else { 0 };
    if text.len() != digits + hyphens {
        return None;
    }
    let (mut at, mut high) = (0, 0);
    for byte in text.bytes() {
        if is_uuid && byte == b'-' {
            // One that stands elsewhere would push a digit to where a hyphen is to be, and be noticed there.
            continue;
        }
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        if at % 2 == 0 {
            high = digit << 4;
        } else {
            out.push(high | digit);
        }
        at += 1;
    }
    if at % 2 == 1 {
        out.push(high);
    }
    let is_right = !is_uuid
        || text
            .bytes()
            .enumerate()
            .all(|(i, byte)| (byte == b'-') == matches!(i, 8 | 13 | 18 | 23));
    (at == digits && is_right).then_some(())
}
