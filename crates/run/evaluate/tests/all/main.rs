//! Rounds in, verdicts out: over the embedded stores, on a clock that stands still until it is told to move.

#![allow(clippy::unwrap_used)]

mod arrival;
mod compliance;
mod counters;
mod house;
mod levels;
mod log_rules;
mod logs;
mod promtool;
mod relive;
mod restart;
mod rules;
mod thousands;
mod windows;
