//! Which rules a record may be an event of: found by the words that its fields hold, so that a hundred rules cost a record
//! little more than the few that speak of it.
//!
//! A rule whose query demands a word or a range of values in some field is asked only where that stands; all others are
//! asked always. It never leaves out a rule that the record is an event of.
//!
//! Of several demands one is looked for. Which one few records meet, only the records tell: a rule that is asked often
//! tries its other demands, and keeps the one by which it is asked the least ([`Index::review`]).

mod demand;
mod field;

use promise::signal::Fields;
use serde_json::{Map, Value};
use store::{Record, hash::QuickMap, logs::plain};

use self::{demand::Demand, field::Field};
use super::LogRule;

/// Records after which it is looked at how often rules were asked: few, because a demand that most records meet is dear
/// while it is tried.
const REVIEW_EACH: u32 = 256;
/// A rule that was asked of more than one in so many tries another demand.
const SELDOM: u32 = 64;
/// What a record has besides its fields; a field of such a name does not count, but for the sender's id.
const BESIDE_FIELDS: [&str; 4] = ["stream", "_index", "@timestamp", "_id"];

#[derive(Debug, Default)]
pub(super) struct Index {
    rules: Vec<Asked>,
    paths: QuickMap<String, Path>,
    fields: Vec<Field>,
    beside: Vec<(&'static str, usize)>,
    always: Vec<usize>,
    /// Records since the last review.
    seen: u32,
    path: String,
}

/// How often a rule is asked by each of its demands.
#[derive(Debug)]
struct Asked {
    demands: Vec<Demand>,
    /// The demand that is looked for.
    by: usize,
    /// Records since the last review of which it was asked.
    times: u32,
    /// What `times` came to when each demand was last looked for.
    known: Vec<Option<u32>>,
}

/// A field's name with dots, or the beginning of one.
#[derive(Debug, Default)]
struct Path {
    field: Option<usize>,
    /// Longer names begin with it.
    goes_on: bool,
}

impl Index {
    pub fn of<'r>(rules: impl Iterator<Item = &'r LogRule>) -> Self {
        let asked = |demands: Vec<Demand>| Asked {
            known: vec![None; demands.len()],
            demands,
            by: 0,
            times: 0,
        };
        let rules = demand::demands(rules).into_iter().map(asked).collect();
        let mut index = Self {
            rules,
            ..Self::default()
        };
        index.build();
        index
    }

    fn build(&mut self) {
        (self.paths, self.fields) = (QuickMap::default(), Vec::new());
        (self.beside, self.always) = (Vec::new(), Vec::new());
        for (rule, asked) in self.rules.iter().enumerate() {
            let Some(demand) = asked.demands.get(asked.by) else {
                self.always.push(rule);
                continue;
            };
            let place = match BESIDE_FIELDS.iter().find(|name| **name == demand.field) {
                Some(name) => match self.beside.iter().find(|(other, _)| other == name) {
                    Some((_, place)) => *place,
                    None => {
                        self.beside.push((name, self.fields.len()));
                        self.fields.len()
                    }
                },
                None => {
                    for (dot, _) in demand.field.match_indices('.') {
                        let beginning = demand.field[..dot].to_owned();
                        self.paths.entry(beginning).or_default().goes_on = true;
                    }
                    let path = self.paths.entry(demand.field.clone()).or_default();
                    *path.field.get_or_insert(self.fields.len())
                }
            };
            if place == self.fields.len() {
                self.fields.push(Field::default());
            }
            self.fields[place].put(&demand.what, rule);
        }
    }

    /// Puts the rules that may mean the record into `found`, in order.
    pub fn find(&mut self, record: &Record, found: &mut Vec<usize>) {
        found.clear();
        found.extend(&self.always);
        for (name, place) in &self.beside {
            record.any_value(name, &mut |value| {
                self.fields[*place].find(&value, found);
                false
            });
        }
        let mut path = std::mem::take(&mut self.path);
        self.walk(&record.fields, &mut path, found);
        self.path = path;
        found.sort_unstable();
        found.dedup();
        for rule in &*found {
            self.rules[*rule].times += 1;
        }
        self.seen += 1;
        if self.seen >= REVIEW_EACH {
            self.review();
        }
    }

