//! Unit tests of rules, in the format of `promtool test rules`.
//!
//! A file names rule files, gives series, and says which alerts fire and what queries answer at which time. The
//! rules run here as they run in production, but over memory and with the ticks that the file asks for.

mod file;
mod notation;
mod run;

pub use file::{Expected, File, Suite, read};
pub use run::{Check, Failure, Report, Shown, run};
