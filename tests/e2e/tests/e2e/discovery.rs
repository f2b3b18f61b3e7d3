//! Targets that are found: in a real DNS server, and in a cluster.

mod cluster;
mod kubernetes;
mod objects;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
    time::Duration,
};

use e2e::{Http, Program, free_port, until};

use crate::support::Running;

const PATIENCE: Duration = Duration::from_secs(60);

const PROMISES: &str = "promises: { up: { kind: threshold, query: 'min(up)', at_least: 1 } }\n";

/// The labels of each target by which it was found, job by job.
async fn targets(http: &Http) -> anyhow::Result<BTreeMap<String, BTreeSet<String>>> {
    let answer = http.json("/api/v1/targets?state=active").await?;
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for target in answer["data"]["activeTargets"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let labels: BTreeMap<String, String> =
            serde_json::from_value(target["discoveredLabels"].clone())?;
        let told: BTreeMap<&String, &String> = labels
            .iter()
            .filter(|(name, _)| name.starts_with("__meta_") || *name == "__address__")
            .collect();
        let job = target["scrapePool"].as_str().unwrap_or_default().to_owned();
        found.entry(job).or_default().insert(format!("{told:?}"));
    }
    Ok(found)
}

fn dnsmasq(dir: &Path, port: u16, records: &[&str]) -> anyhow::Result<Program> {
    let mut command = Command::new("/usr/sbin/dnsmasq");
    command
        .args([
            "--keep-in-foreground",
            "--no-resolv",
            "--no-hosts",
            "--bind-interfaces",
        ])
        .args([
            "--conf-file=/dev/null",
            "--listen-address=127.0.0.1",
            "--pid-file=",
        ])
        .args(["--user=root", "--local=/test/"])
        .arg(format!("--port={port}"))
        .args(records);
    Program::start(command, "dnsmasq", dir)
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_a_real_dns_server_are_targets() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let port = free_port()?;
    let records = [
        "--srv-host=_metrics._tcp.shop.test,a.shop.test,9100,1,10",
        "--srv-host=_metrics._tcp.shop.test,b.shop.test,9200,2,5",
        "--host-record=a.shop.test,10.0.0.1,fd00::1",
        "--host-record=b.shop.test,10.0.0.2",
        "--mx-host=shop.test,mail.shop.test,10",
    ];
    let mut dns = dnsmasq(dir.path(), port, &records)?;
    let job = |name: &str, kind: &str| {
        format!(
            "    {kind}: {{ interval: 1h, dns: [{{ names: [{name}], type: {kind}, port: 9300, interval: 1s, server: \"127.0.0.1:{port}\" }}] }}\n"
        )
    };
    let spec = format!(
        "service: {{ name: Shop, owner: sre }}\nsources:\n  scrape:\n{}{}{}{}{PROMISES}",
        job("_metrics._tcp.shop.test", "SRV"),
        job("a.shop.test", "A"),
        job("a.shop.test", "AAAA"),
        job("shop.test", "MX"),
    );
    let running = Running::spec(dir.path(), &spec).await?;
    // The names of Prometheus's documentation of `dns_sd_config`; a target of SRV is written with its final dot.
    let labels = |pairs: &[(&str, &str)]| {
        let sorted: BTreeMap<&str, &str> = pairs.iter().copied().collect();
        format!("{sorted:?}")
    };
    let srv = |host: &str, port: &str| {
        labels(&[
            ("__address__", &format!("{host}:{port}")),
            ("__meta_dns_name", "_metrics._tcp.shop.test"),
            ("__meta_dns_srv_record_port", port),
            ("__meta_dns_srv_record_target", &format!("{host}.")),
        ])
    };
    let one = |address: &str, name: &str| {
        BTreeSet::from([labels(&[
            ("__address__", address),
            ("__meta_dns_name", name),
        ])])
    };
    let expected = BTreeMap::from([
        (
            "SRV".to_owned(),
            BTreeSet::from([srv("a.shop.test", "9100"), srv("b.shop.test", "9200")]),
        ),
        ("A".to_owned(), one("10.0.0.1:9300", "a.shop.test")),
        ("AAAA".to_owned(), one("[fd00::1]:9300", "a.shop.test")),
        (
            "MX".to_owned(),
            BTreeSet::from([labels(&[
                ("__address__", "mail.shop.test:9300"),
                ("__meta_dns_mx_record_target", "mail.shop.test."),
                ("__meta_dns_name", "shop.test"),
            ])]),
        ),
    ]);
    let found = async |wanted: &BTreeMap<String, BTreeSet<String>>| {
        until("the targets", PATIENCE, async || {
            let found = targets(&running.http).await?;
            if found == *wanted {
                return Ok(Some(()));
            }
            anyhow::bail!("{found:#?}")
        })
        .await
    };
    found(&expected).await?;
    // A server that does not answer takes nothing away; one that answers otherwise does.
    dns.kill()?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    found(&expected).await?;
    let _dns = dnsmasq(dir.path(), port, &records[1..])?;
    let mut fewer = expected.clone();
    fewer.insert(
        "SRV".to_owned(),
        BTreeSet::from([srv("b.shop.test", "9200")]),
    );
    found(&fewer).await?;
    running.stop()?;
    Ok(())
}
