//! A bucket of an S3-compatible store, into which cold copies go: one signed PUT for each object, up to 5 GiB.
//!
//! It does not list, read or delete, and knows no multi-part uploads. The payload's SHA-256 is signed, so what arrives is
//! what was sent. Signatures are AWS Signature Version 4, checked against AWS's published examples.

mod sign;

use std::{io::Read as _, path::Path, time::Duration};

use promise::Timestamp;
use reqwest::{Body, Client, StatusCode, header};
use sha2::{Digest, Sha256};

pub use sign::encoded;
use sign::{Signed, hex};

/// What one PUT may hold, by S3's own bound.
pub const OBJECT_BYTES_MAX: u64 = 5 << 30;
/// A key, by S3's own bound.
const KEY_BYTES_MAX: usize = 1_024;
/// How often an upload is tried: what is still refused then is no passing matter.
const TRIES: u32 = 5;
/// The first wait before another try; each further one is twice as long.
const WAIT: Duration = Duration::from_millis(500);
/// Of an upload: 5 GiB at 1 MB/s, and some.
const TIMEOUT: Duration = Duration::from_secs(2 * 3_600);
/// What of a refusal is told.
const REFUSAL_CHARS_MAX: usize = 300;

/// Who signs. Has no `Debug`: it is a secret.
#[derive(Clone)]
pub struct Keys {
    pub id: String,
    pub secret: String,
    /// Of keys that are lent for a while.
    pub session: Option<String>,
}

/// Where objects go.
#[derive(Clone)]
pub struct Bucket {
    pub name: String,
    pub region: String,
    /// Of another store than AWS, as `http://127.0.0.1:9000`; the bucket then stands in the path, as MinIO has it.
    pub endpoint: Option<String>,
    pub keys: Keys,
}

/// Why an object was not stored.
#[derive(Debug, thiserror::Error)]
pub enum S3Error {
    #[error("{what} is over its limit of {limit} bytes")]
    TooLarge { what: &'static str, limit: u64 },
    #[error("`{0}` is no http or https address")]
    Endpoint(String),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("the bucket refused it ({status}): {said}")]
    Refused { status: StatusCode, said: String },
    #[error("the bucket did not answer: {0}")]
    NoAnswer(reqwest::Error),
}

impl S3Error {
    /// Whether another try may succeed.
    fn is_passing(&self) -> bool {
        match self {
            Self::NoAnswer(_) => true,
            Self::Refused { status, .. } => {
                status.is_server_error()
                    || [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT].contains(status)
            }
            _ => false,
        }
    }
}

impl Bucket {
    /// Stores a file under `key`, once the bucket has said so. `now` gives the time of each try: a signature holds for 15
    /// minutes.
    pub async fn put(
        &self,
        client: &Client,
        key: &str,
        file: &Path,
        now: impl Fn() -> Timestamp,
    ) -> Result<u64, S3Error> {
        if key.len() > KEY_BYTES_MAX {
            let limit = KEY_BYTES_MAX as u64;
            return Err(S3Error::TooLarge {
                what: "the key",
                limit,
            });
        }
        let (bytes, hash) = hashed(file)?;
        if bytes > OBJECT_BYTES_MAX {
            let limit = OBJECT_BYTES_MAX;
            return Err(S3Error::TooLarge {
                what: "the file",
                limit,
            });
        }
        let mut wait = WAIT;
        for _ in 1..TRIES {
            match self.try_put(client, key, file, bytes, &hash, now()).await {
                Err(error) if error.is_passing() => {
                    tracing::warn!(%error, "an upload is tried again");
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                }
                done => return done.map(|()| bytes),
            }
        }
        self.try_put(client, key, file, bytes, &hash, now()).await?;
        Ok(bytes)
    }

    async fn try_put(
        &self,
        client: &Client,
        key: &str,
        file: &Path,
        bytes: u64,
        hash: &str,
        now: Timestamp,
    ) -> Result<(), S3Error> {
        let (origin, host, path) = self.place(key)?;
        let signed = Signed {
            method: "PUT",
            host: &host,
            path: &path,
            payload: hash,
            at: &sign::stamp(now),
            region: &self.region,
            more: &[],
        };
        // Opened anew for each try: what was sent of it before is gone.
        let body = tokio::fs::File::open(file).await?;
        let mut request = client
            .put(format!("{origin}{path}"))
            .timeout(TIMEOUT)
            .header(header::CONTENT_LENGTH, bytes)
            .header("x-amz-date", signed.at)
            .header("x-amz-content-sha256", hash)
            .header(header::AUTHORIZATION, signed.authorization(&self.keys));
        if let Some(session) = &self.keys.session {
            request = request.header("x-amz-security-token", session);
        }
        let answer = request.body(Body::from(body)).send().await;
        let answer = answer.map_err(|error| S3Error::NoAnswer(error.without_url()))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let said = answer.text().await.unwrap_or_default();
        let said = said.chars().take(REFUSAL_CHARS_MAX).collect();
        Err(S3Error::Refused { status, said })
    }

    /// Origin, host and path of an object.
    fn place(&self, key: &str) -> Result<(String, String, String), S3Error> {
        let key = encoded(key, true);
        let Some(endpoint) = &self.endpoint else {
            let host = format!("{}.s3.{}.amazonaws.com", self.name, self.region);
            return Ok((format!("https://{host}"), host, format!("/{key}")));
        };
        let origin = endpoint.trim_end_matches('/');
        let host = ["http://", "https://"]
            .iter()
            .find_map(|scheme| origin.strip_prefix(scheme))
            .filter(|host| !host.is_empty() && !host.contains(['/', '@', '?', '#']))
            .ok_or_else(|| S3Error::Endpoint(endpoint.clone()))?;
        let path = format!("/{}/{key}", encoded(&self.name, false));
        Ok((origin.to_owned(), host.to_owned(), path))
    }
}

/// Length and SHA-256 of a file.
pub fn hashed(path: &Path) -> Result<(u64, String), S3Error> {
    let mut file = std::fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok((bytes, hex(&hasher.finalize()))),
            n => {
                hasher.update(&chunk[..n]);
                bytes += n as u64;
            }
        }
    }
}
