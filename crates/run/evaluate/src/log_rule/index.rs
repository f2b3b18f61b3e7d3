//! Which rules a record may be an event of: found by the words that its fields hold, so that a hundred rules cost a record
//! little more than the few that speak of it.
//!
//! A rule whose query demands a word in some field is asked only where that word stands; all others are asked always.
//! It never leaves out a rule that the record is an event of.

use std::collections::HashMap;

use promise::signal::{
    FieldValue, Fields,
    log_query::{Expr, Target, Test, fold, words},
};
use store::Record;

use super::LogRule;

#[derive(Debug, Default)]
pub(super) struct Index {
    fields: Vec<Field>,
    always: Vec<usize>,
}

/// The rules that demand a word in one field.
#[derive(Debug)]
struct Field {
    name: String,
    by_word: HashMap<String, Vec<usize>>,
    /// Those that a number or a truth may satisfy too.
    beside_text: Vec<usize>,
}

/// What a query demands: a word in a field.
struct Demand<'e> {
    field: &'e str,
    word: String,
    is_text: bool,
}

impl Index {
    pub fn of<'r>(rules: impl Iterator<Item = &'r LogRule>) -> Self {
        let mut index = Self::default();
        for (i, rule) in rules.enumerate() {
            match demand(rule.query.expr()) {
                Some(demand) => index.put(&demand, i),
                None => index.always.push(i),
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
                beside_text: Vec::new(),
            });
            self.fields.len() - 1
        });
        let field = &mut self.fields[place];
        let of_word = field.by_word.entry(demand.word.clone()).or_default();
        of_word.push(rule);
        if !demand.is_text {
            field.beside_text.push(rule);
        }
    }

    /// Puts the rules that may mean the record into `found`, in order.
    pub fn find(&self, record: &Record, found: &mut Vec<usize>) {
        found.clear();
        found.extend(&self.always);
        for field in &self.fields {
            record.any_value(&field.name, &mut |value| {
                match value {
                    FieldValue::Text(text) => {
                        for word in words(&fold(text)) {
                            found.extend(field.by_word.get(word).into_iter().flatten());
                        }
                    }
                    FieldValue::Number(_) | FieldValue::Bool(_) | FieldValue::Time(_) => {
                        found.extend(&field.beside_text);
                    }
                }
                false
            });
        }
        found.sort_unstable();
        found.dedup();
    }
}

/// A word that every record which the query means has in one field. That of a stream is the last choice: most rules of a
/// house may speak of one stream.
fn demand(expr: &Expr) -> Option<Demand<'_>> {
    let mut all = Vec::new();
    demands(expr, &mut all);
    let best = all.iter().position(|demand| demand.field != "stream");
    (!all.is_empty()).then(|| all.swap_remove(best.unwrap_or(0)))
}

fn demands<'e>(expr: &'e Expr, all: &mut Vec<Demand<'e>>) {
    match expr {
        Expr::Test(Target::Field(field), test) => {
            let (word, is_text) = match test {
                Test::Words(asked) if !asked.phrase.open => (
                    asked.phrase.words.first().cloned(),
                    asked.number.is_none() && asked.truth.is_none(),
                ),
                Test::Is(is) if is.time.is_none() => (
                    words(&fold(&is.text)).next().map(str::to_owned),
                    is.number.is_none() && is.truth.is_none(),
                ),
                _ => (None, true),
            };
            all.extend(word.map(|word| Demand {
                field,
                word,
                is_text,
            }));
        }
        Expr::Bool(bool) => {
            bool.must.iter().for_each(|part| demands(part, all));
            if let ([only], 1..) = (bool.should.as_slice(), bool.at_least) {
                demands(only, all);
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

    const QUERIES: [&str; 16] = [
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
        assert_eq!(found, [1, 2]);
    }
}
