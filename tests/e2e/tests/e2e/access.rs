//! Who may open the console: tokens made by the command, TLS beyond loopback, and everything in the ledger, until it is erased.

use std::{fs, path::Path, process::Command, time::Duration};

use anyhow::{Context as _, ensure};
use e2e::{Program, free_port, run, tegata, until};
use reqwest::{Certificate, Client, redirect::Policy};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::support::{Running, git};

/// Makes a token, and answers with it: what the command prints, once.
fn token(dir: &Path, name: &str, role: &str) -> anyhow::Result<String> {
    let made = run(&["access", "token", name, "--role", role], dir)?;
    ensure!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let file = fs::read_to_string(dir.join(format!("{name}.token")))?;
    let token = String::from_utf8(made.stdout)?.trim().to_owned();
    ensure!(
        file.starts_with("sha256:") && !file.contains(&token),
        "the token itself is not kept"
    );
    Ok(token)
}

fn openssl(dir: &Path, args: &str) -> anyhow::Result<()> {
    let done = Command::new("openssl")
        .args(args.split(' '))
        .current_dir(dir)
        .output()?;
    ensure!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(())
}

fn spec(console: &str) -> String {
    format!(
        "service: {{ name: Shop, owner: sre }}\n\
         promises: {{ quiet: {{ kind: freshness, series: quiet, within: 1h }} }}\n\
         console: {{ {console} }}\n\
         access:\n\
         \x20 people:\n\
         \x20   sato: {{ role: operator, token: \"${{file:sato.token}}\" }}\n\
         \x20   audi: {{ role: auditor, token: \"${{file:audi.token}}\" }}\n"
    )
}

async fn start(dir: &Path, spec: &str, listen: &str) -> anyhow::Result<Running> {
    fs::write(dir.join("tegata.yaml"), spec)?;
    let mut command = tegata(&["run", "tegata.yaml", "--data", "data", "--listen", listen]);
    command.current_dir(dir);
    Running::from_program(Program::start(command, "tegata", dir)?, &dir.join("data")).await
}

fn said(dir: &Path, args: &[&str]) -> anyhow::Result<(Option<i32>, String)> {
    let output = run(args, dir)?;
    let text = [output.stdout, output.stderr].concat();
    Ok((
        output.status.code(),
        String::from_utf8_lossy(&text).into_owned(),
    ))
}

