//! From what was written to what it means, for fields whose kind is known and for those of which nothing is.

use super::{
    expr::{Bool, End, Expr, Is, Like, Over, Range, Target, Test, Words, number, truth},
    lucene::{Asks, Leaf, Occur, Operator, Tree, one_sided},
    pattern::{Fuzzy, Glob, Pattern, regex},
    words::{Phrase, fold},
};
use crate::{Say, Timestamp};

/// What a field holds, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Words: Elasticsearch's `text`.
    Text,
    /// Whole values, letter case counts: `keyword`.
    Keyword,
    Number,
    Truth,
    Time,
    /// Nothing is known. A text is words for a word and for a phrase, and for a pattern it is both.
    Anything,
}

/// What is known of the fields, and how to read a condition without one.
pub trait Fieldnames {
    /// The name under which the record holds the field, and what that is.
    fn field<'n>(&self, name: &'n str) -> (&'n str, Holds);

    /// The instant that a text says for this field; the end of its span (a day, `now/d`) where `up`.
    fn instant(&self, field: &str, text: &str, up: bool) -> Option<Timestamp> {
        let _ = (field, up);
        text.parse().ok()
    }

    /// The fields of a condition that names none; with none of them it is every text of the record.
    fn default_fields(&self) -> &[String] {
        &[]
    }

    /// How the words of one unquoted text are joined; without it they stand side by side.
    fn joins_words(&self) -> Option<Operator> {
        None
    }

    /// A value that cannot be the field's (a word for a number) finds nothing instead of being refused.
    fn is_lenient(&self) -> bool {
        false
    }
}

/// Fields of which nothing is known but what each record is born with. `a.keyword` is `a`, as a whole.
pub struct Schemaless;

impl Fieldnames for Schemaless {
    fn field<'n>(&self, name: &'n str) -> (&'n str, Holds) {
        match name {
            "stream" | "_id" | "_index" => (name, Holds::Keyword),
            "@timestamp" => (name, Holds::Time),
            _ => match name.strip_suffix(".keyword") {
                Some(field) if !field.is_empty() => (field, Holds::Keyword),
                _ => (name, Holds::Anything),
            },
        }
    }
}

type Wrong = (usize, Say);

/// The meaning of what was written. An error carries the place in the text, from 0.
pub(super) fn read(tree: &Tree, names: &dyn Fieldnames) -> Result<Expr, Wrong> {
    match tree {
        Tree::Boost(inner, _) => read(inner, names),
        Tree::Leaf(leaf) => condition(leaf, names),
        Tree::Clauses(clauses) => {
            let mut bool = Bool::default();
            for (occur, tree) in clauses {
                let expr = read(tree, names)?;
                match occur {
                    Occur::Must => bool.must.push(expr),
                    Occur::Should => bool.should.push(expr),
                    Occur::MustNot => bool.must_not.push(expr),
                }
            }
            // Beside what is required, the optional only ranks.
            bool.at_least = usize::from(bool.must.is_empty() && !bool.should.is_empty());
            Ok(Expr::Bool(bool))
        }
    }
}

fn condition(leaf: &Leaf, names: &dyn Fieldnames) -> Result<Expr, Wrong> {
    let wrong = |why| (leaf.at, why);
    let Some(field) = leaf.field.as_deref() else {
        if leaf.asks == Asks::Wildcard("*".to_owned()) {
            return Ok(Expr::All);
        }
        let fields = names.default_fields();
        if fields.is_empty() {
            let parts = tests(&leaf.asks, "", Holds::Text, names).map_err(wrong)?;
            return Ok(joined(
                parts,
                |test| Expr::Test(Target::AnyText, test),
                names,
            ));
        }
        let each = fields
            .iter()
            .map(|field| of_field(field, &leaf.asks, names));
        return Ok(Expr::any(each.collect::<Result<_, _>>().map_err(wrong)?));
    };
    match (field, &leaf.asks) {
        ("*", Asks::Wildcard(all)) if all == "*" => Ok(Expr::All),
        ("*", asks) => {
            let parts = tests(asks, "", Holds::Text, names).map_err(wrong)?;
            Ok(joined(
                parts,
                |test| Expr::Test(Target::AnyText, test),
                names,
            ))
        }
        ("_exists_", Asks::Word(name) | Asks::Phrase { text: name, .. }) => {
            Ok(Expr::field(names.field(name).0, Test::Exists))
        }
        ("_exists_", _) => Err(wrong(say!(
            "`_exists_:` takes the name of a field",
            "`_exists_:` には項目名が必要です"
        ))),
        _ => of_field(field, &leaf.asks, names).map_err(wrong),
    }
}

