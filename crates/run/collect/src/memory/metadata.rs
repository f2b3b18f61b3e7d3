//! What metrics are, told only when it is new: most answers say the same as the one before.

use std::{collections::HashMap, hash::Hasher};

use xxhash_rust::xxh3::Xxh3;

use crate::{parse::Metadata, redact::Redactor};

/// Families of one source whose metadata is remembered. Exporters have a few thousand at most.
const FAMILIES_MAX: usize = 20_000;
/// A help text that is longer is a document.
const HELP_MAX: usize = 4 << 10;

#[derive(Debug, Default)]
pub(super) struct Told(HashMap<Box<str>, u64>);

impl Told {
    /// What was not told before in the same words.
    pub fn changes(
        &mut self,
        metadata: &[Metadata<'_>],
        redactor: &Redactor,
    ) -> Vec<store::Metadata> {
        let changed = metadata.iter().filter(|one| self.is_new(one));
        changed.map(|one| redacted(owned(one), redactor)).collect()
    }

    fn is_new(&mut self, one: &Metadata<'_>) -> bool {
        let mut hasher = Xxh3::new();
        for text in [one.kind, &*one.help, one.unit] {
            hasher.update(text.as_bytes());
            hasher.update(&[0]);
        }
        let hash = hasher.finish();
        if let Some(known) = self.0.get_mut(&*one.name) {
            return std::mem::replace(known, hash) != hash;
        }
        let fits = self.0.len() < FAMILIES_MAX && one.help.len() <= HELP_MAX;
        if fits {
            self.0.insert((*one.name).into(), hash);
        }
        fits
    }
}

pub(crate) fn owned(one: &Metadata<'_>) -> store::Metadata {
    store::Metadata {
        metric: one.name.as_ref().to_owned(),
        kind: match one.kind {
            // What Prometheus's text calls so.
            "" | "untyped" => "unknown",
            kind => kind,
        }
        .to_owned(),
        help: one.help.as_ref().to_owned(),
        unit: one.unit.to_owned(),
    }
}

fn redacted(one: store::Metadata, redactor: &Redactor) -> store::Metadata {
    store::Metadata {
        metric: redactor.text(&one.metric).into_owned(),
        help: redactor.text(&one.help).into_owned(),
        ..one
    }
}
