//! Templates of log lines: `Failed password for <*> from <*>` is one kind of line, whoever failed.
//!
//! A line is read into symbols (`lex`); lines of the same symbols are found by their hash at once. Symbols that were not
//! seen before are held against the patterns of equally many (`group`), and where a word in one place turns out to vary,
//! patterns become one: a template's number then leads to that of the one that took it up. Nothing has to be said of the
//! system that wrote the lines, and nothing is read twice.
//!
//! What is remembered has bounds: where a log invents templates without end, those not seen for longest are forgotten.

mod group;
mod lex;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use promise::Timestamp;
use serde::{Deserialize, Serialize};

use lex::{Kind, Shape, Symbol};

/// Templates that are remembered; the largest of public systems has some thousand.
const TEMPLATES_MAX: usize = 10_000;
/// Patterns of one length and beginning. Each new one is held against all of them.
const BUCKET_MAX: usize = 400;
/// Up to so many are grouped anew for each that comes; of more, when an eighth of them is new, so that a line that nobody
/// saw before costs little more where there are many.
const BUCKET_SMALL: usize = 48;
/// Lines whose template is known by their hash; beyond it they are looked up once more.
const KNOWN_MAX: usize = 65_536;
/// Numbers of templates that were taken up by another.
const LEADS_MAX: usize = 65_536;
/// Bytes of the line that shows how a template reads.
const SAMPLE_MAX: usize = 512;
/// What stands for what varies, as the field writes it.
const VARIES: &str = "<*>";

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The number of its template.
    pub template: u32,
    /// How many lines of it came before.
    pub before: u64,
}

/// One kind of line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Template {
    pub count: u64,
    pub first: Timestamp,
    pub last: Timestamp,
    /// The first line of it, or its beginning.
    sample: String,
    pattern: Vec<Symbol>,
}

/// The templates of a stream of lines.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Templates {
    lines: u64,
    next: u32,
    by_id: BTreeMap<u32, Template>,
    leads: BTreeMap<u32, u32>,
    /// Found again from the templates after a restart.
    #[serde(skip)]
    buckets: HashMap<(usize, Symbol), Bucket>,
    #[serde(skip)]
    known: HashMap<u64, u32>,
    #[serde(skip)]
    shape: Shape,
}

/// Templates of one length and beginning.
#[derive(Debug, Clone, Default)]
struct Bucket {
    ids: Vec<u32>,
    /// That came since it was grouped.
    fresh: usize,
}

impl PartialEq for Templates {
    fn eq(&self, other: &Self) -> bool {
        (self.lines, &self.by_id) == (other.lines, &other.by_id)
    }
}

impl Templates {
    /// Takes a line, and says of which template it is.
    pub fn observe(&mut self, line: &str, at: Timestamp) -> Seen {
        if self.buckets.is_empty() && !self.by_id.is_empty() {
            self.refill();
        }
        let mut shape = std::mem::take(&mut self.shape);
        shape.read(line);
        let hash = shape.hash();
        let known = self.known.get(&hash).map(|id| self.current(*id));
        let id = match known.filter(|id| self.by_id.contains_key(id)) {
            Some(id) => id,
            None => {
                let id = self.place(&shape.symbols, line, at);
                if self.known.len() >= KNOWN_MAX {
                    self.known.clear();
                }
                self.known.insert(hash, id);
                id
            }
        };
        self.shape = shape;
        self.lines += 1;
        let mut before = 0;
        if let Some(template) = self.by_id.get_mut(&id) {
            before = template.count;
            template.count += 1;
            template.first = template.first.min(at);
            template.last = template.last.max(at);
        }
        Seen {
            template: id,
            before,
        }
    }

    /// The number under which a template goes on: its own, or that of the one that took it up.
    #[must_use]
    pub fn current(&self, mut id: u32) -> u32 {
        // Each leads to a smaller one, so this ends.
        while let Some(next) = self.leads.get(&id) {
            id = *next;
        }
        id
    }

    #[must_use]
    pub fn get(&self, id: u32) -> Option<&Template> {
        self.by_id.get(&self.current(id))
    }

