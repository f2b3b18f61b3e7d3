//! Endpoints of services, old (`Endpoints`) and new (`EndpointSlice`), with what is known of their services and
//! pods.

use serde_json::Value;
use store::Labels;

use super::{
    super::{
        World,
        labels::{Pairs, join, list, sanitized, text},
    },
    POD, SERVICE, find, namespaced, pod,
};

pub(super) fn targets(object: &Value, world: &World) -> Vec<Labels> {
    let mut pairs = namespaced(object);
    pairs.object("endpoints", object);
    let metadata = &object["metadata"];
    let (namespace, name) = (text(&metadata["namespace"]), text(&metadata["name"]));
    let pairs = pairs.with(&service_labels(world, namespace, name));
    let mut all = All::new(world, namespace);
    for subset in list(&object["subsets"]) {
        for port in list(&subset["ports"]) {
            for (of, is_ready) in [("addresses", "true"), ("notReadyAddresses", "false")] {
                for address in list(&subset[of]) {
                    let mut own = pairs.clone();
                    own.text("endpoint_port_name", &port["name"]);
                    own.text("endpoint_port_protocol", &port["protocol"]);
                    own.meta("endpoint_ready", is_ready);
                    own.text("endpoint_hostname", &address["hostname"]);
                    own.text("endpoint_node_name", &address["nodeName"]);
                    let target = &address["targetRef"];
                    own.text("endpoint_address_target_kind", &target["kind"]);
                    own.text("endpoint_address_target_name", &target["name"]);
                    all.add(own, text(&address["ip"]), &port["port"], target);
                }
            }
        }
    }
    all.finish(&pairs)
}

pub(super) fn slice_targets(object: &Value, world: &World) -> Vec<Labels> {
    let mut pairs = namespaced(object);
    pairs.object("endpointslice", object);
    pairs.text("endpointslice_address_type", &object["addressType"]);
    let metadata = &object["metadata"];
    let namespace = text(&metadata["namespace"]);
    let service = text(&metadata["labels"]["kubernetes.io/service-name"]);
    let pairs = pairs.with(&service_labels(world, namespace, service));
    let mut all = All::new(world, namespace);
    for port in list(&object["ports"]) {
        for endpoint in list(&object["endpoints"]) {
            for address in list(&endpoint["addresses"]) {
                let mut own = pairs.clone();
                own.text("endpointslice_port_name", &port["name"]);
                own.text("endpointslice_port_protocol", &port["protocol"]);
                own.text("endpointslice_port_app_protocol", &port["appProtocol"]);
                own.text("endpointslice_port", &port["port"]);
                for condition in ["ready", "serving", "terminating"] {
                    let name = format!("endpointslice_endpoint_conditions_{condition}");
                    own.text(&name, &endpoint["conditions"][condition]);
                }
                own.text("endpointslice_endpoint_hostname", &endpoint["hostname"]);
                own.text("endpointslice_endpoint_node_name", &endpoint["nodeName"]);
                own.text("endpointslice_endpoint_zone", &endpoint["zone"]);
                let topology = endpoint["deprecatedTopology"].as_object();
                for (name, value) in topology.into_iter().flatten() {
                    let name = sanitized(name);
                    own.text(&format!("endpointslice_endpoint_topology_{name}"), value);
                    own.meta(
                        &format!("endpointslice_endpoint_topology_present_{name}"),
                        "true",
                    );
                }
                let target = &endpoint["targetRef"];
                own.text("endpointslice_address_target_kind", &target["kind"]);
                own.text("endpointslice_address_target_name", &target["name"]);
                all.add(own, text(address), &port["port"], target);
            }
        }
    }
    all.finish(&pairs)
}

fn service_labels(world: &World, namespace: &str, name: &str) -> Pairs {
    let mut pairs = Pairs::default();
    if let Some(service) = find(world, &SERVICE, namespace, name) {
        pairs.object("service", service);
    }
    pairs
}

/// The targets of one object, and which ports of which pods they reach.
struct All<'w> {
    world: &'w World,
    namespace: &'w str,
    targets: Vec<Labels>,
    reached: Vec<(&'w Value, u64)>,
}

impl<'w> All<'w> {
    fn new(world: &'w World, namespace: &'w str) -> Self {
        Self {
            world,
            namespace,
            targets: Vec::new(),
            reached: Vec::new(),
        }
    }

    fn add(&mut self, mut own: Pairs, host: &str, port: &Value, target: &Value) {
        let pod = match text(&target["kind"]) {
            "Pod" => find(self.world, &POD, self.namespace, text(&target["name"])),
            _ => None,
        };
        if let Some(pod) = pod {
            self.reached.push((pod, port.as_u64().unwrap_or_default()));
            own = own.with(&pod::labels(pod));
            for (container, is_init) in pod::containers(pod) {
                let declared = list(&container["ports"]);
                for one in declared.filter(|one| one["containerPort"] == *port) {
                    container_labels(&mut own, container, is_init, one);
                }
            }
        }
        self.targets.push(own.target(&join(host, port)));
    }

    /// Ports that a pod declares and no endpoint reaches are targets too, as in Prometheus.
    fn finish(mut self, pairs: &Pairs) -> Vec<Labels> {
        let mut pods: Vec<&Value> = Vec::new();
        for (pod, _) in &self.reached {
            if !pods.iter().any(|other| std::ptr::eq(*other, *pod)) {
                pods.push(pod);
            }
        }
        for pod in pods {
            for (container, is_init) in pod::containers(pod) {
                for port in list(&container["ports"]) {
                    let number = port["containerPort"].as_u64().unwrap_or_default();
                    let mut reached = self.reached.iter();
                    if reached.any(|(other, port)| std::ptr::eq(*other, pod) && *port == number) {
                        continue;
                    }
                    let mut own = pairs.with(&pod::labels(pod));
                    container_labels(&mut own, container, is_init, port);
                    let ip = text(&pod["status"]["podIP"]);
                    self.targets
                        .push(own.target(&join(ip, &port["containerPort"])));
                }
            }
        }
        self.targets
    }
}

fn container_labels(own: &mut Pairs, container: &Value, is_init: bool, port: &Value) {
    own.meta("pod_container_init", is_init.to_string());
    own.text("pod_container_name", &container["name"]);
    own.text("pod_container_image", &container["image"]);
    own.text("pod_container_port_name", &port["name"]);
    own.text("pod_container_port_number", &port["containerPort"]);
    own.text("pod_container_port_protocol", &port["protocol"]);
}
