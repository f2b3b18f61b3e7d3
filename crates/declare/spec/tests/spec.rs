//! What a spec accepts and refuses, and what a person then reads.
#![allow(clippy::unwrap_used)]

mod spec {
    pub mod cases;
    pub mod example;
    pub mod fuzz;
    pub mod loading;
    pub mod openslo;
    pub mod rendering;
    pub mod schema;
}

use ::spec::{Loaded, World};

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

fn load(text: &str) -> Loaded {
    ::spec::load(
        text,
        "tegata.yaml",
        &World {
            check_query: &balanced,
        },
    )
}
