//! A spec from a Prometheus configuration: its scrape jobs go on as they are.
//!
//! What a job says in words that a spec knows too is carried over, relabelling included; everything else is named,
//! so that nobody believes that it still holds. Passwords that stand in the file are not copied.

use std::collections::BTreeMap;

use promise::{
    Say,
    document::{Node, Value, parse_yaml},
    record::{Read, Scalar},
    say,
    unit::{Bytes, Span},
};

use serde_json::Value as Json;

use crate::{
    import::{About, File, Standing, import},
    section::{
        discovery::{DnsDiscovery, KubernetesDiscovery},
        receiver::Secret,
        relabel::Relabel,
        scrape::{Basic, Group, Scheme, Scrape, Tls},
    },
};

/// What a Prometheus configuration becomes.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    pub jobs: BTreeMap<String, Scrape>,
    /// What is not carried over, one sentence each.
    pub left: Vec<Left>,
}

/// Something that is not carried over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The byte of the text at which it stands.
    pub at: usize,
    pub what: Say,
}

/// # Errors
/// Why the text is no Prometheus configuration.
pub fn import_prometheus(text: &str) -> Result<Imported, Say> {
    let (root, mistakes) = parse_yaml(text);
    if let Some(mistake) = mistakes.first() {
        return Err(mistake.message.clone());
    }
    let none = || {
        say!(
            "the file has no `scrape_configs`",
            "`scrape_configs` がありません"
        )
    };
    let root = root.ok_or_else(none)?;
    let Some(Value::List(configs)) = root.get("scrape_configs").map(|node| &node.value) else {
        return Err(none());
    };
    let mut left = Vec::new();
    for (name, node) in fields(&root) {
        if !["global", "scrape_configs", "rule_files"].contains(&name) {
            let what = say!("`{name}` is not carried over", "`{name}` は引き継ぎません");
            left.push(Left {
                at: node.span.start,
                what,
            });
        }
    }
    let global = root.get("global");
    for (name, node) in global.into_iter().flat_map(fields) {
        if !Job::GLOBAL.contains(&name) {
            let what = say!(
                "`global.{name}` is not carried over",
                "`global.{name}` は引き継ぎません"
            );
            left.push(Left {
                at: node.span.start,
                what,
            });
        }
    }
    let mut jobs = BTreeMap::new();
    for config in configs {
        let name = scalar(config.get("job_name")).to_owned();
        let mut job = Job {
            name: &name,
            scrape: Scrape {
                interval: Span::secs(60),
                ..Scrape::default()
            },
            at: config.span.start,
            left: &mut left,
        };
        // What the job says counts more than what is said for all.
        for (field, node) in global.into_iter().flat_map(fields) {
            if Job::GLOBAL.contains(&field) {
                job.field(field, node);
            }
        }
        for (field, node) in fields(config) {
            job.at = node.span.start;
            job.field(field, node);
        }
        let mut scrape = job.scrape;
        scrape.timeout = Span(scrape.timeout.0.min(scrape.interval.0));
        with_ports(&mut scrape);
        jobs.insert(name, scrape);
    }
    Ok(Imported { jobs, left })
}

/// Targets without a port are asked on that of their scheme, and ours are written with it. What relabelling makes an
/// address of may be anything.
fn with_ports(scrape: &mut Scrape) {
    let is_made = |it: &Relabel| it.target_label.as_deref() == Some("__address__");
    if scrape.relabel_configs.iter().any(is_made) {
        return;
    }
    let port = match scrape.scheme {
        Scheme::Http => "80",
        Scheme::Https => "443",
    };
    let groups = scrape.groups.iter_mut().flat_map(|it| &mut it.targets);
    for target in scrape.targets.iter_mut().chain(groups) {
        if !target.contains([':', '/']) {
            *target = format!("{target}:{port}");
        }
    }
}

struct Job<'j> {
    name: &'j str,
    scrape: Scrape,
    /// Where the field stands that is being read.
    at: usize,
    left: &'j mut Vec<Left>,
}

