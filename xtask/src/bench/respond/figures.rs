//! How fast and how large, beside the real Alertmanager in the same run: the same alerts, the same receiver.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::ensure;
use serde_json::{Value, json};

use super::{Far, after, spec};
use crate::bench::instance::Instance;

/// Alerts that begin to fire at once.
const AT_ONCE: usize = 1_000;
/// Alerts that are listed.
const LISTED: usize = 10_000;
/// Alerts that are held.
pub const HELD: usize = 50_000;
/// Alerts in a minute.
const FLOOD: usize = 100_000;
/// Alerts in one request, as Prometheus sends them.
const BATCH: usize = 256;
/// Requests for the list; the median of an odd number is one of them.
const ASKS: usize = 21;
/// How long pages may take before they count as lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// One of the two, with its own receiver and data.
struct Side {
    name: &'static str,
    instance: Instance,
    far: Far,
}

pub fn run(
    binary: &Path,
    peers: &Path,
    folder: &Path,
    tell: &dyn Fn(String),
) -> anyhow::Result<()> {
    for name in ["Tegata", "Alertmanager"] {
        let folder = folder.join(name);
        fs::create_dir_all(&folder)?;
        let start = || {
            if name == "Tegata" {
                ours(binary, &folder)
            } else {
                theirs(peers, &folder)
            }
        };
        let side = start()?;
        for measure in [at_once, listed, held, flood] {
            tell(measure(&side)?);
        }
    }
    Ok(())
}

fn ours(binary: &Path, folder: &Path) -> anyhow::Result<Side> {
    let far = Far::start()?;
    let file = folder.join("spec.yaml");
    fs::write(
        &file,
        spec(
            &far,
            "group_by: [alertname], group_wait: 0s, group_interval: 5s",
        ),
    )?;
    Ok(Side {
        name: "Tegata",
        instance: Instance::start(binary, &file, &folder.join("data"))?,
        far,
    })
}

fn theirs(peers: &Path, folder: &Path) -> anyhow::Result<Side> {
    let far = Far::start()?;
    let file = folder.join("alertmanager.yml");
    let address = far.address;
    fs::write(
        &file,
        format!(
            "route: {{ receiver: far, group_by: [alertname], group_wait: 0s, group_interval: 5s, repeat_interval: 1h }}\n\
             receivers: [ {{ name: far, webhook_configs: [ {{ url: 'http://{address}/' }} ] }} ]\n"
        ),
    )?;
    let listen = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let mut command = Command::new(peers.join("prometheus-alertmanager"));
    command
        .arg(format!("--config.file={}", file.display()))
        .arg(format!("--storage.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address={listen}"))
        .args(["--cluster.listen-address=", "--log.level=error"]);
    Ok(Side {
        name: "Alertmanager",
        instance: Instance::of(command, listen, "/-/ready")?,
        far,
    })
}

/// From before the first request to when the receiver was told, for each alert; each is a group of its own.
fn at_once(side: &Side) -> anyhow::Result<String> {
    let names: Vec<String> = (0..AT_ONCE).map(|n| format!("at-once-{n}/{n}")).collect();
    let begun = Instant::now();
    fire(&side.instance, &names)?;
    let until = begun + PATIENCE;
    while side.far.heard().first.len() < AT_ONCE {
        ensure!(
            Instant::now() < until,
            "{}: {} of {AT_ONCE} were told",
            side.name,
            side.far.heard().first.len()
        );
        thread::sleep(Duration::from_millis(5));
    }
    let mut took: Vec<f64> = side
        .far
        .heard()
        .first
        .values()
        .map(|at| at.duration_since(begun).as_secs_f64())
        .collect();
    took.sort_by(f64::total_cmp);
    Ok(format!(
        "{}: {AT_ONCE} alerts in as many groups begin at once; from the first request to the receiver | p50 {:.2} s, p99 {:.2} s",
        side.name,
        took[AT_ONCE / 2],
        took[AT_ONCE * 99 / 100]
    ))
}

fn listed(side: &Side) -> anyhow::Result<String> {
    fire(&side.instance, &names("listed", LISTED - AT_ONCE))?;
    let mut millis = Vec::with_capacity(ASKS);
    let mut count = 0;
    for _ in 0..ASKS {
        let answer = side.instance.ask("/api/v2/alerts")?;
        millis.push(answer.last_byte.as_secs_f64() * 1e3);
        count = answer.text.matches("\"fingerprint\"").count();
    }
    // An answer that comes in chunks cuts a few names in two.
    ensure!(
        count * 100 > LISTED * 98,
        "{}: {count} alerts are listed",
        side.name
    );
    millis.sort_by(f64::total_cmp);
    Ok(format!(
        "{}: `GET /api/v2/alerts` with {LISTED} alerts, median of {ASKS} | {:.0} ms",
        side.name,
        millis[ASKS / 2]
    ))
}

fn held(side: &Side) -> anyhow::Result<String> {
    fire(&side.instance, &names("held", HELD - LISTED))?;
    // Everything is told and at rest.
    thread::sleep(Duration::from_secs(15));
    let mib = side.instance.resident_kib()? as f64 / 1024.0;
    Ok(format!(
        "{}: memory with {HELD} alerts that fire | {mib:.0} MiB",
        side.name
    ))
}

fn flood(side: &Side) -> anyhow::Result<String> {
    let begun = Instant::now();
    let (mut taken, mut refused) = (0, 0);
    for batch in names("flood", FLOOD).chunks(BATCH) {
        match side
            .instance
            .post("/api/v2/alerts", &body(batch).to_string())?
        {
            (200, _) => taken += batch.len(),
            _ => refused += batch.len(),
        }
    }
    let took = begun.elapsed().as_secs_f64();
    let mib = side.instance.resident_kib()? as f64 / 1024.0;
    Ok(format!(
        "{}: a flood of {FLOOD} alerts more, as fast as they are taken | {taken} taken and {refused} in batches that were refused in part, in {took:.1} s; {mib:.0} MiB",
        side.name
    ))
}

pub fn names(group: &str, count: usize) -> Vec<String> {
    // A hundred groups, as many alertnames as a large team has.
    (0..count)
        .map(|n| format!("{group}-{}/{n}", n % 100))
        .collect()
}

pub fn fire(instance: &Instance, names: &[String]) -> anyhow::Result<()> {
    for batch in names.chunks(BATCH) {
        let (status, text) = instance.post("/api/v2/alerts", &body(batch).to_string())?;
        ensure!(status == 200, "alerts were answered {status}: {text}");
    }
    Ok(())
}

/// Alerts of about the size that Prometheus sends: eight labels, two annotations.
fn body(names: &[String]) -> Value {
    let ends = after(3_600);
    let alerts = names.iter().map(|name| {
        let (group, n) = name.split_once('/').unwrap_or((name, ""));
        json!({
            "labels": {
                "alertname": group, "n": n, "severity": "warning", "job": "payments-api",
                "instance": format!("10.0.{}.17:9100", n.len()), "cluster": "tokyo-1", "namespace": "payments",
                "pod": format!("payments-api-7d9c5b6f8-{n}"),
            },
            "annotations": {
                "summary": format!("payments-api {n} answers slowly"),
                "description": "the 99th percentile of the last five minutes is above 800 ms; see the runbook",
            },
            "endsAt": ends,
            "generatorURL": "http://prometheus.example:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1",
        })
    });
    Value::Array(alerts.collect())
}
