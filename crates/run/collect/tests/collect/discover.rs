//! Targets that come and go while we run: lists in files, and a cluster's objects.

use std::fs;

use promise::unit::Span;
use spec::section::{
    discovery::{KubernetesDiscovery, Role},
    relabel::Relabel,
    source::Scrape,
};
use store::metrics::is_stale;
use tokio::io::AsyncWriteExt;

use crate::{
    house::{House, reply, says, server, sources, value},
    relabel::wait,
};

fn job() -> Scrape {
    Scrape {
        interval: Span::secs(1),
        timeout: Span::secs(1),
        ..Scrape::default()
    }
}

fn found(house: &House) -> Vec<String> {
    let rows = house.handle.targets().into_iter();
    rows.filter_map(|row| Some(row.target?.labels.get("instance").to_owned()))
        .collect()
}

#[tokio::test]
async fn a_list_that_changes_is_followed_and_a_broken_one_keeps_what_it_said() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (says(b"a 1\n").await, says(b"a 2\n").await);
    let list = folder.path().join("targets.json");
    let write = |text: String| {
        let new = folder.path().join("new");
        fs::write(&new, text).unwrap();
        fs::rename(&new, &list).unwrap();
    };
    write(format!(
        "[{{\"targets\":[\"{one}\"],\"labels\":{{\"env\":\"x\"}}}}]"
    ));
    let job = Scrape {
        files: vec!["targets.*".to_owned()],
        ..job()
    };
    let mut house = House::in_folder(&sources("j", job), folder.path());
    let round = house.round(&format!("j/{one}")).await;
    let series = format!("a{{env=\"x\", instance=\"{one}\", job=\"j\"}}");
    assert_eq!(value(&round, &series), Some(1.0));

    write("[{\"targets\":".to_owned());
    let told = |house: &House| {
        let rows = house.handle.targets().into_iter();
        rows.filter_map(|row| Some(row.error?.en))
            .any(|why| why.contains("targets.json cannot be read"))
    };
    wait(|| told(&house)).await;
    assert!(told(&house));
    assert_eq!(found(&house), std::slice::from_ref(&one));

    // Another target takes its place: the first ends its series.
    write(format!("[{{\"targets\":[\"{two}\"]}}]"));
    loop {
        let round = house.round(&format!("j/{one}")).await;
        if value(&round, &series).is_some_and(is_stale) {
            let up = format!("up{{env=\"x\", instance=\"{one}\", job=\"j\"}}");
            assert!(value(&round, &up).is_some_and(is_stale));
            break;
        }
    }
    house.round(&format!("j/{two}")).await;
    assert_eq!(found(&house), [two]);
    house.end().await;
}

const POD: &str = r#"{"metadata":{"name":"shop-1","namespace":"pay","uid":"u1","resourceVersion":"5",
 "labels":{"app.kubernetes.io/name":"shop"},"annotations":{"prometheus.io/scrape":"true"},
 "ownerReferences":[{"kind":"ReplicaSet","name":"shop","controller":true}]},
 "spec":{"nodeName":"n1","containers":[{"name":"web","image":"shop:1","ports":[
   {"name":"http","containerPort":8080,"protocol":"TCP"},{"name":"metrics","containerPort":9090,"protocol":"TCP"}]}],
   "initContainers":[{"name":"init","image":"init:1"}]},
 "status":{"podIP":"10.0.0.1","hostIP":"192.168.0.1","phase":"Running",
   "conditions":[{"type":"Ready","status":"True"}],
   "containerStatuses":[{"name":"web","containerID":"containerd://abc"}]}}"#;

/// A cluster with one pod; a second comes by the watch, and then the first goes.
async fn cluster() -> String {
    let second = POD
        .replace("shop-1", "shop-2")
        .replace("10.0.0.1", "10.0.0.2")
        .replace('\n', "");
    let first = POD.replace('\n', "");
    server(move |_, request, mut stream| {
        let (first, second) = (first.clone(), second.clone());
        async move {
            let good = request.contains("authorization: Bearer s3cret")
                && request.starts_with("GET /api/v1/namespaces/pay/pods?");
            if !good {
                return reply(stream, "403 Forbidden", b"").await;
            }
            if !request.contains("watch=1") {
                let list = format!("{{\"metadata\":{{\"resourceVersion\":\"7\"}},\"items\":[{first}]}}");
                return reply(stream, "200 OK", list.as_bytes()).await;
            }
            assert!(request.contains("resourceVersion=7"), "{request}");
            let events = format!(
                "{{\"type\":\"ADDED\",\"object\":{second}}}\n{{\"type\":\"DELETED\",\"object\":{first}}}\n"
            );
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            let _ = stream.write_all(events.as_bytes()).await;
            std::future::pending::<()>().await;
        }
    })
    .await
}

#[tokio::test]
async fn pods_become_targets_with_prometheus_labels_and_are_followed() {
    let api = cluster().await;
    let kubernetes = KubernetesDiscovery {
        api_server: Some(format!("http://{api}")),
        bearer: Some(spec::section::receiver::Secret::Env("TOKEN".to_owned())),
        namespaces: vec!["pay".to_owned()],
        ..KubernetesDiscovery::of(Role::Pod)
    };
    let keep = Relabel {
        source_labels: vec!["__meta_kubernetes_pod_container_port_name".to_owned()],
        regex: "metrics".to_owned(),
        action: spec::section::relabel::Action::Keep,
        ..Relabel::default()
    };
    let job = Scrape {
        kubernetes: vec![kubernetes],
        relabel_configs: vec![keep],
        ..job()
    };
    let house = House::start(&sources("k", job));
    wait(|| found(&house) == ["10.0.0.2:9090"]).await;
    assert_eq!(found(&house), ["10.0.0.2:9090"]);
    let detail = house
        .handle
        .targets()
        .into_iter()
        .find_map(|row| row.target)
        .unwrap();
    // The names of Prometheus's documentation of `kubernetes_sd_config`, role `pod`.
    for (name, value) in [
        ("namespace", "pay"),
        ("pod_name", "shop-2"),
        ("pod_ip", "10.0.0.2"),
        ("pod_label_app_kubernetes_io_name", "shop"),
        ("pod_labelpresent_app_kubernetes_io_name", "true"),
        ("pod_annotation_prometheus_io_scrape", "true"),
        ("pod_annotationpresent_prometheus_io_scrape", "true"),
        ("pod_container_init", "false"),
        ("pod_container_name", "web"),
        ("pod_container_id", "containerd://abc"),
        ("pod_container_image", "shop:1"),
        ("pod_container_port_name", "metrics"),
        ("pod_container_port_number", "9090"),
        ("pod_container_port_protocol", "TCP"),
        ("pod_ready", "true"),
        ("pod_phase", "Running"),
        ("pod_node_name", "n1"),
        ("pod_host_ip", "192.168.0.1"),
        ("pod_uid", "u1"),
        ("pod_controller_kind", "ReplicaSet"),
        ("pod_controller_name", "shop"),
    ] {
        let name = format!("__meta_kubernetes_{name}");
        assert_eq!(detail.discovered.get(&name), value, "{name}");
    }
    // The other port and the container without one were found, and dropped.
    let mut dropped: Vec<String> = house
        .handle
        .dropped()
        .into_iter()
        .map(|(_, labels)| labels.get("__address__").to_owned())
        .collect();
    dropped.sort();
    assert_eq!(dropped, ["10.0.0.2", "10.0.0.2:8080"]);
    house.end().await;
}
