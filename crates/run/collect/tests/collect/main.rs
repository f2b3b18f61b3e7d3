//! What a spec's sources make, seen from outside: real sockets and files, rounds and lines.
#![allow(clippy::unwrap_used)]

mod follow;
mod house;
mod post;
mod probe;
mod remote_write;
mod scrape;
