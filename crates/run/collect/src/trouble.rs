//! Why a source gave no evidence: a sentence for people and a cause for the verdict.

use promise::{Cause, Say};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Trouble {
    pub say: Say,
    pub cause: Cause,
}

impl Trouble {
    /// The source could not be reached or answered wrongly.
    pub fn failed(say: Say) -> Self {
        Self {
            cause: Cause::Failed { error: say.clone() },
            say,
        }
    }

    /// The source was over a limit.
    pub fn refused(say: Say) -> Self {
        Self {
            cause: Cause::Refused { limit: say.clone() },
            say,
        }
    }
}

/// An error and what lies under it, outermost first: libraries often say only "error sending request".
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    // Deep enough for every library here; a cycle would otherwise never end.
    const DEPTH_MAX: usize = 8;
    let mut text = error.to_string();
    let mut next = error.source();
    for _ in 0..DEPTH_MAX {
        let Some(source) = next else { break };
        let inner = source.to_string();
        if !text.contains(&inner) {
            text.push_str(": ");
            text.push_str(&inner);
        }
        next = source.source();
    }
    text
}
