//! Logs in an engine elsewhere, from the posted line to the verdict: a second Tegata stands in for Elasticsearch, whose API
//! it speaks. And personal fields: encrypted before they leave, and shown as they were to whoever says why.

use std::time::Duration;

use e2e::{run, until};
use serde_json::Value;

use crate::support::Running;

const SOON: Duration = Duration::from_secs(20);

const ENGINE: &str = "\
service: { name: Engine, owner: sre }
promises: { quiet: { kind: freshness, series: quiet, within: 1h } }
sources: { logs: { all: { stream: \"tegata-*\", post: true, time_field: \"@timestamp\" } } }
";

fn shop(engine: &str, key: &str) -> String {
    format!(
        "service: {{ name: Shop, owner: sre }}\n\
         logs: {{ url: \"{engine}\" }}\n\
         sources:\n  \
           logs: {{ shop: {{ stream: payment_*, post: true, time_field: \"@timestamp\" }} }}\n  \
           redact: {{ keys: {{ k1: \"${{file:{key}}}\" }}, actions: {{ mail: encrypt }} }}\n\
         promises:\n  \
           few_failures: {{ kind: log_count, logs: \"stream:payment_log AND status:failed\", at_most: 2, window: 1h }}\n"
    )
}

/// Five payments that failed, the same five each time.
async fn post(shop: &Running) -> anyhow::Result<(u16, String)> {
    let line = |n: u32| {
        format!(
            "{{\"create\":{{\"_index\":\"payment_log\",\"_id\":\"p{n}\"}}}}\n\
             {{\"status\":\"failed\",\"message\":\"決済 {n}: taro@example.jp\"}}\n"
        )
    };
    let body: String = (0..5).map(line).collect();
    shop.http
        .post("/elastic/_bulk", "application/x-ndjson", body)
        .await
}

async fn counted(shop: &Running) -> anyhow::Result<Value> {
    let found = shop.http.json("/api/v1/promises/few_failures").await?;
    Ok(found["verdict"]["measured"]["value"]["count"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_is_judged_by_what_an_engine_elsewhere_holds() -> anyhow::Result<()> {
    let (theirs, ours) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let mut engine = Running::spec(theirs.path(), ENGINE).await?;
    let key = ours.path().join("key");
    std::fs::write(&key, "0123456789abcdef0123456789abcdef")?;
    let spec = shop(&engine.http.url("/elastic"), &key.display().to_string());
    let mut shop = Running::spec(ours.path(), &spec).await?;
    until("the documents to be taken", SOON, async || {
        let (status, said) = post(&shop).await?;
        let taken = status == 200 && said.contains("\"errors\":false");
        anyhow::ensure!(
            taken || status == 200 && said.contains("conflict"),
            "{status}: {said}"
        );
        Ok(Some(()))
    })
    .await?;
    shop.until_state("few_failures", &["broken"], SOON).await?;
    assert_eq!(counted(&shop).await?, 5.0);
    let held = engine
        .http
        .json("/elastic/tegata-payment_log-*/_count")
        .await?;
    assert_eq!(held["count"], 5, "{held}");

    // A restart counts them once, and a sender that comes again adds nothing.
    shop.program.kill()?;
    let mut shop = Running::again(ours.path()).await?;
    shop.until_state("few_failures", &["broken"], SOON).await?;
    let again = until("an answer", SOON, async || {
        let (status, said) = post(&shop).await?;
        Ok((status == 200).then_some(said))
    })
    .await?;
    assert!(
        again.contains("version_conflict_engine_exception"),
        "{again}"
    );
    assert_eq!(counted(&shop).await?, 5.0);

    // The address left as a cipher, and is shown to whoever says why.
    let search = "/elastic/payment_log/_search?size=1";
    let masked = shop.http.text(search).await?;
    assert!(
        masked.contains("[redacted:mail:k1:") && !masked.contains("taro@"),
        "{masked}"
    );
    let client = reqwest::Client::builder().no_proxy().build()?;
    let asked = client.get(shop.http.url(search));
    let asked = asked
        .header("x-tegata-reason", "case 7")
        .header("x-tegata-by", "sato");
    let clear = asked.send().await?.text().await?;
    assert!(clear.contains("taro@example.jp"), "{clear}");

    // While the engine is away nobody is told that their records are kept.
    engine.program.kill()?;
    let (status, said) = post(&shop).await?;
    assert_eq!(status, 503, "{said}");
    let _engine = engine;
    shop.program.signal("TERM")?;
    shop.program.wait(SOON)?;
    let shown = run(
        &[
            "ledger",
            "show",
            "--data",
            "data",
            "--kind",
            "logs_unmasked",
        ],
        ours.path(),
    )?;
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("logs_unmasked"), "{shown}");
    Ok(())
}
