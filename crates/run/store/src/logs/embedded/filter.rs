//! A query held against a table: which rows it means.

use promise::{
    Timestamp,
    signal::{FieldValue, Phrase, Target, Test, fold},
};
use serde_json::{Map, Value};

use super::{
    bits::Bits,
    plan::{ID, Leaf, Plan, STREAM, TIME, is_within},
    shape::Kind,
    table::{Column, Presence, Table},
    text::{
        Texts,
        form::Form,
        template::{Slot, Template, Templates},
    },
};
use crate::{
    Error,
    logs::{any_text, each_value, plain},
};

/// A table and the stream whose rows it holds.
pub(super) struct Ground<'t> {
    pub table: &'t Table,
    pub stream: &'t str,
    pub damaged: &'t dyn Fn() -> Error,
}

impl Ground<'_> {
    /// The rows that a query means, among those that are `wanted`.
    pub fn rows(&self, plan: &Plan<'_>, wanted: &Bits) -> Result<Bits, Error> {
        let len = self.table.len();
        let mut rows = wanted.clone();
        match plan {
            Plan::All => {}
            Plan::Nothing => rows = Bits::none(len),
            Plan::Leaf(leaf) => rows.and(&self.leaf(leaf)?),
            Plan::Bool {
                must,
                should,
                must_not,
                at_least,
            } => {
                for part in must {
                    if rows.is_empty() {
                        return Ok(rows);
                    }
                    rows = self.rows(part, &rows)?;
                }
                for part in must_not {
                    if rows.is_empty() {
                        return Ok(rows);
                    }
                    let out = self.rows(part, &rows)?;
                    rows.and_not(&out);
                }
                if *at_least > 0 && !rows.is_empty() {
                    rows = self.several(should, *at_least, &rows)?;
                }
            }
        }
        Ok(rows)
    }

    /// The rows that so many of the parts mean.
    fn several(&self, parts: &[Plan<'_>], at_least: usize, wanted: &Bits) -> Result<Bits, Error> {
        if at_least == 1 {
            let mut any = Bits::none(self.table.len());
            for part in parts {
                any.or(&self.rows(part, wanted)?);
            }
            return Ok(any);
        }
        let each = parts
            .iter()
            .map(|part| self.rows(part, wanted))
            .collect::<Result<Vec<_>, _>>()?;
        let mut enough = Bits::none(self.table.len());
        for row in wanted
            .rows()
            .filter(|row| each.iter().filter(|bits| bits.has(*row)).count() >= at_least)
        {
            enough.set(row);
        }
        Ok(enough)
    }

    fn leaf(&self, leaf: &Leaf<'_>) -> Result<Bits, Error> {
        let table = self.table;
        let by_row = |test: &dyn Fn(usize) -> bool| {
            let mut bits = Bits::none(table.len());
            (0..table.len())
                .filter(|row| test(*row))
                .for_each(|row| bits.set(row));
            bits
        };
        let name = match leaf.target {
            Target::AnyText => {
                return self.columns(leaf, |kind, _| matches!(kind, Kind::Text | Kind::List));
            }
            Target::Field(name) => name.as_str(),
        };
        if STREAM.contains(&name) {
            let passes = leaf.test.accepts(&FieldValue::Text(self.stream));
            return Ok(if passes {
                Bits::all(table.len())
            } else {
                Bits::none(table.len())
            });
        }
        if name == TIME {
            let times = table.times()?;
            let at = |row: usize| Timestamp::from_millis(times[row]);
            return Ok(by_row(&|row| leaf.test.accepts(&FieldValue::Time(at(row)))));
        }
        if name == ID {
            let ids = table.ids()?;
            let mut found = by_row(&|row| {
                leaf.test
                    .accepts(&FieldValue::Text(&format!("{:032x}", ids[row])))
            });
            // The id that its sender gave stands among the fields.
            found.or(&self.columns(leaf, |_, path| path == ID)?);
            return Ok(found);
        }
        if !matches!(leaf.test, Test::Exists) {
            return self.columns(leaf, |kind, path| {
                path == name || kind == Kind::List && is_within(name, path)
            });
        }
        // What is there, the shapes know; but of lists only whether there are any.
        let mut found = self.columns(leaf, |kind, path| {
            kind == Kind::List && (path == name || is_within(name, path))
        })?;
        let shapes = u32::try_from(table.shapes.len()).unwrap_or(u32::MAX);
        let holds: Vec<bool> = (0..shapes)
            .map(|shape| table.shapes.holds(shape, name))
            .collect();
        found.or(&by_row(&|row| {
            holds
                .get(table.shape(row) as usize)
                .is_some_and(|holds| *holds)
        }));
        Ok(found)
    }

    /// The rows of which a value passes in such columns.
    fn columns(&self, leaf: &Leaf<'_>, such: impl Fn(Kind, &str) -> bool) -> Result<Bits, Error> {
        let mut bits = Bits::none(self.table.len());
        for (column, place) in self.table.shapes.places().iter().enumerate() {
            if !such(place.kind, &place.path)
                || self
                    .table
                    .header()
                    .is_some_and(|header| !leaf.may_pass_in(header, column))
            {
                continue;
            }
            let header = self.table.header();
            let is_apart = header.is_some_and(|header| leaf.is_apart(header, column));
            let values = match is_apart {
                true => self.table.column_apart(column)?,
                false => self.table.column(column)?.clone(),
            };
            let passing = self
                .values(leaf, &place.path, column, &values)
                .ok_or_else(self.damaged)?;
            match &*self.table.presence(column) {
                Presence::All => (0..passing.len())
                    .filter(|i| passing[*i])
                    .for_each(|row| bits.set(row)),
                Presence::Some(rows) => {
                    let both = rows.iter().zip(passing);
                    both.filter(|(_, passes)| *passes)
                        .for_each(|(row, _)| bits.set(*row as usize));
                }
            }
        }
        Ok(bits)
    }

    /// Which values of a column pass.
    #[allow(clippy::cast_precision_loss)]
    fn values(
        &self,
        leaf: &Leaf<'_>,
        path: &str,
        column: usize,
        values: &Column,
    ) -> Option<Vec<bool>> {
        let test = leaf.test;
        let number = |n: f64| test.accepts(&FieldValue::Number(n));
        Some(match values {
            Column::Texts(texts) => {
                let count = self.table.values(column);
                match (texts, leaf.phrase()) {
                    (Texts::Templates(templates), Some(phrase)) => in_templates(templates, phrase)?,
                    (texts, Some(phrase))
                        if !phrase.words.iter().all(|word| may_hold(texts, word)) =>
                    {
                        vec![false; count]
                    }
                    (texts, None) if leaf.run().is_some_and(|run| !may_hold_run(texts, run)) => {
                        vec![false; count]
                    }
                    (Texts::Templates(templates), None)
                        if leaf.run().is_some_and(is_within_a_word) =>
                    {
                        let run = leaf.run().unwrap_or_default();
                        run_in_templates(templates, run, &mut |text| {
                            test.accepts(&FieldValue::Text(text))
                        })?
                    }
                    _ => texts.filter(count, &mut |text| test.accepts(&FieldValue::Text(text)))?,
                }
            }
            Column::Integers(all) => all.iter().map(|n| number(*n as f64)).collect(),
            Column::Unsigned(all) => all.iter().map(|n| number(*n as f64)).collect(),
            Column::Floats(all) => all.iter().map(|n| number(*n)).collect(),
            Column::Truths(all) => all
                .iter()
                .map(|truth| test.accepts(&FieldValue::Bool(*truth)))
                .collect(),
            Column::Lists(texts) => {
                let count = self.table.values(column);
                let mut is_json = true;
                let passing = texts.filter(count, &mut |json| match serde_json::from_str(json) {
                    Ok(list) => in_list(leaf, path, list),
                    Err(_) => {
                        is_json = false;
                        false
                    }
                });
                is_json.then_some(passing)??
            }
        })
    }
}

