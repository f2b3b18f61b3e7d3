//! A block's index: which series it holds and where their samples lie.
//!
//! Every name and value is written once, as a symbol; a series is pairs of symbols. A matcher is then put
//! to each symbol once and to the series as a comparison of numbers.

use std::collections::{BTreeSet, HashMap};

use promise::signal::Matcher;

use crate::{
    Labels,
    wire::{Reader, put_signed, put_text, put_varint},
};

pub(super) struct Index {
    symbols: Vec<Box<str>>,
    /// The label pairs of all series, one after another.
    pairs: Vec<(u32, u32)>,
    /// In the order of their labels.
    entries: Vec<Entry>,
}

/// Where one series' samples lie in the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// One past its last label in `pairs`.
    pairs_end: u32,
    pub offset: u64,
    pub len: u32,
    pub crc: u32,
    pub first: i64,
    pub last: i64,
}

/// Collects series in the order of their labels.
#[derive(Default)]
pub(super) struct Builder<'l> {
    known: HashMap<&'l str, u64>,
    symbols: Vec<&'l str>,
    entries: Vec<u8>,
    n: u64,
}

impl<'l> Builder<'l> {
    /// `data` lies right behind that of the series before.
    pub fn add(&mut self, labels: &'l Labels, data: &[u8], first: i64, last: i64) {
        put_varint(&mut self.entries, labels.iter().count() as u64);
        for (name, value) in labels.iter() {
            for text in [name, value] {
                let next = self.symbols.len() as u64;
                let symbol = *self.known.entry(text).or_insert(next);
                if symbol == next {
                    self.symbols.push(text);
                }
                put_varint(&mut self.entries, symbol);
            }
        }
        put_varint(&mut self.entries, data.len() as u64);
        self.entries
            .extend_from_slice(&crc32fast::hash(data).to_le_bytes());
        put_signed(&mut self.entries, first);
        put_signed(&mut self.entries, last);
        self.n += 1;
    }

    pub fn finish(self) -> Vec<u8> {
        let mut out = Vec::new();
        put_varint(&mut out, self.symbols.len() as u64);
        for symbol in &self.symbols {
            put_text(&mut out, symbol);
        }
        put_varint(&mut out, self.n);
        out.extend_from_slice(&self.entries);
        out
    }
}

