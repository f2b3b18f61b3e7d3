//! From bytes to texts. No count or place that was read is believed before it is checked.

use std::sync::Arc;

use super::{
    super::{
        bytes::read_bytes,
        numbers::{self, Clock},
        table::{Column, Presence, Table},
    },
    Plain, Texts, UUID_DIGITS, encode,
    form::Form,
    hex_stride,
    template::{Slot, Template, Templates},
};
use crate::wire::Reader;

/// Texts of one column in one block: what a block may hold at most is far below.
const BYTES_MAX: usize = 1 << 28;
/// Dictionaries and affixes within each other; writing makes two.
const DEPTH_MAX: usize = 6;

/// What texts are read beside.
pub(in super::super) struct Decoder<'t> {
    pub table: &'t Table,
    pub rows: &'t Presence,
    pub at: &'t dyn Fn() -> Option<&'t [i64]>,
    /// Columns that are referred to are read too.
    pub refers: bool,
}

impl Decoder<'_> {
    /// Reads the texts of a column, of which there are `count`.
    pub fn column(&self, reader: &mut Reader<'_>, count: usize) -> Option<Texts> {
        self.texts(reader, count, 0)
    }

    fn texts(&self, reader: &mut Reader<'_>, count: usize, depth: usize) -> Option<Texts> {
        (depth < DEPTH_MAX).then_some(())?;
        Some(match reader.byte()? {
            encode::PLAIN => Texts::Plain(plain(reader, count)?),
            encode::SAME => Texts::Same {
                text: reader.text()?.into(),
                count,
            },
            encode::DICTIONARY => {
                let len = reader.len().filter(|len| *len <= count)?;
                let entries = self.texts(reader, len, depth + 1)?;
                Texts::Dictionary {
                    entries: as_plain(entries, len)?,
                    codes: codes(reader, count, len)?,
                }
            }
            encode::FORMED => {
                let form = Form::from_code(reader.array()?)?;
                let a_second = match (reader.byte()?, form) {
                    (0, _) => None,
                    (1, Form::Time { digits, .. }) => Some(10i64.pow(u32::from(digits))),
                    _ => return None,
                };
                let clock = || {
                    Some(Clock {
                        at: (self.at)()?,
                        a_second: a_second?,
                    })
                };
                Texts::Formed {
                    form,
                    numbers: numbers::read(reader, count, Some(&clock))?,
                }
            }
            tag @ (encode::HEX | encode::UUID) => {
                let is_uuid = tag == encode::UUID;
                let digits = reader.len().filter(|digits| *digits <= BYTES_MAX)?;
                (!is_uuid || digits == UUID_DIGITS).then_some(())?;
                let len = hex_stride(digits)
                    .checked_mul(count)
                    .filter(|len| *len <= BYTES_MAX)?;
                let packed = read_bytes(reader, len)?;
                (packed.len() == len).then_some(())?;
                Texts::Hex {
                    digits,
                    is_uuid,
                    packed,
                }
            }
            encode::AFFIXED => Texts::Affixed {
                prefix: reader.text()?.into(),
                suffix: reader.text()?.into(),
                inner: Box::new(self.texts(reader, count, depth + 1)?),
            },
            encode::TEMPLATES if depth == 0 => self.templates(reader, count)?,
            _ => return None,
        })
    }

    fn templates(&self, reader: &mut Reader<'_>, count: usize) -> Option<Texts> {
        let len = reader.len().filter(|len| *len <= count)?;
        let codes = codes(reader, count, len + 1)?;
        let rest = reader.len().filter(|rest| *rest <= count)?;
        let rest = self.texts(reader, rest, 1)?;
        let literals = read_bytes(reader, BYTES_MAX)?;
        let mut literals = Reader::new(&literals);
        let mut followers: Vec<Vec<u32>> = vec![Vec::new(); len];
        for (i, code) in codes.iter().enumerate() {
            if let Some(followers) = followers.get_mut(*code as usize) {
                followers.push(u32::try_from(i).ok()?);
            }
        }
        let mut templates = Vec::new();
        for followers in &followers {
            let pieces = literals.len()?;
            let mut template = Template {
                literals: Vec::new(),
                slots: Vec::new(),
            };
            for _ in 0..pieces {
                template.literals.push(literals.text()?.to_owned());
            }
            (reader.len()? == followers.len()).then_some(())?;
            for _ in 1..pieces {
                template.slots.push(self.slot(reader, followers)?);
            }
            templates.push(template);
        }
        Some(Texts::Templates(Box::new(Templates::new(
            templates, rest, codes,
        ))))
    }

    fn slot(&self, reader: &mut Reader<'_>, followers: &[u32]) -> Option<Slot> {
        if reader.rest().first() != Some(&encode::REFERENCE) {
            return Some(Slot::Texts(self.texts(reader, followers.len(), 1)?));
        }
        reader.byte()?;
        let column = reader.len()?;
        if !self.refers {
            return Some(Slot::Elsewhere);
        }
        let values = self.refers_to(column)?;
        let presence = self.table.presence(column);
        let places = followers.iter().map(|text| {
            let row = match self.rows {
                Presence::All => *text as usize,
                Presence::Some(rows) => *rows.get(*text as usize)? as usize,
            };
            u32::try_from(presence.place(row)?).ok()
        });
        Some(Slot::Reference {
            values,
            places: places.collect::<Option<_>>()?,
        })
    }

    /// A column that is referred to; one of messages never is, so this ends.
    fn refers_to(&self, column: usize) -> Option<Arc<Column>> {
        if self.table.is_message(column) {
            return None;
        }
        self.table.column(column).ok().cloned()
    }
}

fn codes(reader: &mut Reader<'_>, count: usize, entries: usize) -> Option<Vec<u32>> {
    let codes = numbers::read(reader, count, None)?.into_iter().map(|code| {
        let code = u32::try_from(code).ok()?;
        ((code as usize) < entries).then_some(code)
    });
    codes.collect()
}

fn plain(reader: &mut Reader<'_>, count: usize) -> Option<Plain> {
    let lens = numbers::read(reader, count, None)?;
    let bytes = String::from_utf8(read_bytes(reader, BYTES_MAX)?).ok()?;
    let (mut ends, mut end) = (Vec::with_capacity(count), 0usize);
    for len in lens {
        end = end.checked_add(usize::try_from(len).ok()?)?;
        bytes.is_char_boundary(end).then_some(())?;
        ends.push(u32::try_from(end).ok()?);
    }
    (end == bytes.len()).then_some(Plain { bytes, ends })
}

/// Entries of a dictionary as they are looked up.
fn as_plain(texts: Texts, count: usize) -> Option<Plain> {
    if let Texts::Plain(plain) = texts {
        return Some(plain);
    }
    let mut plain = Plain::default();
    for i in 0..count {
        texts.put(i, &mut plain.bytes)?;
        plain.end();
    }
    Some(plain)
}