fn in_list(leaf: &Leaf<'_>, path: &str, list: Value) -> bool {
    let name = match leaf.target {
        Target::AnyText => {
            return any_text(&list, &mut |text| {
                leaf.test.accepts(&FieldValue::Text(text))
            });
        }
        Target::Field(name) => name,
    };
    // The list as the only field of a record, under one key.
    let rest = name.get(path.len()..).unwrap_or_default();
    let fields = Map::from_iter([("list".to_owned(), list)]);
    each_value(
        &fields,
        &format!("list{rest}"),
        &mut |value| match leaf.test {
            // As in `Record::has`: an object that holds nothing is nothing.
            Test::Exists => {
                !value.is_null() && value.as_object().is_none_or(|object| !object.is_empty())
            }
            test => plain(value).is_some_and(|value| test.accepts(&value)),
        },
    )
}

/// Which texts hold a phrase; what all texts of a template have in common is looked at once.
fn in_templates(templates: &Templates, phrase: &Phrase) -> Option<Vec<bool>> {
    let mut passing = Vec::with_capacity(templates.templates.len() + 1);
    let mut counts = vec![0; templates.templates.len() + 1];
    for code in &templates.codes {
        *counts.get_mut(*code as usize)? += 1;
    }
    for (template, count) in templates.templates.iter().zip(&counts) {
        let holds = |literal: &String, word: &str| single(word).is_in(literal);
        let missing = phrase
            .words
            .iter()
            .find(|word| !template.literals.iter().any(|literal| holds(literal, word)));
        passing.push(match missing {
            None if template
                .literals
                .iter()
                .any(|literal| phrase.is_in(literal)) =>
            {
                Answer::All
            }
            // A phrase may reach over slots.
            None => Answer::Ask(vec![true; *count]),
            Some(missing) => {
                let mut any = vec![false; *count];
                for slot in &template.slots {
                    any.iter_mut()
                        .zip(in_slot(slot, missing, *count)?)
                        .for_each(|(any, passes)| *any |= passes);
                }
                if phrase.words.len() == 1 {
                    Answer::These(any)
                } else {
                    Answer::Ask(any)
                }
            }
        });
    }
    let rest = templates
        .rest
        .filter(*counts.last()?, &mut |text| phrase.is_in(text))?;
    passing.push(Answer::These(rest));
    let (mut text, mut out) = (String::new(), Vec::with_capacity(templates.codes.len()));
    for (i, (code, place)) in templates.codes.iter().zip(&templates.places).enumerate() {
        let place = *place as usize;
        out.push(match passing.get(*code as usize)? {
            Answer::All => true,
            Answer::These(these) => *these.get(place)?,
            Answer::Ask(these) => {
                *these.get(place)? && {
                    text.clear();
                    templates.put(i, &mut text)?;
                    phrase.is_in(&text)
                }
            }
        });
    }
    Some(out)
}

