//! A block's index: which series it holds and where their samples lie.
//!
//! Every name and value is written once, as a symbol; a series is pairs of symbols, and what it has in common
//! with the series before it is not written again. A matcher is put to each symbol once and to the series as a
//! comparison of numbers. Series are in the order of their labels, so those of one metric stand together.

use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
};

use promise::signal::{Match, Matcher};

use crate::{
    Labels,
    wire::{Reader, put_signed, put_text, put_varint},
};

const NAME: &str = "__name__";

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
pub(super) struct Builder {
    known: HashMap<Box<str>, u64>,
    symbols: Vec<u8>,
    entries: Vec<u8>,
    before: Vec<(u64, u64)>,
    pub series: u64,
}

impl Builder {
    /// `data` lies right behind that of the series before.
    pub fn add(&mut self, labels: &Labels, data: &[u8], base: i64, (first, last): (i64, i64)) {
        let pairs: Vec<(u64, u64)> = labels
            .iter()
            .map(|(name, value)| (self.symbol(name), self.symbol(value)))
            .collect();
        let same = pairs
            .iter()
            .zip(&self.before)
            .take_while(|(a, b)| a == b)
            .count();
        put_varint(&mut self.entries, same as u64);
        put_varint(&mut self.entries, (pairs.len() - same) as u64);
        for (name, value) in &pairs[same..] {
            put_varint(&mut self.entries, *name);
            put_varint(&mut self.entries, *value);
        }
        self.before = pairs;
        put_varint(&mut self.entries, data.len() as u64);
        self.entries
            .extend_from_slice(&crc32fast::hash(data).to_le_bytes());
        put_signed(&mut self.entries, first.wrapping_sub(base));
        put_varint(&mut self.entries, last.wrapping_sub(first).cast_unsigned());
        self.series += 1;
    }

    fn symbol(&mut self, text: &str) -> u64 {
        if let Some(known) = self.known.get(text) {
            return *known;
        }
        let next = self.known.len() as u64;
        self.known.insert(text.into(), next);
        put_text(&mut self.symbols, text);
        next
    }

    pub fn finish(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.symbols.len() + self.entries.len() + 20);
        put_varint(&mut out, self.known.len() as u64);
        out.extend_from_slice(&self.symbols);
        put_varint(&mut out, self.series);
        out.extend_from_slice(&self.entries);
        out
    }
}

