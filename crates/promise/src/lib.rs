//! The heart: what a service owes (`Promise`), what was seen (`Evidence`), and what follows (`Verdict`).
//!
//! This crate exists because it is **pure**: it reads no clock, file, socket or environment, so the same
//! promise, evidence and instant always give the same verdict, today in production and years later
//! before an auditor. It does not collect evidence (`evaluate` does) and does not know YAML files as a
//! whole (`spec` does); it owns the field-level language in which both are written.

#[macro_use]
pub mod say;
#[macro_use]
pub mod record;
pub mod clock;
pub mod document;
pub mod evidence;
pub mod kind;
pub mod quantity;
pub mod signal;
pub mod stat;
pub mod unit;
pub mod verdict;
pub mod window;

mod correction;
mod judge;
mod owed;

pub use clock::{Clock, ManualClock, Timestamp};
pub use correction::Correction;
pub use evidence::{Cause, Evidence, Fact, Gap, Seen};
pub use kind::Kind;
pub use owed::{Name, Promise, Terms};
pub use say::{Lang, Say};
pub use signal::{LogQuery, Selector, Signal};
pub use verdict::{Amount, Budget, Corrected, Measured, Reason, State, Verdict};
pub use window::Window;
