//! From texts to bytes: each column in the form that fits all of it.

use super::{
    super::{
        bloom::Words,
        bytes::Squeeze,
        numbers::{self, Clock},
        table::{Column, Presence, Table},
    },
    Plain, UUID_DIGITS,
    form::Form,
    hex_stride, pack_hex,
    template::slots,
};
use crate::{
    hash::QuickMap,
    wire::{put_text, put_varint},
};

pub(super) const PLAIN: u8 = 0;
pub(super) const SAME: u8 = 1;
pub(super) const DICTIONARY: u8 = 2;
pub(super) const FORMED: u8 = 3;
pub(super) const HEX: u8 = 4;
pub(super) const UUID: u8 = 5;
pub(super) const AFFIXED: u8 = 6;
pub(super) const TEMPLATES: u8 = 7;
pub(super) const REFERENCE: u8 = 8;

/// Different texts of a dictionary: more are found slower than they save.
const ENTRIES_MAX: usize = 8_192;
/// So many texts for each different one make a dictionary worth it.
const ENTRIES_SHARE: usize = 3;
/// Hex that is shorter could as well be something else.
const HEX_MIN: usize = 8;
const HEX_MAX: usize = 256;
/// A prefix is taken off a text once, and once more off what is in a slot.
const DEPTH_MAX: usize = 3;
/// A text so long, with a space in it, is a message.
const MESSAGE_MIN: usize = 16;
/// A template that so few texts follow takes more room than they do.
const FOLLOWERS_MIN: usize = 8;
/// References tried for a slot: fields that happen to say the same in the first row.
const CANDIDATES_MAX: usize = 8;

/// Writes the texts of one column, and gathers their words.
pub(in super::super) struct Encoder<'t> {
    pub table: &'t Table,
    pub squeeze: &'t mut Squeeze,
    pub words: Words,
    /// Columns that are referred to.
    pub references: Vec<u32>,
}

/// Whether the texts of a column are messages: only these have templates, and none refers to them.
pub(in super::super) fn are_messages(plain: &Plain) -> bool {
    let sample = plain.len().min(64);
    let messages = plain
        .iter()
        .take(sample)
        .filter(|text| text.len() >= MESSAGE_MIN && text.contains(' '));
    messages.count() * 2 > sample
}

