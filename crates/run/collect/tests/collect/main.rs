//! What a spec's sources make, seen from outside: real sockets and files, rounds and lines.
#![allow(clippy::unwrap_used)]

mod discover;
mod follow;
mod house;
mod post;
mod probe;
mod protobuf;
mod push;
mod receive;
mod relabel;
mod remote_write;
mod scrape;
