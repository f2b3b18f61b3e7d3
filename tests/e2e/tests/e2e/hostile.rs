//! Targets that hang, flood, lie or vanish, and specs that turn bad: their own rows suffer, nothing else does.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use e2e::until;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::support::Running;

/// Serves every connection with what `answer` says; `None` hangs.
async fn target(
    answer: impl Fn() -> Option<String> + Send + Sync + 'static,
) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                match answer() {
                    Some(body) => {
                        let head = format!(
                            "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                            body.len()
                        );
                        let _ = stream.write_all(head.as_bytes()).await;
                        let _ = stream.write_all(body.as_bytes()).await;
                    }
                    None => std::future::pending::<()>().await,
                }
            });
        }
    });
    Ok(address)
}

fn spec(targets: &[(&str, SocketAddr)]) -> String {
    let mut text = String::from("service: { name: Shop, owner: sre }\nsources:\n  scrape:\n");
    for (job, address) in targets {
        text += &format!(
            "    {job}: {{ targets: [\"{address}\"], interval: 1s, timeout: 1s, series_max: 1000 }}\n"
        );
    }
    text += "promises:\n";
    for (job, _) in targets {
        text += &format!(
            "  {job}:\n    kind: threshold\n    query: max(level{{job=\"{job}\"}})\n    at_most: 10\n    fresh_for: 5s\n"
        );
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_target_spoils_only_its_own_rows() -> anyhow::Result<()> {
    let level = || Some("# TYPE level gauge\nlevel 3\n".to_owned());
    let good = target(level).await?;
    let hangs = target(|| None).await?;
    let floods = target(|| {
        let mut body = String::from("level 3\n");
        for n in 0..200_000 {
            body += &format!("flood{{n=\"{n}\"}} 1\n");
        }
        Some(body)
    })
    .await?;
    let doubles = target(|| Some("level 3\nlevel 4\n".to_owned())).await?;
    let future = target(|| Some("level 3 95617584000000\n".to_owned())).await?;
    let garbage = target(|| Some("level{ 3\n\u{0}\u{fffd}".to_owned())).await?;
    let nobody = SocketAddr::from(([127, 0, 0, 1], e2e::free_port()?));
    let targets = [
        ("good", good),
        ("hangs", hangs),
        ("floods", floods),
        ("doubles", doubles),
        ("future", future),
        ("garbage", garbage),
        ("nobody", nobody),
    ];
    let dir = tempfile::tempdir()?;
    let running = Running::spec(dir.path(), &spec(&targets)).await?;
    running
        .until_state("good", &["kept"], Duration::from_secs(20))
        .await?;
    for (job, _) in &targets[1..] {
        running
            .until_state(job, &["unproven"], Duration::from_secs(20))
            .await?;
    }
    // Each of them says why, and the good one has not been delayed meanwhile.
    until("the flood's limit", Duration::from_secs(20), async || {
        let sources = running.http.text("/sources?lang=en").await?;
        Ok(sources.contains("series_max").then_some(()))
    })
    .await?;
    assert_eq!(running.state("good").await?.as_deref(), Some("kept"));
    let memory = resident_kib(running.program.pid())?;
    assert!(memory < 200 << 10, "memory stays bounded: {memory} KiB");
    running.stop()?;
    Ok(())
}

fn resident_kib(pid: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap_or_default();
    Ok(line.split_whitespace().next().unwrap_or_default().parse()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_vanishes_takes_its_proof_with_it() -> anyhow::Result<()> {
    let up = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let seen = up.clone();
    let address = target(move || {
        seen.load(std::sync::atomic::Ordering::SeqCst)
            .then(|| "level 3\n".to_owned())
    })
    .await?;
    let dir = tempfile::tempdir()?;
    let running = Running::spec(dir.path(), &spec(&[("vanishes", address)])).await?;
    running
        .until_state("vanishes", &["kept"], Duration::from_secs(20))
        .await?;
    up.store(false, std::sync::atomic::Ordering::SeqCst);
    running
        .until_state("vanishes", &["unproven"], Duration::from_secs(20))
        .await?;
    up.store(true, std::sync::atomic::Ordering::SeqCst);
    running
        .until_state("vanishes", &["kept"], Duration::from_secs(20))
        .await?;
    running.stop()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_reload_keeps_the_last_good_spec() -> anyhow::Result<()> {
    let address = target(|| Some("level 3\n".to_owned())).await?;
    let dir = tempfile::tempdir()?;
    let running = Running::spec(dir.path(), &spec(&[("first", address)])).await?;
    running
        .until_state("first", &["kept"], Duration::from_secs(20))
        .await?;

    let file = dir.path().join("tegata.yaml");
    std::fs::write(&file, "promises: { first: { kind: nonsense } }\n")?;
    running.program.signal("HUP")?;
    until(
        "the spec's row to tell",
        Duration::from_secs(20),
        async || {
            let board = running.http.json("/api/v1/promises").await?;
            Ok((!board["spec"]["problem"].is_null()).then_some(()))
        },
    )
    .await?;
    assert_eq!(
        running.state("first").await?.as_deref(),
        Some("kept"),
        "the last good spec is in force"
    );

    std::fs::write(&file, spec(&[("second", address)]))?;
    running
        .until_state("second", &["kept"], Duration::from_secs(20))
        .await?;
    assert_eq!(
        running.state("first").await?,
        None,
        "the file's change alone was enough"
    );
    running.stop()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_and_a_reload_refuse_nothing_that_is_posted() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let text = |name: &str| {
        format!(
            "service: {{ name: {name}, owner: sre }}\n\
             sources: {{ logs: {{ shop: {{ stream: payment_app, post: true }} }} }}\n\
             promises: {{ few: {{ kind: log_count, logs: \"stream:payment_app\", at_most: 99, window: 5m }} }}\n"
        )
    };
    let running = Running::spec(dir.path(), &text("Shop")).await?;
    let posted = AtomicU64::new(0);
    let post = async || -> anyhow::Result<()> {
        let n = posted.fetch_add(1, Ordering::Relaxed);
        let line = format!("{{\"status\":\"ok\",\"n\":{n}}}\n");
        let answer = running
            .http
            .post("/ingest/logs/payment_app", "application/x-ndjson", line);
        let (status, body) = answer.await?;
        assert_eq!(status, 200, "line {n}: {body}");
        Ok(())
    };
    post().await?;
    for name in ["Second", "Third", "Fourth"] {
        std::fs::write(dir.path().join("tegata.yaml"), text(name))?;
        running.program.signal("HUP")?;
        until("the changed spec", Duration::from_secs(20), async || {
            post().await?;
            let board = running.http.json("/api/v1/promises").await?;
            Ok((board["service"]["en"] == name).then_some(()))
        })
        .await?;
    }
    let stored = running.http.json("/elastic/payment_app/_count").await?;
    assert_eq!(stored["count"], posted.into_inner(), "{stored}");
    running.stop()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn posted_logs_are_redacted_before_they_rest() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let text = "service: { name: Shop, owner: sre }\n\
                sources:\n\
                \x20 logs:\n\
                \x20   shop: { stream: payment_app, post: true }\n\
                promises:\n\
                \x20 few_failures:\n\
                \x20   kind: log_count\n\
                \x20   logs: stream:payment_app AND status:failed\n\
                \x20   at_most: 10\n\
                \x20   window: 5m\n";
    let running = Running::spec(dir.path(), text).await?;
    let mut lines = String::new();
    for n in 0..11 {
        lines += &format!(
            "{{\"status\":\"failed\",\"n\":{n},\"note\":\"card 4242 4242 4242 4242 of taro@example.com\"}}\n"
        );
    }
    lines += "half a lin\n";
    let (status, body) = running
        .http
        .post("/ingest/logs/payment_app", "application/x-ndjson", lines)
        .await?;
    assert_eq!(status, 200, "{body}");
    let told: Value = serde_json::from_str(&body)?;
    assert_eq!((&told["stored"], &told["refused"]), (&json!(11), &json!(1)));
    assert_eq!(told["refused_lines"][0]["line"], 12, "{body}");
    assert_eq!(told["refused_lines"][0]["why"], "not_an_object");
    running
        .until_state("few_failures", &["broken"], Duration::from_secs(20))
        .await?;
    running.stop()?;
    let mut searched = 0;
    for entry in walk(&dir.path().join("data"))? {
        let bytes = std::fs::read(&entry)?;
        searched += 1;
        for secret in [
            "4242 4242 4242 4242",
            "4242424242424242",
            "taro@example.com",
        ] {
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} rests in {}", entry.display());
        }
    }
    assert!(searched > 3);
    Ok(())
}

fn walk(dir: &std::path::Path) -> anyhow::Result<Vec<std::path::PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(walk(&path)?)
        } else {
            found.push(path)
        }
    }
    Ok(found)
}
