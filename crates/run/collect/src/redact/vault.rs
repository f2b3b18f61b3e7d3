//! Values that are hidden and yet of use: as a token by which equal ones are found, or encrypted, for those who hold
//! the key.
//!
//! Each value names the key that it was made with, so keys are changed by adding one: new values take the newest, old
//! ones stay readable as long as their key is declared. Of a key's secret separate keys are derived for each purpose.
//! AES-256-GCM-SIV (RFC 8452) stays safe where a nonce should ever come twice, as random ones of millions of lines may.
//!
//! What is written has no digits that a scan could take for a number: a token's letters are a to p.

use std::{collections::BTreeMap, fmt};

use aes_gcm_siv::{
    Aes256GcmSiv, KeyInit as _, Nonce,
    aead::{Aead, Payload},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Kind, MARK};

/// Bytes of a token: by chance two of them are alike once in 2^64 values.
const TOKEN_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;
/// A secret of fewer bytes could be guessed.
pub(super) const SECRET_MIN: usize = 16;

pub(crate) struct Vault {
    keys: BTreeMap<String, Key>,
    newest: String,
}

struct Key {
    mac: [u8; 32],
    cipher: Aes256GcmSiv,
}

/// Shows ids and no keys.
impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.keys.keys()).finish()
    }
}

impl Vault {
    /// `None` where `newest` is not among the keys, or a secret is too short to be one.
    pub fn open(secrets: &BTreeMap<String, String>, newest: &str) -> Option<Self> {
        let keys = secrets.iter().map(|(id, secret)| {
            let is_long = secret.len() >= SECRET_MIN;
            let key = Key {
                mac: derived(secret, "tegata redact token v1"),
                cipher: Aes256GcmSiv::new(&derived(secret, "tegata redact encrypt v1").into()),
            };
            is_long.then_some((id.clone(), key))
        });
        let keys: BTreeMap<String, Key> = keys.collect::<Option<_>>()?;
        keys.contains_key(newest).then(|| Self {
            keys,
            newest: newest.to_owned(),
        })
    }

    /// `[redacted:mail:k1:…]`: the same for the same value of a kind, as long as the key stays.
    pub fn token(&self, kind: Kind, value: &str) -> String {
        let token = self
            .keys
            .get(&self.newest)
            .map(|key| key.token(kind, value));
        let token = token.unwrap_or_default();
        format!("{MARK}{}:{}:{token}]", kind.name(), self.newest)
    }

    /// `[redacted:mail:k1:TOKEN:…]`: encrypted, with the token as the index by which equal ones are found. `None`
    /// where the system gives no random bytes.
    pub fn encrypt(&self, kind: Kind, value: &str) -> Option<String> {
        let key = self.keys.get(&self.newest)?;
        let mut nonce = [0; NONCE_BYTES];
        let random = crate::tls::provider();
        random.secure_random.fill(&mut nonce).ok()?;
        let bound = self.bound(kind, &self.newest);
        let payload = Payload {
            msg: value.as_bytes(),
            aad: bound.as_bytes(),
        };
        let sealed = key.cipher.encrypt(&Nonce::from(nonce), payload).ok()?;
        let sealed = URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat());
        let (kind_name, token) = (kind.name(), key.token(kind, value));
        Some(format!(
            "{MARK}{kind_name}:{}:{token}:{sealed}]",
            self.newest
        ))
    }

    /// The text with everything in it that was encrypted under a known key as it was.
    pub fn reveal(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(MARK) {
            let (before, marked) = rest.split_at(start);
            out.push_str(before);
            let end = marked.find(']').map_or(marked.len(), |end| end + 1);
            match self.value(&marked[..end]) {
                Some(value) => out.push_str(&value),
                None => out.push_str(&marked[..end]),
            }
            rest = &marked[end..];
        }
        out + rest
    }

    fn value(&self, marked: &str) -> Option<String> {
        let inner = marked.strip_prefix(MARK)?.strip_suffix(']')?;
        let [kind, id, _, sealed] = inner.split(':').collect::<Vec<_>>()[..] else {
            return None;
        };
        let (kind, key) = (Kind::of(kind)?, self.keys.get(id)?);
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        let bound = self.bound(kind, id);
        let payload = Payload {
            msg: sealed,
            aad: bound.as_bytes(),
        };
        let plain = key.cipher.decrypt(&Nonce::from(*nonce), payload).ok()?;
        String::from_utf8(plain).ok()
    }

    /// What a sealed value is bound to, so that nobody can pass one off as another.
    fn bound(&self, kind: Kind, id: &str) -> String {
        format!("{}:{id}", kind.name())
    }
}

impl Key {
    fn token(&self, kind: Kind, value: &str) -> String {
        let mac = hmac(&self.mac, &[kind.name().as_bytes(), &[0], value.as_bytes()]);
        let letters = mac[..TOKEN_BYTES]
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15]);
        letters.map(|nibble| char::from(b'a' + nibble)).collect()
    }
}

/// A key of its own for each purpose.
fn derived(secret: &str, purpose: &str) -> [u8; 32] {
    hmac(secret.as_bytes(), &[purpose.as_bytes()])
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn vault(newest: &str) -> Vault {
        let secrets = [("k1", "the first secret"), ("k2", "the second secret")];
        let secrets = secrets.map(|(id, secret)| (id.to_owned(), secret.to_owned()));
        Vault::open(&secrets.into(), newest).unwrap()
    }

    #[test]
    fn old_values_stay_readable_after_a_new_key_and_equal_ones_are_found() {
        let (old, new) = (vault("k1"), vault("k2"));
        let sealed = old.encrypt(Kind::Mail, "taro@example.com").unwrap();
        let again = old.encrypt(Kind::Mail, "taro@example.com").unwrap();
        assert_ne!(sealed, again, "the nonce differs");
        let index = |text: &str| text.split(':').nth(3).map(str::to_owned);
        assert_eq!(index(&sealed), index(&again));
        let text = format!("to {sealed} and [redacted:pan] and {again}");
        assert_eq!(
            new.reveal(&text),
            "to taro@example.com and [redacted:pan] and taro@example.com"
        );
        assert_ne!(old.token(Kind::Mail, "a"), old.token(Kind::Phone, "a"));
        assert_ne!(old.token(Kind::Mail, "a"), new.token(Kind::Mail, "a"));
        assert!(!format!("{old:?}").contains("secret"));
    }

    #[test]
    fn a_changed_value_stays_sealed() {
        let vault = vault("k1");
        let sealed = vault.encrypt(Kind::Mail, "taro@example.com").unwrap();
        let other = sealed.replace("mail", "phone");
        assert_eq!(vault.reveal(&other), other);
        let cut = format!("{}]", &sealed[..sealed.len() - 4]);
        assert_eq!(vault.reveal(&cut), cut);
        assert!(Vault::open(&BTreeMap::new(), "k1").is_none());
        let short = BTreeMap::from([("k1".to_owned(), "short".to_owned())]);
        assert!(Vault::open(&short, "k1").is_none());
    }
}
