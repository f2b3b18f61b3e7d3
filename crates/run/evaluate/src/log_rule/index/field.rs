//! The rules that demand something of one field, found by its value.

use promise::signal::{
    FieldValue,
    log_query::{Range, fold, words},
};
use store::hash::QuickMap;

use super::demand::{Plain, What};

#[derive(Debug)]
pub(super) struct Field {
    by_word: QuickMap<String, Vec<usize>>,
    /// By [`mark`]: most words of a record are in no rule, and need not be looked up.
    marks: Vec<bool>,
    /// Those that a number or a truth may satisfy too.
    beside_text: Vec<(Plain, usize)>,
    /// Those that demand a value between two, by their lower ends; those without come first.
    ranges: Vec<(f64, Range, usize)>,
}

/// The same for words of one length and beginning.
fn mark(word: &str) -> usize {
    let first = word.as_bytes().first().copied().unwrap_or_default();
    usize::from(first) << 3 | word.len() & 7
}

const MARKS: usize = 256 << 3;

impl Default for Field {
    fn default() -> Self {
        Self {
            by_word: QuickMap::default(),
            marks: vec![false; MARKS],
            beside_text: Vec::new(),
            ranges: Vec::new(),
        }
    }
}

impl Field {
    pub fn put(&mut self, what: &What, rule: usize) {
        match what {
            What::Word { word, beside } => {
                self.marks[mark(word)] = true;
                self.by_word.entry(word.clone()).or_default().push(rule);
                if beside.number.is_some() || beside.truth.is_some() {
                    self.beside_text.push((*beside, rule));
                }
            }
            What::Range(range) => {
                // A number is above no lower end that is none.
                let low = match &range.low {
                    None => f64::NEG_INFINITY,
                    Some(end) => end.number.unwrap_or(f64::INFINITY),
                };
                let place = self.ranges.partition_point(|(other, ..)| *other <= low);
                self.ranges.insert(place, (low, range.clone(), rule));
            }
        }
    }

    /// Puts the rules whose demand the value meets into `found`.
    pub fn find(&self, value: &FieldValue<'_>, found: &mut Vec<usize>) {
        match value {
            FieldValue::Text(text) if !self.by_word.is_empty() => {
                for word in words(&fold(text)).filter(|word| self.marks[mark(word)]) {
                    found.extend(self.by_word.get(word).into_iter().flatten());
                }
            }
            FieldValue::Number(n) => self.put_beside(found, |plain| plain.number == Some(*n)),
            FieldValue::Bool(truth) => {
                self.put_beside(found, |plain| plain.truth == Some(*truth));
            }
            // A word or a number is never an instant.
            FieldValue::Text(_) | FieldValue::Time(_) => {}
        }
        let most = match value {
            FieldValue::Number(n) => *n,
            _ => f64::INFINITY,
        };
        for (_, range, rule) in self.ranges.iter().take_while(|(low, ..)| *low <= most) {
            if range.accepts(value) {
                found.push(*rule);
            }
        }
    }

    fn put_beside(&self, found: &mut Vec<usize>, is: impl Fn(&Plain) -> bool) {
        let meant = self.beside_text.iter().filter(|(plain, _)| is(plain));
        found.extend(meant.map(|(_, rule)| *rule));
    }
}
