//! Statistics that judging needs, each from a named source.

mod binomial;
mod cluster;
mod sequential;

pub use binomial::{at_least_so_many, proven_share, proves};
pub use cluster::Clusters;
pub use sequential::Detector;

/// What we call certain enough: one wrong verdict in twenty borderline cases.
pub const DOUBT: f64 = 0.05;
