//! The ledger's Ed25519 key: made at the first start, written as C2SP signed notes write keys.

use std::{fmt, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use rand::Rng;
use sha2::{Digest, Sha256};

use crate::{
    error::{Error, VerifyError},
    files,
};

/// The signature types of C2SP signed-note: Ed25519, and the timed cosignature of a witness.
const ED25519: u8 = 1;
const COSIGNATURE: u8 = 4;
/// How long a name may be: it stands in every checkpoint.
const NAME_BYTES: usize = 200;
/// Both key files are one short line.
const FILE_BYTES: u64 = 1_024;

/// Who signed. Written `name+hash+key`, a C2SP vkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verifier {
    pub name: String,
    pub id: [u8; 4],
    kind: u8,
    key: VerifyingKey,
}

impl Verifier {
    fn new(name: &str, kind: u8, key: VerifyingKey) -> Self {
        let hash = Sha256::new()
            .chain_update(name)
            .chain_update([b'\n', kind])
            .chain_update(key.as_bytes())
            .finalize();
        Self {
            name: name.to_owned(),
            id: [hash[0], hash[1], hash[2], hash[3]],
            kind,
            key,
        }
    }

    pub fn parse(vkey: &str) -> Result<Self, String> {
        Self::of_kind(vkey, ED25519)
    }

    pub fn parse_witness(vkey: &str) -> Result<Self, String> {
        Self::of_kind(vkey, COSIGNATURE)
    }

    fn of_kind(vkey: &str, kind: u8) -> Result<Self, String> {
        let (name, id, bytes) = split(vkey, kind)?;
        let key = VerifyingKey::from_bytes(&bytes)
            .map_err(|_| "it holds no point of the curve".to_owned())?;
        let verifier = Self::new(name, kind, key);
        if hex(verifier.id) != id {
            return Err("its short hash does not fit its key".to_owned());
        }
        Ok(verifier)
    }

    pub fn key_id(&self) -> String {
        hex(self.id)
    }

    pub fn verifies(&self, text: &[u8], signature: &[u8; 64]) -> bool {
        self.key
            .verify_strict(text, &Signature::from_bytes(signature))
            .is_ok()
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![self.kind];
        bytes.extend(self.key.as_bytes());
        write!(
            f,
            "{}+{}+{}",
            self.name,
            self.key_id(),
            STANDARD.encode(bytes)
        )
    }
}

/// Signs checkpoints. Has no `Debug`: it is a secret.
pub(crate) struct Signer {
    key: SigningKey,
    pub verifier: Verifier,
}

impl Signer {
    fn new(name: &str, kind: u8, seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let verifier = Verifier::new(name, kind, key.verifying_key());
        Self { key, verifier }
    }

    pub fn sign(&self, text: &[u8]) -> [u8; 64] {
        self.key.sign(text).to_bytes()
    }

    fn parse(text: &str, kind: u8) -> Result<Self, String> {
        let (name, id, seed) = text
            .strip_prefix("PRIVATE+KEY+")
            .ok_or("it is no signer key".to_owned())
            .and_then(|text| split(text, kind))?;
        let signer = Self::new(name, kind, &seed);
        if signer.verifier.key_id() != id {
            return Err("its short hash does not fit its key".to_owned());
        }
        Ok(signer)
    }

    /// Reads `key`, or makes it and `key.pub` when the directory has none and is to be new.
    pub fn open(dir: &Path, origin: &str, may_create: bool) -> Result<Self, Error> {
        Self::open_kind(dir, origin, ED25519, may_create)
    }

    /// The same of a witness.
    pub fn open_witness(dir: &Path, name: &str) -> Result<Self, Error> {
        Self::open_kind(dir, name, COSIGNATURE, true)
    }