impl Index {
    /// `data_at` is where the first series' data begins. `None` where the bytes are no index.
    pub fn read(bytes: &[u8], data_at: u64) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let mut symbols = Vec::new();
        for _ in 0..reader.varint()? {
            symbols.push(Box::from(reader.text()?));
        }
        let mut pairs = Vec::new();
        let mut entries = Vec::new();
        let mut offset = data_at;
        let symbol = |reader: &mut Reader<'_>| {
            u32::try_from(reader.varint()?)
                .ok()
                .filter(|s| (*s as usize) < symbols.len())
        };
        for _ in 0..reader.varint()? {
            for _ in 0..reader.varint()? {
                pairs.push((symbol(&mut reader)?, symbol(&mut reader)?));
            }
            let len = u32::try_from(reader.varint()?).ok()?;
            entries.push(Entry {
                pairs_end: u32::try_from(pairs.len()).ok()?,
                offset,
                len,
                crc: u32::from_le_bytes(reader.array()?),
                first: reader.signed()?,
                last: reader.signed()?,
            });
            offset += u64::from(len);
        }
        pairs.shrink_to_fit();
        entries.shrink_to_fit();
        Some(Self {
            symbols,
            pairs,
            entries,
        })
    }

    /// About how much memory it takes.
    pub fn weight(&self) -> usize {
        let texts: usize = self.symbols.iter().map(|s| s.len() + 16).sum();
        texts + self.pairs.len() * 8 + self.entries.len() * size_of::<Entry>()
    }

    /// The series that all `matchers` accept.
    pub fn matching(&self, matchers: &[Matcher]) -> Vec<(Labels, Entry)> {
        let found = self.accepted(matchers).into_iter();
        found.map(|i| (self.labels(i), self.entries[i])).collect()
    }

    /// The entry of the series with just these labels.
    pub fn find(&self, labels: &Labels) -> Option<Entry> {
        let i = self
            .entries
            .partition_point(|entry| self.labels_of(entry).lt(labels.iter()));
        let entry = self.entries.get(i)?;
        self.labels_of(entry).eq(labels.iter()).then_some(*entry)
    }

    /// Adds the values of `label` among the series that all `matchers` accept.
    pub fn values(&self, label: &str, matchers: &[Matcher], out: &mut BTreeSet<String>) {
        let Some(label) = self.symbol(label) else {
            return;
        };
        let symbols: BTreeSet<u32> = self
            .accepted(matchers)
            .into_iter()
            .filter_map(|i| {
                self.pairs_of(i)
                    .iter()
                    .find(|(name, _)| *name == label)
                    .map(|(_, value)| *value)
            })
            .collect();
        out.extend(
            symbols
                .into_iter()
                .map(|symbol| self.symbols[symbol as usize].to_string()),
        );
    }

    fn accepted(&self, matchers: &[Matcher]) -> Vec<usize> {
        let mut questions: Vec<Question<'_>> = matchers
            .iter()
            .map(|m| Question::new(m, self.symbol(&m.name), self.symbols.len()))
            .collect();
        let accepts = |i: &usize| {
            let pairs = self.pairs_of(*i);
            questions
                .iter_mut()
                .all(|question| question.accepts(pairs, &self.symbols))
        };
        (0..self.entries.len()).filter(accepts).collect()
    }

    fn symbol(&self, text: &str) -> Option<u32> {
        self.symbols
            .iter()
            .position(|s| **s == *text)
            .and_then(|i| u32::try_from(i).ok())
    }

    fn pairs_of(&self, i: usize) -> &[(u32, u32)] {
        let start = if i == 0 {
            0
        } else {
            self.entries[i - 1].pairs_end as usize
        };
        &self.pairs[start..self.entries[i].pairs_end as usize]
    }

    fn labels(&self, i: usize) -> Labels {
        let text = |symbol: u32| &*self.symbols[symbol as usize];
        Labels::new(
            self.pairs_of(i)
                .iter()
                .map(|(name, value)| (text(*name), text(*value))),
        )
    }

    fn labels_of(&self, entry: &Entry) -> impl Iterator<Item = (&str, &str)> {
        // An entry knows where its labels end; they begin where those of the entry before it end.
        let i = self
            .entries
            .partition_point(|e| e.pairs_end < entry.pairs_end);
        let text = |symbol: u32| &*self.symbols[symbol as usize];
        self.pairs_of(i)
            .iter()
            .map(move |(name, value)| (text(*name), text(*value)))
    }
}

/// A matcher and what it has answered so far.
struct Question<'m> {
    matcher: &'m Matcher,
    label: Option<u32>,
    without_label: bool,
    answers: Vec<Option<bool>>,
}

impl<'m> Question<'m> {
    fn new(matcher: &'m Matcher, label: Option<u32>, symbols: usize) -> Self {
        let answers = if label.is_some() {
            vec![None; symbols]
        } else {
            Vec::new()
        };
        Self {
            matcher,
            label,
            without_label: matcher.accepts(""),
            answers,
        }
    }

    fn accepts(&mut self, pairs: &[(u32, u32)], symbols: &[Box<str>]) -> bool {
        let Some((_, value)) = pairs.iter().find(|(name, _)| Some(*name) == self.label) else {
            return self.without_label;
        };
        let value = *value as usize;
        *self.answers[value].get_or_insert_with(|| self.matcher.accepts(&symbols[value]))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn finds_each_series_where_its_data_lies() {
        let all: Vec<Labels> = [
            [("A", "1"), ("__name__", "x")],
            [("__name__", "up"), ("job", "a")],
            [("__name__", "up"), ("job", "b")],
        ]
        .map(Labels::new)
        .to_vec();
        let mut builder = Builder::default();
        for (i, labels) in all.iter().enumerate() {
            builder.add(labels, &vec![7; i + 1], 10, 20);
        }
        let index = Index::read(&builder.finish(), 8).unwrap();
        let places: Vec<_> = all
            .iter()
            .map(|l| index.find(l).map(|e| (e.offset, e.len)))
            .collect();
        assert_eq!(places, [Some((8, 1)), Some((9, 2)), Some((11, 3))]);
        assert_eq!(index.find(&Labels::new([("__name__", "up")])), None);
        let ups = index.matching(&[Matcher::equal("__name__", "up"), Matcher::equal("A", "")]);
        assert_eq!(
            ups.into_iter()
                .map(|(labels, _)| labels)
                .collect::<Vec<_>>(),
            all[1..]
        );
    }
}
