//! Queries over small series: expected numbers from arithmetic, and from promtool as an oracle.

#![allow(clippy::unwrap_used)]

mod bounds;
mod hand;
mod oracle;
mod series;
