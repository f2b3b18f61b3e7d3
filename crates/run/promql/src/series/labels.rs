//! The identity of a series: sorted label pairs, the metric's name among them as `__name__`.

use std::{cmp::Ordering, fmt, sync::Arc};

pub(crate) const NAME: &str = "__name__";

/// Sorted by name, no name twice, no empty value. One allocation, cheap to clone.
///
/// Inside, each name and value stands behind its length, written in base 64 by characters of ASCII: so the whole
/// is one text, equal where the labels are equal.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Labels(Arc<str>);

impl Labels {
    /// Sorts; of a name that stands twice the last counts; an empty value is no label.
    pub fn new<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut pairs: Vec<(N, V)> = pairs.into_iter().collect();
        pairs.reverse();
        pairs.sort_by(|a, b| a.0.as_ref().cmp(b.0.as_ref()));
        pairs.dedup_by(|later, first| later.0.as_ref() == first.0.as_ref());
        let mut text = String::new();
        for (name, value) in &pairs {
            if !value.as_ref().is_empty() {
                push(&mut text, name.as_ref());
                push(&mut text, value.as_ref());
            }
        }
        Self(text.into())
    }

    /// The value, or `""`.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        for (n, value) in self {
            match n.cmp(name) {
                Ordering::Less => {}
                Ordering::Equal => return value,
                Ordering::Greater => break,
            }
        }
        ""
    }

    /// The whole as one text, for whoever stores or hashes it; [`Labels::decode`] reads it back.
    #[must_use]
    pub fn encoded(&self) -> &str {
        &self.0
    }

    /// Labels from what [`Labels::encoded`] gave. `None` where that is not what it would give.
    #[must_use]
    pub fn decode(encoded: &str) -> Option<Self> {
        let mut pairs = Iter { rest: encoded };
        let mut before = "";
        for (name, value) in pairs.by_ref() {
            if value.is_empty() || (name <= before && !(before.is_empty() && name.is_empty())) {
                return None;
            }
            before = name;
        }
        pairs.rest.is_empty().then(|| Self(encoded.into()))
    }

    /// Labels from pairs that are sorted by name already, without empty values and no name twice.
    pub fn from_sorted<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> Self {
        let mut text = String::with_capacity(256);
        for (name, value) in pairs {
            push(&mut text, name);
            push(&mut text, value);
        }
        Self(text.into())
    }

    /// Whether both are clones of one another, which is seen without reading them.
    #[must_use]
    pub fn is_clone_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter { rest: &self.0 }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[must_use]
    pub fn metric(&self) -> &str {
        self.get(NAME)
    }

    /// Those whose names `keep` accepts.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(&str) -> bool) -> Self {
        let mut text = String::new();
        self.write_filtered(&mut text, keep);
        if text.len() == self.0.len() {
            return self.clone();
        }
        Self(text.into())
    }

    /// The text of those labels, which is the key by which a map of labels finds them.
    pub(crate) fn write_filtered(&self, text: &mut String, keep: impl Fn(&str) -> bool) {
        let mut pairs = self.iter();
        let mut before = pairs.rest;
        while let Some((name, _)) = pairs.next() {
            if keep(name) {
                text.push_str(&before[..before.len() - pairs.rest.len()]);
            }
            before = pairs.rest;
        }
    }

    /// The hash by which Prometheus knows a series (`XXH64` over lengths, names and values): `limit_ratio` picks
    /// by it.
    #[must_use]
    pub fn xxh64(&self) -> u64 {
        let mut bytes = Vec::with_capacity(self.0.len());
        for text in self.iter().flat_map(|(name, value)| [name, value]) {
            let len = text.len().to_le_bytes();
            if text.len() < 255 {
                bytes.push(len[0]);
            } else {
                bytes.extend_from_slice(&[255, len[0], len[1], len[2]]);
            }
            bytes.extend_from_slice(text.as_bytes());
        }
        xxhash_rust::xxh64::xxh64(&bytes, 0)
    }

    #[must_use]
    pub fn without_name(&self) -> Self {
        self.filtered(|name| name != NAME)
    }

    /// Without what says which metric it is: its name, type and unit. What is computed from a metric is another.
    #[must_use]
    pub fn without_metric(&self) -> Self {
        self.filtered(|name| !is_of_metric(name))
    }

    /// With one label set, or taken away where `value` is empty.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        Self::new(self.iter().chain([(name, value)]))
    }
}

