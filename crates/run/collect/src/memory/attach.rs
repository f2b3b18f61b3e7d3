//! From what a target exposes to what is stored: redacted, with the target's labels, relabelled.

use std::{hash::Hasher, sync::Arc};

use store::Labels;
use xxhash_rust::xxh3::Xxh3;

use crate::{
    parse::{Exemplar, Pairs},
    redact::Redactor,
    relabel::{self, Rule},
};

/// How the labels of one target's series are made.
pub(crate) struct Attach {
    pub redactor: Arc<Redactor>,
    /// `job`, `instance` and the job's own.
    pub target: Vec<(String, String)>,
    pub honor_labels: bool,
    pub honor_timestamps: bool,
    pub relabel: Arc<[Rule]>,
    /// Our own series about the target: whatever it claims about itself, they count.
    pub own: Vec<Labels>,
}

impl Attach {
    pub fn honors_timestamps(&self) -> bool {
        self.honor_timestamps
    }

    /// The exposed labels, redacted, with the target's. Where both have a name, the exposed one is kept as
    /// `exported_…`, or counts if labels are honoured. `None` where relabelling drops the series.
    pub fn labels(&self, exposed: &Pairs<'_>) -> Option<Labels> {
        let mut pairs: Vec<(String, String)> = self.hidden(exposed).collect();
        for (name, value) in &self.target {
            match pairs.iter().position(|(other, _)| other == name) {
                Some(_) if self.honor_labels => continue,
                Some(hidden) => pairs[hidden].0 = self.moved(&pairs, name),
                None => {}
            }
            pairs.push((name.clone(), value.clone()));
        }
        let mut labels = Labels::new(pairs);
        if !self.relabel.is_empty() {
            labels = relabel::process(&self.relabel, labels)?;
        }
        (!labels.metric().is_empty() && !self.own.contains(&labels)).then_some(labels)
    }

    pub fn redacted(&self, exposed: &Pairs<'_>) -> Labels {
        Labels::new(self.hidden(exposed))
    }

    fn hidden(&self, exposed: &Pairs<'_>) -> impl Iterator<Item = (String, String)> {
        let some = exposed.iter().filter(|(_, value)| !value.is_empty());
        some.map(|(name, value)| {
            let value = self.redactor.field(name, value);
            (self.redactor.text(name).into_owned(), value.into_owned())
        })
    }

    fn moved(&self, pairs: &[(String, String)], name: &str) -> String {
        let mut moved = format!("exported_{name}");
        let is_taken = |name: &str| {
            let all = pairs.iter().chain(&self.target);
            all.into_iter().any(|(other, _)| other == name)
        };
        while is_taken(&moved) {
            moved.insert_str(0, "exported_");
        }
        moved
    }
}

/// Two exemplars with the same hash are the same.
pub(super) fn hash(exemplar: &Exemplar<'_>) -> u64 {
    let mut hasher = Xxh3::new();
    for (name, value) in &exemplar.labels {
        for text in [name, value] {
            hasher.update(text.as_bytes());
            hasher.update(&[0]);
        }
    }
    hasher.update(&exemplar.value.to_bits().to_le_bytes());
    let at = exemplar.at.map_or(i64::MIN, promise::Timestamp::as_millis);
    hasher.update(&at.to_le_bytes());
    hasher.finish()
}
