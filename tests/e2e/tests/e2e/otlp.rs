//! The OpenTelemetry SDK as a sender, over HTTP and over gRPC: what it observed is what we answer with, and its logs and
//! spans are the records that it sent. The Prometheus of Debian is built without a receiver of OTLP, so that the names of
//! series are those of the OpenTelemetry specification (Prometheus compatibility) and not a peer's.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::{Context as _, ensure};
use e2e::{Http, python};
use serde_json::Value;

use crate::support::Running;

const SPEC: &str = "\
service: { name: Shop, owner: sre }
sources: { receive: { otlp: { logs: app, traces: spans } } }
promises:
  failed: { kind: log_count, logs: 'stream:app AND status:failed', at_most: 0, window: 1h }
  slow: { kind: log_count, logs: 'stream:spans AND name:charge AND status:error', at_most: 0, window: 1h }
  warm: { kind: threshold, query: 'min(temperature_celsius{place=\"東京\"})', at_least: 21 }
";

const PATIENCE: Duration = Duration::from_secs(60);

/// Lets the SDK send; what it says of what it sent. gRPC and HTTP answer on one port.
fn send(protocol: &str, to: &Http) -> anyhow::Result<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/otlp/send.py");
    let output = python()?
        .arg(script)
        .args([protocol, &format!("i-{protocol}"), &to.url("")])
        .env("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
        .stderr(Stdio::piped())
        .output()?;
    ensure!(
        output.status.success(),
        "the sender ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).context("the sender said no JSON")
}

async fn first(http: &Http, query: &str) -> anyhow::Result<Value> {
    let escaped: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let mut answer = http.json(&format!("/api/v1/query?query={escaped}")).await?;
    Ok(answer["data"]["result"][0].take())
}

async fn sends(protocol: &str) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let running = Running::spec(dir.path(), SPEC).await?;
    let told = send(protocol, &running.http)?;
    assert_eq!(told["failed"], 0, "an export failed");

    // What the SDK observed: 3 + 1 orders were paid; of the seven times 1, 20, 20.5, 300, 2500, 7000, 12345.678 three are
    // up to 25 and five up to 2500; eleven sizes.
    for (query, value) in [
        (
            "shop_orders_total{paid=\"true\",card=\"[redacted:pan]\"}",
            "4",
        ),
        (
            "shop_orders_total{paid=\"false\",http_route=\"/buy/{id}\"}",
            "4",
        ),
        ("volume_bytes_total", "1000000000000.5"),
        ("stock_level", "7.5"),
        ("cpu_share_ratio", "0.25"),
        ("temperature_celsius{place=\"東京\"}", "21.5"),
        (
            "http_server_duration_milliseconds_bucket{le=\"25\",http_method=\"GET\"}",
            "3",
        ),
        ("http_server_duration_milliseconds_bucket{le=\"2500\"}", "5"),
        (
            "http_server_duration_milliseconds_bucket{le=\"10000\"}",
            "6",
        ),
        ("http_server_duration_milliseconds_bucket{le=\"+Inf\"}", "7"),
        ("http_server_duration_milliseconds_count", "7"),
        ("http_server_duration_milliseconds_sum", "22187.178"),
        ("histogram_count(http_response_size_bytes)", "11"),
        ("histogram_sum(http_response_size_bytes)", "1001001171.501"),
        ("target_info{deployment_environment=\"test\"}", "1"),
    ] {
        let found = first(&running.http, query).await?;
        assert_eq!(found["value"][1], value, "{query}: {found}");
    }
    let found = first(&running.http, "http_response_size_bytes").await?;
    assert_eq!(found["metric"]["job"], "pay/shop");
    assert_eq!(found["metric"]["instance"], format!("i-{protocol}"));
    assert_eq!(
        buckets(&found["histogram"][1]["buckets"])?,
        sdk_buckets(&told["size"])?
    );

    for id in ["failed", "slow"] {
        running.until_state(id, &["broken"], PATIENCE).await?;
    }
    running.until_state("warm", &["kept"], PATIENCE).await?;
    running.stop()?;
    // Nothing that was stored holds the card.
    let data = dir.path().join("data");
    let grep = std::process::Command::new("grep")
        .args(["-rlaE", "4242 ?4242 ?4242 ?4242"])
        .arg(&data)
        .output()?;
    assert_eq!(String::from_utf8_lossy(&grep.stdout), "");
    Ok(())
}

/// Upper bounds and counts of the buckets above zero, as the API tells them.
fn buckets(told: &Value) -> anyhow::Result<Vec<(String, f64)>> {
    let mut found = Vec::new();
    for bucket in told.as_array().context("no buckets")? {
        let text = |place: usize| bucket[place].as_str().unwrap_or_default();
        let (upper, count): (f64, f64) = (text(2).parse()?, text(3).parse()?);
        if upper > 1e-100 && count > 0.0 {
            found.push((format!("{upper:.6e}"), count));
        }
    }
    Ok(found)
}

/// OpenTelemetry's bucket i ends at 2^((i + 1) / 2^scale).
fn sdk_buckets(size: &Value) -> anyhow::Result<Vec<(String, f64)>> {
    let width = 2f64.powf(-size["scale"].as_f64().context("no scale")?);
    let offset = size["offset"].as_f64().context("no offset")?;
    let counts = size["counts"].as_array().context("no counts")?;
    let counts = counts
        .iter()
        .map(|count| count.as_f64().unwrap_or_default());
    let ends = (0..).map(|i| (width * (offset + f64::from(i) + 1.0)).exp2());
    let all = ends.zip(counts).filter(|(_, count)| *count > 0.0);
    Ok(all
        .map(|(upper, count)| (format!("{upper:.6e}"), count))
        .collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_sdk_sends_over_http_is_what_we_answer_with() -> anyhow::Result<()> {
    sends("http").await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_sdk_sends_over_grpc_is_what_we_answer_with() -> anyhow::Result<()> {
    sends("grpc").await
}
