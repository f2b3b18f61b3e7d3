//! Declare: one YAML file becomes diagnostics or a [`Spec`].
//!
//! **Pure**: it is given text and answers with values; reading files, the environment and secrets is the
//! binary's. Every mistake is reported at once, each with its place; nothing half-read ever runs.

pub mod section;

pub mod openslo;

mod include;
mod load;
mod mask;
mod origin;
mod places;
mod texts;

pub mod assist;
pub mod change;
pub mod check;
pub mod detection;
pub mod diagnostic;
pub mod facts;
mod format;
mod mend;
pub mod render;
mod runtime;

pub mod import;
pub mod init;
pub mod reference;
pub mod schema;

pub use change::changes;
pub use detection::{Detection, detection};
pub use diagnostic::{Diagnostic, Level, Source, to_github, to_json, to_sarif};
pub use facts::Facts;
pub use format::format;
pub use include::{Include, Included};
pub use load::{CheckQuery, Loaded, Suppressed, TEXT_MAX, World, load};
pub use mend::{Mended, edited, mend};
pub use origin::{Origin, documents};
pub use places::Places;
pub use reference::reference;
pub use render::{Style, render};
pub use schema::schema;
pub use section::Spec;
pub use texts::{Place, Text, Texts};
