//! Kubernetes manifests: what runs, how it grows, who reaches it, and what is watched.
//!
//! Source: the API reference of Kubernetes (apps/v1, autoscaling/v2, policy/v1, networking.k8s.io/v1, batch/v1) and of
//! the Prometheus operator (monitoring.coreos.com/v1).

mod cron;
mod disruption;
mod gateway;
mod workload;

use std::{collections::HashMap, time::Duration};

use promise::{
    document::{Key, Node, Value},
    record::Scalar as _,
    say,
    unit::Span,
};
use serde_json::json;

use super::{
    Draft, Importer, Source, Taking, rule_groups,
    taking::{at, entries, items, text, texts},
    variables::{Variable, variables},
};

pub(super) const IMPORTER: Importer = Importer {
    name: "Kubernetes",
    fits: |source| source.documents.iter().any(is_manifest),
    read,
};

fn is_manifest(root: &Node) -> bool {
    root.get("apiVersion").is_some() && root.get("kind").is_some()
}

/// Where in the spec each workload stands, so that what scales it finds it.
type Places = HashMap<(String, String), Vec<String>>;

/// How long an answer may take where nothing else is said.
const TIMEOUT_USUAL: Duration = Duration::from_secs(10);

/// An object, from a document of its own or from a `List`.
struct Object<'o> {
    kind: &'o str,
    name: &'o str,
    node: &'o Node,
    line: usize,
}

