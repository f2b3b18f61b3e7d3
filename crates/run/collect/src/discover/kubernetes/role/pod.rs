//! Pods: a target for each port that a container declares, or one for a container without any.

use serde_json::Value;
use store::Labels;

use super::{
    super::labels::{Pairs, join, list, text},
    namespaced,
};

pub(super) fn targets(pod: &Value) -> Vec<Labels> {
    let ip = text(&pod["status"]["podIP"]);
    // One that has no address yet cannot be asked.
    if ip.is_empty() {
        return Vec::new();
    }
    let pairs = namespaced(pod).with(&labels(pod));
    let mut targets = Vec::new();
    for (container, is_init) in containers(pod) {
        let mut own = pairs.clone();
        own.meta("pod_container_init", is_init.to_string());
        own.text("pod_container_name", &container["name"]);
        own.text("pod_container_image", &container["image"]);
        own.meta("pod_container_id", id(pod, container, is_init));
        let mut is_alone = true;
        for port in list(&container["ports"]) {
            is_alone = false;
            let mut own = own.clone();
            own.text("pod_container_port_name", &port["name"]);
            own.text("pod_container_port_number", &port["containerPort"]);
            own.text("pod_container_port_protocol", &port["protocol"]);
            targets.push(own.target(&join(ip, &port["containerPort"])));
        }
        if is_alone {
            targets.push(own.target(ip));
        }
    }
    targets
}

pub(super) fn containers(pod: &Value) -> impl Iterator<Item = (&Value, bool)> {
    let spec = &pod["spec"];
    let plain = list(&spec["containers"]).map(|container| (container, false));
    plain.chain(list(&spec["initContainers"]).map(|container| (container, true)))
}

fn id<'p>(pod: &'p Value, container: &Value, is_init: bool) -> &'p str {
    let of = if is_init {
        "initContainerStatuses"
    } else {
        "containerStatuses"
    };
    let mut all = list(&pod["status"][of]);
    let found = all.find(|status| status["name"] == container["name"]);
    found.map_or("", |status| text(&status["containerID"]))
}

/// What is said of a pod whatever finds it.
pub(super) fn labels(pod: &Value) -> Pairs {
    let (metadata, spec, status) = (&pod["metadata"], &pod["spec"], &pod["status"]);
    let mut pairs = Pairs::default();
    pairs.object("pod", pod);
    pairs.text("pod_ip", &status["podIP"]);
    let ready = list(&status["conditions"]).find(|one| text(&one["type"]) == "Ready");
    let ready = ready.map_or("", |one| text(&one["status"])).to_lowercase();
    pairs.meta(
        "pod_ready",
        if ready.is_empty() { "unknown" } else { &ready },
    );
    pairs.text("pod_phase", &status["phase"]);
    pairs.text("pod_node_name", &spec["nodeName"]);
    pairs.text("pod_host_ip", &status["hostIP"]);
    pairs.text("pod_uid", &metadata["uid"]);
    let owner = list(&metadata["ownerReferences"]).find(|one| one["controller"] == true);
    if let Some(owner) = owner {
        pairs.text("pod_controller_kind", &owner["kind"]);
        pairs.text("pod_controller_name", &owner["name"]);
    }
    pairs
}
