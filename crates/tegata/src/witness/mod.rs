//! Asking those outside to witness the ledger: each way in a file, one answer for all.
//!
//! Only checkpoints, proofs and hashes leave this machine. When it is asked, and what follows, is `tasks/witness.rs`'s
//! matter.

pub(crate) mod authority;
mod cosigner;
pub(crate) mod git;

use std::{path::Path, sync::Arc};

use ledger::Ledger;
use promise::Say;
use spec::section::ledger::Witness;

/// What a witness said.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The checkpoint, with what the witness added to it.
    pub(crate) note: String,
    pub(crate) size: u64,
    pub(crate) root: String,
}

/// Why there is no witness this time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) why: Say,
    /// It answered that this is not the ledger that it knows. Asking again changes nothing.
    pub(crate) refuses: bool,
}

impl Problem {
    fn passing(why: Say) -> Self {
        let refuses = false;
        Self { why, refuses }
    }

    fn refusal(why: Say) -> Self {
        let refuses = true;
        Self { why, refuses }
    }
}

/// Asks one witness. `folder` is where paths of the spec begin; `last` is the size that it saw last, as far as is known.
pub(crate) async fn ask(
    witness: &Witness,
    ledger: &Arc<Ledger>,
    folder: &Path,
    last: u64,
) -> Result<Seen, Problem> {
    match witness {
        Witness::Cosigner(it) => cosigner::ask(it, ledger, last).await,
        Witness::Git(it) => git::ask(&folder.join(&it.folder), ledger.clone()).await,
        Witness::Authority(it) => {
            let ca = folder.join(&it.ca_file);
            authority::ask(&it.url, &ca, ledger).await
        }
    }
}

/// An answer of at most so many bytes.
async fn bounded(mut answer: reqwest::Response, max: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| error.to_string())? {
        if bytes.len() + chunk.len() > max {
            return Err(format!("more than {max} bytes"));
        }
        bytes.extend(chunk);
    }
    Ok(bytes)
}
