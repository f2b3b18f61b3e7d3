//! Why new series are refused: which source floods the store, and by which label.

use std::collections::BTreeMap;

use crate::metrics::Flood;

/// Sources whose floods are remembered; of further ones only the log tells.
const SOURCES_MAX: usize = 100;

/// The floods since the last seal.
#[derive(Default)]
pub(super) struct Floods(BTreeMap<String, Flood>);

impl Floods {
    pub fn get(&self, source: &str) -> Option<&Flood> {
        self.0.get(source)
    }

    pub fn add(&mut self, flood: Flood) {
        if self.0.len() < SOURCES_MAX {
            self.0.insert(flood.source.clone(), flood);
        }
    }

    pub fn all(&self) -> Vec<Flood> {
        self.0.values().cloned().collect()
    }

    /// After a seal, series that ended have made room.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}
