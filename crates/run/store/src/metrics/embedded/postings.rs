//! For each label and value, the series of the head that have it.
//!
//! Matchers become operations on sets of ids. A pattern is asked about each value once, not about each series,
//! and a pattern that is a list of words or begins with one is asked about few values or none.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
};

use promise::signal::{Match, Matcher};
use roaring::RoaringBitmap;

use crate::Labels;

#[derive(Default)]
pub(super) struct Postings {
    by_name: HashMap<Box<str>, BTreeMap<Box<str>, Ids>>,
    /// Ids are given from 0 on.
    len: u32,
}

/// Most values of most labels belong to many series, but some labels have a value for each.
enum Ids {
    One(u32),
    Many(Box<RoaringBitmap>),
}

impl Ids {
    fn push(&mut self, id: u32) {
        match self {
            Self::One(first) => *self = Self::Many(Box::new([*first, id].into_iter().collect())),
            Self::Many(ids) => {
                ids.insert(id);
            }
        }
    }

    fn add_to(&self, out: &mut RoaringBitmap) {
        match self {
            Self::One(id) => {
                out.insert(*id);
            }
            Self::Many(ids) => *out |= &**ids,
        }
    }

    fn touches(&self, others: &RoaringBitmap) -> bool {
        match self {
            Self::One(id) => others.contains(*id),
            Self::Many(ids) => !ids.is_disjoint(others),
        }
    }
}

impl Postings {
    /// Adds the next series.
    pub fn push(&mut self, labels: &Labels) {
        let id = self.len;
        self.len += 1;
        for (name, value) in labels {
            // The entry API would copy the name of every label of every series.
            if !self.by_name.contains_key(name) {
                self.by_name.insert(name.into(), BTreeMap::new());
            }
            let Some(values) = self.by_name.get_mut(name) else {
                continue;
            };
            match values.get_mut(value) {
                Some(ids) => ids.push(id),
                None => {
                    values.insert(value.into(), Ids::One(id));
                }
            }
        }
    }

    /// The series that all `matchers` accept. `labels` are those of a series by id.
    pub fn matching<'l>(
        &self,
        matchers: &[Matcher],
        labels: impl Fn(u32) -> Option<&'l Labels>,
    ) -> RoaringBitmap {
        let mut order: Vec<&Matcher> = matchers.iter().collect();
        // What is cheap to look up and leaves little comes first.
        order.sort_by_key(|m| match &m.test {
            _ if m.accepts("") => 2,
            Match::Equal(_) => 0,
            _ => 1,
        });
        let mut found: Option<RoaringBitmap> = None;
        for matcher in order {
            let few = found
                .as_ref()
                .is_some_and(|found| found.len() < self.values(&matcher.name));
            if let (Some(found), true) = (&mut found, few) {
                let accepted =
                    |id: &u32| labels(*id).is_some_and(|l| matcher.accepts(l.get(&matcher.name)));
                *found = found.iter().filter(accepted).collect();
            } else if matcher.accepts("") {
                let found = found.get_or_insert_with(|| self.all());
                *found -= self.having(&matcher.name, |value| !matcher.accepts(value), None);
            } else {
                let allowed =
                    self.having(&matcher.name, |value| matcher.accepts(value), Some(matcher));
                match &mut found {
                    Some(found) => *found &= allowed,
                    None => found = Some(allowed),
                }
            }
        }
        found.unwrap_or_else(|| self.all())
    }

    /// The values of `label` among such series.
    pub fn values_among(&self, label: &str, series: &RoaringBitmap, out: &mut BTreeSet<String>) {
        for (value, ids) in self.by_name.get(label).into_iter().flatten() {
            if ids.touches(series) {
                out.insert(value.to_string());
            }
        }
    }

    /// The names of labels among such series.
    pub fn names_among(&self, series: &RoaringBitmap, out: &mut BTreeSet<String>) {
        for (name, values) in &self.by_name {
            if values.values().any(|ids| ids.touches(series)) {
                out.insert(name.to_string());
            }
        }
    }

    /// The label that has the most values among such series, and how many.
    pub fn widest(&self, series: &RoaringBitmap) -> Option<(&str, usize)> {
        let count =
            |values: &BTreeMap<_, Ids>| values.values().filter(|ids| ids.touches(series)).count();
        let labels = self
            .by_name
            .iter()
            .map(|(name, values)| (&**name, count(values)));
        labels.max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(a.0)))
    }

    fn all(&self) -> RoaringBitmap {
        let mut all = RoaringBitmap::new();
        all.insert_range(0..self.len);
        all
    }

    fn values(&self, label: &str) -> u64 {
        self.by_name
            .get(label)
            .map_or(0, |values| values.len() as u64)
    }

    /// The series that have `label` with such a value. `matcher` narrows which values can be such.
    fn having(
        &self,
        label: &str,
        such: impl Fn(&str) -> bool,
        matcher: Option<&Matcher>,
    ) -> RoaringBitmap {
        let mut out = RoaringBitmap::new();
        let Some(values) = self.by_name.get(label) else {
            return out;
        };
        match matcher.map_or(Shape::Any, Shape::of) {
            Shape::Words(words) => {
                for ids in words.into_iter().filter_map(|word| values.get(word)) {
                    ids.add_to(&mut out);
                }
            }
            Shape::Prefix(prefix) => {
                let from: (Bound<&str>, Bound<&str>) = (Bound::Included(prefix), Bound::Unbounded);
                let near = values
                    .range::<str, _>(from)
                    .take_while(|(value, _)| value.starts_with(prefix));
                near.filter(|(value, _)| such(value))
                    .for_each(|(_, ids)| ids.add_to(&mut out));
            }
            Shape::Any => {
                let all = values.iter().filter(|(value, _)| such(value));
                all.for_each(|(_, ids)| ids.add_to(&mut out));
            }
        }
        out
    }
}

