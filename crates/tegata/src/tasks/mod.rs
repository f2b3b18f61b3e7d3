//! What runs beside each other, one file a task: each reads, makes a pure call, and writes.

pub(crate) mod canary;
pub(crate) mod clock;
pub(crate) mod cold;
pub(crate) mod events;
pub(crate) mod judge;
pub(crate) mod lines;
pub(crate) mod log_rules;
pub(crate) mod prune;
pub(crate) mod retain;
pub(crate) mod rules;
pub(crate) mod samples;
pub(crate) mod seal;
pub(crate) mod span_metrics;
pub(crate) mod watch;
pub(crate) mod witness;