    fn open_kind(dir: &Path, origin: &str, kind: u8, may_create: bool) -> Result<Self, Error> {
        check_name(origin)?;
        let path = dir.join("key");
        let signer = match files::read_text(&path, FILE_BYTES) {
            Ok(Some(text)) => parse_line(&path, &text, |line| Self::parse(line, kind))?,
            Ok(None) if may_create => {
                let mut seed = [0; 32];
                rand::rng().fill_bytes(&mut seed);
                let line = |seed: &[u8; 32]| {
                    let mut bytes = vec![kind];
                    bytes.extend(seed);
                    let id = Self::new(origin, kind, seed).verifier.key_id();
                    format!("PRIVATE+KEY+{origin}+{id}+{}\n", STANDARD.encode(bytes))
                };
                files::replace(&path, line(&seed).as_bytes(), Some(0o600))?;
                Self::new(origin, kind, &seed)
            }
            Ok(None) => {
                return Err(VerifyError::NoLedger {
                    dir: dir.to_owned(),
                    missing: "`key`",
                }
                .into());
            }
            Err(source) => return Err(Error::io(&path, source)),
        };
        if signer.verifier.name != origin {
            return Err(Error::OtherOrigin {
                found: signer.verifier.name,
                expected: origin.to_owned(),
            });
        }
        let public = dir.join("key.pub");
        match files::read_text(&public, FILE_BYTES).map_err(|e| Error::io(&public, e))? {
            Some(text) => {
                let parse = |line: &str| Verifier::of_kind(line, kind);
                let found: Verifier = parse_line(&public, &text, parse)?;
                same(&found, &signer.verifier)?;
            }
            None => files::replace(&public, format!("{}\n", signer.verifier).as_bytes(), None)?,
        }
        Ok(signer)
    }
}

/// Reads `key.pub`, and sees that `key`, if it is there and may be read, is its other half.
pub(crate) fn read_public(dir: &Path) -> Result<Verifier, VerifyError> {
    let path = dir.join("key.pub");
    let text = files::read_text(&path, FILE_BYTES).map_err(|e| VerifyError::io(&path, e))?;
    let Some(text) = text else {
        return Err(VerifyError::NoLedger {
            dir: dir.to_owned(),
            missing: "`key.pub`",
        });
    };
    let verifier = parse_line(&path, &text, Verifier::parse)?;
    let private = dir.join("key");
    match files::read_text(&private, FILE_BYTES) {
        Ok(Some(text)) => same(
            &parse_line(&private, &text, |line| Signer::parse(line, ED25519))?.verifier,
            &verifier,
        )?,
        // A copy for an auditor has no `key`, and another user may not read it: neither must need it.
        Ok(None) => {}
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {}
        Err(error) => return Err(VerifyError::io(&private, error)),
    }
    Ok(verifier)
}

pub(crate) fn same(found: &Verifier, expected: &Verifier) -> Result<(), VerifyError> {
    if found == expected {
        return Ok(());
    }
    Err(VerifyError::OtherKey {
        found: found.to_string(),
        expected: expected.to_string(),
    })
}

fn check_name(name: &str) -> Result<(), Error> {
    let fits = !name.is_empty()
        && name.len() <= NAME_BYTES
        && !name
            .chars()
            .any(|c| c == '+' || c.is_whitespace() || c.is_control());
    if fits {
        Ok(())
    } else {
        Err(Error::Origin {
            origin: name.to_owned(),
        })
    }
}

fn parse_line<T>(
    path: &Path,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, VerifyError> {
    let line = text
        .strip_suffix('\n')
        .ok_or_else(|| "it does not end with its line".to_owned());
    line.and_then(parse).map_err(|detail| VerifyError::Key {
        path: path.to_owned(),
        detail,
    })
}

/// `name+hash+base64(type ‖ 32 bytes)`. What the key is does not get into a message: it may be the secret one.
fn split(text: &str, kind: u8) -> Result<(&str, &str, [u8; 32]), String> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("it is not `name+hash+key`".to_owned());
    };
    check_name(name).map_err(|_| "its name is not allowed".to_owned())?;
    let bytes = STANDARD
        .decode(key)
        .map_err(|_| "its key is not Base64".to_owned())?;
    match bytes.split_first() {
        Some((found, key)) if *found == kind => {
            let key = key
                .try_into()
                .map_err(|_| "its key is not 32 bytes long".to_owned())?;
            Ok((name, id, key))
        }
        _ => Err("its key is of another kind of signature".to_owned()),
    }
}

fn hex(id: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(id))
}
