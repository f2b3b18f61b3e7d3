//! What is sent to us instead of being asked for: one file a protocol.
//!
//! Whatever arrives is redacted here, answered only once it is durable, and refused with a reason when it is
//! not. A sender that did not hear the answer may send the same again.

mod logs;
mod otlp;
mod push;
mod remote_write;

pub(crate) use logs::Receiver;
pub use logs::{Error, POST_MAX, Received, Refusal};
pub(crate) use otlp::Otlp;
pub use otlp::{OTLP_MAX, OtlpError, OtlpForm, OtlpTaken};
pub(crate) use push::Pushes;
pub use push::{PUSH_MAX, Push, PushError};
pub(crate) use remote_write::Writes;
pub use remote_write::{Taken, WRITE_MAX, WriteError};
