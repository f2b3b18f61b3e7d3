//! The demo, as a newcomer meets it.

use std::{collections::BTreeSet, time::Duration};

use e2e::{Http, free_range, run, until};
use serde_json::Value;

use crate::support::{DEMO_PORTS, Running};

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_breaks_promises_pages_people_and_is_resolved() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let port = free_range(&DEMO_PORTS)?;
    let demo = Running::demo(dir.path(), port).await?;

    let mut seen = BTreeSet::new();
    let all: BTreeSet<String> = ["kept", "at_risk", "broken", "unproven"]
        .map(str::to_owned)
        .into();
    // The simulated load comes and goes: when it is first near its bound is left to chance.
    until("all four verdicts", Duration::from_secs(240), async || {
        let states = demo.rows().await?;
        seen.extend(
            states
                .iter()
                .filter_map(|row| row["verdict"]["state"].as_str())
                .map(str::to_owned),
        );
        Ok(seen.is_superset(&all).then_some(()))
    })
    .await?;
    demo.until_state("payments_succeed_now", &["kept"], Duration::from_secs(90))
        .await?;

    let out = run(
        &["demo", "outage", "provider", "--data", "data"],
        dir.path(),
    )?;
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    demo.until_state("payments_succeed_now", &["broken"], Duration::from_secs(20))
        .await?;

    let open = until("an open incident", Duration::from_secs(10), async || {
        let incidents = demo.http.json("/api/v1/incidents").await?;
        let of_payments =
            |i: &&Value| i["resolved"].is_null() && i["promises"][0] == "payments_succeed_now";
        Ok(incidents["incidents"]
            .as_array()
            .into_iter()
            .flatten()
            .find(of_payments)
            .cloned())
    })
    .await?;
    assert!(
        open["timeline"]
            .as_array()
            .is_some_and(|timeline| timeline.len() >= 2),
        "{open}"
    );
    let id = open["id"].as_str().unwrap_or_default();

    let sink = Http::to(format!("http://127.0.0.1:{}", port + 99))?;
    // A page's idempotency key names its incident, over HTTP and in a mail's Message-ID alike.
    let of_incident = |page: &Value| {
        page["idempotency_key"]
            .as_str()
            .is_some_and(|key| key.contains(id))
    };
    until("pages at the sink", Duration::from_secs(60), async || {
        let received = sink.json("/received").await?;
        let pages = received
            .as_array()
            .into_iter()
            .flatten()
            .filter(|page| of_incident(page));
        let over: BTreeSet<&str> = pages.filter_map(|page| page["over"].as_str()).collect();
        Ok((over == BTreeSet::from(["http", "smtp"])).then_some(()))
    })
    .await?;
    let body = r#"{"by":"Sato","reason":"the provider is down"}"#;
    let path = format!("/api/v1/incidents/{id}/acknowledge");
    let (status, text) = demo
        .http
        .post(&path, "application/json", body.to_owned())
        .await?;
    assert_eq!(status, 204, "{text}");

    let out = run(
        &["demo", "outage", "provider", "--end", "--data", "data"],
        dir.path(),
    )?;
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    // The outage lies in the five-minute window until it has passed out of it.
    until(
        "the incident to be resolved",
        Duration::from_secs(420),
        async || {
            let incident = demo.http.json(&format!("/api/v1/incidents/{id}")).await?;
            Ok((!incident["resolved"].is_null()).then_some(()))
        },
    )
    .await?;
    let entries = demo.http.json("/api/v1/ledger/checkpoint").await?["size"]
        .as_u64()
        .unwrap_or_default();
    demo.stop()?;

    let verified = run(&["ledger", "verify", "--data", "data"], dir.path())?;
    assert_eq!(
        verified.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&verified.stdout)
    );
    let replayed = run(&["prove", "--replay", "--data", "data"], dir.path())?;
    assert_eq!(
        replayed.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&replayed.stdout)
    );

    let again = Running::demo(dir.path(), port).await?;
    let history = again.http.json("/api/v1/ledger/checkpoint").await?["size"]
        .as_u64()
        .unwrap_or_default();
    assert!(
        history > entries,
        "the ledger had {entries} entries and has {history}"
    );
    let known = again.http.json(&format!("/api/v1/incidents/{id}")).await?;
    assert_eq!(known["id"], id, "the incident is remembered");
    again.stop()?;
    Ok(())
}