    /// Looks at each value that a rule may speak of once. JSON that was parsed is at most 128 levels deep.
    fn walk(&self, fields: &Map<String, Value>, path: &mut String, found: &mut Vec<usize>) {
        let before = path.len();
        for (name, value) in fields {
            let full = if before == 0 {
                name
            } else {
                path.push_str(name);
                &*path
            };
            if let Some(here) = self.paths.get(full) {
                path.truncate(before);
                self.look(here, name, value, path, found);
            }
            path.truncate(before);
        }
    }

    fn look(
        &self,
        here: &Path,
        name: &str,
        value: &Value,
        path: &mut String,
        found: &mut Vec<usize>,
    ) {
        match value {
            Value::Array(items) => {
                for item in items {
                    self.look(here, name, item, path, found);
                }
            }
            Value::Object(inner) if here.goes_on => {
                let before = path.len();
                path.push_str(name);
                path.push('.');
                self.walk(inner, path, found);
                path.truncate(before);
            }
            value => {
                if let (Some(field), Some(value)) = (here.field, plain(value)) {
                    self.fields[field].find(&value, found);
                }
            }
        }
    }

    /// Lets each rule that was asked often look for another of its demands.
    fn review(&mut self) {
        self.seen = 0;
        let mut is_other = false;
        for rule in &mut self.rules {
            let times = std::mem::take(&mut rule.times);
            let Some(known) = rule.known.get_mut(rule.by) else {
                continue;
            };
            *known = Some(times);
            if times <= REVIEW_EACH / SELDOM {
                continue;
            }
            // What was never tried comes first; of what was tried, one that asks much less.
            let places = (0..rule.known.len()).map(|place| (rule.known[place], place));
            if let Some((known, place)) = places.min()
                && known.is_none_or(|known| known < times / 2)
            {
                rule.by = place;
                is_other = true;
            }
        }
        if is_other {
            self.build();
        }
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

    const QUERIES: [&str; 21] = [
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
        "card.of.bank.name:failed",
        "card.of.bank.name:a AND n:<3",
    ];

    fn record(fields: Value, stream: &str) -> Record {
        Record {
            id: 1,
            at: Timestamp::EPOCH,
            stream: stream.into(),
            fields: fields.as_object().unwrap().clone(),
        }
    }

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
            let fields = json!({
                "status": status, "n": n, "paid": paid, "tags": ["a", "b c"], "message": "決済",
                "card": [{ "of.bank": { "name": "a" } }, { "of": { "bank.name": status } }],
            });
            let record = record(fields, stream);
            let rules: Vec<LogRule> = QUERIES.iter().map(|query| one_line::read("r", query).unwrap()).collect();
            let mut found = Vec::new();
            Index::of(rules.iter()).find(&record, &mut found);
            for (i, rule) in rules.iter().enumerate() {
                prop_assert!(found.contains(&i) || !record.matches(&rule.query), "{}", QUERIES[i]);
            }
        }
    }

    /// A thousand records of which each is of the host and one in a hundred failed: by which word the rule is asked, the
    /// order of its conditions does not say.
    #[test]
    fn a_rule_is_asked_by_the_word_that_few_records_hold() {
        for query in ["host:api AND status:failed", "status:failed AND host:api"] {
            let rules = [one_line::read("r", query).unwrap()];
            let mut index = Index::of(rules.iter());
            let (mut found, mut asked) = (Vec::new(), 0);
            for n in 0..2_000 {
                let status = if n % 100 == 0 { "failed" } else { "ok" };
                let fields = json!({ "host": "api", "status": status });
                index.find(&record(fields, "app"), &mut found);
                assert!(status == "ok" || found == [0], "{query}: record {n}");
                asked += if n < 1_000 { 0 } else { found.len() };
            }
            assert_eq!(asked, 10, "{query}");
        }
    }

    #[test]
    fn a_rule_of_another_word_is_not_asked() {
        let rules: Vec<LogRule> = ["status:failed AND amount:>5", "status:ok", "amount:>5"]
            .iter()
            .map(|query| one_line::read("r", query).unwrap())
            .collect();
        let record = record(json!({ "status": "ok", "amount": 1 }), "app");
        let mut found = Vec::new();
        Index::of(rules.iter()).find(&record, &mut found);
        // `amount:>5` demands more than 1.
        assert_eq!(found, [1]);
    }
}
