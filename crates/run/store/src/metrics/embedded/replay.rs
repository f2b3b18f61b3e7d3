//! Fills a head from the log.

use std::{collections::HashMap, sync::Arc};

use super::{
    annex::Annex,
    head::Head,
    records::{self, Heard},
    registry::{Known, Newest, Registry},
    shelf::Shelf,
};
use crate::{Exemplar, Histogram, Labels, Metadata};

pub(super) struct Replay<'s> {
    shelf: &'s Shelf,
    head: Head,
    registry: Registry,
    annex: Annex,
    /// The log's ids. An id may be given anew by a later segment, so the last naming counts.
    ids: HashMap<u32, u32>,
}

impl<'s> Replay<'s> {
    pub fn new(shelf: &'s Shelf, annex: Annex) -> Self {
        Self {
            shelf,
            head: Head::default(),
            registry: Registry::default(),
            annex,
            ids: HashMap::new(),
        }
    }

    pub fn frame(&mut self, payload: &[u8]) -> Result<(), String> {
        records::tell(payload, self).ok_or_else(|| "it is not what the writer writes".to_owned())
    }

    pub fn finish(self) -> (Head, Registry, Annex) {
        (self.head, self.registry, self.annex)
    }

    /// The series, and whether something at this time may stand in it already: an append that was refused and
    /// sent again may be in the log twice.
    fn meet(&mut self, id: u32, at: i64) -> Option<(u32, bool)> {
        let id = *self.ids.get(&id)?;
        let newest = &mut self.registry.get_mut(id)?.newest;
        let again = at <= newest.at;
        newest.at = newest.at.max(at);
        Some((id, again))
    }
}

impl Heard for Replay<'_> {
    fn name(&mut self, id: u32, labels: Labels) {
        let known = self.registry.find(&labels).unwrap_or_else(|| {
            // All that is sealed is older than what the log still holds, but for late samples.
            let newest = self.shelf.newest(&labels, i64::MIN).ok().flatten();
            self.head.admit(labels.clone());
            self.registry.add(Known {
                labels,
                newest: Newest::recalled(newest),
            })
        });
        self.ids.insert(id, known);
    }

    fn sample(&mut self, id: u32, at: i64, value: f64) -> Option<()> {
        let (id, again) = self.meet(id, at)?;
        if !again || self.head.get(id)?.is_free(at) {
            self.head.push(id, at, value);
        }
        Some(())
    }

    fn histogram(&mut self, id: u32, at: i64, value: Arc<Histogram>) -> Option<()> {
        let (id, again) = self.meet(id, at)?;
        if !again || self.head.get(id)?.is_free(at) {
            self.head.push_histogram(id, at, &value);
        }
        Some(())
    }

    fn exemplar(&mut self, id: u32, exemplar: Exemplar) -> Option<()> {
        let id = *self.ids.get(&id)?;
        let labels = &self.registry.get(id)?.labels;
        self.annex.add(labels, exemplar);
        Some(())
    }

    fn metadata(&mut self, all: Vec<Metadata>) {
        self.annex.describe(all);
    }
}
