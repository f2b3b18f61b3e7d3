//! People and their tokens. A token is known by its SHA-256 alone: it has 256 random bits, so a slow hash would only cost
//! time, and a file that is read by somebody else is of no use to them.

use axum::http::{HeaderMap, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use spec::section::access::Role;
use subtle::ConstantTimeEq;

/// What a file of `tegata access token` begins with.
const HASHED: &str = "sha256:";
/// A token that people made up: shorter ones could be guessed. Ours have 43 characters after their name.
pub const TOKEN_CHARS_MIN: usize = 32;

type Hash = [u8; 32];

/// Who may ask. Has no `Debug`: hashes of tokens are nobody's business.
#[derive(Clone, Default)]
pub struct People {
    people: Vec<Person>,
    /// Of the token that commands on this machine read from the data directory.
    local: Option<Hash>,
}

#[derive(Clone)]
struct Person {
    name: String,
    role: Role,
    hash: Hash,
}

/// Why a token cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeopleError {
    #[error("the token of {name} has {found} characters, and at least {least} are needed", least = TOKEN_CHARS_MIN)]
    Short { name: String, found: usize },
    #[error("the hash of the token of {name} is none")]
    Hash { name: String },
    #[error("{name} and {other} have the same token")]
    Same { name: String, other: String },
}

/// The line that stands for a token in a file.
#[must_use]
pub fn hash_of(token: &str) -> String {
    let hash = Sha256::digest(token.as_bytes());
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{HASHED}{hex}")
}

fn hash(token: &str) -> Hash {
    Sha256::digest(token.as_bytes()).into()
}

fn unhex(text: &str) -> Option<Hash> {
    let bytes = text.as_bytes();
    let mut hash = [0; 32];
    if bytes.len() != 64 {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(bytes.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(hash)
}

impl People {
    /// Adds somebody by their token or the line of its hash.
    pub fn add(&mut self, name: &str, role: Role, secret: &str) -> Result<(), PeopleError> {
        let secret = secret.trim();
        let name = name.to_owned();
        let hash = match secret.strip_prefix(HASHED) {
            Some(hex) => match unhex(hex) {
                Some(hash) => hash,
                None => return Err(PeopleError::Hash { name }),
            },
            None if secret.chars().count() < TOKEN_CHARS_MIN => {
                let found = secret.chars().count();
                return Err(PeopleError::Short { name, found });
            }
            None => hash(secret),
        };
        if let Some(other) = self.people.iter().find(|other| other.hash == hash) {
            let other = other.name.clone();
            return Err(PeopleError::Same { name, other });
        }
        self.people.push(Person { name, role, hash });
        Ok(())
    }

    /// Lets whoever shows this token do what the local operator may.
    pub fn let_local(&mut self, token: &str) {
        self.local = Some(hash(token));
    }

    /// Whether anybody has to say who they are.
    #[must_use]
    pub fn are_asked(&self) -> bool {
        !self.people.is_empty()
    }

    pub(super) fn is_local(&self, token: &str) -> bool {
        let hash = hash(token);
        self.local.is_some_and(|local| local.ct_eq(&hash).into())
    }

    /// Looks at everybody, whoever it is, so that the time says nothing.
    pub(super) fn find(&self, token: &str) -> Option<(&str, Role)> {
        let hash = hash(token.trim());
        let mut found = None;
        for person in &self.people {
            if bool::from(person.hash.ct_eq(&hash)) {
                found = Some((person.name.as_str(), person.role));
            }
        }
        found
    }

    pub(super) fn named(&self, name: &str) -> Option<(Role, &Hash)> {
        let person = self.people.iter().find(|person| person.name == name)?;
        Some((person.role, &person.hash))
    }
}

/// A token in a header.
pub(super) struct Shown {
    /// Basic authentication has a name too.
    pub name: Option<String>,
    pub token: String,
}

/// The token that a program shows: as a bearer, or as the password of Basic authentication, which is all that some know.
pub(super) fn shown(headers: &HeaderMap) -> Option<Shown> {
    let line = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = line.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Shown {
            name: None,
            token: rest.to_owned(),
        });
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
    let (name, token) = text.split_once(':')?;
    Some(Shown {
        name: Some(name.to_owned()),
        token: token.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TOKEN: &str = "tegata_0123456789abcdef0123456789abcdef";

    #[test]
    fn a_token_is_known_by_its_hash_and_the_hash_opens_nothing() {
        let mut people = People::default();
        people.add("sato", Role::Operator, &hash_of(TOKEN)).unwrap();
        assert_eq!(people.find(TOKEN), Some(("sato", Role::Operator)));
        assert_eq!(people.find(&hash_of(TOKEN)), None);
        assert_eq!(people.find(""), None);
        // printf abc | sha256sum
        assert_eq!(
            hash_of("abc"),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn what_could_be_guessed_or_belongs_to_two_is_refused() {
        let mut people = People::default();
        let short = people.add("sato", Role::Viewer, "secret");
        assert_eq!(
            short,
            Err(PeopleError::Short {
                name: "sato".into(),
                found: 6
            })
        );
        let broken = people.add("sato", Role::Viewer, "sha256:12");
        assert_eq!(
            broken,
            Err(PeopleError::Hash {
                name: "sato".into()
            })
        );
        people.add("sato", Role::Viewer, TOKEN).unwrap();
        assert!(people.add("ito", Role::Approver, &hash_of(TOKEN)).is_err());
    }
}