fn of_field(name: &str, asks: &Asks, names: &dyn Fieldnames) -> Result<Expr, Say> {
    let (field, holds) = names.field(name);
    match asks {
        Asks::Wildcard(all) if all == "*" => return Ok(Expr::field(field, Test::Exists)),
        Asks::Range {
            low: None,
            high: None,
            ..
        } => return Ok(Expr::field(field, Test::Exists)),
        _ => {}
    }
    let parts = tests(asks, field, holds, names)?;
    Ok(joined(parts, |test| Expr::field(field, test), names))
}

fn joined(tests: Vec<Test>, on: impl Fn(Test) -> Expr, names: &dyn Fieldnames) -> Expr {
    let parts: Vec<Expr> = tests.into_iter().map(on).collect();
    match names.joins_words() {
        Some(Operator::Or) => Expr::any(parts),
        // A text without a word (`"!"`) finds nothing.
        _ if parts.is_empty() => Expr::Nothing,
        _ => Expr::every(parts),
    }
}

/// The tests that a condition makes; several only where words are joined one by one.
fn tests(asks: &Asks, field: &str, holds: Holds, names: &dyn Fieldnames) -> Result<Vec<Test>, Say> {
    let one = |test| Ok(vec![test]);
    match asks {
        Asks::Word(text) => match signed(text) {
            Some(range) => tests(&range, field, holds, names),
            None => word(text, field, holds, names),
        },
        Asks::Phrase { text, slop } => match holds {
            Holds::Text | Holds::Anything => {
                one(words(Phrase::of(text).with_slop(slop.unwrap_or(0)), text))
            }
            _ => whole(text, field, holds, names),
        },
        Asks::Prefix(text) => one(like(holds, |folds| {
            Ok(Pattern::Glob(Glob::prefix(&cased(text, folds))))
        })?),
        Asks::Wildcard(text) => one(like(holds, |folds| {
            let glob = Glob::parse(text);
            Ok(Pattern::Glob(if folds { glob.folded() } else { glob }))
        })?),
        Asks::Regex(text) => one(like(holds, |folds| regex(text, folds).map(Pattern::Regex))?),
        Asks::Fuzzy { text, distance } => one(like(holds, |folds| {
            Ok(Pattern::Fuzzy(Fuzzy::new(
                &cased(text, folds),
                distance.map(|d| edits(d, text)),
                0,
            )))
        })?),
        Asks::Range {
            low,
            high,
            low_inclusive,
            high_inclusive,
        } => {
            let low = low
                .as_ref()
                .map(|text| end(text, *low_inclusive, true, field, holds, names))
                .transpose()?;
            let high = high
                .as_ref()
                .map(|text| end(text, *high_inclusive, false, field, holds, names))
                .transpose()?;
            match (low, high) {
                (Some(None), _) | (_, Some(None)) => Ok(Vec::new()),
                (low, high) => one(Test::Range(Range {
                    low: low.flatten(),
                    high: high.flatten(),
                    over: match holds {
                        Holds::Text => Over::Words,
                        _ => Over::Text,
                    },
                })),
            }
        }
    }
}

/// `>5` as Elasticsearch reads it after a field.
fn signed(text: &str) -> Option<Asks> {
    [">=", "<=", ">", "<"].into_iter().find_map(|sign| {
        let value = text.strip_prefix(sign).filter(|value| !value.is_empty())?;
        Some(one_sided(sign, value.to_owned()))
    })
}

fn word(text: &str, field: &str, holds: Holds, names: &dyn Fieldnames) -> Result<Vec<Test>, Say> {
    if !matches!(holds, Holds::Text | Holds::Anything) {
        return whole(text, field, holds, names);
    }
    let phrase = Phrase::of(text);
    if names.joins_words().is_none() || phrase.words.len() < 2 {
        let holds_words = !phrase.words.is_empty();
        return Ok(holds_words
            .then(|| words(phrase, text))
            .into_iter()
            .collect());
    }
    // Characters that are words by themselves stay together: nobody types them one by one.
    let mut runs: Vec<Vec<String>> = Vec::new();
    for word in phrase.words {
        let alone = |word: &String| !word.is_ascii() && word.chars().count() == 1;
        match runs.last_mut() {
            Some(run) if alone(&word) && run.last().is_some_and(alone) => run.push(word),
            _ => runs.push(vec![word]),
        }
    }
    let phrases = runs.into_iter().map(|words| Phrase {
        words,
        slop: 0,
        open: false,
    });
    Ok(phrases.map(|phrase| words(phrase, text)).collect())
}