impl Index {
    /// `data_at` is where the first series' data begins, `base` what times are told from. `None` where the
    /// bytes are no index.
    pub fn read(bytes: &[u8], data_at: u64, base: i64) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let mut symbols = Vec::new();
        for _ in 0..reader.varint()? {
            symbols.push(Box::from(reader.text()?));
        }
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        let mut entries: Vec<Entry> = Vec::new();
        let (mut offset, mut before) = (data_at, 0..0);
        let symbol = |reader: &mut Reader<'_>| {
            u32::try_from(reader.varint()?)
                .ok()
                .filter(|s| (*s as usize) < symbols.len())
        };
        for _ in 0..reader.varint()? {
            let start = pairs.len();
            let same = reader.len().filter(|same| *same <= Range::len(&before))?;
            pairs.extend_from_within(before.start..before.start + same);
            for _ in 0..reader.varint()? {
                pairs.push((symbol(&mut reader)?, symbol(&mut reader)?));
            }
            before = start..pairs.len();
            let len = u32::try_from(reader.varint()?).ok()?;
            let crc = u32::from_le_bytes(reader.array()?);
            let first = base.wrapping_add(reader.signed()?);
            let last = first.wrapping_add(reader.varint()?.cast_signed());
            let pairs_end = u32::try_from(pairs.len()).ok()?;
            entries.push(Entry {
                pairs_end,
                offset,
                len,
                crc,
                first,
                last,
            });
            offset = offset.checked_add(u64::from(len))?;
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

    /// Where the series that all `matchers` accept stand, ascending.
    pub fn matching(&self, matchers: &[Matcher]) -> Vec<usize> {
        let mut questions: Vec<Question<'_>> = matchers
            .iter()
            .map(|m| Question::new(m, self.symbol(&m.name), self.symbols.len()))
            .collect();
        let mut accepts = |i: &usize| {
            let pairs = self.pairs_of(*i);
            questions
                .iter_mut()
                .all(|question| question.accepts(pairs, &self.symbols))
        };
        let [before, metric] = self.candidates(matchers);
        before.chain(metric).filter(|i| accepts(i)).collect()
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn entry(&self, i: usize) -> Option<Entry> {
        self.entries.get(i).copied()
    }

    pub fn labels(&self, i: usize) -> Labels {
        Labels::from_sorted(self.texts(i))
    }

    /// The series with just these labels.
    pub fn find(&self, labels: &Labels) -> Option<(usize, Entry)> {
        let i = self.first_where(|i| !self.texts(i).lt(labels.iter()));
        self.texts_if(i)?
            .eq(labels.iter())
            .then(|| (i, self.entries[i]))
    }

    /// Adds the values of `label` among such series.
    pub fn values(&self, label: &str, such: &[usize], out: &mut BTreeSet<String>) {
        let Some(label) = self.symbol(label) else {
            return;
        };
        let value = |i: &usize| self.pairs_of(*i).iter().find(|(name, _)| *name == label);
        let symbols: BTreeSet<u32> = such
            .iter()
            .filter_map(value)
            .map(|(_, value)| *value)
            .collect();
        out.extend(
            symbols
                .into_iter()
                .map(|symbol| self.symbols[symbol as usize].to_string()),
        );
    }

    /// Adds the names of labels among such series.
    pub fn names(&self, such: &[usize], out: &mut BTreeSet<String>) {
        let names = such
            .iter()
            .flat_map(|i| self.pairs_of(*i))
            .map(|(name, _)| *name);
        let symbols: BTreeSet<u32> = names.collect();
        out.extend(
            symbols
                .into_iter()
                .map(|symbol| self.symbols[symbol as usize].to_string()),
        );
    }

    /// The series that can have the metric that is asked for: the few whose labels sort before any name, and
    /// those that have it.
    fn candidates(&self, matchers: &[Matcher]) -> [Range<usize>; 2] {
        let metric = matchers.iter().find_map(|m| match &m.test {
            Match::Equal(value) if m.name == NAME && !value.is_empty() => Some(value.as_str()),
            _ => None,
        });
        let Some(metric) = metric else {
            return [0..0, 0..self.entries.len()];
        };
        let first = |i: usize| self.texts(i).next();
        let named = self.first_where(|i| first(i) >= Some((NAME, "")));
        let from = self.first_where(|i| first(i) >= Some((NAME, metric)));
        let to = self.first_where(|i| first(i) > Some((NAME, metric)));
        [0..named, from..to]
    }

    /// The first series for which `test` is true, as it then is for all after it.
    fn first_where(&self, test: impl Fn(usize) -> bool) -> usize {
        let (mut from, mut to) = (0, self.entries.len());
        while from < to {
            let middle = from.midpoint(to);
            if test(middle) {
                to = middle;
            } else {
                from = middle + 1;
            }
        }
        from
    }

    fn symbol(&self, text: &str) -> Option<u32> {
        let i = self.symbols.iter().position(|s| **s == *text)?;
        u32::try_from(i).ok()
    }

    fn pairs_of(&self, i: usize) -> &[(u32, u32)] {
        let start = if i == 0 {
            0
        } else {
            self.entries[i - 1].pairs_end as usize
        };
        &self.pairs[start..self.entries[i].pairs_end as usize]
    }

    fn texts(&self, i: usize) -> impl Iterator<Item = (&str, &str)> {
        let text = |symbol: u32| &*self.symbols[symbol as usize];
        self.pairs_of(i)
            .iter()
            .map(move |(name, value)| (text(*name), text(*value)))
    }

    fn texts_if(&self, i: usize) -> Option<impl Iterator<Item = (&str, &str)>> {
        (i < self.entries.len()).then(|| self.texts(i))
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
            [("A", "1"), ("__name__", "up")],
            [("__name__", "down"), ("job", "a")],
            [("__name__", "up"), ("job", "a")],
            [("__name__", "up"), ("job", "b")],
            [("__name__", "uptime"), ("job", "b")],
        ]
        .map(Labels::new)
        .to_vec();
        let mut builder = Builder::default();
        for (i, labels) in all.iter().enumerate() {
            builder.add(labels, &vec![7; i + 1], 5, (10, 20));
        }
        let index = Index::read(&builder.finish(), 8, 5).unwrap();
        let places: Vec<_> = all
            .iter()
            .map(|l| {
                index
                    .find(l)
                    .map(|(_, e)| (e.offset, e.len, e.first, e.last))
            })
            .collect();
        let wanted =
            [(8, 1), (9, 2), (11, 3), (14, 4), (18, 5)].map(|(at, len)| Some((at, len, 10, 20)));
        assert_eq!(places, wanted);
        assert_eq!(index.find(&Labels::new([("__name__", "up")])), None);
        assert_eq!(index.find(&Labels::new([("z", "up")])), None);
        let ups =
            |more: &[Matcher]| index.matching(&[&[Matcher::equal(NAME, "up")], more].concat());
        assert_eq!(
            ups(&[]),
            [0, 2, 3],
            "also where another label sorts before the name"
        );
        assert_eq!(ups(&[Matcher::equal("A", "")]), [2, 3]);
        assert_eq!(index.matching(&[Matcher::equal("job", "b")]), [3, 4]);
        assert_eq!(
            ups(&[])
                .iter()
                .map(|i| index.labels(*i))
                .collect::<Vec<_>>(),
            [all[0].clone(), all[2].clone(), all[3].clone()]
        );
    }
}
