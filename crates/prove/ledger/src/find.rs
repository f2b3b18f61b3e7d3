//! Finding entries by kind and by what they are about, newest first.
//!
//! There is no index on the disk. For each full bundle that was once read, a small print of the kinds and abouts in
//! it stays in memory, and bundles whose print does not fit are passed over unread.

use std::{
    borrow::Cow,
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, de::IgnoredAny};

/// Which entries to find. Nothing given finds the newest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Find {
    pub kind: Option<String>,
    pub about: Option<String>,
    /// Only entries before this index: where the page before ended.
    pub before: Option<u64>,
    /// At most [`READ_ENTRIES`](crate::limit::READ_ENTRIES).
    pub limit: usize,
}

/// The part of a line that is asked for, without making the rest.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    about: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(rename = "body")]
    _body: IgnoredAny,
}

impl Find {
    pub(crate) fn fits(&self, line: &[u8]) -> bool {
        if self.kind.is_none() && self.about.is_none() {
            return true;
        }
        serde_json::from_slice(line).is_ok_and(|head: Head<'_>| {
            self.kind.as_ref().is_none_or(|kind| *kind == head.kind)
                && self.about.as_ref().is_none_or(|about| *about == head.about)
        })
    }
}

/// At most 512 prints of 2 bytes for each 256 entries; usually a few dozen.
#[derive(Default)]
pub(crate) struct Prints(Mutex<Vec<Option<Box<[u16]>>>>);

impl Prints {
    /// Never `false` for a bundle that holds what is looked for.
    pub fn may_hold(&self, bundle: u64, find: &Find) -> bool {
        let prints = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Some(held)) = usize::try_from(bundle).ok().and_then(|n| prints.get(n)) else {
            return true;
        };
        let holds = |tag, text: &Option<String>| {
            text.as_ref()
                .is_none_or(|text| held.binary_search(&print(tag, text)).is_ok())
        };
        holds('k', &find.kind) && holds('a', &find.about)
    }

    pub fn remember<'a>(&self, bundle: u64, lines: impl Iterator<Item = &'a [u8]>) {
        let mut held = Vec::new();
        for line in lines {
            // A print that lacks an unreadable line would hide it.
            let Ok(head) = serde_json::from_slice::<Head<'_>>(line) else {
                return;
            };
            held.extend([print('k', &head.kind), print('a', &head.about)]);
        }
        held.sort_unstable();
        held.dedup();
        let mut prints = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(n) = usize::try_from(bundle) else {
            return;
        };
        if prints.len() <= n {
            prints.resize(n + 1, None);
        }
        prints[n] = Some(held.into());
    }
}

fn print(tag: char, text: &str) -> u16 {
    let mut hasher = DefaultHasher::new();
    (tag, text).hash(&mut hasher);
    hasher.finish() as u16
}
