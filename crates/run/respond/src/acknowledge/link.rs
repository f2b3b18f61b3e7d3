//! The links of messages: signed, and kept nowhere. HMAC-SHA256 over which page of which incident, and until when.

use std::{fmt::Write as _, sync::Arc};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use store::{StateStore, state::Write};

use crate::Error;

/// Half of HMAC-SHA256, which RFC 2104 (5) allows: nobody guesses 128 bits through a console.
const MAC_BYTES: usize = 16;
/// A token is some 70 characters; more is none of ours.
const TOKEN_MAX: usize = 160;

const TABLE: &str = "respond_meta";
const KEY: &str = "acknowledge_key";

/// Signs and checks links. Its key stays in the state store.
pub struct Signer([u8; 32]);

impl Signer {
    /// The installation's own, drawn at its first start.
    pub(crate) async fn open(state: &Arc<dyn StateStore>) -> Result<Self, Error> {
        if let Some(bytes) = state.get(TABLE, KEY).await?
            && let Ok(key) = <[u8; 32]>::try_from(bytes)
        {
            return Ok(Self(key));
        }
        let key: [u8; 32] = rand::random();
        state
            .write(vec![Write::Put {
                table: TABLE,
                key: KEY.to_owned(),
                value: key.to_vec(),
            }])
            .await?;
        Ok(Self(key))
    }

    fn mac(&self, what: &str) -> Hmac<Sha256> {
        // A key of 32 bytes is always taken; RFC 2104 takes any.
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0)
            .unwrap_or_else(|_| Hmac::new(&Default::default()));
        mac.update(b"tegata acknowledge 1\0");
        mac.update(what.as_bytes());
        mac
    }

    pub(super) fn sign(&self, slip: &Slip) -> String {
        let mut token = slip.text();
        let mac = self.mac(&token).finalize().into_bytes();
        token.push('-');
        for byte in &mac[..MAC_BYTES] {
            let _ = write!(token, "{byte:02x}");
        }
        token
    }

    pub(super) fn check(&self, token: &str) -> Option<Slip> {
        if token.len() > TOKEN_MAX {
            return None;
        }
        let (text, mac) = token.rsplit_once('-')?;
        let mac = bytes(mac)?;
        self.mac(text).verify_truncated_left(&mac).ok()?;
        Slip::read(text).filter(|_| mac.len() == MAC_BYTES)
    }
}

/// What a link says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slip {
    pub(super) incident: u64,
    pub(super) page: u64,
    /// Unix seconds.
    pub(super) until: i64,
}

impl Slip {
    fn text(&self) -> String {
        format!("{}-{}-{}", self.incident, self.page, self.until)
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let slip = Self {
            incident: parts.next()?.parse().ok()?,
            page: parts.next()?.parse().ok()?,
            until: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(slip)
    }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2);
    pairs
        .map(|pair| {
            let text = std::str::from_utf8(pair).ok().filter(|_| pair.len() == 2)?;
            u8::from_str_radix(text, 16).ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slip() -> Slip {
        Slip {
            incident: 7,
            page: 1,
            until: 1_795_395_604,
        }
    }

    #[test]
    fn a_token_says_what_was_signed_and_nothing_else_is_one() {
        let signer = Signer([7; 32]);
        let token = signer.sign(&slip());
        assert_eq!(signer.check(&token), Some(slip()));
        assert_eq!(
            Signer([8; 32]).check(&token),
            None,
            "another installation's"
        );
        for at in 0..token.len() {
            let mut forged = token.clone().into_bytes();
            forged[at] = if forged[at] == b'1' { b'2' } else { b'1' };
            let forged = String::from_utf8(forged).unwrap_or_default();
            assert_eq!(signer.check(&forged), None, "{forged}");
            assert_eq!(signer.check(&token[..at]), None);
        }
        for bad in ["", "-", "7-1-1", "7-1-1795395604-", &"9".repeat(1_000)] {
            assert_eq!(signer.check(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_shorter_mac_is_none() {
        // A prefix of a right MAC must not be taken: two digits would be guessed in 256 tries.
        let signer = Signer([7; 32]);
        let token = signer.sign(&slip());
        let cut = &token[..token.len() - 30];
        assert_eq!(signer.check(cut), None);
    }
}
