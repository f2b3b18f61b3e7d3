//! Targets that are found in a cluster's API, which a real Prometheus asks beside us. Both must find the same targets with
//! the same labels, through bookmarks, connections that end, and a history that is gone.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::Ordering},
};

use anyhow::Context as _;
use e2e::{Http, free_port, prometheus, until};

use super::{PATIENCE, PROMISES, cluster::serve, objects::cluster, targets};
use crate::support::Running;

const ROLES: [&str; 6] = [
    "pod",
    "service",
    "endpoints",
    "endpointslice",
    "node",
    "ingress",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_clusters_targets_are_those_of_a_real_prometheus() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let kinds = Arc::new(cluster());
    let mut specs = String::new();
    let mut configs = String::from("scrape_configs:\n");
    let mut forgotten = Vec::new();
    for role in ROLES {
        // A server for each client and role, for each counts on its own place in the history.
        let (ours, gone) = serve(kinds.clone()).await?;
        let (theirs, _) = serve(kinds.clone()).await?;
        forgotten.push(gone);
        specs.push_str(&format!(
            "    {role}: {{ interval: 1h, kubernetes: [{{ role: {role}, api_server: \"http://127.0.0.1:{ours}\" }}] }}\n"
        ));
        configs.push_str(&format!(
            "- job_name: {role}\n  scrape_interval: 1h\n  kubernetes_sd_configs: [{{ role: {role}, api_server: \"http://127.0.0.1:{theirs}\" }}]\n"
        ));
    }
    let port = free_port()?;
    let prometheus = prometheus(dir.path(), &configs, port, &[])?;
    let theirs = Http::to(format!("http://127.0.0.1:{port}"))?;
    let spec =
        format!("service: {{ name: Shop, owner: sre }}\nsources:\n  scrape:\n{specs}{PROMISES}");
    let running = Running::spec(dir.path(), &spec).await?;
    let is_last = |found: &BTreeMap<String, BTreeSet<String>>| {
        let text = format!("{found:?}");
        // What only the last lists hold, of pods, services, endpoints and ingresses.
        ["fd00::3", "203.0.113.7", "10.0.0.10", "c.example.com"]
            .iter()
            .all(|part| text.contains(part))
            && ROLES.iter().all(|role| found.contains_key(*role))
    };
    let wanted = until("Prometheus's last targets", PATIENCE, async || {
        let found = targets(&theirs).await?;
        anyhow::ensure!(is_last(&found), "{found:#?}");
        Ok(Some(found))
    })
    .await
    .with_context(|| prometheus.printed())?;
    until("the same targets", PATIENCE, async || {
        let found = targets(&running.http).await?;
        if found == wanted {
            return Ok(Some(()));
        }
        let mut differ = String::new();
        for role in ROLES {
            let (a, b) = (wanted.get(role), found.get(role));
            if a != b {
                differ.push_str(&format!("{role}\n  theirs {a:#?}\n  ours {b:#?}\n"));
            }
        }
        anyhow::bail!("{differ}")
    })
    .await?;
    assert!(forgotten.iter().all(|gone| gone.load(Ordering::SeqCst) > 0));
    running.stop()?;
    Ok(())
}
