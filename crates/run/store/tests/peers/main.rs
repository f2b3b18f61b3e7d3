//! The contract of metric stores on real engines, over the network. They must be installed: a missing one
//! fails, and says so.
#![allow(clippy::unwrap_used)]

mod engine;
mod outage;
mod prometheus;
mod victoria;