/// What a matcher's accepted values look like, as far as that helps to find them.
#[derive(Debug, PartialEq, Eq)]
enum Shape<'m> {
    Words(Vec<&'m str>),
    Prefix(&'m str),
    Any,
}

impl<'m> Shape<'m> {
    fn of(matcher: &'m Matcher) -> Self {
        match &matcher.test {
            Match::Equal(value) => Self::Words(vec![value]),
            Match::Like(pattern) => Self::of_pattern(pattern.as_str()),
            Match::NotEqual(_) | Match::NotLike(_) => Self::Any,
        }
    }

    fn of_pattern(pattern: &'m str) -> Self {
        let inner = pattern
            .strip_prefix("^(?s:")
            .and_then(|rest| rest.strip_suffix(")$"));
        let Some(inner) = inner else { return Self::Any };
        let is_meta = |c: char| r"\.+*?()|[]{}^$".contains(c);
        let bare = inner
            .strip_prefix('(')
            .and_then(|rest| rest.strip_suffix(')'))
            .unwrap_or(inner);
        if !bare.contains(|c| is_meta(c) && c != '|') {
            return Self::Words(bare.split('|').collect());
        }
        let literal = inner.find(is_meta).unwrap_or(inner.len());
        let (prefix, rest) = inner.split_at(literal);
        // In `ab?` only the `a` is sure, and in `a|b` nothing is.
        if inner.contains('|') || rest.starts_with(['?', '*', '{', '+']) {
            return Self::Any;
        }
        if prefix.is_empty() {
            Self::Any
        } else {
            Self::Prefix(prefix)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use promise::signal::anchored;

    use super::*;

    fn shape(pattern: &str) -> String {
        format!(
            "{:?}",
            Shape::of_pattern(anchored(pattern).unwrap().as_str())
        )
    }

    #[test]
    fn patterns_that_are_words_or_begin_with_one_are_seen() {
        assert_eq!(shape("a|bc|"), r#"Words(["a", "bc", ""])"#);
        assert_eq!(shape("(a|b)"), r#"Words(["a", "b"])"#);
        assert_eq!(shape("api-.*"), r#"Prefix("api-")"#);
        assert_eq!(shape("v[12]"), r#"Prefix("v")"#);
        for any in [
            "ab?", ".*", "a|b.*", "(?i)a", r"\d+", "(a|b)c", "(a)|(b)", "a+",
        ] {
            assert_eq!(shape(any), "Any", "{any}");
        }
    }

    /// Each set of series is found as asking every series would find it.
    #[test]
    fn sets_agree_with_asking_each_series() {
        let series: Vec<Labels> = (0..200u32)
            .map(|i| {
                let zone = ["", "eu", "jp"][i as usize % 3];
                Labels::new([
                    ("__name__", ["up", "down"][i as usize % 2]),
                    ("zone", zone),
                    ("i", &format!("n{i}")),
                ])
            })
            .collect();
        let mut postings = Postings::default();
        series.iter().for_each(|labels| postings.push(labels));
        let like = |name: &str, pattern: &str, not: bool| {
            let pattern = anchored(pattern).unwrap();
            Matcher {
                name: name.into(),
                test: if not {
                    Match::NotLike(pattern)
                } else {
                    Match::Like(pattern)
                },
            }
        };
        let not = |name: &str, value: &str| Matcher {
            name: name.into(),
            test: Match::NotEqual(value.into()),
        };
        let questions = [
            vec![],
            vec![Matcher::equal("zone", "eu")],
            vec![Matcher::equal("zone", "")],
            vec![not("zone", "eu"), Matcher::equal("__name__", "up")],
            vec![not("zone", "")],
            vec![like("i", "n1.*", false), like("zone", "eu|", false)],
            vec![like("i", "n1|n22|none", false)],
            vec![like("i", "n(1|2)", true), like("zone", ".+", false)],
            vec![like("i", "n1?", false)],
            vec![like("nowhere", ".*", false)],
            vec![like("nowhere", ".+", false)],
        ];
        for matchers in questions {
            let found = postings.matching(&matchers, |id| series.get(id as usize));
            let accepts = |labels: &Labels| matchers.iter().all(|m| m.accepts(labels.get(&m.name)));
            let wanted: Vec<u32> = (0..)
                .zip(&series)
                .filter(|(_, l)| accepts(l))
                .map(|(i, _)| i)
                .collect();
            assert_eq!(found.iter().collect::<Vec<_>>(), wanted, "{matchers:?}");
        }
        let all = postings.matching(&[], |id| series.get(id as usize));
        assert_eq!(postings.widest(&all), Some(("i", 200)));
    }
}
