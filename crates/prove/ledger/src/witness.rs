//! Witnesses: somebody outside the operator's control signs too that the ledger only grew. C2SP tlog-cosignature.
//!
//! A witness remembers the last checkpoint that it saw. It verifies that the ledger is whole and continues that one, and
//! only then cosigns the new one; so whoever asks for its cosignature knows that all see the same ledger. The operator
//! may hold the ledger's key and still cannot show one history to an auditor and another to the witness.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    error::{Error, VerifyError},
    files,
    key::{Signer, Verifier},
    limit::NOTE_BYTES,
    note,
    verify::{Expect, Verified, verify},
};

/// The last checkpoint that the witness has cosigned, in its own folder.
pub(crate) const SEEN: &str = "checkpoint";

/// What a witness has found, and said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnessed {
    pub verified: Verified,
    /// The checkpoint with the cosignature: to be kept elsewhere, and handed to auditors.
    pub note: String,
    /// Who the witness is, as a C2SP vkey.
    pub vkey: String,
}

/// Verifies the ledger in `dir` against what this witness saw last, and cosigns its checkpoint. `folder` is the witness's
/// own: its key, made at first as `name`, and what it saw. `log` is the ledger's verifier key as the witness got it when
/// it began; `unix_secs` is now.
pub fn witness(
    dir: &Path,
    log: &str,
    folder: &Path,
    name: &str,
    unix_secs: u64,
) -> Result<Witnessed, Error> {
    std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
    let signer = Signer::open_witness(folder, name)?;
    let path = folder.join(SEEN);
    let seen = files::read_text(&path, NOTE_BYTES as u64).map_err(|e| Error::io(&path, e))?;
    let expect = Expect {
        vkey: Some(log),
        checkpoint: seen.as_deref(),
    };
    let verified = verify(dir, &expect)?;
    let published = dir.join("checkpoint");
    let text = files::read_text(&published, NOTE_BYTES as u64)
        .map_err(|e| VerifyError::io(&published, e))?
        .ok_or_else(|| VerifyError::Missing {
            path: published.clone(),
        })?;
    // It was verified a moment ago; what came since is another's turn, but must be of the same signer.
    let verifier = Verifier::parse(log).map_err(|detail| VerifyError::Key {
        path: published.clone(),
        detail,
    })?;
    let checkpoint = note::read(&text, &verifier).map_err(|detail| VerifyError::Key {
        path: published.clone(),
        detail,
    })?;
    if checkpoint.size > verified.size {
        return Err(VerifyError::RolledBack {
            size: verified.size,
            signed: checkpoint.size,
        }
        .into());
    }
    let note = cosign(&text, &signer, unix_secs);
    files::replace(&path, note.as_bytes(), None)?;
    Ok(Witnessed {
        verified,
        note,
        vkey: signer.verifier.to_string(),
    })
}

/// Adds a cosignature; one of the same witness from before goes.
pub(crate) fn cosign(text: &str, signer: &Signer, unix_secs: u64) -> String {
    let name = &signer.verifier.name;
    let signed = text.rfind("\n\n").map_or(text, |split| &text[..=split]);
    let mut signature = signer.verifier.id.to_vec();
    signature.extend(unix_secs.to_be_bytes());
    signature.extend(signer.sign(message(signed, unix_secs).as_bytes()));
    let mine = format!("\u{2014} {name} ");
    let mut note: String = text
        .split_inclusive('\n')
        .filter(|line| !line.starts_with(&mine))
        .collect();
    note.push_str(&format!("{mine}{}\n", STANDARD.encode(signature)));
    note
}

/// What is signed: the time, and the whole text of the checkpoint.
fn message(text: &str, unix_secs: u64) -> String {
    format!("cosignature/v1\ntime {unix_secs}\n{text}")
}

/// When the witness of `vkey` cosigned a note, in seconds since 1970; or why it did not.
pub fn cosigned(note: &str, vkey: &str) -> Result<u64, String> {
    let verifier = Verifier::parse_witness(vkey)?;
    if note.len() > NOTE_BYTES {
        return Err(format!("the note is longer than {NOTE_BYTES} bytes"));
    }
    let split = note.rfind("\n\n").ok_or("the note has no signatures")?;
    let (text, signatures) = (&note[..=split], &note[split + 2..]);
    for (name, bytes) in note::signatures(signatures)? {
        let Some((id, rest)) = bytes.split_first_chunk::<4>() else {
            continue;
        };
        if name != verifier.name || *id != verifier.id {
            continue;
        }
        let Some((time, signature)) = rest.split_first_chunk::<8>() else {
            return Err("its cosignature is too short".to_owned());
        };
        let time = u64::from_be_bytes(*time);
        let signature = signature
            .try_into()
            .map_err(|_| "its cosignature is not 64 bytes long")?;
        return if verifier.verifies(message(text, time).as_bytes(), signature) {
            Ok(time)
        } else {
            Err("its cosignature does not fit".to_owned())
        };
    }
    Err("it has not cosigned".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_cosignature_is_of_its_time_and_its_text() {
        let dir = tempfile::tempdir().unwrap();
        let signer = Signer::open_witness(dir.path(), "witness.example").unwrap();
        let vkey = signer.verifier.to_string();
        let text = "log.example\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\u{2014} log.example AAAAAAAA\n";
        let once = cosign(text, &signer, 1_700_000_000);
        assert_eq!(cosigned(&once, &vkey), Ok(1_700_000_000));
        let twice = cosign(&once, &signer, 1_700_003_600);
        assert_eq!(cosigned(&twice, &vkey), Ok(1_700_003_600));
        assert_eq!(
            twice.lines().count(),
            once.lines().count(),
            "one line a witness"
        );
        assert!(cosigned(&twice.replace("\n7\n", "\n8\n"), &vkey).is_err());
        assert!(cosigned(text, &vkey).is_err());
        assert!(
            Verifier::parse(&vkey).is_err(),
            "a witness's key signs no ledger"
        );
    }
}
