//! One entry and the proof that it is in the ledger, as one text file that needs nothing else: C2SP tlog-proof.
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra <the entry's line, in Base64>
//! index <its index>
//! <hashes from leaf to root, a line each>
//!
//! <the signed checkpoint, with its witnesses' cosignatures where it has some>
//! ```
//!
//! Whoever holds it and the verifier key can tell, offline and years later, that this very entry stood in the ledger when
//! the checkpoint was signed.

use std::{fmt, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    entry::{self, Entry},
    error::{Error, VerifyError},
    key::Verifier,
    limit::{ENTRY_BYTES, NOTE_BYTES},
    merkle::{Hash, range_root, verify_inclusion},
    note::{self, Checkpoint},
};

const HEAD: &str = "c2sp.org/tlog-proof@v1";
/// A tree of 2^63 entries has that many levels.
const HASHES_MAX: usize = 63;
/// Each hash is a line of 45 bytes; an entry in Base64 is four thirds of itself.
const PROOF_BYTES: usize = ENTRY_BYTES / 3 * 4 + HASHES_MAX * 45 + NOTE_BYTES + 200;

/// An entry, and why it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    pub index: u64,
    /// Its line, byte for byte.
    pub line: Vec<u8>,
    pub hashes: Vec<Hash>,
    /// The signed note.
    pub checkpoint: String,
}

/// Why a proof shows nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    #[error("it is no proof: {0}")]
    Form(String),
    #[error("the verifier key cannot be read: {0}")]
    Key(String),
    #[error("its checkpoint cannot be trusted: {0}")]
    Checkpoint(String),
    #[error("the entry is not in the tree that was signed")]
    NotIncluded,
    #[error("the entry cannot be read: {0}")]
    Entry(String),
    #[error("witness `{name}`: {why}")]
    Witness { name: String, why: String },
}

impl Proof {
    /// Reads the text form.
    pub fn parse(text: &str) -> Result<Self, ProofError> {
        let form = |why: &str| ProofError::Form(why.to_owned());
        if text.len() > PROOF_BYTES {
            return Err(form("it is too long"));
        }
        let (proof, checkpoint) = text
            .split_once("\n\n")
            .ok_or_else(|| form("it has no empty line before its checkpoint"))?;
        let mut lines = proof.lines();
        if lines.next() != Some(HEAD) {
            return Err(form("its first line is another"));
        }
        let extra = lines.next().and_then(|line| line.strip_prefix("extra "));
        let line = extra
            .and_then(|extra| STANDARD.decode(extra).ok())
            .ok_or_else(|| form("it does not hold the entry"))?;
        let index = lines.next().and_then(|line| line.strip_prefix("index "));
        let index = index
            .filter(|text| text.parse::<u64>().is_ok_and(|n| n.to_string() == **text))
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| form("it has no index"))?;
        let hashes: Option<Vec<Hash>> = lines.map(Hash::from_base64).collect();
        let hashes = hashes
            .filter(|hashes| hashes.len() <= HASHES_MAX)
            .ok_or_else(|| form("its hashes are none"))?;
        Ok(Self {
            index,
            line,
            hashes,
            checkpoint: checkpoint.to_owned(),
        })
    }

    /// The entry, once it is sure that the holder of `vkey` signed a tree that holds it, and each of `witnesses` saw that
    /// tree.
    pub fn verify(
        &self,
        vkey: &str,
        witnesses: &[&str],
    ) -> Result<(Entry, Checkpoint), ProofError> {
        let verifier = Verifier::parse(vkey).map_err(ProofError::Key)?;
        let checkpoint = note::read(&self.checkpoint, &verifier).map_err(ProofError::Checkpoint)?;
        for witness in witnesses {
            crate::cosigned(&self.checkpoint, witness).map_err(|why| ProofError::Witness {
                name: witness.split('+').next().unwrap_or_default().to_owned(),
                why,
            })?;
        }
        let leaf = Hash::leaf(&self.line);
        let root = &checkpoint.root;
        if !verify_inclusion(self.index, checkpoint.size, &leaf, &self.hashes, root) {
            return Err(ProofError::NotIncluded);
        }
        let entry = entry::parse(&self.line).map_err(|e| ProofError::Entry(e.to_string()))?;
        if entry.index != self.index {
            return Err(ProofError::Entry("it says another index".to_owned()));
        }
        Ok((entry, checkpoint))
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}\nextra {}", STANDARD.encode(&self.line))?;
        writeln!(f, "index {}", self.index)?;
        for hash in &self.hashes {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

/// Proves one entry of the ledger in `dir` from its files, by the checkpoint that is published there.
pub fn prove(dir: &Path, index: u64) -> Result<Option<Proof>, Error> {
    let path = dir.join("checkpoint");
    let text = crate::files::read_text(&path, NOTE_BYTES as u64)
        .map_err(|e| VerifyError::io(&path, e))?
        .ok_or(VerifyError::Missing { path })?;
    prove_at(dir, index, &text)
}

/// The same by another checkpoint of this ledger, one that was cosigned or stamped. `None` where it does not cover the
/// entry.
pub fn prove_at(dir: &Path, index: u64, checkpoint: &str) -> Result<Option<Proof>, Error> {
    let mut leaves = crate::prune::leaves(dir)?;
    let kept_from = leaves.len() as u64;
    if index < kept_from {
        return Err(Error::Pruned { index, kept_from });
    }
    let mut wanted = None;
    crate::read::read_lines(dir, |at, line| {
        if at == index {
            wanted = Some(line.to_vec());
        }
        leaves.push(Hash::leaf(line));
    })?;
    let verifier = crate::key::read_public(dir)?;
    let given = || "the given checkpoint".to_owned();
    let signed = note::read(checkpoint, &verifier).map_err(|detail| VerifyError::Checkpoint {
        place: given(),
        key: verifier.to_string(),
        detail,
    })?;
    let Ok(size) = usize::try_from(signed.size) else {
        return Ok(None);
    };
    let size = size.min(leaves.len());
    let root = match range_root(&mut Leaves(&leaves), 0, size as u64) {
        Ok(root) => root,
        Err(never) => match never {},
    };
    if size as u64 != signed.size || root != signed.root {
        return Err(VerifyError::Rewritten {
            signed: signed.size,
            place: given(),
        }
        .into());
    }
    // What came after the checkpoint is proven by a later one.
    let Some(line) = wanted.filter(|_| index < signed.size) else {
        return Ok(None);
    };
    let mut nodes = Leaves(&leaves);
    let hashes = match crate::merkle::inclusion_proof(&mut nodes, index, signed.size) {
        Ok(hashes) => hashes,
        Err(never) => match never {},
    };
    Ok(Some(Proof {
        index,
        line,
        hashes,
        checkpoint: signed.note,
    }))
}

/// All leaves of a tree in memory.
struct Leaves<'l>(&'l [Hash]);

impl crate::merkle::Nodes for Leaves<'_> {
    type Error = std::convert::Infallible;

    fn node(&mut self, height: u32, index: u64) -> Result<Hash, Self::Error> {
        let width = 1_usize << height;
        let from = usize::try_from(index)
            .unwrap_or(usize::MAX)
            .saturating_mul(width);
        let leaves = self.0.get(from..from.saturating_add(width));
        Ok(crate::merkle::subtree_root(leaves.unwrap_or_default()))
    }
}