impl Encoder<'_> {
    /// The texts of a whole column; `rows` are those that have it.
    pub fn column(&mut self, plain: &Plain, rows: &Presence, at: &[i64], out: &mut Vec<u8>) {
        let texts: Vec<&str> = plain.iter().collect();
        if !are_messages(plain) || !self.templates(&texts, rows, out) {
            self.texts(&texts, Some(at), 0, out);
        }
    }

    /// Texts that are no words, such as JSON.
    pub fn data(&mut self, plain: &Plain, out: &mut Vec<u8>) {
        self.texts(&plain.iter().collect::<Vec<_>>(), None, 0, out);
    }

    fn texts(&mut self, texts: &[&str], at: Option<&[i64]>, depth: usize, out: &mut Vec<u8>) {
        let Some(first) = texts.first() else {
            out.push(PLAIN);
            self.plain(texts, out);
            return;
        };
        if texts.iter().all(|text| text == first) {
            out.push(SAME);
            put_text(out, first);
            self.words.add(first);
            return;
        }
        let formed = Form::of(first).is_some_and(|form| self.formed(texts, form, at, out));
        if formed || self.hex(texts, first, out) || self.dictionary(texts, depth, out) {
            return;
        }
        if depth < DEPTH_MAX && self.affixed(texts, out) {
            return;
        }
        out.push(PLAIN);
        texts.iter().for_each(|text| self.words.add(text));
        self.plain(texts, out);
    }

    /// The texts one after another, and how long each is.
    fn plain(&mut self, texts: &[&str], out: &mut Vec<u8>) {
        let lens: Vec<i64> = texts
            .iter()
            .map(|text| i64::try_from(text.len()).unwrap_or(i64::MAX))
            .collect();
        numbers::put(&lens, None, self.squeeze, out);
        self.squeeze.put(texts.concat().as_bytes(), out);
    }

    fn formed(
        &mut self,
        texts: &[&str],
        form: Form,
        at: Option<&[i64]>,
        out: &mut Vec<u8>,
    ) -> bool {
        // Numbers with zeros in front may begin with one that has none.
        let width = texts
            .first()
            .and_then(|text| u8::try_from(text.len()).ok())
            .map(Form::Digits);
        let forms = [Some(form), width.filter(|_| form == Form::Integer)];
        for form in forms.into_iter().flatten() {
            let Some(values) = texts
                .iter()
                .map(|text| form.parse(text))
                .collect::<Option<Vec<_>>>()
            else {
                continue;
            };
            let clock = match (form, at) {
                (Form::Time { digits, .. }, Some(at)) => Some(Clock {
                    at,
                    a_second: 10i64.pow(u32::from(digits)),
                }),
                _ => None,
            };
            match form {
                Form::Integer | Form::Digits(_) => texts
                    .iter()
                    .for_each(|text| self.words.add_word(text.trim_start_matches('-'))),
                _ => self.words.has_numbers = true,
            }
            out.push(FORMED);
            out.extend_from_slice(&form.code());
            out.push(u8::from(clock.is_some()));
            numbers::put(&values, clock, self.squeeze, out);
            return true;
        }
        false
    }

    fn hex(&mut self, texts: &[&str], first: &str, out: &mut Vec<u8>) -> bool {
        let is_uuid = first.len() == UUID_DIGITS + 4 && first.contains('-');
        let digits = if is_uuid { UUID_DIGITS } else { first.len() };
        if !(HEX_MIN..=HEX_MAX).contains(&digits) {
            return false;
        }
        let mut packed = Vec::with_capacity(texts.len() * hex_stride(digits));
        for text in texts {
            if pack_hex(text, digits, is_uuid, &mut packed).is_none() {
                return false;
            }
        }
        for text in texts {
            self.words
                .add_word(text.rsplit('-').next().unwrap_or_default());
        }
        self.words.has_uuids |= is_uuid;
        out.push(if is_uuid { UUID } else { HEX });
        put_varint(out, digits as u64);
        self.squeeze.put(&packed, out);
        true
    }

    fn dictionary(&mut self, texts: &[&str], depth: usize, out: &mut Vec<u8>) -> bool {
        let max = ENTRIES_MAX.min(texts.len() / ENTRIES_SHARE + 1);
        let mut known: QuickMap<&str, u32> = QuickMap::default();
        let (mut entries, mut codes) = (Vec::new(), Vec::with_capacity(texts.len()));
        for text in texts {
            let next = u32::try_from(entries.len()).unwrap_or(u32::MAX);
            let code = *known.entry(text).or_insert_with(|| {
                entries.push(*text);
                next
            });
            if entries.len() > max {
                return false;
            }
            codes.push(code);
        }
        out.push(DICTIONARY);
        put_varint(out, entries.len() as u64);
        // One of a kind each, so no dictionary again.
        self.texts(&entries, None, depth + 1, out);
        put_codes(&codes, self.squeeze, out);
        true
    }

    /// What all begin and end with stands once, if what is between has a form.
    fn affixed(&mut self, texts: &[&str], out: &mut Vec<u8>) -> bool {
        let Some(first) = texts.first() else {
            return false;
        };
        let shortest = texts.iter().map(|text| text.len()).min().unwrap_or(0);
        let same =
            |count: &dyn Fn(&str) -> usize| texts.iter().map(|text| count(text)).min().unwrap_or(0);
        let mut prefix = same(&|text| {
            first
                .bytes()
                .zip(text.bytes())
                .take_while(|(a, b)| a == b)
                .count()
        });
        // A digit that all have in common is still part of the number.
        while prefix > 0
            && (first.as_bytes()[prefix - 1].is_ascii_digit() || !first.is_char_boundary(prefix))
        {
            prefix -= 1;
        }
        let room = shortest - prefix;
        let mut suffix = same(&|text| {
            first
                .bytes()
                .rev()
                .zip(text.bytes().rev())
                .take_while(|(a, b)| a == b)
                .count()
        })
        .min(room);
        while suffix > 0
            && (first.as_bytes()[first.len() - suffix].is_ascii_digit()
                || !first.is_char_boundary(first.len() - suffix))
        {
            suffix -= 1;
        }
        if prefix + suffix == 0 {
            return false;
        }
        let inner: Vec<&str> = texts
            .iter()
            .map(|text| &text[prefix..text.len() - suffix])
            .collect();
        let Some(inner_first) = inner.first() else {
            return false;
        };
        let mut bytes = Vec::new();
        // The words of the whole text are not those of its pieces.
        let words = std::mem::take(&mut self.words);
        let has_form = Form::of(inner_first)
            .is_some_and(|form| self.formed(&inner, form, None, &mut bytes))
            || self.hex(&inner, inner_first, &mut bytes);
        self.words = words;
        if !has_form {
            return false;
        }
        texts.iter().for_each(|text| self.words.add(text));
        out.push(AFFIXED);
        put_text(out, &first[..prefix]);
        put_text(out, &first[first.len() - suffix..]);
        out.extend_from_slice(&bytes);
        true
    }

    fn templates(&mut self, texts: &[&str], rows: &Presence, out: &mut Vec<u8>) -> bool {
        let Groups {
            groups,
            codes,
            rest,
        } = group(texts);
        if rest.len() * 2 > texts.len() {
            return false;
        }
        out.push(TEMPLATES);
        put_varint(out, groups.len() as u64);
        put_codes(&codes, self.squeeze, out);
        let rest: Vec<&str> = rest.iter().map(|i| texts[*i]).collect();
        put_varint(out, rest.len() as u64);
        self.texts(&rest, None, 0, out);
        // The literals of all templates stand together, so that they are squeezed together.
        let mut literals = Vec::new();
        for group in &groups {
            put_varint(&mut literals, group.literals.len() as u64);
            for literal in &group.literals {
                put_text(&mut literals, literal);
                self.words.add(literal);
            }
        }
        self.squeeze.put(&literals, out);
        for group in &groups {
            put_varint(out, group.texts.len() as u64);
            for slot in 0..group.literals.len() - 1 {
                let values: Vec<&str> = group
                    .texts
                    .iter()
                    .map(|(i, slots)| &texts[*i][slots[slot].0..slots[slot].1])
                    .collect();
                self.slot(&values, group, rows, out);
            }
        }
        true
    }

    fn slot(&mut self, values: &[&str], group: &Group, rows: &Presence, out: &mut Vec<u8>) {
        let is_one = values
            .first()
            .is_some_and(|first| values.iter().all(|value| value == first));
        if !is_one && let Some(column) = self.reference(values, group, rows) {
            out.push(REFERENCE);
            put_varint(out, u64::from(column));
            if !self.references.contains(&column) {
                self.references.push(column);
            }
            return;
        }
        self.texts(values, None, 1, out);
    }

    /// A column that says the same in each row.
    fn reference(&self, values: &[&str], group: &Group, rows: &Presence) -> Option<u32> {
        let row = |text: usize| match rows {
            Presence::All => Some(text),
            Presence::Some(rows) => rows.get(text).map(|row| *row as usize),
        };
        let says = |column: usize, presence: &Presence, text: usize, value: &str| -> bool {
            let place = row(text).and_then(|row| presence.place(row));
            let (Some(place), Ok(values)) = (place, self.table.column(column)) else {
                return false;
            };
            match &**values {
                Column::Texts(texts) => texts.borrowed(place) == Some(value),
                Column::Integers(all) => Form::Integer
                    .parse(value)
                    .is_some_and(|n| all.get(place) == Some(&n)),
                _ => false,
            }
        };
        let (first_text, first) = (group.texts.first()?.0, values.first()?);
        let mut tried = 0;
        for column in 0..self.table.shapes.places().len() {
            let Ok(candidate) = self.table.column(column) else {
                continue;
            };
            if !may_be_referred_to(candidate) {
                continue;
            }
            let presence = self.table.presence(column);
            if !says(column, &presence, first_text, first) {
                continue;
            }
            let all = group.texts.iter().zip(values);
            if all
                .into_iter()
                .all(|((text, _), value)| says(column, &presence, *text, value))
            {
                return u32::try_from(column).ok();
            }
            tried += 1;
            if tried == CANDIDATES_MAX {
                break;
            }
        }
        None
    }
}

