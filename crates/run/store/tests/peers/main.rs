//! The contract of metric stores on real engines, over the network, and what others read of our files. They must be installed: a missing one
//! fails, and says so.
#![allow(clippy::unwrap_used)]

mod duckdb;
mod engine;
mod outage;
mod postgres;
mod prometheus;
mod victoria;
