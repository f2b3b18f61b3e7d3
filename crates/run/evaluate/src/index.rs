//! Which promises or rules depend on a series: by metric name first, so that a series nobody asked for costs one
//! look-up, and remembered by labels, so that one somebody asked for is matched once.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use promise::signal::{Match, Matcher};
use store::Labels;

/// Series whose dependents are remembered. Beyond it they are matched anew, which costs time, not memory.
const REMEMBERED_MAX: usize = 200_000;

/// Lists that are remembered before those that nobody holds any more are looked for.
const LISTS_MIN: usize = 64;

/// A selector of a signal of a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dependent {
    pub watch: usize,
    pub signal: usize,
    pub selector: usize,
}

/// From series to those that depend on them, `D` for each selector.
#[derive(Debug)]
pub(crate) struct Index<D> {
    by_metric: HashMap<String, Vec<usize>>,
    /// Selectors that fix no metric name.
    unnamed: Vec<usize>,
    entries: Vec<(Vec<Matcher>, D)>,
    remembered: HashMap<Labels, Arc<[D]>>,
    /// What the lists of series came to, each by where it lies: a source says the same list again and again, or a few
    /// in turn.
    lists: HashMap<usize, List<D>>,
    /// How many there may be before the dead are taken out.
    lists_max: usize,
}

/// The series of a list that have dependents, by their places in it.
#[derive(Debug)]
struct List<D> {
    /// Weak, so that a list goes with those who say it; what lies there cannot be another's as long as this is here.
    names: Weak<[Labels]>,
    found: Found<D>,
}

/// Places, ascending, and who depends on what stands there.
pub(crate) type Found<D> = Arc<[(usize, Arc<[D]>)]>;

impl<D> Default for Index<D> {
    fn default() -> Self {
        Self {
            by_metric: HashMap::new(),
            unnamed: Vec::new(),
            entries: Vec::new(),
            remembered: HashMap::new(),
            lists: HashMap::new(),
            lists_max: LISTS_MIN,
        }
    }
}

impl<D: Copy> Index<D> {
    pub fn add(&mut self, matchers: Vec<Matcher>, dependent: D) {
        let place = self.entries.len();
        let metric = matchers.iter().find_map(|matcher| match &matcher.test {
            Match::Equal(value) if matcher.name == "__name__" => Some(value.clone()),
            _ => None,
        });
        match metric {
            Some(metric) => self.by_metric.entry(metric).or_default().push(place),
            None => self.unnamed.push(place),
        }
        self.entries.push((matchers, dependent));
        self.lists.clear();
    }

    /// The dependents of a series; `None` where there is none.
    pub fn of(&mut self, labels: &Labels) -> Option<Arc<[D]>> {
        let named = self.by_metric.get(labels.metric());
        if named.is_none() && self.unnamed.is_empty() {
            return None;
        }
        if let Some(known) = self.remembered.get(labels) {
            return (!known.is_empty()).then(|| known.clone());
        }
        let found: Arc<[D]> = named
            .into_iter()
            .flatten()
            .chain(&self.unnamed)
            .map(|place| &self.entries[*place])
            .filter(|(matchers, _)| {
                matchers
                    .iter()
                    .all(|matcher| matcher.accepts(labels.get(&matcher.name)))
            })
            .map(|(_, dependent)| *dependent)
            .collect();
        if self.remembered.len() >= REMEMBERED_MAX {
            self.remembered.clear();
        }
        self.remembered.insert(labels.clone(), found.clone());
        (!found.is_empty()).then_some(found)
    }

    /// The dependents of the series of a list. The name of each metric in a list that is new goes to
    /// `met`, each at least once.
    pub fn of_list(&mut self, names: &Arc<[Labels]>, mut met: impl FnMut(&str)) -> Found<D> {
        if let Some(list) = self.lists.get(&names.as_ptr().addr())
            && list.names.ptr_eq(&Arc::downgrade(names))
        {
            return list.found.clone();
        }
        let (mut found, mut metric, mut is_wanted) = (Vec::new(), "", false);
        for (place, labels) in names.iter().enumerate() {
            // Series of one metric stand together.
            if place == 0 || labels.metric() != metric {
                metric = labels.metric();
                met(metric);
                is_wanted = !self.unnamed.is_empty() || self.by_metric.contains_key(metric);
            }
            if is_wanted && let Some(dependents) = self.of(labels) {
                found.push((place, dependents));
            }
        }
        if self.lists.len() >= self.lists_max {
            self.lists.retain(|_, list| list.names.strong_count() > 0);
            self.lists_max = LISTS_MIN.max(2 * self.lists.len());
        }
        let found: Found<D> = found.into();
        let list = List {
            names: Arc::downgrade(names),
            found: found.clone(),
        };
        self.lists.insert(names.as_ptr().addr(), list);
        found
    }

    /// Every selector, each once, for reading history.
    pub fn selectors(&self) -> impl Iterator<Item = (&[Matcher], D)> {
        self.entries
            .iter()
            .map(|(matchers, dependent)| (matchers.as_slice(), *dependent))
    }
}
