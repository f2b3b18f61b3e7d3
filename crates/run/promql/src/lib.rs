//! The query language of Prometheus, over series that the caller brings.
//!
//! This crate exists because it is **pure**: a [`Query`] says which series it needs
//! ([`Query::selections`]), the caller fetches them from wherever they rest, and the answer is computed
//! from those values alone. Floats come out as from Prometheus 3: left-open ranges, its extrapolation in
//! `rate`, Kahan-Neumaier sums. Native histograms are not read yet.
//!
//! Reading order: `series` (the data model), `query` (the door), `value`, `plan` (the text as a tree), `run` (one instant of it),
//! `function` (one file a family).

mod error;
mod function;
mod plan;
mod query;
mod run;
pub mod series;
mod sum;
mod value;

pub use error::{EvalError, ParseError};
pub use query::{LOOK_BACK, Query, Selection};
pub use series::{Exemplar, Histogram, HistogramSample, Labels, STALE, Sample, Series, is_stale};
pub use value::{Answer, Element, Notes, Number, Options, SeriesRef, SeriesSource, Value};
