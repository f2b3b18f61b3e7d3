//! Queries for values as they are: terms, ranges, patterns.

use promise::signal::log_query::{
    End, Expr, Fieldnames, Fuzzy, Glob, Holds, Is, Like, Over, Pattern, Phrase, Range, Test, Words,
    fold, number, regex, truth, words,
};
use serde_json::{Map, Value};

use super::{
    CLAUSES_MAX, Reader,
    full_text::{names, prefix_length},
    object, one_field, scalar,
};
use crate::{
    date,
    error::{Error, parsing},
    mapping::Kind,
};

/// A field, what is asked of it, and the options beside that.
type Named<'v> = (&'v str, &'v Value, Option<&'v Map<String, Value>>);

/// The value and the options beside it: `{field: value}` or `{field: {"value": value, …}}`.
fn value_of<'v>(name: &str, body: &'v Value) -> Result<Named<'v>, Error> {
    let (field, body) = one_field(name, body)?;
    let Value::Object(options) = body else {
        return Ok((field, body, None));
    };
    match options.get("value").or_else(|| options.get(name)) {
        Some(value) => Ok((field, value, Some(options))),
        None => parsing(format!("[{name}] query malformed, no value for [{field}]")),
    }
}

fn folds(options: Option<&Map<String, Value>>) -> bool {
    options.is_some_and(|options| super::truth(options.get("case_insensitive")))
}

pub(super) fn term(reader: &Reader<'_>, body: &Value) -> Result<Expr, Error> {
    let (field, value, options) = value_of("term", body)?;
    exact(reader, field, value, folds(options))
}

/// A field that holds this value: of a text, one of its words, as it is written here.
pub(super) fn exact(
    reader: &Reader<'_>,
    field: &str,
    value: &Value,
    folds: bool,
) -> Result<Expr, Error> {
    let Some(text) = scalar(value) else {
        return parsing(format!(
            "[term] query does not support a value of this kind for [{field}]"
        ));
    };
    let names = names(reader, false);
    let (stored, holds) = names.field(field);
    let refused = |what: &str| {
        Err(Error::Query(format!(
            "failed to create query: For input string: \"{text}\" ({what} expected for [{field}])"
        )))
    };
    let test = match holds {
        Holds::Text => word(if folds {
            fold(&text).into_owned()
        } else {
            text
        }),
        Holds::Anything => {
            let Test::Words(mut wanted) = word(if folds {
                fold(&text).into_owned()
            } else {
                text.clone()
            }) else {
                return Ok(Expr::Nothing);
            };
            (wanted.number, wanted.truth) = (number(&text), truth(&text));
            Test::Words(wanted)
        }
        Holds::Keyword => {
            let folds = folds
                || reader
                    .mapping
                    .field(field)
                    .is_some_and(|field| field.lowers);
            let (number, truth) = (number(&text), truth(&text));
            if reader
                .mapping
                .field(field)
                .is_some_and(|f| f.kind == Kind::Ip)
                && text.contains('/')
            {
                return Ok(network(stored, &text));
            }
            let text = if folds {
                fold(&text).into_owned()
            } else {
                text
            };
            Test::Is(Is {
                text,
                folds,
                number,
                truth,
                time: None,
            })
        }
        Holds::Number => match number(&text) {
            Some(n) => Test::Is(Is {
                text,
                folds: false,
                number: Some(n),
                truth: None,
                time: None,
            }),
            None => return refused("a number is"),
        },
        Holds::Truth => match truth(&text) {
            Some(t) => Test::Is(Is {
                text,
                folds: false,
                number: None,
                truth: Some(t),
                time: None,
            }),
            None => return refused("true or false is"),
        },
        Holds::Time => {
            let ends = [false, true].map(|up| names.instant(field, &text, up));
            let [Some(low), Some(high)] = ends else {
                return refused("a date is");
            };
            let end = |time| End {
                text: text.clone(),
                number: None,
                time: Some(time),
                inclusive: true,
            };
            Test::Range(Range {
                low: Some(end(low)),
                high: Some(end(high)),
                over: Over::Text,
            })
        }
    };
    Ok(Expr::field(stored, test))
}

/// One word of a text, which was folded when it was cut; another form of it is not there.
fn word(text: String) -> Test {
    let is_word = words(&text).eq([text.as_str()]) && fold(&text) == text.as_str();
    let phrase = Phrase {
        words: if is_word { vec![text] } else { Vec::new() },
        slop: 0,
        open: false,
    };
    Test::Words(Words {
        phrase,
        number: None,
        truth: None,
    })
}

