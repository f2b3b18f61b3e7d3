//! Targets that are found: in a real DNS server, and in a cluster's API that a real Prometheus asks beside us. Both must
//! find the same targets with the same labels, through bookmarks, connections that end, and a history that is gone.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use e2e::{Http, Program, free_port, peer, until};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

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

/// What a cluster says of one kind of object, before and after its history is forgotten.
struct Kind {
    path: &'static str,
    first: Vec<Value>,
    changes: Vec<Value>,
    last: Vec<Value>,
}

fn pod(name: &str, ip: &str, version: &str) -> Value {
    json!({
        "metadata": {"name": name, "namespace": "pay", "uid": format!("uid-{name}"), "resourceVersion": version,
            "labels": {"app.kubernetes.io/name": "shop", "tier": "web"},
            "annotations": {"prometheus.io/scrape": "true", "note": "日本語"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "shop-5d", "uid": "r", "controller": true}]},
        "spec": {"nodeName": "node-1", "containers": [
            {"name": "web", "image": "shop:1.2", "ports": [
                {"name": "http", "containerPort": 8080, "protocol": "TCP"},
                {"name": "metrics", "containerPort": 9090, "protocol": "TCP"}]},
            {"name": "sidecar", "image": "envoy:1"}],
            "initContainers": [{"name": "init", "image": "init:1", "ports": [{"containerPort": 7000, "protocol": "UDP"}]}]},
        "status": {"podIP": ip, "hostIP": "192.168.0.1", "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": "web", "containerID": "containerd://abc"}],
            "initContainerStatuses": [{"name": "init", "containerID": "containerd://def"}]}
    })
}

fn service(name: &str, kind: &str) -> Value {
    let mut spec = json!({"type": kind, "clusterIP": "10.96.0.7",
        "ports": [{"name": "http", "port": 80, "protocol": "TCP"}, {"port": 443, "protocol": "TCP"}]});
    if kind == "ExternalName" {
        spec["externalName"] = "shop.example.com".into();
    }
    if kind == "LoadBalancer" {
        spec["loadBalancerIP"] = "203.0.113.7".into();
    }
    json!({"metadata": {"name": name, "namespace": "pay", "resourceVersion": "3",
        "labels": {"app": "shop"}, "annotations": {"a/b": "c"}}, "spec": spec})
}

fn endpoints(ready: &str, waiting: &str) -> Value {
    let target = |pod: &str| json!({"kind": "Pod", "name": pod, "namespace": "pay"});
    json!({"metadata": {"name": "shop", "namespace": "pay", "resourceVersion": "4", "labels": {"l": "1"},
            "annotations": {"x": "y"}},
        "subsets": [{
            "addresses": [{"ip": ready, "nodeName": "node-1", "hostname": "h1", "targetRef": target("shop-1")},
                {"ip": "10.9.9.9"}],
            "notReadyAddresses": [{"ip": waiting, "targetRef": target("absent")}],
            "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}]}]})
}

fn slice(address: &str) -> Value {
    json!({"metadata": {"name": "shop-abc", "namespace": "pay", "resourceVersion": "4",
            "labels": {"kubernetes.io/service-name": "shop"}, "annotations": {"x": "y"}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP", "appProtocol": "http"}],
        "endpoints": [
            {"addresses": [address], "hostname": "h1", "nodeName": "node-1", "zone": "z1",
                "conditions": {"ready": true, "serving": true, "terminating": false},
                "targetRef": {"kind": "Pod", "name": "shop-1", "namespace": "pay"},
                "deprecatedTopology": {"topology.kubernetes.io/region": "r1"}},
            {"addresses": ["10.8.8.8"], "conditions": {"ready": false}}]})
}

fn node(name: &str, address: &str) -> Value {
    json!({"metadata": {"name": name, "resourceVersion": "2", "labels": {"kubernetes.io/os": "linux"},
            "annotations": {"n": "1"}},
        "spec": {"providerID": "aws:///x"},
        "status": {"addresses": [{"type": "Hostname", "address": name}, {"type": "InternalIP", "address": address}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}}}})
}

fn ingress(host: &str) -> Value {
    let backend = json!({"service": {"name": "shop", "port": {"number": 80}}});
    json!({"metadata": {"name": "front", "namespace": "pay", "resourceVersion": "2", "labels": {"i": "1"},
            "annotations": {"k": "v"}},
        "spec": {"ingressClassName": "nginx", "tls": [{"hosts": ["*.example.com"]}],
            "rules": [
                {"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend},
                    {"path": "/buy", "pathType": "Prefix", "backend": backend}]}},
                {"host": "plain.test"}]}})
}

fn event(kind: &str, object: Value) -> Value {
    json!({"type": kind, "object": object})
}

fn cluster() -> Vec<Kind> {
    vec![
        Kind {
            path: "/api/v1/pods",
            first: vec![pod("shop-1", "10.0.0.1", "5"), pod("old", "10.0.0.3", "5")],
            changes: vec![
                event("ADDED", pod("shop-2", "10.0.0.2", "11")),
                event("MODIFIED", pod("shop-1", "10.0.0.11", "12")),
                event("DELETED", pod("old", "10.0.0.3", "13")),
            ],
            last: vec![
                pod("shop-1", "10.0.0.11", "12"),
                pod("shop-3", "fd00::3", "41"),
            ],
        },
        Kind {
            path: "/api/v1/services",
            first: vec![service("shop", "ClusterIP")],
            changes: vec![event("ADDED", service("outside", "ExternalName"))],
            last: vec![
                service("shop", "ClusterIP"),
                service("outside", "ExternalName"),
                service("front", "LoadBalancer"),
            ],
        },
        Kind {
            path: "/api/v1/endpoints",
            first: vec![endpoints("10.0.0.1", "10.0.0.9")],
            changes: vec![event("MODIFIED", endpoints("10.0.0.11", "10.0.0.9"))],
            last: vec![endpoints("10.0.0.11", "10.0.0.10")],
        },
        Kind {
            path: "/apis/discovery.k8s.io/v1/endpointslices",
            first: vec![slice("10.0.0.1")],
            changes: vec![event("MODIFIED", slice("10.0.0.11"))],
            last: vec![slice("10.0.0.11")],
        },
        Kind {
            path: "/api/v1/nodes",
            first: vec![node("node-1", "192.168.0.1")],
            changes: vec![event("ADDED", node("node-2", "192.168.0.2"))],
            last: vec![node("node-1", "192.168.0.1"), node("node-2", "192.168.0.2")],
        },
        Kind {
            path: "/apis/networking.k8s.io/v1/ingresses",
            first: vec![ingress("a.example.com")],
            changes: vec![event("MODIFIED", ingress("b.example.com"))],
            last: vec![ingress("c.example.com")],
        },
    ]
}

/// An API server for one client: each kind is listed, watched up to a bookmark, the connection ends; the watch that goes
/// on from there is told that the version is gone; then the list has moved on, and the last watch stays.
async fn serve(kinds: Arc<Vec<Kind>>) -> anyhow::Result<(u16, Arc<AtomicUsize>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let forgotten = Arc::new(AtomicUsize::new(0));
    let told = forgotten.clone();
    let gone: Arc<Vec<AtomicUsize>> = Arc::new(kinds.iter().map(|_| AtomicUsize::new(0)).collect());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (kinds, gone, told) = (kinds.clone(), gone.clone(), told.clone());
            tokio::spawn(async move {
                let _ = answer(stream, &kinds, &gone, &told).await;
            });
        }
    });
    Ok((port, forgotten))
}

