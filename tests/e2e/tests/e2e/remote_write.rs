//! Real senders: what a Prometheus or a vmagent has, we have, also over a `kill -9` of ours in the middle.

use std::{collections::BTreeMap, path::Path, time::Duration};

use anyhow::Context as _;
use e2e::{Http, Program, free_port, peer, prometheus, tegata, until};
use serde_json::Value;

use crate::support::Running;

const SPEC: &str = "\
service: { name: Shop, owner: sre }
sources: {}
promises:
  up: { kind: threshold, query: 'min(up{job=\"sender\"})', at_least: 1 }
";

const PATIENCE: Duration = Duration::from_secs(90);

/// Always on the same port, so that a sender finds it again.
async fn receiver(dir: &Path, port: u16) -> anyhow::Result<Running> {
    std::fs::write(dir.join("tegata.yaml"), SPEC)?;
    let listen = format!("127.0.0.1:{port}");
    let args = ["run", "tegata.yaml", "--data", "data", "--listen", &listen];
    let mut command = tegata(&args);
    command.current_dir(dir);
    Running::from_program(Program::start(command, "tegata", dir)?, &dir.join("data")).await
}

/// A Prometheus that scrapes itself every second and writes to us.
fn writer(dir: &Path, port: u16, to: u16, message: &str) -> anyhow::Result<Program> {
    let config = format!(
        "global: {{ scrape_interval: 1s }}\n\
         scrape_configs: [ {{ job_name: sender, static_configs: [ {{ targets: ['127.0.0.1:{port}'] }} ] }} ]\n\
         remote_write:\n\
         - url: http://127.0.0.1:{to}/api/v1/write\n  \
           protobuf_message: {message}\n  \
           send_exemplars: true\n  \
           send_native_histograms: true\n  \
           queue_config: {{ batch_send_deadline: 1s, max_backoff: 1s }}\n"
    );
    let kinds = ["--enable-feature=native-histograms,exemplar-storage,metadata-wal-records"];
    prometheus(dir, &config, port, &kinds)
}

/// Each series and its samples as they are written.
type Found = BTreeMap<String, Vec<Value>>;