/// Addresses of a network, `10.0.0.0/8`: those whose text is in it. Only whole bytes of IPv4 can be told by text.
fn network(field: &str, text: &str) -> Expr {
    let glob = text.split_once('/').and_then(|(address, bits)| {
        let bits: usize = bits.parse().ok()?;
        let bytes: Vec<&str> = address.split('.').collect();
        (bytes.len() == 4 && bits.is_multiple_of(8) && bits <= 32).then(|| {
            let kept = bytes[..bits / 8].join(".");
            if bits == 32 {
                kept
            } else if bits == 0 {
                "*".to_owned()
            } else {
                format!("{kept}.*")
            }
        })
    });
    glob.map_or(Expr::Nothing, |glob| {
        Expr::field(
            field,
            Test::Like(Like {
                whole: Some(Pattern::Glob(Glob::parse(&glob))),
                ..Like::default()
            }),
        )
    })
}

pub(super) fn terms(reader: &Reader<'_>, body: &Value) -> Result<Expr, Error> {
    let (field, values) = one_field("terms", body)?;
    let Some(values) = values.as_array() else {
        return parsing(format!(
            "[terms] query requires a list of values for [{field}]"
        ));
    };
    if values.len() > CLAUSES_MAX {
        return Err(Error::Illegal(format!(
            "The number of terms [{}] used in the Terms Query request has exceeded the allowed maximum of [{CLAUSES_MAX}]",
            values.len()
        )));
    }
    Ok(Expr::any(
        values
            .iter()
            .map(|value| exact(reader, field, value, false))
            .collect::<Result<_, _>>()?,
    ))
}

pub(super) fn exists(reader: &Reader<'_>, body: &Value) -> Result<Expr, Error> {
    match object("exists", body)?.get("field").and_then(Value::as_str) {
        Some(field) => Ok(Expr::field(
            names(reader, false).field(field).0,
            Test::Exists,
        )),
        None => parsing("[exists] must be provided with a [field]"),
    }
}

pub(super) fn ids(body: &Value) -> Result<Expr, Error> {
    let Some(values) = object("ids", body)?.get("values").and_then(Value::as_array) else {
        return parsing("[ids] requires providing a [values] array");
    };
    let is = |value: &Value| {
        let text = scalar(value).unwrap_or_default();
        Expr::field(
            "_id",
            Test::Is(Is {
                text,
                folds: false,
                number: None,
                truth: None,
                time: None,
            }),
        )
    };
    Ok(Expr::any(values.iter().map(is).collect()))
}

pub(super) fn pattern(reader: &Reader<'_>, name: &str, body: &Value) -> Result<Expr, Error> {
    let (field, value, options) = value_of(name, body)?;
    let Some(text) = scalar(value) else {
        return parsing(format!("[{name}] query malformed, no text for [{field}]"));
    };
    let folds = folds(options);
    let stored = names(reader, false).field(field).0;
    let test = match name {
        "prefix" => like(
            reader,
            field,
            |fold_text| {
                Ok(Pattern::Glob(Glob::prefix(&cased(
                    &text,
                    folds || fold_text,
                ))))
            },
            folds,
        )?,
        "wildcard" => glob(reader, field, &text, folds),
        "regexp" => {
            let build = |folds| regex(&text, folds).map_err(|why| Error::Query(why.en));
            like(
                reader,
                field,
                |lowers| build(folds || lowers).map(Pattern::Regex),
                folds,
            )?
        }
        _ => {
            let edits = options
                .and_then(|o| o.get("fuzziness"))
                .and_then(scalar)
                .and_then(|f| f.parse().ok());
            let prefix = options.map_or(0, prefix_length);
            like(
                reader,
                field,
                |lowers| {
                    Ok(Pattern::Fuzzy(Fuzzy::new(
                        &cased(&text, folds || lowers),
                        edits,
                        prefix,
                    )))
                },
                folds,
            )?
        }
    };
    Ok(Expr::field(stored, test))
}

pub(super) fn glob(reader: &Reader<'_>, field: &str, text: &str, folds: bool) -> Test {
    let glob = Glob::parse(text);
    let built = like(
        reader,
        field,
        |lowers| {
            Ok(Pattern::Glob(if folds || lowers {
                glob.folded()
            } else {
                glob.clone()
            }))
        },
        folds,
    );
    built.unwrap_or(Test::Like(Like::default()))
}

