//! What is unusual: streaming detectors, one a file with its paper. Each sees values in the order of their time, once.
//!
//! Reading order: `seasonal` says how far a value is from what is usual at its hour of the week, `tail` turns "how far" into
//! "how seldom", so that a rule can promise at most one alert in so many days. `novelty` asks how new a value is from several
//! sides, `change` whether the level is another since a moment, `rates` which of many does more than the others and than
//! itself; `template` tells kinds of log lines.

mod change;
mod novelty;
mod rates;
mod seasonal;
mod tail;
mod template;

pub use change::{Change, Watch};
pub use novelty::{Novelty, Side, Surprise};
pub use rates::{Odd, Rates};
pub use seasonal::{Distance, Seasonal};
pub use tail::Tail;
pub use template::{Seen, Template, Templates};
