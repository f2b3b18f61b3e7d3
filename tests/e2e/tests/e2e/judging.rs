//! Judging with the real binary: the canary, corrections, a restart, a replay, and rules that page an Alertmanager.

use std::{path::Path, time::Duration};

use e2e::{Http, Program, free_port, peer, run, until};
use serde_json::{Value, json};

use crate::{alertmanager::far::Far, support::Running};

const SOON: Duration = Duration::from_secs(20);

/// A spec without sources: what a test pushes is judged on arrival.
fn spec(more: &str) -> String {
    format!(
        "service: {{ name: Shop, owner: sre, time_zone: Asia/Tokyo }}\n\
         severities: {{ sev1: {{ level: 1, page_within: 1m, answer_within: 15m }} }}\n{more}"
    )
}

/// Pushes samples in the text format under the job `shop`; right after a start it is not taken yet.
async fn push(running: &Running, body: &str) -> anyhow::Result<()> {
    let kind = "text/plain; version=0.0.4";
    until("the push to be taken", SOON, async || {
        let sent = running
            .http
            .post("/metrics/job/shop", kind, body.to_owned());
        let (status, said) = sent.await?;
        anyhow::ensure!((200..300).contains(&status), "{status}: {said}");
        Ok(Some(()))
    })
    .await
}

