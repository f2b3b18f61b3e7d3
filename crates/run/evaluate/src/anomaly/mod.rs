//! What is unusual: streaming detectors, one a file with its paper. Each sees values in the order of their time, once.
//!
//! Reading order: `seasonal` says how far a value is from what is usual at its hour of the week, `tail` turns "how far" into
//! "how seldom", so that a rule can promise at most one alert in so many days.

mod seasonal;
mod tail;

pub use seasonal::{Distance, Seasonal};
pub use tail::Tail;