impl Job<'_> {
    const GLOBAL: [&'static str; 7] = [
        "scrape_interval",
        "scrape_timeout",
        "sample_limit",
        "target_limit",
        "label_limit",
        "label_name_length_limit",
        "label_value_length_limit",
    ];

    fn field(&mut self, field: &str, node: &Node) {
        let text = scalar(Some(node));
        let is_taken = match field {
            "job_name" => true,
            "scrape_interval" => set(&mut self.scrape.interval, Span::parse(text)),
            "scrape_timeout" => set(&mut self.scrape.timeout, Span::parse(text)),
            // 0 is no limit to Prometheus; ours stays, for a flood must end somewhere.
            "sample_limit" => limit(&mut self.scrape.series_max, text),
            "target_limit" => limit(&mut self.scrape.targets_max, text),
            "label_limit" => limit(&mut self.scrape.labels_max, text),
            "label_name_length_limit" => limit(&mut self.scrape.label_name_max.0, text),
            "label_value_length_limit" => limit(&mut self.scrape.label_value_max.0, text),
            // Prometheus counts by 1024 whatever it writes.
            "body_size_limit" => {
                text == "0"
                    || set(
                        &mut self.scrape.body_max,
                        Bytes::parse(&text.replace('B', "iB")),
                    )
            }
            "metrics_path" => set(&mut self.scrape.path, Ok(text.to_owned())),
            "scheme" => set(&mut self.scrape.scheme, Scalar::parse(text)),
            "params" => read(&mut self.scrape.params, node),
            "honor_labels" => set(&mut self.scrape.honor_labels, bool::parse(text)),
            "honor_timestamps" => set(&mut self.scrape.honor_timestamps, bool::parse(text)),
            "scrape_native_histograms" => {
                set(&mut self.scrape.native_histograms, bool::parse(text))
            }
            "always_scrape_classic_histograms" => {
                set(&mut self.scrape.classic_histograms, bool::parse(text))
            }
            "relabel_configs" => read(&mut self.scrape.relabel_configs, node),
            "metric_relabel_configs" => read(&mut self.scrape.metric_relabel_configs, node),
            "static_configs" => self.groups(node),
            "file_sd_configs" => self.files(node),
            "dns_sd_configs" => self.dns(node),
            "kubernetes_sd_configs" => self.kubernetes(node),
            "basic_auth" => self.basic(node),
            "authorization" => self.bearer(node.get("credentials_file"), node),
            "bearer_token_file" => self.bearer(Some(node), node),
            "tls_config" => self.tls(node),
            _ => false,
        };
        if !is_taken {
            self.leave(field);
        }
    }

    fn leave(&mut self, field: &str) {
        let name = self.name;
        let what = say!(
            "job {name}: `{field}` is not carried over",
            "ジョブ {name}: `{field}` は引き継ぎません"
        );
        self.left.push(Left { at: self.at, what });
    }

    fn groups(&mut self, node: &Node) -> bool {
        let mut groups: Vec<Group> = Vec::new();
        let is_read = read(&mut groups, node);
        // Most jobs have one group, which needs no name.
        let has_job = |group: &Group| group.labels.contains_key("job");
        match groups.pop() {
            Some(only) if groups.is_empty() && !has_job(&only) => {
                (self.scrape.targets, self.scrape.labels) = (only.targets, only.labels);
            }
            last => self.scrape.groups = groups.into_iter().chain(last).collect(),
        }
        is_read
    }

    fn files(&mut self, node: &Node) -> bool {
        for one in items(node) {
            for (name, node) in fields(one) {
                let mut files: Vec<String> = Vec::new();
                if name == "files" && read(&mut files, node) {
                    self.scrape.files.extend(files);
                } else if name != "refresh_interval" {
                    self.leave(&format!("file_sd_configs.{name}"));
                }
            }
        }
        let relative = self.scrape.files.iter().find(|file| !file.starts_with('/'));
        if let Some(file) = relative.cloned() {
            let name = self.name;
            let what = say!(
                "job {name}: {file} is looked for in the data directory, not beside the file",
                "ジョブ {name}: {file} は設定ファイルの隣ではなくデータディレクトリーで探します"
            );
            self.left.push(Left { at: self.at, what });
        }
        true
    }

    fn dns(&mut self, node: &Node) -> bool {
        for one in items(node) {
            let Some(mut dns) = DnsDiscovery::of(one.get("names")) else {
                return false;
            };
            for (name, node) in fields(one) {
                let text = scalar(Some(node));
                let is_taken = match name {
                    "names" => true,
                    "type" => set(&mut dns.r#type, Scalar::parse(text)),
                    "port" => set(&mut dns.port, u64::parse(text).map(Some)),
                    "refresh_interval" => set(&mut dns.interval, Span::parse(text)),
                    _ => false,
                };
                if !is_taken {
                    self.leave(&format!("dns_sd_configs.{name}"));
                }
            }
            self.scrape.dns.push(dns);
        }
        true
    }

    fn kubernetes(&mut self, node: &Node) -> bool {
        for one in items(node) {
            let Ok(role) = Scalar::parse(scalar(one.get("role"))) else {
                return false;
            };
            let mut found = KubernetesDiscovery::of(role);
            for (name, node) in fields(one) {
                let text = scalar(Some(node)).to_owned();
                let is_taken = match name {
                    "role" => true,
                    "kubeconfig_file" => set(&mut found.kubeconfig, Ok(Some(text))),
                    "api_server" => set(&mut found.api_server, Ok(Some(text))),
                    "tls_config" => set(&mut found.tls, tls(node).map(Some)),
                    "namespaces" => {
                        let own = scalar(node.get("own_namespace")) == "true";
                        let names = node.get("names");
                        !own && names.is_none_or(|names| read(&mut found.namespaces, names))
                    }
                    _ => false,
                };
                if !is_taken {
                    self.leave(&format!("kubernetes_sd_configs.{name}"));
                }
            }
            self.scrape.kubernetes.push(found);
        }
        true
    }

    fn basic(&mut self, node: &Node) -> bool {
        let password = match scalar(node.get("password_file")) {
            "" => self.secret("password"),
            path => Secret::File(path.to_owned()),
        };
        self.scrape.basic = Some(Basic {
            username: scalar(node.get("username")).to_owned(),
            password,
        });
        node.get("username").is_some()
    }

    fn bearer(&mut self, file: Option<&Node>, node: &Node) -> bool {
        if !["", "Bearer", "bearer"].contains(&scalar(node.get("type"))) {
            return false;
        }
        self.scrape.bearer = Some(match scalar(file) {
            "" => self.secret("token"),
            path => Secret::File(path.to_owned()),
        });
        true
    }

    /// A secret that stands in the file is not copied: a variable of the environment takes its place.
    fn secret(&mut self, what: &str) -> Secret {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        };
        let job: String = self.name.chars().map(plain).collect();
        let variable = format!("{job}_{}", what.to_uppercase());
        let name = self.name;
        let what = say!(
            "job {name}: the {what} is expected in the variable {variable}",
            "ジョブ {name}: {what} は環境変数 {variable} から読みます"
        );
        self.left.push(Left { at: self.at, what });
        Secret::Env(variable)
    }

    fn tls(&mut self, node: &Node) -> bool {
        set(&mut self.scrape.tls, tls(node).map(Some))
    }
}

