//! How a log asks a witness elsewhere for its cosignature, and how the witness answers: C2SP tlog-witness.
//!
//! The log sends its checkpoint and the proof that it continues the one that the witness saw last; no entry leaves its
//! host. The witness remembers one checkpoint, and what it cosigns continues that. Moving the bytes is the caller's
//! matter.
//!
//! ```text
//! old <size that the witness saw last>
//! <hashes of the consistency proof, a line each>
//!
//! <the signed checkpoint>
//! ```

use std::{
    path::{Path, PathBuf},
    sync::Mutex,
};

use crate::{
    error::Error,
    files,
    key::{Signer, Verifier},
    limit::NOTE_BYTES,
    merkle::{Hash, verify_consistency},
    note::{self, Checkpoint},
    witness::{SEEN, cosign, cosigned},
    writer::lock,
};

/// Lines of a proof: a tree of 2^63 entries has no more levels.
const HASHES_MAX: usize = 63;
/// Bytes of a request: a checkpoint, and a line of 45 bytes for each hash.
pub const COSIGN_BYTES: usize = NOTE_BYTES + HASHES_MAX * 45 + 64;

/// What a log sends to `<witness>/add-checkpoint`. `proof` shows that the first `old` entries are those of before.
#[must_use]
pub fn cosign_request(old: u64, proof: &[Hash], note: &str) -> String {
    let lines: String = proof.iter().map(|hash| format!("{hash}\n")).collect();
    format!("old {old}\n{lines}\n{note}")
}

/// Adds what the witness of `vkey` answered to the checkpoint that it was sent, and says when it cosigned, in seconds
/// since 1970. What others signed in the same answer is left out.
pub fn take_cosignature(note: &str, answer: &str, vkey: &str) -> Result<(String, u64), String> {
    let verifier = Verifier::parse_witness(vkey)?;
    let mine = format!("\u{2014} {} ", verifier.name);
    let is_mine = |line: &&str| line.starts_with(&mine) && line.ends_with('\n');
    let (mut lines, theirs) = (note.split_inclusive('\n'), answer.split_inclusive('\n'));
    let line = theirs.into_iter().find(is_mine);
    let line = line.ok_or_else(|| format!("it bears no signature of {}", verifier.name))?;
    let mut with: String = lines.by_ref().filter(|line| !is_mine(line)).collect();
    with.push_str(line);
    let at = cosigned(&with, vkey)?;
    Ok((with, at))
}

/// Why a witness does not cosign.
#[derive(Debug, thiserror::Error)]
pub enum CosignError {
    #[error("the request cannot be read: {0}")]
    Form(String),
    #[error("this witness does not know the log `{0}`")]
    UnknownLog(String),
    #[error("the checkpoint is not the log's: {0}")]
    Unsigned(String),
    /// It has seen another size than the log thinks: the log asks again from this one.
    #[error("this witness saw {0} entries last")]
    Stale(u64),
    /// Another tree of the size that it saw.
    #[error("this witness saw another tree of {0} entries")]
    Forked(u64),
    #[error("the proof does not show that the first {0} entries are those of before")]
    Unproven(u64),
    #[error(transparent)]
    Memory(#[from] Error),
}

impl CosignError {
    /// The status of HTTP by which it is told.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Form(_) => 400,
            Self::Unsigned(_) => 403,
            Self::UnknownLog(_) => 404,
            Self::Stale(_) | Self::Forked(_) => 409,
            Self::Unproven(_) => 422,
            Self::Memory(_) => 500,
        }
    }
}

/// A witness of one log, with its own key and memory. Shares both with [`witness`](crate::witness).
pub struct Cosigner {
    folder: PathBuf,
    log: Verifier,
    signer: Signer,
    /// One request at a time: what is compared is what is then replaced.
    turn: Mutex<()>,
}

impl Cosigner {
    /// `folder` is the witness's own, `name` its name, `log` the key of the log as it was told when it began.
    pub fn open(folder: &Path, name: &str, log: &str) -> Result<Self, Error> {
        std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        let log = Verifier::parse(log.trim()).map_err(|detail| crate::VerifyError::Key {
            path: "the given key".into(),
            detail,
        })?;
        let signer = Signer::open_witness(folder, name)?;
        Ok(Self {
            folder: folder.to_owned(),
            log,
            signer,
            turn: Mutex::default(),
        })
    }

    /// Who it is, as a C2SP vkey.
    #[must_use]
    pub fn vkey(&self) -> String {
        self.signer.verifier.to_string()
    }

    /// Answers a request with its cosignature, made at `unix_secs`; what it saw is remembered before it answers.
    pub fn add(&self, request: &str, unix_secs: u64) -> Result<String, CosignError> {
        let (old, proof, text) = split(request)?;
        let origin = text.lines().next().unwrap_or_default();
        if origin != self.log.name {
            return Err(CosignError::UnknownLog(origin.chars().take(200).collect()));
        }
        let new = note::read(text, &self.log).map_err(CosignError::Unsigned)?;
        if old > new.size {
            return Err(CosignError::Form(format!(
                "{old} is more than {}",
                new.size
            )));
        }
        let _turn = lock(&self.turn);
        let path = self.folder.join(SEEN);
        let seen = self.seen(&path)?;
        let seen_size = seen.as_ref().map_or(0, |seen| seen.size);
        if old != seen_size {
            return Err(CosignError::Stale(seen_size));
        }
        let seen_root = seen.map_or_else(Hash::empty, |seen| seen.root);
        if old == new.size && new.root != seen_root {
            return Err(CosignError::Forked(old));
        }
        if !verify_consistency(old, new.size, &seen_root, &new.root, &proof) {
            return Err(CosignError::Unproven(old));
        }
        let note = cosign(text, &self.signer, unix_secs);
        files::replace(&path, note.as_bytes(), None)?;
        let mine = format!("\u{2014} {} ", self.signer.verifier.name);
        let line = note
            .split_inclusive('\n')
            .rfind(|line| line.starts_with(&mine));
        Ok(line.unwrap_or_default().to_owned())
    }

    fn seen(&self, path: &Path) -> Result<Option<Checkpoint>, Error> {
        let text =
            files::read_text(path, NOTE_BYTES as u64).map_err(|error| Error::io(path, error))?;
        let read = text.map(|text| note::read(&text, &self.log)).transpose();
        // A memory that cannot be read is not an empty one.
        read.map_err(|detail| {
            crate::VerifyError::Checkpoint {
                place: path.display().to_string(),
                key: self.log.to_string(),
                detail,
            }
            .into()
        })
    }
}

fn split(request: &str) -> Result<(u64, Vec<Hash>, &str), CosignError> {
    let form = |why: &str| CosignError::Form(why.to_owned());
    if request.len() > COSIGN_BYTES {
        return Err(form("it is too long"));
    }
    let (head, note) = request
        .split_once("\n\n")
        .ok_or_else(|| form("it has no empty line before its checkpoint"))?;
    let mut lines = head.lines();
    let old = lines.next().and_then(|line| line.strip_prefix("old "));
    let old = old
        .and_then(|text| Some((text, text.parse::<u64>().ok()?)))
        .filter(|(text, n)| n.to_string() == *text)
        .ok_or_else(|| form("its first line is not `old` and a size"))?
        .1;
    let proof: Option<Vec<Hash>> = lines.map(Hash::from_base64).collect();
    let proof = proof
        .filter(|proof| proof.len() <= HASHES_MAX)
        .ok_or_else(|| form("its proof is none"))?;
    Ok((old, proof, note))
}
