//! Which rules a record may be an event of: found by the words that its fields hold, so that a hundred rules cost a record
//! little more than the few that speak of it.
//!
//! A rule whose query demands a word or a range of values in some field is asked only where that stands; all others are
//! asked always. It never leaves out a rule that the record is an event of.

use std::collections::HashMap;

use promise::signal::{
    FieldValue, Fields,
    log_query::{Expr, Range, Target, Test, fold, words},
};
use store::Record;

use super::{Kind, LogRule};

#[derive(Debug, Default)]
pub(super) struct Index {
    fields: Vec<Field>,
    always: Vec<usize>,
}

/// The rules that demand something of one field.
#[derive(Debug)]
struct Field {
    name: String,
    by_word: HashMap<String, Vec<usize>>,
    /// By [`mark`]: most words of a record are in no rule, and need not be looked up.
    marks: Vec<bool>,
    /// Those that a number or a truth may satisfy too.
    beside_text: Vec<(Plain, usize)>,
    /// Those that demand a value between two.
    ranges: Vec<(Range, usize)>,
}

/// What a query demands of a field.
struct Demand<'e> {
    field: &'e str,
    what: What<'e>,
}

enum What<'e> {
    Word { word: String, beside: Plain },
    Range(&'e Range),
}

/// The number and the truth that satisfy a rule as its word does.
#[derive(Debug, Clone, Copy)]
struct Plain {
    number: Option<f64>,
    truth: Option<bool>,
}

/// The same for words of one length and beginning.
fn mark(word: &str) -> usize {
    let first = word.as_bytes().first().copied().unwrap_or_default();
    usize::from(first) << 3 | word.len() & 7
}

const MARKS: usize = 256 << 3;

impl Index {
    pub fn of<'r>(rules: impl Iterator<Item = &'r LogRule>) -> Self {
        let demands: Vec<Vec<Demand<'r>>> = rules
            .map(|rule| {
                let mut all = Vec::new();
                // What tells of a change is an event too, and need not hold what the query demands.
                if !matches!(rule.kind, Kind::Changed { .. }) {
                    put_demands(rule.query.expr(), &mut all);
                }
                all
            })
            .collect();
        // The demand that the fewest rules share tells them apart best.
        let mut shared: HashMap<(&str, &str), usize> = HashMap::new();
        for demand in demands.iter().flatten() {
            *shared.entry(demand.name()).or_default() += 1;
        }
        let mut index = Self::default();
        for (rule, demands) in demands.iter().enumerate() {
            let rarest = demands.iter().min_by_key(|demand| {
                let is_range = matches!(demand.what, What::Range(_));
                // Most records of a house may be of one stream, and most numbers in a range.
                let is_wide = is_range || demand.field == "stream";
                (is_wide, shared.get(&demand.name()).copied())
            });
            match rarest {
                Some(demand) => index.put(demand, rule),
                None => index.always.push(rule),
            }
        }
        index
    }

    fn put(&mut self, demand: &Demand<'_>, rule: usize) {
        let known = self.fields.iter().position(|f| f.name == demand.field);
        let place = known.unwrap_or_else(|| {
            self.fields.push(Field {
                name: demand.field.to_owned(),
                by_word: HashMap::new(),
                marks: vec![false; MARKS],
                beside_text: Vec::new(),
                ranges: Vec::new(),
            });
            self.fields.len() - 1
        });
        let field = &mut self.fields[place];
        match &demand.what {
            What::Word { word, beside } => {
                field.marks[mark(word)] = true;
                field.by_word.entry(word.clone()).or_default().push(rule);
                if beside.number.is_some() || beside.truth.is_some() {
                    field.beside_text.push((*beside, rule));
                }
            }
            What::Range(range) => field.ranges.push(((*range).clone(), rule)),
        }
    }

    /// Puts the rules that may mean the record into `found`, in order.
    pub fn find(&self, record: &Record, found: &mut Vec<usize>) {
        found.clear();
        found.extend(&self.always);
        for field in &self.fields {
            record.any_value(&field.name, &mut |value| {
                match value {
                    FieldValue::Text(text) if !field.by_word.is_empty() => {
                        for word in words(&fold(text)).filter(|word| field.marks[mark(word)]) {
                            found.extend(field.by_word.get(word).into_iter().flatten());
                        }
                    }
                    FieldValue::Number(n) => {
                        field.put_beside(found, |plain| plain.number == Some(n))
                    }
                    FieldValue::Bool(truth) => {
                        field.put_beside(found, |plain| plain.truth == Some(truth));
                    }
                    // A word or a number is never an instant.
                    FieldValue::Text(_) | FieldValue::Time(_) => {}
                }
                let within = field
                    .ranges
                    .iter()
                    .filter(|(range, _)| range.accepts(&value));
                found.extend(within.map(|(_, rule)| *rule));
                false
            });
        }
        found.sort_unstable();
        found.dedup();
    }
}

