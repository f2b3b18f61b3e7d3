//! What people do about an incident: answers, roles, notes, links, ticks, actions.

use promise::Timestamp;
use serde::{Deserialize, Serialize};

use super::Acknowledgement;

/// Links of one incident that are remembered as used; each is one acknowledgement.
const USED_MAX: usize = 50;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Work {
    /// The first acknowledgement, also where it no longer holds.
    pub first_answer: Option<Acknowledgement>,
    /// When the last acknowledgement ceased to hold.
    pub lapsed: Option<Timestamp>,
    /// When a person last did something about it.
    pub touched: Option<Timestamp>,
    /// Links that were used, by the number of their page.
    pub links_used: Vec<(u64, Acknowledgement)>,
}

impl Work {
    /// What the link of a page was used for.
    #[must_use]
    pub fn used(&self, page: u64) -> Option<&Acknowledgement> {
        let used = self.links_used.iter().find(|(number, _)| *number == page);
        used.map(|(_, answer)| answer)
    }

    pub(crate) fn use_link(&mut self, page: u64, answer: Acknowledgement) {
        if self.links_used.len() >= USED_MAX {
            self.links_used.remove(0);
        }
        self.links_used.push((page, answer));
    }
}
