//! The small things that pages are made of: marks, times, figures, strips, charts, lines.

pub(crate) mod chart;
pub(crate) mod figure;
pub(crate) mod lines;
pub(crate) mod mark;
pub(crate) mod strip;
pub(crate) mod time;
