//! Mail over real TLS: a server that takes it no other way, by STARTTLS and from the first byte.

use std::{path::Path, process::Command, time::Duration};

use anyhow::ensure;
use e2e::{Program, free_range, python, tegata, until};
use serde_json::Value;

/// The server's certificate, which signs itself.
fn certify(dir: &Path) -> anyhow::Result<()> {
    let mut openssl = Command::new("openssl");
    openssl
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        ])
        .args([
            "-subj",
            "/CN=localhost",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        ])
        .args(["-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .current_dir(dir);
    ensure!(
        openssl.output()?.status.success(),
        "no certificate was made"
    );
    Ok(())
}

/// Sends a test to a receiver; answers with the exit code and what was said.
fn test(receiver: &str, dir: &Path, trusts: &str) -> anyhow::Result<(Option<i32>, String)> {
    let mut command = tegata(&["notify", "test", receiver, "--lang", "en"]);
    command
        .current_dir(dir)
        .env("SSL_CERT_FILE", dir.join(trusts))
        .env("MAIL_PASSWORD", "s3cret");
    let out = command.output()?;
    let said = [out.stdout, out.stderr].concat();
    Ok((
        out.status.code(),
        String::from_utf8_lossy(&said).into_owned(),
    ))
}

#[tokio::test]
async fn mail_leaves_over_tls_and_no_other_way() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let dir = dir.path();
    certify(dir)?;
    let port = free_range(&[0, 1])?;
    let (starts, implicit) = (port.to_string(), (port + 1).to_string());
    let mut server = python()?;
    server
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/mail/server.py"))
        .args(["cert.pem", "key.pem", &starts, &implicit])
        .current_dir(dir);
    let server = Program::start(server, "mail", dir)?;
    until("the mail server", Duration::from_secs(30), async || {
        Ok(server.printed().contains("ready").then_some(()))
    })
    .await?;
    let mail = |security: &str, port: &str| {
        format!(
            "{{ kind: email, server: \"localhost:{port}\", from: tegata@example.jp, to: [oncall@example.jp], \
             security: {security}, user: tegata, password: \"${{env:MAIL_PASSWORD}}\" }}"
        )
    };
    std::fs::write(
        dir.join("tegata.yaml"),
        format!(
            "service: {{ name: {{ en: Shop, ja: 店 }}, owner: sre, time_zone: Asia/Tokyo }}\n\
             promises: {{}}\n\
             receivers:\n  starts: {}\n  implicit: {}\n",
            mail("starttls", &starts),
            mail("tls", &implicit)
        ),
    )?;
    for receiver in ["starts", "implicit"] {
        let (code, said) = test(receiver, dir, "cert.pem")?;
        ensure!(code == Some(0), "{receiver}: {said}");
    }
    let taken: Vec<Value> = server
        .printed()
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    ensure!(taken.len() == 2, "{}", server.printed());
    for mail in &taken {
        ensure!(
            mail["tls"] == "TLSv1.3" && mail["user"] == "tegata",
            "{mail}"
        );
        ensure!(mail["to"][0] == "oncall@example.jp", "{mail}");
        let text = mail["mail"].as_str().unwrap_or_default();
        ensure!(text.contains("multipart/alternative"), "{text}");
    }

    // A server whose certificate nobody vouches for gets neither the password nor the mail.
    std::fs::write(dir.join("nobody.pem"), "")?;
    for receiver in ["starts", "implicit"] {
        let (code, said) = test(receiver, dir, "nobody.pem")?;
        ensure!(code == Some(30), "{receiver}: {code:?} {said}");
        ensure!(!said.contains("s3cret"), "{said}");
    }
    let count = server
        .printed()
        .lines()
        .filter(|line| line.starts_with('{'))
        .count();
    ensure!(count == 2, "{}", server.printed());
    Ok(())
}