fn cased(text: &str, folds: bool) -> String {
    if folds {
        fold(text).into_owned()
    } else {
        text.to_owned()
    }
}

/// Held against the words of a text or the whole of a keyword. The pattern is told whether the field's own values are
/// lowered; a text's are, but the pattern for them stays as it was written, as in Elasticsearch.
fn like(
    reader: &Reader<'_>,
    field: &str,
    pattern: impl Fn(bool) -> Result<Pattern, Error>,
    folds: bool,
) -> Result<Test, Error> {
    let holds = names(reader, false).field(field).1;
    let lowers = reader
        .mapping
        .field(field)
        .is_some_and(|field| field.lowers);
    let folds = folds || lowers;
    Ok(Test::Like(Like {
        whole: (holds != Holds::Text).then(|| pattern(folds)).transpose()?,
        folds,
        words: matches!(holds, Holds::Text | Holds::Anything)
            .then(|| pattern(false))
            .transpose()?,
    }))
}

pub(super) fn range(reader: &Reader<'_>, body: &Value) -> Result<Expr, Error> {
    let (field, body) = one_field("range", body)?;
    let options = object("range", body)?;
    let known = [
        "gte",
        "gt",
        "lte",
        "lt",
        "from",
        "to",
        "include_lower",
        "include_upper",
        "format",
        "time_zone",
        "boost",
        "relation",
        "_name",
    ];
    super::refuse_unknown("range", options, &known)?;
    let zone = match options.get("time_zone").and_then(Value::as_str) {
        Some(name) => date::time_zone(name)?,
        None => reader.zone.clone(),
    };
    let format = options.get("format").and_then(Value::as_str);
    let mapped = reader.mapping.field(field);
    let format = format.or_else(|| mapped.and_then(|field| field.format.as_deref()));
    let (stored, holds) = names(reader, false).field(field);
    let includes = |key| options.get(key) != Some(&Value::Bool(false));
    let given = |key: &str| options.get(key).filter(|value| !value.is_null());
    let low = given("gte")
        .map(|v| (v, true))
        .or(given("gt").map(|v| (v, false)))
        .or(given("from").map(|v| (v, includes("include_lower"))));
    let high = given("lte")
        .map(|v| (v, true))
        .or(given("lt").map(|v| (v, false)))
        .or(given("to").map(|v| (v, includes("include_upper"))));
    let end = |(value, inclusive): (&Value, bool), is_low: bool| -> Result<End, Error> {
        let Some(text) = scalar(value) else {
            return parsing(format!(
                "[range] query does not support a value of this kind for [{field}]"
            ));
        };
        let time = || date::instant(&text, format, reader.now, &zone, is_low != inclusive);
        let refused = |what: &str| {
            Err(Error::Query(format!(
                "failed to parse {what} [{text}] for field [{field}]"
            )))
        };
        Ok(match holds {
            Holds::Time => match time() {
                Some(time) => End {
                    text,
                    number: None,
                    time: Some(time),
                    inclusive,
                },
                None => return refused("date field"),
            },
            Holds::Number => match number(&text) {
                Some(n) => End {
                    text,
                    number: Some(n),
                    time: None,
                    inclusive,
                },
                None => return refused("number"),
            },
            Holds::Keyword if mapped.is_some_and(|field| field.lowers) => End {
                text: fold(&text).into_owned(),
                number: None,
                time: None,
                inclusive,
            },
            Holds::Keyword | Holds::Text => End {
                text,
                number: None,
                time: None,
                inclusive,
            },
            // What an unmapped field holds is told by what it is compared with.
            _ => {
                let time = number(&text).is_none().then(time).flatten();
                End {
                    number: number(&text),
                    text,
                    time,
                    inclusive,
                }
            }
        })
    };
    let low = low.map(|low| end(low, true)).transpose()?;
    let high = high.map(|high| end(high, false)).transpose()?;
    if low.is_none() && high.is_none() {
        return Ok(Expr::field(stored, Test::Exists));
    }
    let over = match holds {
        Holds::Text => Over::Words,
        // What a normalizer lowers is compared lowered.
        _ if mapped.is_some_and(|field| field.lowers) => Over::Folded,
        _ => Over::Text,
    };
    Ok(Expr::field(stored, Test::Range(Range { low, high, over })))
}
