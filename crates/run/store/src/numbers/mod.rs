//! Columns of numbers, packed: what both the metrics' chunks and the logs' blocks are made of.

pub(crate) mod pack;
pub(crate) mod values;

pub(crate) use pack::Effort;
