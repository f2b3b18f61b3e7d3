//! The objects of a small cluster, in the shapes of the Kubernetes API reference 1.33.

use serde_json::{Value, json};

/// What a cluster says of one kind of object, before and after its history is forgotten.
pub(super) struct Kind {
    pub path: &'static str,
    /// Its name and the version of its group.
    pub kind: (&'static str, &'static str),
    pub first: Vec<Value>,
    pub changes: Vec<Value>,
    pub last: Vec<Value>,
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

pub(super) fn event(kind: &str, object: Value) -> Value {
    json!({"type": kind, "object": object})
}

pub(super) fn cluster() -> Vec<Kind> {
    vec![
        Kind {
            path: "/api/v1/pods",
            kind: ("Pod", "v1"),
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
            kind: ("Service", "v1"),
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
            kind: ("Endpoints", "v1"),
            first: vec![endpoints("10.0.0.1", "10.0.0.9")],
            changes: vec![event("MODIFIED", endpoints("10.0.0.11", "10.0.0.9"))],
            last: vec![endpoints("10.0.0.11", "10.0.0.10")],
        },
        Kind {
            path: "/apis/discovery.k8s.io/v1/endpointslices",
            kind: ("EndpointSlice", "discovery.k8s.io/v1"),
            first: vec![slice("10.0.0.1")],
            changes: vec![event("MODIFIED", slice("10.0.0.11"))],
            last: vec![slice("10.0.0.11")],
        },
        Kind {
            path: "/api/v1/nodes",
            kind: ("Node", "v1"),
            first: vec![node("node-1", "192.168.0.1")],
            changes: vec![event("ADDED", node("node-2", "192.168.0.2"))],
            last: vec![node("node-1", "192.168.0.1"), node("node-2", "192.168.0.2")],
        },
        Kind {
            path: "/apis/networking.k8s.io/v1/ingresses",
            kind: ("Ingress", "networking.k8s.io/v1"),
            first: vec![ingress("a.example.com")],
            changes: vec![event("MODIFIED", ingress("b.example.com"))],
            last: vec![ingress("c.example.com")],
        },
    ]
}
