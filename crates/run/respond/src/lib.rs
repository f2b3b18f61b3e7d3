//! Respond: a changed verdict becomes an alert, pages to the right people, and an incident that stays open
//! until the promise is kept again.
//!
//! A **room**: a way to tell people is one file in [`notify`] and one line in its `notifiers!`.
//!
//! A verdict or a posted alert goes `react` (is it news?) → `group` and `hush` (is it told now?) → `announce` (to whom?) →
//! `deliver` (until it is accepted); `upkeep` does what time alone brings.
//!
//! What this keeps: a transition is durable before [`Responder::transition`] returns, together with every page
//! it causes and every [`Event`] about it, in one write. A page is sent until its receiver accepts it or its
//! budget is spent; whatever was under way when the process died is sent again with the *same* idempotency key, so
//! a receiver that honours keys sees each page once. It does not judge promises (`evaluate` does) and does
//! not write the ledger: it hands over events, and the binary appends them.

pub mod acknowledge;
pub mod alert;
pub mod canary;
pub mod checklist;
pub mod escalate;
pub mod group;
pub mod hush;
pub mod incident;
pub mod interval;
pub mod label;
pub mod notify;
pub mod on_call;
pub mod page;
pub mod posted;
pub mod route;
pub mod rule;
pub mod runbook;
pub mod silence;
pub mod subject;
pub mod template;

mod announce;
mod backlog;
mod book;
mod config;
mod deliver;
mod desk;
mod error;
mod event;
mod flap;
mod hold;
mod pending;
mod react;
mod refresh;
mod responder;
mod standing;
mod upkeep;

pub use config::{Config, Secrets};
pub use error::Error;
pub use event::{Event, EventKind};
pub use incident::{Filter, Incident};
pub use notify::inbox::InboxItem;
pub use on_call::OnDuty;
pub use page::Page;
pub use responder::{ReceiverStatus, Responder, Transition};
pub use rule::{Rule, RuleChange};
pub use standing::{GroupStanding, Standing};
