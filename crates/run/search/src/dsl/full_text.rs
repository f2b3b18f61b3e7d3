//! `match` and its kin: words of a text.

use promise::signal::log_query::{
    Bool, Expr, Fieldnames, Fuzzy, Holds, Like, Pattern, Phrase, Target, Test, Words, number, truth,
};
use serde_json::{Map, Value};

use super::{Reader, compound::minimum, object, scalar, term};
use crate::{
    error::{Error, parsing},
    mapping::Names,
};

/// How the words must stand.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Manner {
    Words,
    Phrase,
    PhrasePrefix,
    BoolPrefix,
}

const ANALYZERS: [&str; 4] = ["standard", "simple", "default", "cjk"];

pub(super) fn one_field(
    reader: &mut Reader<'_>,
    name: &str,
    body: &Value,
    manner: Manner,
) -> Result<Expr, Error> {
    let (field, body) = super::one_field(name, body)?;
    let empty = Map::new();
    let (text, options) = match body {
        Value::Object(options) => (options.get("query").and_then(scalar), options),
        value => (scalar(value), &empty),
    };
    let Some(text) = text else {
        return parsing("No text specified for text query");
    };
    if let Some(analyzer) = options.get("analyzer").and_then(Value::as_str)
        && !ANALYZERS.contains(&analyzer)
    {
        return parsing(format!("[{name}] analyzer [{analyzer}] not found"));
    }
    on_field(reader, field, &text, manner, options)
}

fn on_field(
    reader: &Reader<'_>,
    field: &str,
    text: &str,
    manner: Manner,
    options: &Map<String, Value>,
) -> Result<Expr, Error> {
    let names = names(reader, super::truth(options.get("lenient")));
    let (stored, holds) = names.field(field);
    if !matches!(holds, Holds::Text | Holds::Anything) {
        return match term::exact(reader, field, &Value::String(text.to_owned()), false) {
            Err(_) if names.is_lenient => Ok(Expr::Nothing),
            // A phrase prefix over whole values is a prefix.
            Ok(_) if manner == Manner::PhrasePrefix && holds == Holds::Keyword => Ok(Expr::field(
                stored,
                term::glob(reader, field, &format!("{}*", escape_glob(text)), false),
            )),
            found => found,
        };
    }
    let test = |phrase: Phrase| {
        let (number, truth) = if holds == Holds::Anything {
            (number(text), truth(text))
        } else {
            (None, None)
        };
        Expr::Test(
            Target::Field(stored.to_owned()),
            Test::Words(Words {
                phrase,
                number,
                truth,
            }),
        )
    };
    let phrase = Phrase::of(text);
    if phrase.words.is_empty() {
        let all = options
            .get("zero_terms_query")
            .and_then(Value::as_str)
            .is_some_and(|what| what.eq_ignore_ascii_case("all"));
        return Ok(if all { Expr::All } else { Expr::Nothing });
    }
    let slop = options
        .get("slop")
        .and_then(Value::as_u64)
        .and_then(|slop| u32::try_from(slop).ok())
        .unwrap_or(0);
    match manner {
        Manner::Phrase => return Ok(test(phrase.with_slop(slop))),
        Manner::PhrasePrefix => {
            return Ok(test(Phrase {
                open: true,
                slop,
                ..phrase
            }));
        }
        Manner::Words | Manner::BoolPrefix => {}
    }
    let last = phrase.words.len() - 1;
    let fuzziness = options.get("fuzziness").and_then(scalar);
    let parts: Vec<Expr> = phrase
        .words
        .into_iter()
        .enumerate()
        .map(|(i, word)| match &fuzziness {
            Some(edits) => {
                let pattern = Pattern::Fuzzy(Fuzzy::new(
                    &word,
                    edits.parse().ok(),
                    prefix_length(options),
                ));
                Expr::field(
                    stored,
                    Test::Like(Like {
                        words: Some(pattern),
                        ..Like::default()
                    }),
                )
            }
            None => {
                let open = manner == Manner::BoolPrefix && i == last;
                test(Phrase {
                    words: vec![word],
                    slop: 0,
                    open,
                })
            }
        })
        .collect();
    let all = options
        .get("operator")
        .and_then(Value::as_str)
        .is_some_and(|operator| operator.eq_ignore_ascii_case("and"));
    if all {
        return Ok(Expr::every(parts));
    }
    let at_least = options
        .get("minimum_should_match")
        .map_or(Ok(1), |value| minimum(value, parts.len()))?
        .max(1);
    Ok(Expr::Bool(Bool {
        should: parts,
        at_least,
        ..Bool::default()
    }))
}

pub(super) fn prefix_length(options: &Map<String, Value>) -> usize {
    options
        .get("prefix_length")
        .and_then(Value::as_u64)
        .and_then(|n| usize::try_from(n).ok())
        .unwrap_or(0)
}

fn escape_glob(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('*', "\\*")
        .replace('?', "\\?")
}

pub(super) fn names<'m>(reader: &'m Reader<'_>, is_lenient: bool) -> Names<'m> {
    Names {
        mapping: reader.mapping,
        fields: Vec::new(),
        operator: promise::signal::log_query::lucene::Operator::Or,
        is_lenient,
        now: reader.now,
        zone: &reader.zone,
    }
}

/// The fields of `multi_match`, without their boosts; a pattern stands for the mapped fields that fit.
pub(super) fn fields(reader: &Reader<'_>, value: &Value) -> Result<Vec<String>, Error> {
    let all: Vec<&str> = match value {
        Value::String(one) => vec![one],
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        _ => return parsing("[fields] must be a list of field names"),
    };
    let mut names = Vec::new();
    for field in all {
        let name = field.split('^').next().unwrap_or(field);
        if name.contains('*') && name != "*" {
            let glob = promise::signal::log_query::Glob::parse(name);
            names.extend(
                reader
                    .mapping
                    .fields
                    .keys()
                    .filter(|known| glob.accepts(known))
                    .cloned(),
            );
        } else {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

pub(super) fn multi(reader: &mut Reader<'_>, body: &Value) -> Result<Expr, Error> {
    let options = object("multi_match", body)?;
    let Some(text) = options.get("query").and_then(scalar) else {
        return parsing("[multi_match] No text specified for multi_match query");
    };
    let manner = match options
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or("best_fields")
    {
        "best_fields" | "most_fields" | "cross_fields" => Manner::Words,
        "phrase" => Manner::Phrase,
        "phrase_prefix" => Manner::PhrasePrefix,
        "bool_prefix" => Manner::BoolPrefix,
        other => return parsing(format!("[multi_match] failed to parse type [{other}]")),
    };
    let fields = options
        .get("fields")
        .map_or(Ok(Vec::new()), |value| fields(reader, value))?;
    if fields.is_empty() || fields.iter().any(|field| field == "*") {
        let phrase = Phrase {
            open: manner == Manner::PhrasePrefix,
            ..Phrase::of(&text)
        };
        return Ok(Expr::Test(
            Target::AnyText,
            Test::Words(Words {
                phrase,
                number: None,
                truth: None,
            }),
        ));
    }
    let each = fields
        .iter()
        .map(|field| on_field(reader, field, &text, manner, options));
    Ok(Expr::any(each.collect::<Result<_, _>>()?))
}
