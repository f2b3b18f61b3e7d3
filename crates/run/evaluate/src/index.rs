//! Which promises or rules depend on a series: by metric name first, so that a series nobody asked for costs one
//! look-up, and remembered by labels, so that one somebody asked for is matched once.

use std::{collections::HashMap, sync::Arc};

use promise::signal::{Match, Matcher};
use store::Labels;

/// Series whose dependents are remembered. Beyond it they are matched anew, which costs time, not memory.
const REMEMBERED_MAX: usize = 200_000;

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
}

impl<D> Default for Index<D> {
    fn default() -> Self {
        Self {
            by_metric: HashMap::new(),
            unnamed: Vec::new(),
            entries: Vec::new(),
            remembered: HashMap::new(),
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

    /// Every selector, each once, for reading history.
    pub fn selectors(&self) -> impl Iterator<Item = (&[Matcher], D)> {
        self.entries
            .iter()
            .map(|(matchers, dependent)| (matchers.as_slice(), *dependent))
    }
}