/// What is known of the texts of one template.
enum Answer {
    All,
    These(Vec<bool>),
    /// These may pass.
    Ask(Vec<bool>),
}

fn single(word: &str) -> Phrase {
    Phrase {
        words: vec![word.to_owned()],
        slop: 0,
        open: false,
    }
}

fn in_slot(slot: &Slot, word: &str, count: usize) -> Option<Vec<bool>> {
    let phrase = single(word);
    let mut holds = |text: &str| phrase.is_in(text);
    match slot {
        Slot::Texts(texts) if may_hold(texts, word) => texts.filter(count, &mut holds),
        Slot::Texts(_) | Slot::Elsewhere => Some(vec![false; count]),
        Slot::Reference { values, places, .. } => {
            let passing = match &**values {
                Column::Texts(texts) if !may_hold(texts, word) => return Some(vec![false; count]),
                Column::Texts(texts) => {
                    let most = places.iter().max().map_or(0, |place| *place as usize + 1);
                    texts.filter(most, &mut holds)?
                }
                Column::Integers(all) => {
                    let Ok(number) = word.parse::<u64>() else {
                        return Some(vec![false; count]);
                    };
                    let is_it = |n: &i64| n.unsigned_abs() == number && holds(&n.to_string());
                    all.iter().map(is_it).collect()
                }
                _ => return None,
            };
            places
                .iter()
                .map(|place| passing.get(*place as usize).copied())
                .collect()
        }
    }
}

/// Which texts are accepted, of which each holds these letters; a template without them is not written out.
fn run_in_templates(
    templates: &Templates,
    run: &str,
    accepts: &mut dyn FnMut(&str) -> bool,
) -> Option<Vec<bool>> {
    let may_be_in = |template: &Template| {
        let mut literals = template.literals.iter();
        literals.any(|literal| !literal.is_ascii() || fold(literal).contains(run))
            || template.slots.iter().any(|slot| match slot {
                Slot::Texts(texts) => may_hold_run(texts, run),
                Slot::Elsewhere => false,
                Slot::Reference { values, .. } => match &**values {
                    Column::Texts(texts) => may_hold_run(texts, run),
                    _ => true,
                },
            })
    };
    let mut asked: Vec<bool> = templates.templates.iter().map(may_be_in).collect();
    asked.push(may_hold_run(&templates.rest, run));
    let mut text = String::new();
    let codes = templates.codes.iter().enumerate();
    codes
        .map(|(i, code)| {
            Some(
                *asked.get(*code as usize)? && {
                    text.clear();
                    templates.put(i, &mut text)?;
                    accepts(&text)
                },
            )
        })
        .collect()
}