impl Field {
    fn put_beside(&self, found: &mut Vec<usize>, is: impl Fn(&Plain) -> bool) {
        let meant = self.beside_text.iter().filter(|(plain, _)| is(plain));
        found.extend(meant.map(|(_, rule)| *rule));
    }
}

impl Demand<'_> {
    /// What is the same for rules that are asked together.
    fn name(&self) -> (&str, &str) {
        match &self.what {
            What::Word { word, .. } => (self.field, word),
            What::Range(_) => (self.field, ""),
        }
    }
}

/// What every record that the query means has in one field.
fn put_demands<'e>(expr: &'e Expr, all: &mut Vec<Demand<'e>>) {
    match expr {
        Expr::Test(Target::Field(field), test) => {
            let word = |word: String, number, truth| Demand {
                field,
                what: What::Word {
                    word,
                    beside: Plain { number, truth },
                },
            };
            match test {
                // Each word of a phrase must stand there, so each is a demand of its own.
                Test::Words(asked) if !asked.phrase.open => {
                    let all_words = asked.phrase.words.iter().cloned();
                    all.extend(all_words.map(|text| word(text, asked.number, asked.truth)));
                }
                Test::Is(is) if is.time.is_none() => {
                    let folded = fold(&is.text);
                    all.extend(
                        words(&folded).map(|text| word(text.to_owned(), is.number, is.truth)),
                    );
                }
                Test::Range(range) => all.push(Demand {
                    field,
                    what: What::Range(range),
                }),
                _ => {}
            }
        }
        Expr::Bool(bool) => {
            bool.must.iter().for_each(|part| put_demands(part, all));
            if let ([only], 1..) = (bool.should.as_slice(), bool.at_least) {
                put_demands(only, all);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use promise::Timestamp;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::log_rule::one_line;

    const QUERIES: [&str; 19] = [
        "status:failed",
        "status:\"failed now\"",
        "status:FAILED AND n:3",
        "n:3",
        "n:>2",
        "paid:true",
        "status:fail*",
        "stream:app AND status:ok",
        "stream:app",
        "NOT status:failed",
        "status:failed OR n:1",
        "+(status:ok) -n:2",
        "tags:a AND tags:b",
        "status:/fa.*/",
        "*",
        "決済 AND status:失敗",
        "n:[1 TO 2] AND status:failed",
        "n:>=3 AND stream:app",
        "status:>fa",
    ];

    proptest! {
        #[test]
        fn no_rule_that_means_a_record_is_left_out(
            status in prop::sample::select(vec!["failed", "Failed now", "ok", "失敗", "", "fail-ed"]),
            n in 0..4_u32,
            as_text in any::<bool>(),
            paid in any::<bool>(),
            stream in prop::sample::select(vec!["app", "other"]),
        ) {
            let n = if as_text { json!(n.to_string()) } else { json!(n) };
            let fields = json!({ "status": status, "n": n, "paid": paid, "tags": ["a", "b c"], "message": "決済" });
            let record = Record {
                id: 1,
                at: Timestamp::EPOCH,
                stream: stream.into(),
                fields: fields.as_object().unwrap().clone(),
            };
            let rules: Vec<LogRule> = QUERIES.iter().map(|query| one_line::read("r", query).unwrap()).collect();
            let mut found = Vec::new();
            Index::of(rules.iter()).find(&record, &mut found);
            for (i, rule) in rules.iter().enumerate() {
                prop_assert!(found.contains(&i) || !record.matches(&rule.query), "{}", QUERIES[i]);
            }
        }
    }

    #[test]
    fn a_rule_of_another_word_is_not_asked() {
        let rules: Vec<LogRule> = ["status:failed AND amount:>5", "status:ok", "amount:>5"]
            .iter()
            .map(|query| one_line::read("r", query).unwrap())
            .collect();
        let record = Record {
            id: 1,
            at: Timestamp::EPOCH,
            stream: "app".into(),
            fields: json!({ "status": "ok", "amount": 1 })
                .as_object()
                .unwrap()
                .clone(),
        };
        let mut found = Vec::new();
        Index::of(rules.iter()).find(&record, &mut found);
        // `amount:>5` demands more than 1.
        assert_eq!(found, [1]);
    }
}
