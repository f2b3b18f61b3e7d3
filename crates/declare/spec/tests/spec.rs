//! What a spec accepts and refuses, and what a person then reads.
#![allow(clippy::unwrap_used)]

mod spec {
    pub mod cases;
    pub mod clean;
    pub mod designs;
    pub mod example;
    pub mod expected;
    pub mod fuzz;
    pub mod import;
    pub mod language;
    pub mod loading;
    pub mod openslo;
    pub mod phrases;
    pub mod rendering;
    pub mod sarif;
    pub mod schema;
    pub mod strangers;
}

use ::spec::{Loaded, World};
use promise::Timestamp;

/// The binary brings a PromQL parser; here balanced parentheses are PromQL enough.
fn balanced(query: &str) -> Result<(), (usize, String)> {
    let mut open = Vec::new();
    for (at, c) in query.char_indices() {
        match c {
            '(' => open.push(at),
            ')' if open.pop().is_none() => return Err((at, "`)` without `(`".to_owned())),
            _ => {}
        }
    }
    open.pop()
        .map_or(Ok(()), |at| Err((at, "`(` without `)`".to_owned())))
}

/// 2026-11-01T00:00:00Z: what is over and what is not shall not change while the tests age.
const NOW: Timestamp = Timestamp::from_millis(1_793_491_200_000);

fn load(text: &str) -> Loaded {
    ::spec::load(text, "tegata.yaml", &World::without_files(&balanced, NOW))
}