fn deeds(dir: &Path, more: &[&str]) -> anyhow::Result<Vec<Value>> {
    let args = [&["ledger", "deeds", "--data", "data", "--json"], more].concat();
    let (code, text) = said(dir, &args)?;
    ensure!(code == Some(0), "{text}");
    text.lines()
        .map(|line| Ok(serde_json::from_str(line)?))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_log_in_over_tls_and_what_they_do_is_kept_until_they_are_erased()
-> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let at = dir.path();
    let (sato, audi) = (
        token(at, "sato", "operator")?,
        token(at, "audi", "auditor")?,
    );
    openssl(
        at,
        "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 9 -subj /CN=localhost -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost,IP:127.0.0.1",
    )?;
    let port = free_port()?;
    let console = format!(
        "url: \"https://localhost:{port}\", tls: {{ cert_file: cert.pem, key_file: key.pem }}"
    );
    let running = start(at, &spec(&console), &format!("127.0.0.1:{port}")).await?;

    let root = Certificate::from_pem(&fs::read(at.join("cert.pem"))?)?;
    let client = Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .tls_certs_only([root])
        .build()?;
    let url = |path: &str| format!("https://localhost:{port}{path}");
    let page = client
        .get(url("/logs"))
        .header("accept", "text/html")
        .send()
        .await?;
    assert_eq!(page.status(), 303);
    assert_eq!(
        client.get(url("/api/v1/promises")).send().await?.status(),
        401
    );
    let wrong = client
        .get(url("/api/v1/promises"))
        .bearer_auth("wrong")
        .send()
        .await?;
    assert_eq!(wrong.status(), 401);
    // Clear text on the port of TLS is no answer.
    let plain = Client::builder()
        .no_proxy()
        .build()?
        .get(format!("http://127.0.0.1:{port}/"));
    assert!(plain.send().await.is_err());

    let form = client
        .post(url("/login"))
        .header("origin", format!("https://localhost:{port}"));
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let answer = form.body(format!("token={sato}&next=/")).send().await?;
    assert_eq!(answer.status(), 303);
    let cookie = answer
        .headers()
        .get("set-cookie")
        .context("a cookie")?
        .to_str()?;
    assert!(
        cookie.starts_with("__Host-tegata=") && cookie.contains("; Secure"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    let board = client
        .get(url("/"))
        .header("cookie", &cookie)
        .send()
        .await?;
    assert!(board.text().await?.contains("sato (operator)"));

    // An operator may not unmask; an auditor may.
    let unmask = |token: &str| {
        let form = client.post(url("/logs/unmasked")).bearer_auth(token);
        let form = form.header("content-type", "application/x-www-form-urlencoded");
        form.body("query=status:failed&reason=case+7&by=x").send()
    };
    assert_eq!(unmask(&sato).await?.status(), 403);
    assert_eq!(unmask(&audi).await?.status(), 200);

    // A person's own command, and one of whoever sits at the machine.
    let mut own = tegata(&[
        "silence",
        "add",
        "alertname=X",
        "--for",
        "1h",
        "--reason",
        "test",
        "--author",
        "nobody",
        "--data",
        "data",
    ]);
    let own = own.current_dir(at).env("TEGATA_TOKEN", &sato).output()?;
    ensure!(
        own.status.success(),
        "{}",
        String::from_utf8_lossy(&own.stderr)
    );
    let (code, text) = said(at, &["verdict", "--data", "data"])?;
    assert_eq!(code, Some(30), "{text}");

    running.program.signal("HUP")?;
    until(
        "the reload to be kept",
        Duration::from_secs(10),
        async || Ok(deeds(at, &["--event", "reload"])?.pop()),
    )
    .await?;
    let all = deeds(at, &[])?;
    let told = |event: &str, who: &str, done: bool| {
        let fits = |deed: &&Value| {
            deed["event"] == event && deed["deed"]["user"] == who && deed["deed"]["done"] == done
        };
        all.iter().filter(fits).count()
    };
    assert_eq!(told("log_in", "", false), 1, "{all:?}");
    assert_eq!(told("log_in", "sato", true), 1);
    assert_eq!(
        (told("unmask", "sato", false), told("unmask", "audi", true)),
        (1, 1)
    );
    assert_eq!(told("silence", "sato", true), 1);
    assert!(
        all.iter()
            .all(|deed| deed["at"].is_string() && deed["deed"]["on"].is_string())
    );
    assert_eq!(deeds(at, &["--failed"])?.len(), 2);

    let erase = [
        "ledger",
        "erase",
        "sato",
        "--reason",
        "left the company",
        "--by",
        "ito",
        "--data",
        "data",
    ];
    let (code, text) = said(at, &erase)?;
    assert_eq!(code, Some(0), "{text}");
    assert!(deeds(at, &["--who", "sato"])?.is_empty());
    assert!(
        deeds(at, &[])?
            .iter()
            .any(|deed| deed["deed"]["user"] == "(erased)")
    );
    running.stop()?;
    let (code, text) = said(at, &["ledger", "verify", "--data", "data"])?;
    assert_eq!(code, Some(0), "{text}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_beyond_loopback_is_refused_without_people_and_a_certificate()
-> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let at = dir.path();
    let bare =
        "service: { name: Shop, owner: sre }\npromises: {}\nconsole:\n  listen: 0.0.0.0:8400\n";
    fs::write(at.join("tegata.yaml"), bare)?;
    let (code, text) = said(at, &["check", "tegata.yaml"])?;
    assert_ne!(code, Some(0));
    assert!(
        text.contains("tegata.yaml:4:") && text.contains("access.people"),
        "{text}"
    );
    let (code, text) = said(
        at,
        &["--lang", "ja", "run", "tegata.yaml", "--data", "data"],
    )?;
    assert_eq!(code, Some(78));
    assert!(text.contains("この機械の外から到達できます"), "{text}");
    // The command line is held to the same.
    fs::write(at.join("tegata.yaml"), bare.replace("0.0.0.0", "127.0.0.1"))?;
    let (code, text) = said(
        at,
        &[
            "run",
            "tegata.yaml",
            "--data",
            "data",
            "--listen",
            "0.0.0.0:0",
        ],
    )?;
    assert_eq!(code, Some(69));
    assert!(text.contains("console.tls"), "{text}");
    Ok(())
}

/// An authority over HTTP, whose stamps `openssl ts` makes. The certificate of its root is `ca.crt`.
pub(crate) struct Authority(std::path::PathBuf);

impl Authority {
    /// Makes its keys in a folder.
    pub(crate) fn make(dir: &Path) -> anyhow::Result<Self> {
        fs::write(dir.join("conf"), CONFIG)?;
        fs::write(dir.join("serial"), "01")?;
        for command in [
            "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj /CN=CA -days 9 -config conf -extensions ca",
            "req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj /CN=TSA -config conf",
            "x509 -req -in tsa.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out tsa.crt -days 9 -extfile conf -extensions tsa",
        ] {
            openssl(dir, command)?;
        }
        Ok(Self(dir.to_owned()))
    }

    pub(crate) async fn serve(self, listener: TcpListener) -> anyhow::Result<()> {
        serve_stamps(listener, self.0).await
    }
}

async fn serve_stamps(listener: TcpListener, dir: std::path::PathBuf) -> anyhow::Result<()> {
    loop {
        let (mut stream, _) = listener.accept().await?;
        let mut request = Vec::new();
        let body = loop {
            let mut chunk = [0; 4_096];
            let length = stream.read(&mut chunk).await?;
            ensure!(length > 0, "half a request");
            request.extend(&chunk[..length]);
            let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
            let Some(head) = request.windows(4).position(|four| four == b"\r\n\r\n") else {
                continue;
            };
            let expected = text
                .split("content-length: ")
                .nth(1)
                .and_then(|rest| rest.split("\r\n").next());
            let expected: usize = expected.context("a length")?.parse()?;
            if request.len() - head - 4 >= expected {
                break request[head + 4..].to_vec();
            }
        };
        fs::write(dir.join("q.tsq"), body)?;
        openssl(
            &dir,
            "ts -reply -queryfile q.tsq -config conf -section stamps -signer tsa.crt -inkey tsa.key -out r.tsr",
        )?;
        let answer = fs::read(dir.join("r.tsr"))?;
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/timestamp-reply\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            answer.len()
        );
        stream
            .write_all(&[head.as_bytes(), &answer].concat())
            .await?;
        stream.shutdown().await?;
    }
}

const CONFIG: &str = "[req]\ndistinguished_name=dn\n[dn]\n[ca]\nbasicConstraints=critical,CA:true\n[tsa]\nextendedKeyUsage=critical,timeStamping\n\
[stamps]\nserial=serial\ncrypto_device=builtin\nsigner_digest=sha256\ndefault_policy=1.2.3.4.1\ndigests=sha256\ness_cert_id_alg=sha256\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_is_stamped_by_an_authority_and_kept_in_git() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let at = dir.path();
    let authority = Authority::make(at)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", listener.local_addr()?);
    let serving = tokio::spawn(authority.serve(listener));

    let quiet = "service: { name: Shop, owner: sre }\npromises: { quiet: { kind: freshness, series: quiet, within: 1h } }\n";
    let running = start(at, quiet, "127.0.0.1:0").await?;
    running.http.text("/healthz").await?;
    running.stop()?;
    let (_, key) = said(at, &["ledger", "key", "--data", "data"])?;
    let key = key.trim();
    let (code, text) = said(
        at,
        &["ledger", "stamp", &url, "--ca", "ca.crt", "--data", "data"],
    )?;
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("stamped: it was there by 20"), "{text}");
    serving.abort();

    let stamped = fs::read_dir(at.join("data/ledger/stamps"))?
        .flatten()
        .next()
        .context("a stamped checkpoint")?;
    let stamped = stamped.path().display().to_string();
    let (code, proof) = said(
        at,
        &[
            "ledger",
            "proof",
            "0",
            "--data",
            "data",
            "--cosigned",
            &stamped,
        ],
    )?;
    assert_eq!(code, Some(0), "{proof}");
    fs::write(at.join("proof.txt"), &proof)?;
    let check = [
        "ledger",
        "check",
        "proof.txt",
        "--key",
        key,
        "--stamped",
        "ca.crt",
    ];
    let (code, text) = said(at, &check)?;
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("says 127.0.0.1"), "{text}");
    // A proof without a stamp is none where one is asked for.
    let (_, bare) = said(at, &["ledger", "proof", "0", "--data", "data"])?;
    fs::write(at.join("proof.txt"), &bare)?;
    assert_eq!(said(at, &check)?.0, Some(30));
    assert_eq!(
        said(
            at,
            &["ledger", "verify", "--data", "data", "--since", &stamped]
        )?
        .0,
        Some(0)
    );

    // A witness whose memory is a repository with a remote elsewhere.
    git(at, "init --quiet --bare remote.git")?;
    git(at, "init --quiet --initial-branch main seen")?;
    git(at, "-C seen remote add origin ../remote.git")?;
    git(at, "-C seen config push.default current")?;
    let witness = [
        "ledger",
        "witness",
        "data/ledger",
        "--key",
        key,
        "--keep",
        "seen",
        "--name",
        "witness.example",
        "--git",
    ];
    for _ in 0..2 {
        let (code, text) = said(at, &witness)?;
        assert_eq!(code, Some(0), "{text}");
    }
    let kept = git(at, "-C remote.git show main:checkpoint")?;
    assert_eq!(kept, fs::read_to_string(at.join("seen/checkpoint"))?);
    assert!(
        !git(at, "-C remote.git ls-tree --name-only main")?
            .lines()
            .any(|name| name == "key"),
        "the key stays"
    );
    Ok(())
}
