//! The stores as their users meet them: killed at any moment, opened again, asked at random.
#![allow(clippy::unwrap_used)]

mod kill;
mod reads_back;
mod s3;
