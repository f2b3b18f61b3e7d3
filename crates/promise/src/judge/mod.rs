//! What kinds share when they judge: what of the required time was seen, and what an error budget says.
//!
//! This keeps the invariant that silence is not success. Time is required from the window's begin (or the
//! promise's) to as far as the gatherer had heard; what no fact covers there, or a gap takes away, makes a
//! verdict *unproven* unless the rest alone proves it broken.

pub(crate) mod budget;
pub(crate) mod burn;
mod coverage;

pub(crate) use coverage::{SAYINGS, View, because};