fn tls(node: &Node) -> Result<Tls, Say> {
    let mut mistakes = Vec::new();
    Tls::read(node, &mut mistakes).ok_or_else(|| {
        mistakes
            .first()
            .map_or_else(|| Say::same(""), |one| one.message.clone())
    })
}

fn set<T>(field: &mut T, value: Result<T, Say>) -> bool {
    value.map(|value| *field = value).is_ok()
}

fn limit(field: &mut u64, text: &str) -> bool {
    text == "0" || set(field, u64::parse(text))
}

fn read<T: Read>(field: &mut T, node: &Node) -> bool {
    let mut mistakes = Vec::new();
    let read = T::read(node, &mut mistakes);
    read.map(|value| *field = value).is_some()
}

fn fields(node: &Node) -> Vec<(&str, &Node)> {
    match &node.value {
        Value::Map(entries) => entries
            .iter()
            .map(|(key, node)| (key.name.as_str(), node))
            .collect(),
        _ => Vec::new(),
    }
}

fn items(node: &Node) -> &[Node] {
    match &node.value {
        Value::List(items) => items,
        _ => &[],
    }
}

fn scalar(node: Option<&Node>) -> &str {
    match node.map(|node| &node.value) {
        Some(Value::Scalar(text)) => text,
        _ => "",
    }
}

/// A valid spec that scrapes what `text` scrapes, and what is not carried over.
///
/// # Errors
/// Why the text is no Prometheus configuration.
pub fn from_prometheus(text: &str, about: &About<'_>) -> Result<(String, Vec<Say>), Say> {
    import_prometheus(text)?;
    let file = File {
        name: "prometheus.yml".to_owned(),
        text: text.to_owned(),
    };
    let done = import(&[file], about);
    let lost = done
        .report
        .into_iter()
        .filter(|entry| entry.standing == Standing::Lost);
    let left = lost.filter_map(|entry| {
        let (line, why) = (entry.line, entry.why?);
        Some(Say::new(
            format!("{line}: {}", why.en),
            format!("{line}: {}", why.ja),
        ))
    });
    Ok((done.text, left.collect()))
}

