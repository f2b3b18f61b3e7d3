//! AWS Signature Version 4, for requests without a query.

use hmac::{Hmac, KeyInit, Mac};
use promise::Timestamp;
use sha2::{Digest, Sha256};

use super::Keys;

const SERVICE: &str = "s3";
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What is signed of a request.
pub(super) struct Signed<'r> {
    pub method: &'r str,
    pub host: &'r str,
    /// Encoded already.
    pub path: &'r str,
    /// SHA-256 of the body, in hex.
    pub payload: &'r str,
    /// When, as [`stamp`] writes it.
    pub at: &'r str,
    pub region: &'r str,
    /// Further headers, their names in lower case.
    pub more: &'r [(&'r str, &'r str)],
}

impl Signed<'_> {
    /// The value of the header `authorization`.
    pub fn authorization(&self, keys: &Keys) -> String {
        let mut headers = vec![
            ("host", self.host),
            ("x-amz-content-sha256", self.payload),
            ("x-amz-date", self.at),
        ];
        headers.extend(self.more);
        headers.extend(
            keys.session
                .as_deref()
                .map(|it| ("x-amz-security-token", it)),
        );
        headers.sort_unstable();
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let lines: String = headers
            .iter()
            .map(|(name, value)| format!("{name}:{}\n", value.trim()))
            .collect();
        let request = format!(
            "{}\n{}\n\n{lines}\n{names}\n{}",
            self.method, self.path, self.payload
        );
        let day = self.at.get(..8).unwrap_or_default();
        let scope = format!("{day}/{}/{SERVICE}/aws4_request", self.region);
        let digest = hex(&Sha256::digest(request));
        let text = format!("{ALGORITHM}\n{}\n{scope}\n{digest}", self.at);
        let mut key = format!("AWS4{}", keys.secret).into_bytes();
        for part in [day, self.region, SERVICE, "aws4_request"] {
            key = mac(&key, part);
        }
        let signature = hex(&mac(&key, &text));
        let id = &keys.id;
        format!("{ALGORITHM} Credential={id}/{scope},SignedHeaders={names},Signature={signature}")
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    // HMAC takes keys of every length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `20130524T000000Z`
pub(super) fn stamp(at: Timestamp) -> String {
    let text = at.to_string();
    let part = |range| -> String {
        let text: &str = text.get(range).unwrap_or_default();
        text.chars().filter(char::is_ascii_digit).collect()
    };
    format!("{}T{}Z", part(0..10), part(11..19))
}

/// A segment of a path as S3 and RFC 3986 want it: encoded once, slashes only where they part a key.
#[must_use]
pub fn encoded(text: &str, keeps_slashes: bool) -> String {
    let is_plain = |byte: u8| {
        byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || keeps_slashes && byte == b'/'
    };
    text.bytes()
        .map(|byte| {
            if is_plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of "Authenticating Requests: Using the Authorization Header" in the reference of S3's API.
    #[test]
    fn the_published_examples_are_signed_as_published() {
        let keys = Keys {
            id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            session: None,
        };
        const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let get = Signed {
            method: "GET",
            host: "examplebucket.s3.amazonaws.com",
            path: "/test.txt",
            payload: EMPTY,
            at: "20130524T000000Z",
            region: "us-east-1",
            more: &[("range", "bytes=0-9")],
        };
        assert_eq!(
            get.authorization(&keys),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
             SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,\
             Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
        let payload = hex(&Sha256::digest("Welcome to Amazon S3."));
        assert_eq!(
            payload,
            "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
        );
        let path = format!("/{}", encoded("test$file.text", true));
        let put = Signed {
            method: "PUT",
            path: &path,
            payload: &payload,
            more: &[
                ("date", "Fri, 24 May 2013 00:00:00 GMT"),
                ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ],
            ..get
        };
        assert_eq!(
            put.authorization(&keys),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
             SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class,\
             Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        );
    }

    #[test]
    fn a_time_and_a_key_are_written_as_s3_wants_them() {
        assert_eq!(
            stamp(Timestamp::from_millis(1_369_353_600_000)),
            "20130524T000000Z"
        );
        assert_eq!(encoded("a b/約.parquet", true), "a%20b/%E7%B4%84.parquet");
        assert_eq!(encoded("a/b", false), "a%2Fb");
    }
}