/// Whether a label belongs to the metric itself rather than to one of its series.
pub(crate) fn is_of_metric(name: &str) -> bool {
    matches!(name, NAME | "__type__" | "__unit__")
}

impl std::borrow::Borrow<str> for Labels {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Default for Labels {
    fn default() -> Self {
        Self("".into())
    }
}

/// Six bits a character from `@` on; from `` ` `` on another follows.
fn push(out: &mut String, text: &str) {
    let mut len = text.len();
    while len >= 32 {
        out.push(char::from(b'`' + low_bits(len)));
        len >>= 5;
    }
    out.push(char::from(b'@' + low_bits(len)));
    out.push_str(text);
}

fn low_bits(len: usize) -> u8 {
    len.to_le_bytes()[0] & 31
}

/// The pairs in order of their names.
#[derive(Debug, Clone)]
pub struct Iter<'l> {
    rest: &'l str,
}

impl<'l> Iter<'l> {
    fn text(&mut self) -> Option<&'l str> {
        let (mut len, mut shift) = (0usize, 0);
        let bytes = self.rest.as_bytes();
        let mut at = 0;
        loop {
            let byte = *bytes.get(at)?;
            at += 1;
            len |= usize::from(byte & 31) << shift;
            shift += 5;
            if byte < b'`' {
                break;
            }
        }
        let text = self.rest.get(at..at + len)?;
        self.rest = &self.rest[at + len..];
        Some(text)
    }
}

impl<'l> Iterator for Iter<'l> {
    type Item = (&'l str, &'l str);

    fn next(&mut self) -> Option<Self::Item> {
        // Half a pair is none, and stays.
        let mut ahead = self.clone();
        let pair = (ahead.text()?, ahead.text()?);
        *self = ahead;
        Some(pair)
    }
}

impl<'l> IntoIterator for &'l Labels {
    type Item = (&'l str, &'l str);
    type IntoIter = Iter<'l>;

    fn into_iter(self) -> Iter<'l> {
        self.iter()
    }
}

impl PartialOrd for Labels {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By the first label that differs: its name, then its value.
impl Ord for Labels {
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other.iter())
    }
}

/// As Prometheus writes it: `up{instance="a:1", job="x"}`.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let metric = self.metric();
        f.write_str(metric)?;
        let mut open = false;
        for (name, value) in self.iter().filter(|(name, _)| *name != NAME) {
            write!(f, "{}{name}={value:?}", if open { ", " } else { "{" })?;
            open = true;
        }
        match (open, metric.is_empty()) {
            (true, _) => f.write_str("}"),
            (false, true) => f.write_str("{}"),
            (false, false) => Ok(()),
        }
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_of_any_length_read_back() {
        for len in [1, 31, 32, 63, 1023, 1024, 40_000] {
            let (name, value) = ("n".repeat(len), "値".repeat(len));
            let labels = Labels::new([("a", "x"), (&*name, &*value)]);
            assert_eq!(labels.get(&name), value);
            assert_eq!(labels.iter().count(), 2);
        }
    }

    #[test]
    fn the_encoded_text_reads_back_and_no_other_does() {
        let labels = Labels::new([("__name__", "up"), ("job", "a"), ("zone", &"z".repeat(99))]);
        assert_eq!(Labels::decode(labels.encoded()), Some(labels.clone()));
        assert_eq!(Labels::from_sorted(labels.iter()), labels);
        assert_eq!(Labels::decode(""), Some(Labels::default()));
        for end in 1..labels.encoded().len() {
            let cut = Labels::decode(&labels.encoded()[..end]);
            assert!(cut.is_none_or(|cut| cut.iter().count() < 3), "cut at {end}");
        }
        // `AbAv` is b="v"; twice the same name, a falling one or an empty value is nothing that `encoded` gives.
        for wrong in ["AbAvAbAw", "AbAvAaAw", "Ab@", "Ab", "~"] {
            assert_eq!(Labels::decode(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn order_is_by_name_then_value() {
        let of = |pairs: &[(&str, &str)]| Labels::new(pairs.iter().copied());
        assert!(of(&[("a", "b")]) < of(&[("a", "bc")]));
        assert!(of(&[("a", "z")]) < of(&[("ab", "a")]));
        assert!(of(&[("a", "1")]) < of(&[("a", "1"), ("b", "1")]));
        assert_eq!(of(&[("b", ""), ("a", "1"), ("a", "2")]), of(&[("a", "2")]));
    }
}
