//! What is a target: one function a role, from objects to labels.

mod endpoints;
mod pod;

use serde_json::Value;
use spec::section::discovery::Role;
use store::Labels;

use super::{
    World,
    labels::{Pairs, join, list, text},
};

/// A kind of object, as its address names it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub group: &'static str,
    pub plural: &'static str,
    pub is_namespaced: bool,
    /// The role whose targets it makes; other roles only look it up.
    role: Role,
}

const fn kind(group: &'static str, plural: &'static str, role: Role) -> Kind {
    Kind {
        group,
        plural,
        is_namespaced: !matches!(role, Role::Node),
        role,
    }
}

static POD: Kind = kind("/api/v1", "pods", Role::Pod);
static SERVICE: Kind = kind("/api/v1", "services", Role::Service);
static ENDPOINTS: Kind = kind("/api/v1", "endpoints", Role::Endpoints);
static SLICE: Kind = kind(
    "/apis/discovery.k8s.io/v1",
    "endpointslices",
    Role::EndpointSlice,
);
static NODE: Kind = kind("/api/v1", "nodes", Role::Node);
static INGRESS: Kind = kind("/apis/networking.k8s.io/v1", "ingresses", Role::Ingress);

impl Kind {
    pub fn is_selected(&self, role: Role) -> bool {
        self.role == role
    }
}

/// What a role must know.
pub(super) fn kinds(role: Role) -> Vec<&'static Kind> {
    match role {
        Role::Pod => vec![&POD],
        Role::Service => vec![&SERVICE],
        Role::Endpoints => vec![&ENDPOINTS, &SERVICE, &POD],
        Role::EndpointSlice => vec![&SLICE, &SERVICE, &POD],
        Role::Node => vec![&NODE],
        Role::Ingress => vec![&INGRESS],
    }
}

/// Every target of the role, in the order of the objects' names.
pub(super) fn targets(role: Role, world: &World) -> Vec<Labels> {
    let own = kinds(role)[0].plural;
    let objects = world
        .get(own)
        .into_iter()
        .flat_map(|objects| objects.values());
    let make: &dyn Fn(&Value) -> Vec<Labels> = match role {
        Role::Pod => &pod::targets,
        Role::Service => &service,
        Role::Endpoints => &|object| endpoints::targets(object, world),
        Role::EndpointSlice => &|object| endpoints::slice_targets(object, world),
        Role::Node => &|object| node(object).into_iter().collect(),
        Role::Ingress => &ingress,
    };
    objects.flat_map(make).collect()
}

fn namespaced(object: &Value) -> Pairs {
    let mut pairs = Pairs::default();
    pairs.text("namespace", &object["metadata"]["namespace"]);
    pairs
}

fn find<'w>(world: &'w World, kind: &Kind, namespace: &str, name: &str) -> Option<&'w Value> {
    world.get(kind.plural)?.get(&format!("{namespace}/{name}"))
}

fn service(object: &Value) -> Vec<Labels> {
    let (metadata, spec) = (&object["metadata"], &object["spec"]);
    let mut pairs = namespaced(object);
    pairs.object("service", object);
    let host = format!(
        "{}.{}.svc",
        text(&metadata["name"]),
        text(&metadata["namespace"])
    );
    let ports = list(&spec["ports"]).map(|port| {
        let mut own = pairs.clone();
        own.text("service_port_name", &port["name"]);
        own.text("service_port_number", &port["port"]);
        own.text("service_port_protocol", &port["protocol"]);
        own.text("service_type", &spec["type"]);
        match text(&spec["type"]) {
            "ExternalName" => own.text("service_external_name", &spec["externalName"]),
            "LoadBalancer" => {
                own.text("service_loadbalancer_ip", &spec["loadBalancerIP"]);
                own.text("service_cluster_ip", &spec["clusterIP"]);
            }
            _ => own.text("service_cluster_ip", &spec["clusterIP"]),
        }
        own.target(&join(&host, &port["port"]))
    });
    ports.collect()
}

/// In the order in which Prometheus prefers them.
const NODE_ADDRESSES: [&str; 6] = [
    "InternalIP",
    "InternalDNS",
    "ExternalIP",
    "ExternalDNS",
    "LegacyHostIP",
    "Hostname",
];

fn node(object: &Value) -> Option<Labels> {
    let status = &object["status"];
    let mut pairs = Pairs::default();
    pairs.object("node", object);
    pairs.text("node_provider_id", &object["spec"]["providerID"]);
    pairs.plain("instance", text(&object["metadata"]["name"]));
    let of = |kind: &str| list(&status["addresses"]).find(|it| text(&it["type"]) == kind);
    for kind in NODE_ADDRESSES {
        if let Some(address) = of(kind) {
            pairs.text(&format!("node_address_{kind}"), &address["address"]);
        }
    }
    let address = NODE_ADDRESSES.iter().find_map(|kind| of(kind))?;
    let port = &status["daemonEndpoints"]["kubeletEndpoint"]["Port"];
    Some(pairs.target(&join(text(&address["address"]), port)))
}

fn ingress(object: &Value) -> Vec<Labels> {
    let spec = &object["spec"];
    let mut pairs = namespaced(object);
    pairs.object("ingress", object);
    pairs.text("ingress_class_name", &spec["ingressClassName"]);
    let secured: Vec<&str> = list(&spec["tls"])
        .flat_map(|tls| list(&tls["hosts"]))
        .map(text)
        .collect();
    let mut targets = Vec::new();
    for rule in list(&spec["rules"]) {
        let host = text(&rule["host"]);
        let is_secured = secured.iter().any(|pattern| covers(pattern, host));
        let paths: Vec<&str> = list(&rule["http"]["paths"])
            .map(|path| match text(&path["path"]) {
                "" => "/",
                path => path,
            })
            .collect();
        let paths = if paths.is_empty() { vec!["/"] } else { paths };
        for path in paths {
            let mut own = pairs.clone();
            own.meta("ingress_scheme", if is_secured { "https" } else { "http" });
            own.meta("ingress_host", host);
            own.meta("ingress_path", path);
            targets.push(own.target(host));
        }
    }
    targets
}

/// `*.example.com` covers one more name in front.
fn covers(pattern: &str, host: &str) -> bool {
    let tail = |name: &str| name.split_once('.').map(|(_, tail)| tail.to_owned());
    pattern == host
        || pattern
            .strip_prefix("*.")
            .is_some_and(|rest| tail(host).as_deref() == Some(rest))
}
