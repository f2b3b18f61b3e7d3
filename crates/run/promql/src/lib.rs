//! The query language of Prometheus, over series that the caller brings.
//!
//! This crate exists because it is **pure**: a [`Query`] says which series it needs
//! ([`Query::selections`]), the caller fetches them from wherever they rest, and the answer is computed
//! from those values alone. Everything of Prometheus 3.5 is spoken, native histograms and its experimental
//! functions included, and numbers come out as there: left-open ranges, its extrapolation, its sums.
//!
//! Reading order: `series` (the data model), `query` (the door), `value`, `syntax` (the text as a tree), `run` (a tree
//! over columns), `function` (one file a family), `notes` (what is said beside an answer), `script` (test scripts).

mod error;
mod function;
mod notes;
mod number;
mod query;
mod run;
pub mod script;
pub mod series;
mod sum;
mod syntax;
mod value;

pub use error::{EvalError, ParseError};
pub use query::{LOOK_BACK, Query, Selection};
pub use series::{Exemplar, Histogram, HistogramSample, Labels, STALE, Sample, Series, is_stale};
pub use value::{
    Answer, Element, Notes, Number, Options, Samples, SeriesRef, SeriesSource, Unpack, Value,
};
