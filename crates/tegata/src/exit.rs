//! Exit codes, and the errors that choose one.

use std::{fmt, process::ExitCode};

/// Nothing worked as it should, for a reason that no other code names.
pub(crate) const INTERNAL: u8 = 1;
/// A dependency is missing: a port, a file, a running instance, room on the disk.
pub(crate) const MISSING: u8 = 69;
/// The spec has mistakes.
pub(crate) const BAD_SPEC: u8 = 78;
/// What was to be proven does not hold.
pub(crate) const INVALID: u8 = 30;

/// An error that a person can mend, with the code to end with.
#[derive(Debug)]
pub(crate) struct Stop {
    pub(crate) code: u8,
    /// Already in the reader's language.
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Stop {
    pub(crate) fn missing(message: impl Into<String>) -> Self {
        Self {
            code: MISSING,
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self {
            code: INVALID,
            message: message.into(),
            hint: None,
        }
    }

    /// The diagnostics have been printed; there is nothing to add.
    pub(crate) fn bad_spec() -> Self {
        Self {
            code: BAD_SPEC,
            message: String::new(),
            hint: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Stop {}

/// Prints an error and answers with its code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    let gone = |error: &std::io::Error| error.kind() == std::io::ErrorKind::BrokenPipe;
    if error.downcast_ref::<std::io::Error>().is_some_and(gone) {
        return ExitCode::SUCCESS;
    }
    let stop = error.downcast_ref::<Stop>();
    if stop.is_none_or(|stop| !stop.message.is_empty()) {
        eprintln!("tegata: {error:#}");
    }
    if let Some(hint) = stop.and_then(|stop| stop.hint.as_deref()) {
        eprintln!("        {hint}");
    }
    ExitCode::from(stop.map_or(INTERNAL, |stop| stop.code))
}
