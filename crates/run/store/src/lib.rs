//! Where evidence rests: three ports (metrics, logs, state), each with its embedded engine, and later its
//! distributed ones, side by side under one contract suite.
//!
//! A **room**: an engine is one file or folder beside its port and one line in the function that matches
//! its name. What an embedded engine acknowledges survives `kill -9` (group commit with fsync).

pub mod hash;
pub mod lock;
pub mod logs;
pub mod metrics;
pub mod protobuf;
pub mod remote_write;
pub mod s3;
pub mod state;

mod commit;
mod disk;
mod error;
mod numbers;
mod remote;
mod round;
mod wal;
mod wire;

pub use error::Error;
pub use lock::DataDir;
pub use logs::{LogStore, Record};
pub use metrics::{
    Exemplar, Histogram, HistogramSample, Labels, Metadata, MetricStore, Sample, Series,
};
pub use remote::Credentials;
pub use round::{Floats, Lines, Round};
pub use state::StateStore;
