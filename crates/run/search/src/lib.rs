//! Elasticsearch's search requests over any source of records: queries, aggregations, sorting.
//!
//! This crate exists because it is **pure**: it reads JSON and says which records are meant, in which order, and
//! what they add up to. It stores nothing and asks nobody; the console reads the records and answers over HTTP. A
//! query becomes the same [`promise::LogQuery`] as one typed in Lucene's syntax, so both find the same records.

mod agg;
mod date;
mod dsl;
mod error;
mod mapping;
mod request;
mod row;
mod sort;

pub use agg::{Aggregations, Collector, Columns, each};
pub use date::{Zone, instant, time_zone};
pub use dsl::{Reader, query_string};
pub use error::Error;
pub use mapping::{FieldType, Kind, Mapping};
pub use request::{Request, SourceFilter, TotalHits};
pub use row::Row;
pub use sort::{Key, Sort, SortField};
