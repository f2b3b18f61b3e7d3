//! What a rule's query demands of every record that it means: words and ranges of values in its fields.

use std::collections::HashMap;

use promise::signal::log_query::{Expr, Range, Target, Test, fold, words};

use crate::log_rule::{Kind, LogRule};

/// What stands in one field of each record that is meant.
#[derive(Debug, Clone)]
pub(super) struct Demand {
    pub field: String,
    pub what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Word { word: String, beside: Plain },
    Range(Range),
}

/// The number and the truth that satisfy a rule as its word does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plain {
    pub number: Option<f64>,
    pub truth: Option<bool>,
}

/// The demands of each rule, those first that seem to tell it best from others; none where it must always be asked.
pub(super) fn demands<'r>(rules: impl Iterator<Item = &'r LogRule>) -> Vec<Vec<Demand>> {
    let of = |rule: &LogRule| {
        let mut all = Vec::new();
        // What tells of a change is an event too, and need not hold what the query demands.
        if !matches!(rule.kind, Kind::Changed { .. }) {
            put_demands(rule.query.expr(), &mut all);
        }
        all
    };
    let mut demands: Vec<Vec<Demand>> = rules.map(of).collect();
    let mut shared: HashMap<(String, String), usize> = HashMap::new();
    for demand in demands.iter().flatten() {
        *shared.entry(demand.name()).or_default() += 1;
    }
    for demands in &mut demands {
        demands.sort_by_key(|demand| {
            let is_range = matches!(demand.what, What::Range(_));
            // Most records of a house may be of one stream, and most numbers in a range.
            let is_wide = is_range || demand.field == "stream";
            (is_wide, shared.get(&demand.name()).copied())
        });
    }
    demands
}

impl Demand {
    /// What is the same for rules that are asked together.
    fn name(&self) -> (String, String) {
        let word = match &self.what {
            What::Word { word, .. } => word.as_str(),
            What::Range(_) => "",
        };
        (self.field.clone(), word.to_owned())
    }
}

fn put_demands(expr: &Expr, all: &mut Vec<Demand>) {
    match expr {
        Expr::Test(Target::Field(field), test) => {
            let demand = |what| Demand {
                field: field.clone(),
                what,
            };
            let word = |word: &str, number, truth| {
                demand(What::Word {
                    word: word.to_owned(),
                    beside: Plain { number, truth },
                })
            };
            match test {
                // Each word of a phrase must stand there, so each is a demand of its own.
                Test::Words(asked) if !asked.phrase.open => {
                    let each = asked.phrase.words.iter();
                    all.extend(each.map(|text| word(text, asked.number, asked.truth)));
                }
                Test::Is(is) if is.time.is_none() => {
                    let folded = fold(&is.text);
                    all.extend(words(&folded).map(|text| word(text, is.number, is.truth)));
                }
                Test::Range(range) => all.push(demand(What::Range(range.clone()))),
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
