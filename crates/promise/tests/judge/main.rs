//! What follows from evidence, as its users see it: cases without Rust, and properties over any evidence.
#![allow(clippy::unwrap_used)]

mod cases;
mod lucene;
mod older;
mod properties;
