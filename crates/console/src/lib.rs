//! The console: pages for people and a JSON API for programs, over what the rest of Tegata knows.
//!
//! A **room**: a page is one file in `page/` and one line in `route.rs`, an answer of the API one file in `api/`
//! and one line there. Pages are rendered here from a snapshot ([`Board`]) and from narrow [`door`]s; this crate
//! judges nothing, stores nothing and reaches for nothing outside. Invariants: a page is readable without
//! JavaScript, everything it loads comes from its own origin, and whatever it says it says in Japanese and English.

pub mod access;
pub mod board;
pub mod desk;
pub mod door;
pub mod standby;

mod api;
mod asset;
mod guard;
mod lang;
mod live;
mod mask;
mod page;
mod reply;
mod route;
mod show;
mod trace;

pub use board::{Board, Row, SourceRow, SpecStatus};
pub use desk::{Desk, Detail, Fed, Heard, Spent, Transition};
pub use guard::Hosts;
pub use route::{openapi, router};