/// Whether a slot may refer to a column. Messages may not be: what refers to them could not be read without end.
pub(in super::super) fn may_be_referred_to(column: &Column) -> bool {
    match column {
        Column::Texts(super::Texts::Plain(plain)) => !are_messages(plain),
        Column::Integers(_) => true,
        _ => false,
    }
}

struct Group {
    literals: Vec<String>,
    /// Each text, and where its slots are.
    texts: Vec<(usize, Vec<(usize, usize)>)>,
}

struct Groups {
    groups: Vec<Group>,
    codes: Vec<u32>,
    /// Texts without a template.
    rest: Vec<usize>,
}

fn group(texts: &[&str]) -> Groups {
    let mut known: QuickMap<String, usize> = QuickMap::default();
    let mut groups: Vec<Group> = Vec::new();
    let (mut found, mut key) = (Vec::new(), String::new());
    let mut of: Vec<Option<usize>> = Vec::with_capacity(texts.len());
    for (i, text) in texts.iter().enumerate() {
        if text.contains('\0') || slots(text, &mut found).is_none() {
            of.push(None);
            continue;
        }
        key.clear();
        let mut at = 0;
        for (start, end) in &found {
            key.push_str(&text[at..*start]);
            key.push('\0');
            at = *end;
        }
        key.push_str(&text[at..]);
        let place = match known.get(&key) {
            Some(place) => *place,
            None => {
                known.insert(key.clone(), groups.len());
                groups.push(Group {
                    literals: key.split('\0').map(str::to_owned).collect(),
                    texts: Vec::new(),
                });
                groups.len() - 1
            }
        };
        groups[place].texts.push((i, found.clone()));
        of.push(Some(place));
    }
    let mut kept = vec![None; groups.len()];
    let mut groups: Vec<(usize, Group)> = groups.into_iter().enumerate().collect();
    groups.retain(|(_, group)| group.texts.len() >= FOLLOWERS_MIN);
    for (code, (place, _)) in groups.iter().enumerate() {
        kept[*place] = Some(code);
    }
    let none = groups.len();
    let (mut codes, mut rest) = (Vec::with_capacity(texts.len()), Vec::new());
    for (i, place) in of.into_iter().enumerate() {
        let code = place.and_then(|place| kept[place]).unwrap_or_else(|| {
            rest.push(i);
            none
        });
        codes.push(u32::try_from(code).unwrap_or(u32::MAX));
    }
    Groups {
        groups: groups.into_iter().map(|(_, group)| group).collect(),
        codes,
        rest,
    }
}

fn put_codes(codes: &[u32], squeeze: &mut Squeeze, out: &mut Vec<u8>) {
    let numbers: Vec<i64> = codes.iter().map(|code| i64::from(*code)).collect();
    numbers::put(&numbers, None, squeeze, out);
}