fn read(sources: &[Source<'_>], draft: &mut Draft) {
    let mut places = Places::new();
    // What scales a workload may stand before it.
    for is_first in [true, false] {
        for source in sources {
            draft.open(source.name);
            for root in source
                .documents
                .iter()
                .filter(|root| root.value != Value::Null)
            {
                let objects = match root.get("kind").and_then(text) {
                    Some("List") => root.get("items").map_or(&[][..], items),
                    _ => std::slice::from_ref(root),
                };
                for node in objects {
                    let part = |path: &[&str]| at(node, path).and_then(text).unwrap_or_default();
                    let (kind, name) = (part(&["kind"]), part(&["metadata", "name"]));
                    let object = Object {
                        kind,
                        name,
                        node,
                        line: source.line(node.span.start),
                    };
                    let is_workload = ["Deployment", "StatefulSet", "DaemonSet"].contains(&kind);
                    if is_first == is_workload {
                        object.read(source, draft, &mut places);
                    }
                }
            }
        }
    }
}

impl Object<'_> {
    /// Variables that a program of the same name is started with.
    fn configured(&self, whole: &mut Taking<'_>, source: &Source<'_>, draft: &mut Draft) {
        let entries = whole.entries("data");
        whole.skip(&["binaryData", "immutable"]);
        let of = |(key, node): &'_ (Key, Node)| {
            Some(Variable {
                name: key.name.clone(),
                value: text(node)?.to_owned(),
                line: source.line(key.span.start),
            })
        };
        let all: Vec<Variable> = entries.iter().filter_map(of).collect();
        let known = draft.names(&["infrastructure", "compute"]);
        let owner = known
            .iter()
            .filter(|id| self.name.starts_with(id.as_str()))
            .max_by_key(|id| id.len());
        let is_read = variables(owner.map(String::as_str), &all, draft);
        for (variable, _) in all.iter().zip(is_read).filter(|(_, is_read)| !is_read) {
            let why = say!(
                "a variable that says nothing of what is owed",
                "約束に関わる内容のない変数です"
            );
            draft.noted(variable.line, &variable.name, why);
        }
    }

    fn read(&self, source: &Source<'_>, draft: &mut Draft, places: &mut Places) {
        let about = format!("{} {}", self.kind, self.name);
        let mut whole = Taking::of(self.node, about.clone(), source);
        whole.skip(&["apiVersion", "kind", "metadata", "status"]);
        let empty = Node {
            span: self.node.span.clone(),
            value: Value::Null,
        };
        let spec = whole.take("spec").unwrap_or(&empty);
        let mut spec = Taking::of(spec, format!("{about}: spec"), source);
        match self.kind {
            "Deployment" | "StatefulSet" | "DaemonSet" => {
                self.workload(&mut spec, source, draft, places)
            }
            "HorizontalPodAutoscaler" => self.scaler(&mut spec, source, draft, places),
            "Service" => self.service(&mut spec, source, draft),
            "Ingress" => self.ingress(&mut spec, source, draft),
            "HTTPRoute" => self.route(&mut spec, source, draft),
            "BackendTrafficPolicy" => self.traffic(&mut spec, source, draft),
            "CronJob" => self.cron(&mut spec, source, draft),
            "ServiceMonitor" | "PodMonitor" => self.monitor(&mut spec, source, draft),
            "PrometheusRule" => {
                for group in spec.items("groups") {
                    rule_groups::group(group, source, draft);
                }
            }
            "Secret" => {
                return draft.lost(
                    self.line,
                    &about,
                    say!("secrets are not copied", "秘密は写しません"),
                );
            }
            "PodDisruptionBudget" => self.disruption(&mut spec, source, draft),
            "ConfigMap" => {
                self.configured(&mut whole, source, draft);
                return whole.finish(source, draft);
            }
            "Namespace" | "ServiceAccount" | "Role" | "RoleBinding" | "ClusterRole"
            | "ClusterRoleBinding" => {
                return draft.noted(
                    self.line,
                    &about,
                    say!(
                        "it says nothing about what is owed",
                        "約束に関わる内容はありません"
                    ),
                );
            }
            _ => {
                return draft.lost(
                    self.line,
                    &about,
                    say!(
                        "this kind of object is not known",
                        "この種類のオブジェクトは知りません"
                    ),
                );
            }
        }
        spec.finish(source, draft);
        whole.finish(source, draft);
    }

    fn scaler(
        &self,
        spec: &mut Taking<'_>,
        source: &Source<'_>,
        draft: &mut Draft,
        places: &Places,
    ) {
        let target = spec.take("scaleTargetRef");
        let part = |name| {
            target
                .and_then(|target| target.get(name))
                .and_then(text)
                .unwrap_or_default()
        };
        let key = (part("kind").to_owned(), part("name").to_owned());
        let id = draft.id("infrastructure.compute.scaled", part("name"));
        let path = places
            .get(&key)
            .cloned()
            .unwrap_or_else(|| vec!["infrastructure".into(), "compute".into(), id]);
        if path.get(1).is_none_or(|section| section != "compute") {
            return draft.lost(
                self.line,
                self.name,
                say!(
                    "it scales what is no compute",
                    "計算資源でないものを増減させています"
                ),
            );
        }
        for (from, to) in [
            ("minReplicas", "instances_min"),
            ("maxReplicas", "instances_max"),
        ] {
            if let Some((count, line)) = spec.line_of(from, source)
                && let Ok(count) = count.parse::<u64>()
            {
                draft.set(&below(&path, to), count, line);
            }
        }
        if let Some((percent, line)) = spec.line_of("targetCPUUtilizationPercentage", source) {
            draft.set(&below(&path, "target_cpu"), format!("{percent} %"), line);
        }
        for metric in spec.items("metrics") {
            let is_cpu = at(metric, &["resource", "name"]).and_then(text) == Some("cpu");
            let target = at(metric, &["resource", "target", "averageUtilization"]);
            let line = source.line(metric.span.start);
            match target.and_then(text).filter(|_| is_cpu) {
                Some(percent) => {
                    draft.set(&below(&path, "target_cpu"), format!("{percent} %"), line)
                }
                None => draft.lost(
                    line,
                    &format!("{}: metric", self.name),
                    say!(
                        "only the use of the processor has a field",
                        "CPU 使用率以外を書く項目がありません"
                    ),
                ),
            }
        }
    }

    fn service(&self, spec: &mut Taking<'_>, source: &Source<'_>, draft: &mut Draft) {
        spec.skip(&[
            "selector",
            "ports",
            "clusterIP",
            "sessionAffinity",
            "internalTrafficPolicy",
            "ipFamilies",
            "ipFamilyPolicy",
        ]);
        match spec.line_of("type", source) {
            Some(("LoadBalancer", line)) => {
                let id = draft.id("infrastructure.load_balancers", self.name);
                draft.set(
                    &["infrastructure", "load_balancers", &id, "product"],
                    "kubernetes service",
                    line,
                );
            }
            _ => draft.noted(
                self.line,
                &format!("Service {}", self.name),
                say!(
                    "it is only a name within the cluster",
                    "クラスター内の名前にすぎません"
                ),
            ),
        }
    }

    fn ingress(&self, spec: &mut Taking<'_>, source: &Source<'_>, draft: &mut Draft) {
        spec.skip(&["ingressClassName", "defaultBackend"]);
        let id = draft.id("infrastructure.load_balancers", self.name);
        draft.set(
            &["infrastructure", "load_balancers", &id, "product"],
            "kubernetes ingress",
            self.line,
        );
        let secure: Vec<&str> = spec
            .items("tls")
            .iter()
            .filter_map(|tls| tls.get("hosts"))
            .flat_map(texts)
            .collect();
        for rule in spec.items("rules") {
            let line = source.line(rule.span.start);
            let Some(host) = rule
                .get("host")
                .and_then(text)
                .filter(|host| !host.contains('*'))
            else {
                draft.lost(
                    line,
                    &format!("Ingress {}: rule", self.name),
                    say!(
                        "it names no host that could be probed",
                        "確認できるホスト名がありません"
                    ),
                );
                continue;
            };
            let scheme = if secure.contains(&host) {
                "https"
            } else {
                "http"
            };
            let probe = draft.id("sources.probes", host);
            let why = say!(
                "whoever uses this host sees what a probe sees",
                "利用者に見えるものを外から確認します"
            );
            draft.guess(
                &["sources", "probes", &probe, "kind"],
                "http",
                line,
                why.clone(),
            );
            draft.guess(
                &["sources", "probes", &probe, "url"],
                format!("{scheme}://{host}/"),
                line,
                why,
            );
        }
    }

    fn monitor(&self, spec: &mut Taking<'_>, source: &Source<'_>, draft: &mut Draft) {
        spec.skip(&["jobLabel"]);
        let namespaces = spec
            .take("namespaceSelector")
            .and_then(|it| it.get("matchNames"))
            .map(texts)
            .unwrap_or_default();
        let labels = spec
            .take("selector")
            .and_then(|it| it.get("matchLabels"))
            .map_or(&[][..], entries);
        let (field, role) = if self.kind == "PodMonitor" {
            ("podMetricsEndpoints", "pod")
        } else {
            ("endpoints", "endpoints")
        };
        for endpoint in spec.items(field) {
            let id = draft.id("sources.scrape", self.name);
            let line = source.line(endpoint.span.start);
            let said = |field| endpoint.get(field).and_then(text);
            let every = said("interval").and_then(|it| Span::parse(it).ok());
            if let (Some(every), None) = (every, said("scrapeTimeout"))
                && every.0 < TIMEOUT_USUAL
            {
                let why = say!(
                    "no timeout is given: Prometheus waits no longer than the interval",
                    "タイムアウトの指定がない(Prometheus は間隔を超えて待たない)"
                );
                let path = ["sources", "scrape", &id, "timeout"];
                draft.guess(&path, every.to_string(), line, why);
            }
            let mut put = |field, value: serde_json::Value, line| {
                draft.set(&["sources", "scrape", &id, field], value, line);
            };
            let mut discovery = json!({ "role": role });
            if !namespaces.is_empty() {
                discovery["namespaces"] = json!(namespaces);
            }
            put("kubernetes", json!([discovery]), self.line);
            let mut taking = Taking::of(
                endpoint,
                format!("{} {}: endpoint", self.kind, self.name),
                source,
            );
            for (from, to) in [
                ("interval", "interval"),
                ("scrapeTimeout", "timeout"),
                ("path", "path"),
                ("scheme", "scheme"),
            ] {
                if let Some((value, line)) = taking.line_of(from, source) {
                    put(to, json!(value), line);
                }
            }
            let mut steps: Vec<serde_json::Value> = labels
                .iter()
                .filter_map(|(key, value)| {
                    let label: String = key.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
                    let of = if role == "pod" { "pod" } else { "service" };
                    Some(json!({ "source_labels": [format!("__meta_kubernetes_{of}_label_{label}")], "regex": text(value)?, "action": "keep" }))
                })
                .collect();
            if let Some((port, _)) = taking.line_of("port", source) {
                let label = if role == "pod" {
                    "__meta_kubernetes_pod_container_port_name"
                } else {
                    "__meta_kubernetes_endpoint_port_name"
                };
                steps.push(json!({ "source_labels": [label], "regex": port, "action": "keep" }));
            }
            if !steps.is_empty() {
                put("relabel_configs", json!(steps), line);
            }
            taking.finish(source, draft);
        }
    }
}

/// A field of what stands at `path`.
pub(super) fn below<'p>(path: &'p [String], field: &'p str) -> Vec<&'p str> {
    path.iter().map(String::as_str).chain([field]).collect()
}

pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    [
        "password",
        "passwd",
        "secret",
        "token",
        "api_key",
        "apikey",
        "private_key",
    ]
    .iter()
    .any(|word| name.contains(word))
}