fn words(phrase: Phrase, text: &str) -> Test {
    Test::Words(Words {
        phrase,
        number: number(text),
        truth: truth(text),
    })
}

/// A value that the field is as a whole.
fn whole(text: &str, field: &str, holds: Holds, names: &dyn Fieldnames) -> Result<Vec<Test>, Say> {
    let is = |number, truth| {
        let text = text.to_owned();
        Ok(vec![Test::Is(Is {
            text,
            folds: false,
            number,
            truth,
            time: None,
        })])
    };
    match holds {
        Holds::Number => match number(text) {
            Some(n) => is(Some(n), None),
            None => refused(text, "a number", "数", names),
        },
        Holds::Truth => match truth(text) {
            Some(truth) => is(None, Some(truth)),
            None => refused(text, "true or false", "true か false", names),
        },
        Holds::Time => {
            let ends = [false, true].map(|up| names.instant(field, text, up));
            let [Some(low), Some(high)] = ends else {
                return refused(text, "an instant", "時刻", names);
            };
            let end = |time| End {
                text: text.to_owned(),
                number: None,
                time: Some(time),
                inclusive: true,
            };
            Ok(vec![Test::Range(Range {
                low: Some(end(low)),
                high: Some(end(high)),
                over: Over::Text,
            })])
        }
        Holds::Keyword | Holds::Text | Holds::Anything => is(number(text), truth(text)),
    }
}

fn refused(text: &str, en: &str, ja: &str, names: &dyn Fieldnames) -> Result<Vec<Test>, Say> {
    if names.is_lenient() {
        Ok(Vec::new())
    } else {
        Err(say!(
            "`{text}` is not {en}, as the field holds",
            "`{text}` はこの項目の型({ja})ではありません"
        ))
    }
}

/// An end of a range; `None` where it cannot be one and nobody minds.
fn end(
    text: &str,
    inclusive: bool,
    is_low: bool,
    field: &str,
    holds: Holds,
    names: &dyn Fieldnames,
) -> Result<Option<End>, Say> {
    Ok(match holds {
        Holds::Time => {
            // The span of a day lies within `<=`, and outside `<`.
            let up = is_low != inclusive;
            match names.instant(field, text, up) {
                Some(time) => Some(End {
                    text: text.to_owned(),
                    number: None,
                    time: Some(time),
                    inclusive,
                }),
                None => refused(text, "an instant", "時刻", names).map(|_| None)?,
            }
        }
        Holds::Number if number(text).is_none() => {
            refused(text, "a number", "数", names).map(|_| None)?
        }
        Holds::Keyword => Some(End {
            number: None,
            time: None,
            ..End::of(text, inclusive)
        }),
        Holds::Text => Some(End {
            number: None,
            time: None,
            ..End::of(fold(text), inclusive)
        }),
        _ => Some(End::of(text, inclusive)),
    })
}

/// A pattern over the words of a text, over the whole value, or over both.
fn like(holds: Holds, pattern: impl Fn(bool) -> Result<Pattern, Say>) -> Result<Test, Say> {
    let over_words = matches!(holds, Holds::Text | Holds::Anything);
    Ok(Test::Like(Like {
        whole: (holds != Holds::Text).then(|| pattern(false)).transpose()?,
        folds: false,
        words: over_words.then(|| pattern(true)).transpose()?,
    }))
}

fn cased(text: &str, folds: bool) -> String {
    if folds {
        fold(text).into_owned()
    } else {
        text.to_owned()
    }
}

/// A distance below one is a share of the word, as Lucene once wrote it.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss
)]
fn edits(distance: f32, text: &str) -> usize {
    if distance >= 1.0 {
        distance as usize
    } else if distance == 0.0 {
        0
    } else {
        ((1.0 - f64::from(distance)) * text.chars().count() as f64) as usize
    }
}
