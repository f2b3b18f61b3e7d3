//! What an engine is asked: a condition that every record meets which a query means, and few others. What it is not
//! asked is judged here.

use promise::signal::log_query::{Bool, Expr, Is, Like, Part, Pattern, Target, Test, fold, words};
use serde_json::{Value, json};

use super::document::{self, STREAM, WORDS};

/// Conditions that one query hands on; the rest is judged here.
const CLAUSES_MAX: usize = 200;

/// Whether the engine is asked just what the query means.
pub(super) fn is_exact(expr: &Expr) -> bool {
    match expr {
        Expr::All => true,
        Expr::Nothing => false,
        Expr::Bool(bool) => {
            let parts = [&bool.must, &bool.should];
            bool.must_not.is_empty()
                && (bool.should.is_empty() || bool.at_least > 0)
                && parts.into_iter().flatten().all(is_exact)
        }
        Expr::Test(Target::Field(name), test) => is_stream(name) && of_stream(test).is_some(),
        Expr::Test(..) => false,
    }
}

/// The condition; `None` where any record may be meant.
pub(super) fn narrowed(expr: &Expr) -> Option<Value> {
    let mut left = CLAUSES_MAX;
    part(expr, &mut left)
}

fn part(expr: &Expr, left: &mut usize) -> Option<Value> {
    *left = left.checked_sub(1)?;
    match expr {
        Expr::All => None,
        Expr::Nothing => Some(json!({ "bool": { "must_not": [{ "match_all": {} }] } })),
        Expr::Bool(bool) => joined(bool, left),
        Expr::Test(Target::Field(name), test) if is_stream(name) => of_stream(test),
        Expr::Test(Target::Field(name), _) if matches!(name.as_str(), "_id" | "@timestamp") => None,
        Expr::Test(_, Test::Words(wanted)) => {
            let phrase = &wanted.phrase;
            // The last word may be the beginning of one.
            let whole = phrase.words.len().saturating_sub(usize::from(phrase.open));
            let text = every(phrase.words[..whole].iter().map(String::as_str), left)?;
            Some(or(text, wanted.number, wanted.truth))
        }
        Expr::Test(
            _,
            Test::Is(Is {
                text,
                number,
                truth,
                ..
            }),
        ) => {
            let text = every(words(&fold(text)), left)?;
            Some(or(text, *number, *truth))
        }
        Expr::Test(_, Test::Exists | Test::Range(_) | Test::Like(_)) => None,
    }
}

fn joined(bool: &Bool, left: &mut usize) -> Option<Value> {
    let mut filter: Vec<Value> = bool
        .must
        .iter()
        .filter_map(|expr| part(expr, left))
        .collect();
    if bool.at_least > 0 {
        let should: Vec<Value> = bool
            .should
            .iter()
            .filter_map(|expr| part(expr, left))
            .collect();
        // Each that is not asked may hold.
        let unknown = bool.should.len() - should.len();
        let at_least = bool.at_least.saturating_sub(unknown);
        if at_least > should.len() {
            filter.push(json!({ "bool": { "must_not": [{ "match_all": {} }] } }));
        } else if at_least > 0 {
            filter.push(json!({ "bool": { "should": should, "minimum_should_match": at_least } }));
        }
    }
    match filter.len() {
        0 => None,
        1 => filter.pop(),
        _ => Some(json!({ "bool": { "filter": filter } })),
    }
}

fn is_stream(name: &str) -> bool {
    matches!(name, "stream" | "_index")
}

/// What is asked of the stream's name, where an engine can be asked the same.
fn of_stream(test: &Test) -> Option<Value> {
    match test {
        Test::Is(Is {
            text, folds: false, ..
        }) => Some(json!({ "term": { STREAM: text } })),
        Test::Like(Like {
            whole: Some(Pattern::Glob(glob)),
            folds: false,
            words: None,
        }) => {
            let written = glob.parts().iter().map(|part| match part {
                Part::Char(c @ ('*' | '?' | '\\')) => format!("\\{c}"),
                Part::Char(c) => c.to_string(),
                Part::One => "?".to_owned(),
                Part::Many => "*".to_owned(),
            });
            let value: String = written.collect();
            Some(json!({ "wildcard": { STREAM: { "value": value } } }))
        }
        _ => None,
    }
}

/// All of these words; `None` where there are none to ask for.
fn every<'w>(words: impl Iterator<Item = &'w str>, left: &mut usize) -> Option<Value> {
    let term = |word: &str| json!({ "term": { WORDS: document::word(word) } });
    let mut terms: Vec<Value> = words.take(*left).map(term).collect();
    *left -= terms.len();
    match terms.len() {
        0 => None,
        1 => terms.pop(),
        _ => Some(json!({ "bool": { "filter": terms } })),
    }
}

/// A text, or what a number or a truth must be instead.
fn or(text: Value, number: Option<f64>, truth: Option<bool>) -> Value {
    let instead = number
        .map(document::number)
        .into_iter()
        .chain(truth.map(document::truth));
    let terms = instead.map(|word| json!({ "term": { WORDS: word } }));
    let mut any: Vec<Value> = terms.collect();
    if any.is_empty() {
        return text;
    }
    any.push(text);
    json!({ "bool": { "should": any, "minimum_should_match": 1 } })
}
