//! Statistics that judging needs, each from a named source.

mod binomial;

pub use binomial::{at_least_so_many, proven_share, proves};

/// What we call certain enough: one wrong verdict in twenty borderline cases.
pub const DOUBT: f64 = 0.05;