async fn promise(running: &Running, id: &str) -> anyhow::Result<Value> {
    running.http.json(&format!("/api/v1/promises/{id}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_travels_the_whole_way_and_its_time_is_shown() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let more = "promises: { queue: { kind: freshness, series: queue, within: 1h } }\n\
                receivers: { desk: { kind: inbox } }\n\
                routes: [{ receivers: [desk] }]\n\
                canary: { every: 2s, receivers: [desk], within: 30s, severity: sev1 }\n";
    let running = Running::spec(dir.path(), &spec(more)).await?;
    running
        .until_state("tegata_canary", &["kept"], Duration::from_secs(60))
        .await?;
    let trip = until("a trip of the canary", SOON, async || {
        let detail = promise(&running, "tegata_canary").await?;
        Ok(detail["trips"]
            .as_array()
            .and_then(|trips| trips.first().cloned()))
    })
    .await?;
    assert_eq!(trip["receiver"], "desk");
    assert_eq!(trip["in_time"], true);
    assert!(
        trip["latency_ms"]
            .as_u64()
            .is_some_and(|took| took < 30_000),
        "{trip}"
    );
    let told = run(&["explain", "tegata_canary", "--data", "data"], dir.path())?;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(
        told.contains("test alert") && told.contains("desk"),
        "{told}"
    );
    let page = running.http.text("/promises/tegata_canary").await?;
    assert!(page.contains("id=\"trips\""), "{page}");
    // It wakes nobody: no incident is opened for it.
    let incidents = running.http.json("/api/v1/incidents").await?;
    assert_eq!(incidents["incidents"], json!([]));
    running.stop()?;
    Ok(())
}

/// Critical within a minute and warning within three, both from the first bad sample: a real receiver is told,
/// and the ledger alone says by when.
#[tokio::test(flavor = "multi_thread")]
async fn pages_leave_within_the_time_that_their_severity_promises() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let far = Far::start(0).await?;
    let spec = format!(
        "service: {{ name: Shop, owner: sre, time_zone: Asia/Tokyo }}\n\
         severities: {{ critical: {{ level: 1, page_within: 1m }}, warning: {{ level: 2, page_within: 3m }} }}\n\
         incidents: {{ promised: true }}\n\
         promises:\n  \
           api: {{ kind: threshold, query: api_ok, at_least: 1, severity: critical }}\n  \
           queue: {{ kind: threshold, query: queue_length, at_most: 100, severity: warning }}\n\
         receivers: {{ hook: {{ kind: webhook, url: \"{}\" }} }}\n\
         routes: [{{ receivers: [hook] }}]\n",
        far.url
    );
    let running = Running::spec(dir.path(), &spec).await?;
    let within = [("api", "critical", 60_000), ("queue", "warning", 180_000)];
    push(&running, "api_ok 1\nqueue_length 3\n").await?;
    for (id, ..) in within {
        running.until_state(id, &["kept"], SOON).await?;
    }
    // Evidence that begins before its promise was declared proves nothing of it: what Tegata tells of itself is heard for a
    // few seconds first.
    until("evidence since the promises began", SOON, async || {
        let known = promise(&running, "tegata_page_critical").await?;
        let newest = known["evidence"]["facts"]
            .as_array()
            .and_then(|facts| facts.last());
        let from = newest
            .and_then(|fact| fact["from"].as_str())
            .unwrap_or_default();
        let since = known["promise"]["since"].as_str().unwrap_or_default();
        // Both are written alike, so the later one is the greater text.
        Ok((!since.is_empty() && from > since).then_some(()))
    })
    .await?;
    push(&running, "api_ok 0\nqueue_length 500\n").await?;
    for (id, severity, millis) in within {
        let promise = format!("tegata_page_{severity}");
        running.until_state(&promise, &["kept"], SOON).await?;
        let sent = running
            .http
            .json("/api/v1/ledger/entries?kind=page_sent&limit=9")
            .await?;
        let sent = sent["entries"].as_array().cloned().unwrap_or_default();
        let own = sent.iter().find(|entry| entry["about"] == id);
        let body = own
            .map(|entry| &entry["body"]["what"])
            .cloned()
            .unwrap_or_default();
        anyhow::ensure!(
            body["in_time"] == true && body["latency_ms"].as_u64().is_some_and(|it| it <= millis),
            "{sent:?}"
        );
    }
    let told = far.bodies();
    for (id, ..) in within {
        let about = |body: &&Value| body["promise"]["id"] == id && body["kind"] == "raised";
        anyhow::ensure!(told.iter().filter(about).count() == 1, "{told:?}");
    }
    running.stop()?;
    Ok(())
}

/// The whole day of the test is announced maintenance: what fails in it counts for the one promise and not for the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_correction_is_told_with_what_it_hides_also_after_a_kill() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let ratio = "{ kind: ratio, total: pay_total, bad: 'pay_total{status=\"failed\"}', at_least: 99.9 %, window: 5m, min_events: 1 }";
    let more = format!(
        "promises: {{ strict: {ratio}, lenient: {ratio} }}\n\
         corrections:\n\
         \x20 upgrade: {{ from: 2026-01-01T00:00:00Z, to: 2099-01-01T00:00:00Z, why: announced, who: sre, promises: [lenient] }}\n"
    );
    let mut running = Running::spec(dir.path(), &spec(&more)).await?;
    for n in 0..8 {
        // 70 of 140 fail within 3 s; five minutes at this rate allow 18.
        let (ok, failed) = (n * 10, n * 10);
        let body =
            format!("pay_total{{status=\"ok\"}} {ok}\npay_total{{status=\"failed\"}} {failed}\n");
        push(&running, &body).await?;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    running.until_state("strict", &["broken"], SOON).await?;
    let check = async |running: &Running| -> anyhow::Result<()> {
        let detail = promise(running, "lenient").await?;
        let verdict = &detail["verdict"];
        assert_ne!(verdict["state"], "broken", "{verdict}");
        assert_eq!(verdict["corrected"]["by"], json!(["upgrade"]));
        assert_eq!(verdict["corrected"]["state"], "broken", "{verdict}");
        let told = run(&["explain", "lenient", "--data", "data"], dir.path())?;
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        assert!(
            told.contains("upgrade") && told.contains("without it"),
            "{told}"
        );
        let page = running.http.text("/promises/lenient").await?;
        assert!(page.contains("id=\"corrected\"") && page.contains("announced"));
        Ok(())
    };
    check(&running).await?;
    // Killed at once: what was judged comes back from the stores and the snapshot.
    running.program.kill()?;
    let running = Running::again(dir.path()).await?;
    running.until_state("strict", &["broken"], SOON).await?;
    check(&running).await?;
    running.stop()?;
    for args in [
        &["prove", "--data", "data"][..],
        &["ledger", "verify", "--data", "data"],
    ] {
        let proved = run(args, dir.path())?;
        let said = String::from_utf8_lossy(&proved.stdout);
        assert_eq!(proved.status.code(), Some(0), "{args:?}: {said}");
    }
    // What would have been said, from the stores of the instance that does not run.
    let replayed = run(
        &[
            "replay", "strict", "--days", "1", "--step", "1m", "--json", "--data", "data",
        ],
        dir.path(),
    )?;
    let body: Value = serde_json::from_slice(&replayed.stdout)?;
    let states: Vec<&str> = body["verdicts"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|it| it["state"].as_str())
        .collect();
    assert_eq!(states.last(), Some(&"broken"), "{body}");
    Ok(())
}

fn alertmanager(dir: &Path, port: u16) -> anyhow::Result<Program> {
    std::fs::write(
        dir.join("alertmanager.yml"),
        "route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n",
    )?;
    let mut command = peer("prometheus-alertmanager")?;
    command
        .arg(format!(
            "--config.file={}",
            dir.join("alertmanager.yml").display()
        ))
        .arg(format!("--storage.path={}", dir.join("am").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg("--cluster.listen-address=");
    Program::start(command, "alertmanager", dir)
}

/// The alert as Alertmanager holds it, once `state` fits.
async fn held(alertmanager: &Http, what: &str, is_active: bool) -> anyhow::Result<Value> {
    until(what, SOON, async || {
        let alerts = alertmanager.json("/api/v2/alerts").await?;
        let mut found = alerts.as_array().into_iter().flatten();
        let alert = found.find(|alert| alert["labels"]["alertname"] == "QueueLong");
        // What has ended is not listed any more.
        Ok(match (alert, is_active) {
            (Some(alert), true) => Some(alert.clone()),
            (None, false) => Some(Value::Null),
            _ => None,
        })
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_pages_an_alertmanager_and_its_end_is_told_until_it_is_accepted()
-> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let port = free_port()?;
    let mut peer = alertmanager(dir.path(), port)?;
    let http = Http::to(format!("http://127.0.0.1:{port}"))?;
    until("the Alertmanager", SOON, async || {
        Ok(http.text("/-/ready").await.ok())
    })
    .await?;
    std::fs::write(
        dir.path().join("rules.yml"),
        "groups: [{ name: g, interval: 1s, rules: [{ alert: QueueLong, expr: 'queue > 5', \
         labels: { severity: sev1, team: shop }, annotations: { summary: 'queue {{ $value }}' } }] }]\n",
    )?;
    let more = format!(
        "promises: {{ queue: {{ kind: freshness, series: queue, within: 1h }} }}\n\
         rules: {{ files: [rules.yml], severity: sev1 }}\n\
         routes: [{{ receivers: [am] }}]\n\
         receivers: {{ am: {{ kind: alertmanager, url: \"http://127.0.0.1:{port}\" }} }}\n"
    );
    let running = Running::spec(dir.path(), &spec(&more)).await?;
    push(&running, "queue 9\n").await?;
    let alert = held(&http, "the alert", true).await?;
    assert_eq!(alert["labels"]["team"], "shop");
    assert_eq!(alert["annotations"]["summary"], "queue 9");
    // The Alertmanager is away when the alert ends, and comes back with what it knew.
    peer.signal("TERM")?;
    peer.wait(SOON)?;
    push(&running, "queue 1\n").await?;
    until("the end of the alert", SOON, async || {
        let incidents = running.http.json("/api/v1/incidents").await?;
        let mut all = incidents["incidents"].as_array().into_iter().flatten();
        Ok(all
            .find(|incident| !incident["resolved"].is_null())
            .cloned())
    })
    .await?;
    let _peer = alertmanager(dir.path(), port)?;
    until("the Alertmanager again", SOON, async || {
        Ok(http.text("/-/ready").await.ok())
    })
    .await?;
    let sent = until(
        "the end to be accepted",
        Duration::from_secs(60),
        async || {
            let ledger = run(
                &[
                    "ledger",
                    "show",
                    "--data",
                    "data",
                    "--json",
                    "--kind",
                    "page_sent",
                ],
                dir.path(),
            )?;
            let text = String::from_utf8_lossy(&ledger.stdout).into_owned();
            let entries = text
                .lines()
                .filter_map(|line| serde_json::from_str::<Value>(line).ok());
            Ok(entries
                .map(|entry| entry["body"]["what"].clone())
                .find(|what| what["page"] == "resolved"))
        },
    )
    .await?;
    assert_eq!(sent["receiver"], "am");
    assert!(
        sent["tries"].as_u64().is_some_and(|tries| tries > 1),
        "{sent}"
    );
    held(&http, "the alert to have ended", false).await?;
    running.stop()?;
    Ok(())
}
