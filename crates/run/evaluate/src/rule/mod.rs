//! Prometheus's rules: files read as they are, evaluated when what they read arrives, states that people can trust.
//!
//! A rule has one truth: what Prometheus would have said at the ticks of its group's interval. Those answers
//! are stored. Between ticks a rule is looked at as soon as a round that touches it has been stored; such an
//! early look can only let an alert fire sooner (see [`alert`]).
//!
//! Keeps the invariants that nothing is green by its absence (a firing alert whose inputs vanish stays
//! firing, and says why) and that an error resolves nothing.
//!
//! Reading order: `file` (YAML to rules), `template`, `alert` (one alert's life), `group` (one evaluation),
//! `engine` (when), `source` (where series come from), `replay`, `unit_test`.

pub mod alert;
pub mod engine;
pub mod file;
pub mod group;
pub mod replay;
pub mod source;
pub mod template;
pub mod unit_test;

mod expand;
mod inputs;
mod restore;
mod watermark;

pub use engine::{Engine, Heard};
pub use expand::World;
pub use file::{Action, Group, Rule, read};
pub use group::{Event, Manner, Outcome};
pub use inputs::Sources;
pub use source::{Memory, Source, Stored};