/// The fields of a job that are not as they would be anyway, by their names in a spec.
pub(crate) fn job_fields(scrape: &Scrape) -> Vec<(String, Json)> {
    let plain = |scrape: &Scrape| serde_json::to_value(scrape).unwrap_or_default();
    let (all, usual) = (plain(scrape), plain(&Scrape::default()));
    let mut fields = Vec::new();
    for (name, value) in all.as_object().into_iter().flatten() {
        if *value == usual[name] || value.is_null() {
            continue;
        }
        let value = match name.as_str() {
            "relabel_configs" | "metric_relabel_configs" => steps(value),
            _ => without_nulls(value),
        };
        fields.push((name.clone(), value));
    }
    fields
}

/// Steps of relabelling without what each would be by default.
fn steps(value: &Json) -> Json {
    let usual = serde_json::to_value(Relabel::default()).unwrap_or_default();
    let one = |step: &Json| -> Json {
        let fields = step.as_object().into_iter().flatten();
        let kept = fields.filter(|(name, value)| **value != usual[name.as_str()]);
        kept.map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    value.as_array().into_iter().flatten().map(one).collect()
}

/// What may be left out is left out.
fn without_nulls(value: &Json) -> Json {
    match value {
        Json::Object(fields) => fields
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), without_nulls(value)))
            .collect(),
        Json::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{World, load};

    const FILE: &str = r#"
global: { scrape_interval: 30s, external_labels: { region: tokyo } }
rule_files: [rules.yml]
scrape_configs:
  - job_name: node
    static_configs:
      - { targets: ["a:9100", "b:9100"], labels: { env: prod } }
    sample_limit: 20000
    metric_relabel_configs:
      - { source_labels: [__name__], regex: "go_.*", action: drop }
  - job_name: "shop/web"
    scrape_interval: 5s
    scheme: https
    params: { "match[]": ["up", "down"] }
    basic_auth: { username: u, password: plain-text }
    tls_config: { ca_file: /etc/ca.pem }
    file_sd_configs: [{ files: ["/etc/sd/*.json"], refresh_interval: 1m }]
    consul_sd_configs: [{ server: "consul:8500" }]
    proxy_url: http://proxy
"#;

    #[test]
    fn jobs_are_carried_over_and_the_rest_is_named() {
        let Imported { jobs, left } = import_prometheus(FILE).unwrap();
        let node = &jobs["node"];
        assert_eq!(node.targets, ["a:9100", "b:9100"]);
        assert_eq!(
            (node.interval, node.timeout),
            (Span::secs(30), Span::secs(10))
        );
        assert_eq!(
            (node.series_max, node.labels["env"].as_str()),
            (20_000, "prod")
        );
        let web = &jobs["shop/web"];
        assert_eq!((web.interval, web.timeout), (Span::secs(5), Span::secs(5)));
        assert_eq!(web.params["match[]"], ["up", "down"]);
        assert_eq!(web.files, ["/etc/sd/*.json"]);
        let left: Vec<String> = left.into_iter().map(|left| left.what.en).collect();
        assert_eq!(
            left,
            [
                "`global.external_labels` is not carried over",
                "job shop/web: the password is expected in the variable SHOP_WEB_PASSWORD",
                "job shop/web: `consul_sd_configs` is not carried over",
                "job shop/web: `proxy_url` is not carried over",
            ]
        );
    }

    #[test]
    fn what_is_written_reads_back_as_the_same_jobs() {
        let about = About {
            name: "shop",
            time_zone: "Asia/Tokyo",
            lang: promise::Lang::En,
        };
        let (yaml, _) = from_prometheus(FILE, &about).unwrap();
        assert!(!yaml.contains("plain-text"), "{yaml}");
        let world = World::without_files(&|_| Ok(()), promise::Timestamp::EPOCH);
        let loaded = load(&yaml, "tegata.yaml", &world);
        let spec = loaded
            .spec
            .unwrap_or_else(|| panic!("{:#?}\n{yaml}", loaded.diagnostics));
        assert_eq!(spec.sources.scrape, import_prometheus(FILE).unwrap().jobs);
    }
}