async fn answer(
    mut stream: TcpStream,
    kinds: &[Kind],
    gone: &[AtomicUsize],
    told: &AtomicUsize,
) -> anyhow::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.ends_with(b"\r\n\r\n") {
        let length = stream.read(&mut buffer).await?;
        anyhow::ensure!(length > 0, "it ended");
        request.extend_from_slice(&buffer[..length]);
    }
    let text = String::from_utf8(request)?;
    let target = text.split(' ').nth(1).context("no target")?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let of = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(given, _)| *given == name)
            .map(|(_, value)| value.to_owned())
    };
    let whole = async |stream: &mut TcpStream, status: &str, body: Value| -> anyhow::Result<()> {
        let body = body.to_string();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        Ok(stream.write_all(body.as_bytes()).await?)
    };
    let Some(place) = kinds.iter().position(|kind| kind.path == path) else {
        let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404});
        return whole(&mut stream, "404 Not Found", status).await;
    };
    let (kind, is_gone) = (&kinds[place], gone[place].load(Ordering::SeqCst) > 0);
    if of("sendInitialEvents").is_some() {
        let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Invalid", "code": 422});
        return whole(&mut stream, "422 Unprocessable Entity", status).await;
    }
    if of("watch").is_none() {
        let (version, items) = match is_gone {
            false => ("10", &kind.first),
            true => ("50", &kind.last),
        };
        let list = json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": version}, "items": items});
        return whole(&mut stream, "200 OK", list).await;
    }
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    let version = of("resourceVersion").unwrap_or_default();
    let events = match version.as_str() {
        "10" => {
            let mut events = kind.changes.clone();
            let bookmark = json!({"metadata": {"resourceVersion": "30"}});
            events.push(event("BOOKMARK", bookmark));
            events
        }
        "50" => {
            std::future::pending::<()>().await;
            Vec::new()
        }
        _ => {
            gone[place].store(1, Ordering::SeqCst);
            told.fetch_add(1, Ordering::SeqCst);
            let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 410,
                "reason": "Expired", "message": "too old resource version"});
            vec![event("ERROR", status)]
        }
    };
    for mut event in events {
        // The API names the kind in each object of a watch.
        let kind = match path.rsplit('/').next() {
            Some("pods") => ("Pod", "v1"),
            Some("services") => ("Service", "v1"),
            Some("endpoints") => ("Endpoints", "v1"),
            Some("endpointslices") => ("EndpointSlice", "discovery.k8s.io/v1"),
            Some("nodes") => ("Node", "v1"),
            _ => ("Ingress", "networking.k8s.io/v1"),
        };
        if event["type"] != "ERROR" {
            event["object"]["kind"] = kind.0.into();
            event["object"]["apiVersion"] = kind.1.into();
        }
        stream.write_all(format!("{event}\n").as_bytes()).await?;
    }
    // Long enough for both to take in what came before the connection ends.
    tokio::time::sleep(Duration::from_secs(2)).await;
    Ok(())
}

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
    std::fs::write(dir.path().join("prometheus.yml"), configs)?;
    let port = free_port()?;
    let mut command = peer("prometheus")?;
    command
        .arg(format!(
            "--config.file={}",
            dir.path().join("prometheus.yml").display()
        ))
        .arg(format!(
            "--storage.tsdb.path={}",
            dir.path().join("tsdb").display()
        ))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"));
    let _prometheus = Program::start(command, "prometheus", dir.path())?;
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
        Ok(is_last(&found).then_some(found))
    })
    .await?;
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