/// What a range selector finds at an instant: samples as they are.
async fn found(http: &Http, selector: &str, at: i64) -> anyhow::Result<Found> {
    let query = format!("/api/v1/query?query={}&time={at}", escaped(selector));
    let answer = http.json(&query).await?;
    let rows = answer["data"]["result"].as_array().context("no result")?;
    let rows = rows.iter().map(|row| {
        let samples = row["values"].as_array().cloned().unwrap_or_default();
        (row["metric"].to_string(), samples)
    });
    let mut sorted = Found::new();
    for (metric, samples) in rows {
        let labels: BTreeMap<String, String> = serde_json::from_str(&metric)?;
        sorted.insert(format!("{labels:?}"), samples);
    }
    Ok(sorted)
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Seconds of the newest sample of `up` that we hold.
async fn newest(http: &Http) -> anyhow::Result<Option<i64>> {
    let path = format!(
        "/api/v1/query?query={}",
        escaped("timestamp(up{job=\"sender\"})")
    );
    let answer = http.json(&path).await?;
    let text = answer["data"]["result"][0]["value"][1].as_str();
    #[allow(clippy::cast_possible_truncation)]
    Ok(text
        .and_then(|text| text.parse::<f64>().ok())
        .map(|secs| secs as i64))
}

/// Waits until we hold what the sender holds of the stretch that ends at `at`.
async fn same(ours: &Http, theirs: &Http, selector: &str, at: i64) -> anyhow::Result<Found> {
    let wanted = found(theirs, selector, at).await?;
    until(&format!("{selector} at {at}"), PATIENCE, async || {
        let held = found(ours, selector, at).await?;
        if held == wanted {
            return Ok(Some(held));
        }
        let missing: Vec<_> = wanted
            .iter()
            .filter(|(series, samples)| held.get(*series) != Some(samples))
            .take(3)
            .map(|(series, samples)| (series, samples.len(), held.get(series).map(Vec::len)))
            .collect();
        anyhow::bail!("{} of {} series; {missing:?}", held.len(), wanted.len())
    })
    .await
}

async fn sends(message: &str) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (port, to) = (free_port()?, free_port()?);
    let mut running = receiver(dir.path(), to).await?;
    let _sender = writer(dir.path(), port, to, message)?;
    let theirs = Http::to(format!("http://127.0.0.1:{port}"))?;
    running.until_state("up", &["kept"], PATIENCE).await?;
    let first = until("a sample", PATIENCE, async || newest(&running.http).await).await?;
    let at = until("five seconds of samples", PATIENCE, async || {
        Ok(newest(&running.http).await?.filter(|at| *at >= first + 5))
    })
    .await?;
    let all = same(&running.http, &theirs, "{job=\"sender\"}[3s]", at).await?;
    assert!(all.len() > 300, "{} series", all.len());

    // What was sent while we were dead comes again, and nothing from before is missing.
    running.program.kill()?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    running = receiver(dir.path(), to).await?;
    let at = until("samples after the kill", PATIENCE, async || {
        Ok(newest(&running.http)
            .await?
            .filter(|newest| *newest >= at + 8))
    })
    .await?;
    let stretch = at - first - 1;
    let kept = format!("up{{job=\"sender\"}}[{stretch}s]");
    let kept = same(&running.http, &theirs, &kept, at).await?;
    let samples: usize = kept.values().map(Vec::len).sum();
    assert!(samples >= 10, "{samples} samples in {stretch} s");
    running.stop()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_prometheus_writes_by_the_first_version_is_what_it_holds() -> anyhow::Result<()> {
    sends("prometheus.WriteRequest").await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_prometheus_writes_by_the_second_version_is_what_it_holds() -> anyhow::Result<()> {
    sends("io.prometheus.write.v2.Request").await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_vmagent_forwards_arrives_though_we_were_dead_meanwhile() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (port, to) = (free_port()?, free_port()?);
    let mut running = receiver(dir.path(), to).await?;
    let mut command = peer("vmagent")?;
    command
        .arg(format!("-httpListenAddr=127.0.0.1:{port}"))
        .arg(format!(
            "-remoteWrite.url=http://127.0.0.1:{to}/api/v1/write"
        ))
        .arg(format!(
            "-remoteWrite.tmpDataPath={}",
            dir.path().join("agent").display()
        ))
        .arg("-remoteWrite.retryMaxInterval=2s");
    let _agent = Program::start(command, "vmagent", dir.path())?;
    let agent = Http::to(format!("http://127.0.0.1:{port}"))?;
    until("vmagent", PATIENCE, async || {
        Ok(agent.text("/health").await.ok())
    })
    .await?;

    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let start = i64::try_from(now.as_secs())? - 60;
    let push = async |steps: std::ops::Range<i64>| -> anyhow::Result<()> {
        let lines: String = steps
            .map(|step| {
                format!(
                    "paid_total{{job=\"shop\"}} {} {}\n",
                    step * 7,
                    (start + step) * 1000
                )
            })
            .collect();
        let (status, said) = agent
            .post("/api/v1/import/prometheus", "text/plain", lines)
            .await?;
        anyhow::ensure!((200..300).contains(&status), "{status} {said}");
        Ok(())
    };
    let held = async |running: &Running, steps: i64| -> anyhow::Result<()> {
        until(&format!("{steps} samples"), PATIENCE, async || {
            let all = found(&running.http, "paid_total[60s]", start + 59).await?;
            let samples: Vec<Value> = all.into_values().flatten().collect();
            let expected: Vec<Value> = (0..steps)
                .map(|step| serde_json::json!([start + step, (step * 7).to_string()]))
                .collect();
            if samples == expected {
                return Ok(Some(()));
            }
            anyhow::bail!("{} of them", samples.len())
        })
        .await
    };
    push(0..20).await?;
    held(&running, 20).await?;
    running.program.kill()?;
    push(20..40).await?;
    running = receiver(dir.path(), to).await?;
    held(&running, 40).await?;
    running.stop()?;
    Ok(())
}
