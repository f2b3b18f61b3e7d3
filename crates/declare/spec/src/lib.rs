//! Declare: one YAML file becomes diagnostics or a [`Spec`].
//!
//! **Pure**: it is given text and answers with values; reading files, the environment and secrets is the
//! binary's. Every mistake is reported at once, each with its place; nothing half-read ever runs.

pub mod section;

pub use section::Spec;