    /// In the order in which they were first seen.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Template)> {
        self.by_id.iter().map(|(id, template)| (*id, template))
    }

    /// Lines that were seen.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines
    }

    fn refill(&mut self) {
        for (id, template) in &self.by_id {
            let bucket = self.buckets.entry(key(&template.pattern)).or_default();
            bucket.ids.push(*id);
        }
    }

    /// The template of symbols that were not seen before, which may be a new one.
    fn place(&mut self, symbols: &[Symbol], line: &str, at: Timestamp) -> u32 {
        let key = key(symbols);
        let bucket = self.buckets.entry(key).or_default();
        let fits = |id: &&u32| {
            let template = self.by_id.get(id);
            template.is_some_and(|template| group::matches(&template.pattern, symbols))
        };
        if let Some(id) = bucket.ids.iter().find(fits) {
            return *id;
        }
        let id = self.next;
        self.next = self.next.wrapping_add(1);
        let template = Template {
            count: 0,
            first: at,
            last: at,
            sample: beginning(line).to_owned(),
            pattern: symbols.to_vec(),
        };
        self.by_id.insert(id, template);
        bucket.ids.push(id);
        bucket.fresh += 1;
        if bucket.ids.len() <= BUCKET_SMALL || bucket.fresh * 8 >= bucket.ids.len() {
            self.regroup(key);
        }
        self.forget(key);
        self.current(id)
    }

    /// Makes one of those templates of a bucket that turn out to be.
    fn regroup(&mut self, key: (usize, Symbol)) {
        let Some(bucket) = self.buckets.get_mut(&key) else {
            return;
        };
        bucket.fresh = 0;
        let patterns: Vec<&[Symbol]> = bucket
            .ids
            .iter()
            .map(|id| {
                self.by_id
                    .get(id)
                    .map_or(&[][..], |template| &template.pattern)
            })
            .collect();
        let groups = group::split(&patterns);
        let ids: Vec<Vec<u32>> = groups
            .into_iter()
            .filter(|members| members.len() > 1)
            .map(|members| {
                members
                    .into_iter()
                    .map(|member| bucket.ids[member])
                    .collect()
            })
            .collect();
        for mut members in ids {
            members.sort_unstable();
            let Some((first, others)) = members.split_first() else {
                continue;
            };
            bucket.ids.retain(|id| !others.contains(id));
            for other in others {
                self.leads.insert(*other, *first);
                let (Some(other), Some(kept)) =
                    (self.by_id.remove(other), self.by_id.get_mut(first))
                else {
                    continue;
                };
                kept.take_up(&other);
            }
        }
        while self.leads.len() > LEADS_MAX {
            self.leads.pop_first();
        }
    }

    /// Lets go of what was not seen for longest, where there is too much.
    fn forget(&mut self, key: (usize, Symbol)) {
        let crowded = self
            .buckets
            .get(&key)
            .filter(|bucket| bucket.ids.len() > BUCKET_MAX);
        let ids: Vec<u32> = match crowded {
            Some(bucket) => bucket.ids.clone(),
            None if self.by_id.len() > TEMPLATES_MAX => self.by_id.keys().copied().collect(),
            None => return,
        };
        let last = |id: &u32| {
            self.by_id
                .get(id)
                .map(|template| (template.last, template.count))
        };
        let mut oldest: Vec<_> = ids.iter().map(|id| (last(id), *id)).collect();
        oldest.sort_unstable();
        // A quarter at once, so that this is seldom.
        for (_, id) in oldest.into_iter().take(ids.len() / 4) {
            self.by_id.remove(&id);
        }
        for bucket in self.buckets.values_mut() {
            bucket.ids.retain(|id| self.by_id.contains_key(id));
        }
        self.buckets.retain(|_, bucket| !bucket.ids.is_empty());
    }
}

impl Template {
    fn take_up(&mut self, other: &Self) {
        for (known, symbol) in self.pattern.iter_mut().zip(&other.pattern) {
            if known != symbol {
                *known = Symbol::VARIES;
            }
        }
        self.count += other.count;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    /// As people read it: the first line of it, `<*>` for what varies.
    #[must_use]
    pub fn text(&self) -> String {
        let mut shape = Shape::default();
        shape.read(&self.sample);
        let mut text = String::new();
        let mut from = 0;
        for (span, symbol) in shape.spans.iter().zip(&self.pattern) {
            if symbol.varies() {
                text.push_str(self.sample.get(from..span.start).unwrap_or_default());
                text.push_str(VARIES);
                from = span.end;
            }
        }
        text.push_str(self.sample.get(from..).unwrap_or_default());
        text
    }
}

/// A name at the beginning varies sooner than a word does, so lines that begin with any are held against each other.
fn key(symbols: &[Symbol]) -> (usize, Symbol) {
    let first = symbols.first().copied().unwrap_or(Symbol::VARIES);
    let first = if first.is(Kind::Name) {
        Symbol::VARIES
    } else {
        first
    };
    (symbols.len(), first)
}

fn beginning(line: &str) -> &str {
    let mut end = line.len().min(SAMPLE_MAX);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    &line[..end]
}
