//! Checkpoints: the size and root of the tree as a C2SP signed note.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    key::{Signer, Verifier},
    limit::NOTE_BYTES,
    merkle::Hash,
};

/// What the ledger was, signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub size: u64,
    pub root: Hash,
    /// The signed note: origin, size, root, an empty line, the signature. Keep a copy of it elsewhere and nobody,
    /// not even the holder of the key, can rewrite what it covers.
    pub note: String,
}

/// Signatures of one note that are looked at: the log's own and its witnesses'.
const SIGNATURES_MAX: usize = 16;

pub(crate) fn sign(signer: &Signer, size: u64, root: Hash) -> Checkpoint {
    let Verifier { name, id, .. } = &signer.verifier;
    let text = format!("{name}\n{size}\n{root}\n");
    let mut signature = id.to_vec();
    signature.extend(signer.sign(text.as_bytes()));
    let note = format!("{text}\n\u{2014} {name} {}\n", STANDARD.encode(signature));
    Checkpoint { size, root, note }
}

/// The signed text of a note, its last newline included, once it is sure that the holder of `vkey` signed it. The error says
/// what is wrong.
pub fn verify_note<'n>(note: &'n str, vkey: &str) -> Result<&'n str, String> {
    verified_text(note, &Verifier::parse(vkey)?)
}

/// Reads a checkpoint that the holder of `vkey` signed. The error says what is wrong with it.
pub fn checkpoint_of(note: &str, vkey: &str) -> Result<Checkpoint, String> {
    read(note, &Verifier::parse(vkey)?)
}

/// Reads a checkpoint that `verifier` signed. The error says what is wrong with it.
pub(crate) fn read(note: &str, verifier: &Verifier) -> Result<Checkpoint, String> {
    let text = verified_text(note, verifier)?;
    let mut lines = text.lines();
    let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
        return Err("it has no origin, size and root".to_owned());
    };
    if origin != verifier.name {
        return Err(format!("it is of `{origin}`"));
    }
    let number: u64 = size
        .parse()
        .map_err(|_| "its size is no number".to_owned())?;
    if number.to_string() != size {
        return Err("its size is not written as it should be".to_owned());
    }
    let root = Hash::from_base64(root).ok_or("its root is no hash")?;
    Ok(Checkpoint {
        size: number,
        root,
        note: note.to_owned(),
    })
}

/// The signed text of a note, its last newline included. Signatures of others are passed over.
fn verified_text<'a>(note: &'a str, verifier: &Verifier) -> Result<&'a str, String> {
    if note.len() > NOTE_BYTES {
        return Err(format!("it is longer than {NOTE_BYTES} bytes"));
    }
    let split = note
        .rfind("\n\n")
        .ok_or("it has no empty line before its signatures")?;
    let (text, signatures) = (&note[..=split], &note[split + 2..]);
    if !signatures.ends_with('\n') {
        return Err("it does not end with its signature".to_owned());
    }
    for (name, bytes) in self::signatures(signatures)? {
        let Some((id, signature)) = bytes.split_first_chunk::<4>() else {
            return Err("a signature is too short".to_owned());
        };
        if name != verifier.name || *id != verifier.id {
            continue;
        }
        let signature = signature
            .try_into()
            .map_err(|_| "its signature is not 64 bytes long")?;
        return if verifier.verifies(text.as_bytes(), signature) {
            Ok(text)
        } else {
            Err("its signature does not fit".to_owned())
        };
    }
    Err("it bears no signature of that key".to_owned())
}

/// The lines of a note's signatures: who, and what.
pub(crate) fn signatures(lines: &str) -> Result<Vec<(&str, Vec<u8>)>, String> {
    let one = |line| {
        let (name, encoded) = str::strip_prefix(line, "\u{2014} ")
            .and_then(|rest| rest.split_once(' '))
            .ok_or("a line of its signatures is none")?;
        let bytes = STANDARD.decode(encoded);
        Ok((name, bytes.map_err(|_| "a signature is not Base64")?))
    };
    lines.lines().take(SIGNATURES_MAX).map(one).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The example in the documentation of Go's package `golang.org/x/mod/sumdb/note`.
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn a_note_that_go_signed_is_accepted_and_a_changed_one_is_not() {
        let verifier = Verifier::parse(VKEY).unwrap();
        assert_eq!(verifier.to_string(), VKEY);
        assert!(
            verified_text(NOTE, &verifier)
                .unwrap()
                .ends_with("your problem is.\n")
        );
        assert!(verified_text(&NOTE.replace("cryptography", "Cryptography"), &verifier).is_err());
        assert!(verified_text(&NOTE.replace("x08go/Z", "x08go/a"), &verifier).is_err());
        assert!(verified_text(&NOTE.replace(" PeterNeumann", " PeterNewman"), &verifier).is_err());
    }

    #[test]
    fn signatures_of_others_are_passed_over() {
        let verifier = Verifier::parse(VKEY).unwrap();
        let witnessed = NOTE.replace("\n\n", "\n\n\u{2014} witness.example AAAAAAAAAAAA\n");
        assert!(verified_text(&witnessed, &verifier).is_ok());
    }
}