/// Whether letters can only stand within one word: none lies over the edge of what varies in a template.
fn is_within_a_word(run: &str) -> bool {
    run.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether texts of this form can hold these letters side by side, in whatever case.
fn may_hold_run(texts: &Texts, run: &str) -> bool {
    match texts {
        // Digits and what stands between them, and in a time these two letters.
        Texts::Formed { .. } => run
            .bytes()
            .all(|byte| !byte.is_ascii_alphabetic() || matches!(byte, b't' | b'z')),
        Texts::Hex { .. } => run
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-'),
        Texts::Affixed {
            prefix,
            suffix,
            inner,
        } => may_hold_run(inner, run) || reaches(&fold(prefix), &fold(suffix), run),
        Texts::Plain(plain) | Texts::Dictionary { entries: plain, .. } => plain.may_hold(run),
        _ => true,
    }
}

/// Whether texts of this form can hold a word.
fn may_hold(texts: &Texts, word: &str) -> bool {
    let is_digits = || word.bytes().all(|b| b.is_ascii_digit());
    match texts {
        Texts::Formed {
            form: Form::Time { .. },
            ..
        } => word.starts_with(|c: char| c.is_ascii_digit()),
        Texts::Formed { .. } => is_digits(),
        Texts::Hex { .. } => word
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)),
        Texts::Affixed {
            prefix,
            suffix,
            inner,
        } => may_hold(inner, word) || reaches(&fold(prefix), &fold(suffix), word),
        Texts::Plain(plain) | Texts::Dictionary { entries: plain, .. } => plain.may_hold(word),
        _ => true,
    }
}

/// Whether a word could stand in what texts begin or end with, or reach over into it. What is folded alone and what is
/// folded with its neighbours may differ where it is not ASCII.
fn reaches(prefix: &str, suffix: &str, word: &str) -> bool {
    if !(prefix.is_ascii() && suffix.is_ascii() && word.is_ascii()) {
        return true;
    }
    let overlaps = |left: &str, right: &str| {
        (1..=left.len().min(right.len())).any(|n| left.ends_with(&right[..n]))
    };
    prefix.contains(word)
        || suffix.contains(word)
        || overlaps(prefix, word)
        || overlaps(word, suffix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::embedded::text::Plain;

    #[test]
    fn a_word_that_cannot_reach_into_what_texts_begin_with_is_not_looked_for() {
        let digits = |numbers: Vec<i64>| Texts::Affixed {
            prefix: "user_".into(),
            suffix: " Ok".into(),
            inner: Box::new(Texts::Hex {
                digits: 2,
                is_uuid: false,
                packed: numbers.iter().map(|n| n.to_le_bytes()[0]).collect(),
            }),
        };
        let texts = digits(vec![0x1f, 0xa0]);
        for word in ["user_1f", "1f", "ok", "user_", "r_a0", "ok_then"] {
            // Whatever is a word of such a text, or could be, is looked for.
            let is_word = ["user_1f", "1f", "ok", "user_", "r_a0"].contains(&word);
            assert!(may_hold(&texts, word) || !is_word, "{word}");
        }
        for word in ["declined", "zanzibar", "7g"] {
            assert!(!may_hold(&texts, word), "{word}");
        }
    }

    #[test]
    fn a_word_that_is_in_none_of_the_texts_is_seen_in_all_of_them_at_once() {
        let plain = |texts: &[&str]| {
            let mut plain = Plain::default();
            texts.iter().for_each(|text| plain.push(text));
            Texts::Plain(plain)
        };
        let texts = plain(&["Card DECLINED by issuer", "zan", "zibar"]);
        for word in ["declined", "card", "issuer", "zibar", "zan"] {
            assert!(may_hold(&texts, word), "{word}");
        }
        for word in ["refunded", "失敗", "zanzibars"] {
            assert!(!may_hold(&texts, word), "{word}");
        }
        // What is not ASCII may be folded to anything.
        assert!(may_hold(&plain(&["ＤＥＣＬＩＮＥＤ"]), "declined"));
        assert!(!may_hold(&plain(&[]), "declined"));
    }
}
