//! The query language of Prometheus, over series that the caller brings.
//!
//! This crate exists because it is **pure**: a [`Query`] says which series it needs
//! ([`Query::selections`]), the caller fetches them from wherever they rest, and the answer is computed
//! from those values alone. Floats come out as from Prometheus 3: left-open ranges, its extrapolation in
//! `rate`, Kahan-Neumaier sums. Native histograms are not read yet.
//!
//! Reading order: `query` (the door), `value`, `plan` (the text as a tree), `run` (one instant of it),
//! `function` (one file a family).

mod error;
mod function;
mod labels;
mod plan;
mod query;
mod run;
mod sum;
mod value;

pub use error::{EvalError, ParseError};
pub use labels::Labels;
pub use query::{LOOK_BACK, Query, Selection};
pub use value::{Point, Sample, Series, SeriesRef, SeriesSource, Value};
