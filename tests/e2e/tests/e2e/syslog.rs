//! Real senders of syslog: `logger`, and an rsyslog that relays.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use e2e::{Program, free_port, until};

use crate::support::Running;

const PATIENCE: Duration = Duration::from_secs(60);

fn spec(udp: u16, tcp: u16, tls: u16) -> String {
    format!(
        "service: {{ name: Shop, owner: sre }}
sources:
  receive:
    syslog:
      edge:
        stream: network
        udp: 127.0.0.1:{udp}
        tcp: 127.0.0.1:{tcp}
        tls: {{ listen: \"127.0.0.1:{tls}\", cert_file: cert.pem, key_file: key.pem, client_ca_file: cert.pem }}
promises:
  all: {{ kind: log_count, logs: 'stream:network AND facility:local3', at_most: 1000, window: 1h }}
  cards: {{ kind: log_count, logs: 'stream:network AND message:*redacted*', at_most: 1000, window: 1h }}
"
    )
}

/// Runs a program that must succeed; `input` is what it reads.
fn run(program: &str, args: &[&str], dir: &Path, input: &str) -> anyhow::Result<()> {
    let mut child = Command::new(program)
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("{program} cannot be started"))?;
    child
        .stdin
        .take()
        .context("no input")?
        .write_all(input.as_bytes())?;
    let status = child.wait()?;
    ensure!(status.success(), "{program} {args:?} ended with {status}");
    Ok(())
}

/// Waits until a promise has counted `n` records.
async fn counted(running: &Running, id: &str, n: f64) -> anyhow::Result<()> {
    let what = format!("{n} records of {id}");
    until(&what, PATIENCE, async || {
        let rows = running.rows().await?;
        let row = rows.iter().find(|row| row["promise"]["id"] == id);
        let count = row.and_then(|row| row["verdict"]["measured"]["value"]["count"].as_f64());
        match count {
            Some(count) if (count - n).abs() < 0.5 => Ok(Some(())),
            other => anyhow::bail!("{other:?} so far"),
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_real_senders_write_is_counted_and_redacted() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let data = dir.path().join("data");
    std::fs::create_dir_all(&data)?;
    // One key and certificate for both sides.
    let subject = [
        "-subj",
        "/CN=127.0.0.1",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
    ];
    let made = ["-keyout", "key.pem", "-out", "cert.pem", "-days", "2"];
    let request = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
    ];
    run(
        "openssl",
        &[&request[..], &subject, &made].concat(),
        &data,
        "",
    )?;
    let (udp, tcp, tls) = (free_port()?, free_port()?, free_port()?);
    let running = Running::spec(dir.path(), &spec(udp, tcp, tls)).await?;
    // The listeners open with the collector.
    until("the listener", PATIENCE, async || {
        Ok(std::net::TcpStream::connect(("127.0.0.1", tcp)).ok())
    })
    .await?;

    // `logger` writes RFC 5424 or 3164, by datagram, with line feeds, and counted.
    let (udp_port, tcp_port) = (udp.to_string(), tcp.to_string());
    let plain = [
        "--server",
        "127.0.0.1",
        "--priority",
        "local3.err",
        "--tag",
        "shop",
    ];
    let text = "card 4242 4242 4242 4242";
    let ways: [&[&str]; 4] = [
        &["--udp", "--port", &udp_port, "--rfc5424", text],
        &["--udp", "--port", &udp_port, "--rfc3164", text],
        &["--tcp", "--port", &tcp_port, "--rfc5424", text],
        &[
            "--tcp",
            "--port",
            &tcp_port,
            "--octet-count",
            "--rfc5424",
            text,
        ],
    ];
    for way in ways {
        run("logger", &[&plain[..], way].concat(), dir.path(), "")?;
    }
    counted(&running, "all", 4.0).await?;
    counted(&running, "cards", 4.0).await?;

    // A relay that takes datagrams and forwards them over one connection.
    let relay = free_port()?;
    let config = format!(
        "global(workDirectory=\"{0}\")\nmodule(load=\"imudp\")\n\
         input(type=\"imudp\" address=\"127.0.0.1\" port=\"{relay}\")\n\
         *.* action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{tcp}\" protocol=\"tcp\" \
         TCP_Framing=\"octet-counted\" template=\"RSYSLOG_SyslogProtocol23Format\" \
         action.resumeInterval=\"1\" action.resumeRetryCount=\"-1\")\n",
        dir.path().display()
    );
    let path = dir.path().join("rsyslog.conf");
    std::fs::write(&path, config)?;
    let mut rsyslog = Command::new("/usr/sbin/rsyslogd");
    rsyslog
        .arg("-n")
        .arg("-f")
        .arg(&path)
        .arg("-i")
        .arg(dir.path().join("rsyslog.pid"));
    let _relay = Program::start(rsyslog, "rsyslog", dir.path())?;
    let relay = relay.to_string();
    let relayed = ["--udp", "--port", &relay, "--rfc5424", "relayed"];
    let arrived = async {
        loop {
            // A datagram that comes before the relay listens is lost.
            run("logger", &[&plain[..], &relayed].concat(), dir.path(), "")?;
            tokio::time::sleep(Duration::from_millis(500)).await;
            let rows = running.rows().await?;
            let row = rows.iter().find(|row| row["promise"]["id"] == "all");
            let count = row.and_then(|row| row["verdict"]["measured"]["value"]["count"].as_f64());
            if count.is_some_and(|count| count > 4.5) {
                return anyhow::Ok(());
            }
        }
    };
    tokio::time::timeout(PATIENCE, arrived)
        .await
        .context("nothing was relayed")??;

    over_tls(&running, tls, &data).await?;
    running.stop()?;
    Ok(())
}

/// Who shows the certificate that the spec asks for is heard, and nobody else.
async fn over_tls(running: &Running, port: u16, data: &Path) -> anyhow::Result<()> {
    let to = format!("127.0.0.1:{port}");
    let known = ["-cert", "cert.pem", "-key", "key.pem"];
    let client = ["s_client", "-quiet", "-no_ign_eof", "-connect", &to];
    let trust = ["-CAfile", "cert.pem", "-verify_return_error"];
    // Counted, as RFC 5425 has it.
    let message = "52 <155>1 - web shop - - - card 4242 4242 4242 4242 end";
    let other = "51 <155>1 - web shop - - - card 4242 4242 4242 4242 no";
    let before = count(running, "cards").await?;
    // It is refused while its message is on the way, so that what the program says does not matter.
    let _ = run("openssl", &[&client[..], &trust].concat(), data, other);
    run(
        "openssl",
        &[&client[..], &trust, &known].concat(),
        data,
        message,
    )?;
    counted(running, "cards", before + 1.0).await
}

/// How many records a promise has counted.
async fn count(running: &Running, id: &str) -> anyhow::Result<f64> {
    let rows = running.rows().await?;
    let row = rows.iter().find(|row| row["promise"]["id"] == id);
    row.and_then(|row| row["verdict"]["measured"]["value"]["count"].as_f64())
        .context("nothing was counted")
}
