//! Black-box tests: the binary as a user runs it, real peers, a real browser.
#![allow(clippy::unwrap_used)]

mod access;
mod alertmanager;
mod api;
mod browser;
mod clients;
mod command_line;
mod demo;
mod discovery;
mod hostile;
mod judging;
mod language;
mod ledger;
mod log_engine;
mod log_keeping;
mod logs;
mod mail;
mod otlp;
mod peers;
mod pruning;
mod remote_write;
mod rules;
mod shippers;
mod support;
mod syslog;
mod takeover;
mod witness;
mod working;
