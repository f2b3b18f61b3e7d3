//! Rules on logs: "more than 10 failures in 5 minutes, by user", fired on the eleventh event and not at the next poll.
//!
//! A rule is one value ([`LogRule`]) whatever it was written in: the one line `status:failed AND count > 10 over 5m by
//! user`, a rule of ElastAlert2 or one of Sigma (`front`). Its kinds (`kind`) are folds over events in the order of
//! their time; the [`Engine`] gives them that order, however records arrive: a record that comes twice counts once, one
//! that comes late reopens what it belongs to, and what was told is not told again after a restart.
//!
//! Live evaluation, a restart and a back-test are the same code over the same events, so they give the same answer.
//!
//! Reading order: `rule`, `event`, `kind`, `live`, `engine`, `front`.

mod engine;
mod event;
mod forget;
mod front;
mod index;
mod kind;
mod live;
mod recent;
mod rule;
mod untold;
mod window;

use engine::Saved;
pub use engine::{Checkpoint, Engine, Told};
pub use event::{Event, Key, Scalar};
pub use front::{elastalert, one_line, sigma};
pub use kind::{Firing, State};
pub use live::LATE_MAX;
pub use rule::{Direction, Figure, Kind, LogRule, Metric};
