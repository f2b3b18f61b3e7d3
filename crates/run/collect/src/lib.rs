//! Collect: what services say about themselves, and what they look like from outside.
//!
//! A **room**: a kind of probe is one file in `probe/` and one line in its `mod.rs`. This crate hears
//! ([`parse`]), asks ([`start`]: scraping, probing, following log files), takes what is posted
//! ([`Handle::receive`]), and makes unreadable what must not rest ([`redact`]). It stores and judges
//! nothing: rounds and log lines go out through bounded channels, so a slow disk slows collecting down
//! instead of filling the memory.
//!
//! Invariant: nothing leaves this crate before [`redact`] has seen it.

pub mod parse;
pub mod redact;

mod discover;
mod file;
mod follow;
mod glob;
mod memory;
mod probe;
mod receive;
mod relabel;
mod resolve;
mod schedule;
mod scrape;
mod start;
mod status;
mod tls;
mod trouble;

pub use receive::{
    Document, Error, IntakeError, LOKI_MAX, LokiError, LokiTaken, OTLP_MAX, OtlpError, OtlpForm,
    OtlpSignal, OtlpTaken, POST_MAX, PUSH_MAX, Packing, Push, PushError, Received, Refusal, Taken,
    WEBHOOK_MAX, WRITE_MAX, WebhookError, WriteError,
};
pub use start::{Handle, Outputs, Owed, Secrets, owed, start};
pub use status::{TargetDetail, TargetKind, TargetStatus};
pub use tls::{http_client, server_tls};
