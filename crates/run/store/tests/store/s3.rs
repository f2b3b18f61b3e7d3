//! Objects are put into a bucket: what arrives is what was sent, signed by whoever holds the keys.

use std::{io::Write as _, sync::Arc};

use promise::Timestamp;
use sha2::{Digest, Sha256};
use store::s3::{Bucket, Keys, S3Error};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::Mutex,
};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// HMAC as RFC 2104 writes it: nothing here is of the code that signs.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new()
        .chain_update(pad(0x36))
        .chain_update(text)
        .finalize();
    Sha256::new()
        .chain_update(pad(0x5c))
        .chain_update(inner)
        .finalize()
        .to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One request as it came over the wire.
struct Came {
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Came {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(given, _)| given == name);
        found.map_or("", |(_, value)| value)
    }

    /// What a store that knows the secret looks at, step by step as S3's reference has it.
    fn is_signed(&self) -> bool {
        let authorization = self.header("authorization");
        let part = |name: &str| {
            let rest = authorization.split(name).nth(1).unwrap_or_default();
            rest.split(',').next().unwrap_or_default().to_owned()
        };
        let (scope, names, given) = (
            part("Credential="),
            part("SignedHeaders="),
            part("Signature="),
        );
        let scope = scope.split_once('/').unwrap_or_default().1;
        let parts: Vec<&str> = scope.split('/').collect();
        let [day, region, "s3", "aws4_request"] = parts[..] else {
            return false;
        };
        let mut words = self.line.split(' ');
        let mut text = format!("{}\n{}\n\n", words.next().unwrap(), words.next().unwrap());
        for name in names.split(';') {
            text += &format!("{name}:{}\n", self.header(name));
        }
        text += &format!("\n{names}\n{}", self.header("x-amz-content-sha256"));
        let at = self.header("x-amz-date");
        let digest = hex(&Sha256::digest(text));
        let text = format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{digest}");
        let key = hmac(format!("AWS4{SECRET}").as_bytes(), day.as_bytes());
        let key = hmac(&key, region.as_bytes());
        let key = hmac(&hmac(&key, b"s3"), b"aws4_request");
        let hash = hex(&Sha256::digest(&self.body));
        given == hex(&hmac(&key, text.as_bytes()))
            && names.contains("host;x-amz-content-sha256;x-amz-date")
            && hash == self.header("x-amz-content-sha256")
            && at.starts_with(day)
    }
}

async fn read(stream: &mut tokio::net::TcpStream) -> Came {
    let mut bytes = Vec::new();
    let end = loop {
        let mut chunk = [0; 4096];
        let n = stream.read(&mut chunk).await.unwrap();
        assert!(n > 0, "it went away");
        bytes.extend(&chunk[..n]);
        if let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            break end;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let line = lines.next().unwrap().to_owned();
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_ascii_lowercase(), value.trim().to_owned())
    });
    let mut came = Came {
        line,
        headers: headers.collect(),
        body: bytes[end + 4..].to_vec(),
    };
    let length: usize = came.header("content-length").parse().unwrap();
    let have = came.body.len();
    came.body.resize(length, 0);
    stream.read_exact(&mut came.body[have..]).await.unwrap();
    came
}

/// A bucket that answers with these, one after the other, and 200 from then on; what is not signed is refused.
async fn bucket(answers: &'static [u16]) -> (Bucket, Arc<Mutex<Vec<Came>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let came: Arc<Mutex<Vec<Came>>> = Arc::default();
    let theirs = came.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let request = read(&mut stream).await;
            let mut all = theirs.lock().await;
            let status = match answers.get(all.len()) {
                _ if !request.is_signed() => 403,
                Some(status) => *status,
                None => 200,
            };
            all.push(request);
            let said = "<Error><Code>Said</Code></Error>";
            let answer = format!(
                "HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{said}",
                said.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let bucket = Bucket {
        name: "cold".to_owned(),
        region: "ap-northeast-1".to_owned(),
        endpoint: Some(endpoint),
        keys: Keys {
            id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret: SECRET.to_owned(),
            session: None,
        },
    };
    (bucket, came)
}

fn now() -> Timestamp {
    "2026-11-23T03:00:00Z".parse().unwrap()
}

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

#[tokio::test]
async fn a_file_arrives_whole_under_its_key_and_a_passing_refusal_is_tried_again() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let body: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    file.write_all(&body).unwrap();
    let (mut bucket, came) = bucket(&[503]).await;
    bucket.keys.session = Some("lent for an hour".to_owned());
    let key = "logs/支払 1.parquet";
    let sent = bucket.put(&client(), key, file.path(), now).await;
    assert_eq!(sent.unwrap(), 3_000_000);
    let came = came.lock().await;
    assert_eq!(came.len(), 2);
    let last = &came[1];
    assert!(last.is_signed() && last.body == body);
    assert_eq!(
        last.line,
        "PUT /cold/logs/%E6%94%AF%E6%89%95%201.parquet HTTP/1.1"
    );
    assert!(
        last.header("authorization")
            .contains(";x-amz-security-token")
    );
    assert_eq!(last.header("transfer-encoding"), "");
}

#[tokio::test]
async fn another_secret_is_refused_at_once_and_not_told() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let (mut bucket, came) = bucket(&[]).await;
    bucket.keys.secret = "another".to_owned();
    let error = bucket
        .put(&client(), "a", file.path(), now)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, S3Error::Refused { status, .. } if *status == 403),
        "{error}"
    );
    assert!(!error.to_string().contains("another"));
    assert_eq!(came.lock().await.len(), 1);
    bucket.endpoint = Some("ftp://there".to_owned());
    let error = bucket
        .put(&client(), "a", file.path(), now)
        .await
        .unwrap_err();
    assert!(matches!(error, S3Error::Endpoint(_)));
    let error = bucket
        .put(&client(), &"k".repeat(1_025), file.path(), now)
        .await
        .unwrap_err();
    assert!(matches!(error, S3Error::TooLarge { limit: 1_024, .. }));
}
