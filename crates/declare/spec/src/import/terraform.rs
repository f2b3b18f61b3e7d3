//! Terraform: `.tf` files, and the plan as `terraform show -json` prints it.
//!
//! Variables with a default and locals with a plain value are taken for what they stand for, as a guess. Modules
//! are not followed. Source: HashiCorp, "JSON Output Format" (`planned_values`).

use std::collections::HashMap;

use promise::{
    document::{Key, Node, Value},
    say,
};

use super::{
    Draft, Importer, Source, hcl,
    resource::{Resource, Tool},
    taking::{at, entries, items, text},
};

pub(super) const IMPORTER: Importer = Importer {
    name: "Terraform",
    fits: |source| source.has_ending(&[".tf"]),
    read: files,
};

pub(super) const PLAN: Importer = Importer {
    name: "Terraform plan (JSON)",
    fits: |source| {
        source
            .documents
            .first()
            .is_some_and(|root| root.get("planned_values").is_some())
    },
    read: |sources, draft| sources.iter().for_each(|source| plan(source, draft)),
};

/// Modules within modules.
const DEPTH_MAX: usize = 16;

fn files(sources: &[Source<'_>], draft: &mut Draft) {
    let mut roots = Vec::new();
    let mut known = HashMap::new();
    for source in sources {
        let (root, mistake) = hcl::parse(source.text);
        draft.open(source.name);
        if let Some(mistake) = mistake {
            draft.lost(
                source.line(mistake.span.start),
                source.name,
                mistake.message,
            );
        }
        for (key, variable) in root.get("variable").map_or(&[][..], entries) {
            if let Some(default) = variable.get("default").and_then(text) {
                known.insert(format!("var.{}", key.name), default.to_owned());
            }
        }
        for locals in root.get("locals").map_or(&[][..], items) {
            for (key, node) in entries(locals) {
                if let Some(value) = text(node) {
                    known.insert(format!("local.{}", key.name), value.to_owned());
                }
            }
        }
        roots.push(root);
    }
    for (source, root) in sources.iter().zip(&roots) {
        draft.open(source.name);
        let read =
            |(block, node): &(Key, Node)| block.name == "resource" && node.get("aws_vpc").is_some();
        let has_network = entries(root).iter().any(read);
        for (block, node) in entries(root) {
            match block.name.as_str() {
                "resource" => resources(node, source, draft, &known),
                "provider" => provider(node, source, draft, &known),
                // They say nothing by themselves: what they stand for is told where it is used.
                "variable" | "locals" | "output" | "terraform" | "data" | "moved" | "import" => {}
                "module" => {
                    for (name, module) in entries(node) {
                        if let Some(kind) = module.get("source").and_then(text).and_then(registered)
                        {
                            let line = source.line(module.span.start);
                            let resource = Resource {
                                tool: Tool::Terraform,
                                kind,
                                name: &name.name,
                                body: module,
                                line,
                            };
                            resource
                                .read(source, draft, &|expression| resolved(expression, &known));
                            continue;
                        }
                        cluster(&name.name, module, source, draft);
                        draft.lost(
                            source.line(module.span.start),
                            &format!("module.{}", name.name),
                            say!(
                                "modules are not followed: import their files too",
                                "モジュールの中は読みません。そのファイルも指定してください"
                            ),
                        );
                    }
                }
                other => draft.lost(
                    source.line(block.span.start),
                    other,
                    say!("this block is not known", "知らないブロックです"),
                ),
            }
        }
        if has_network {
            ranges(root, source, draft);
        }
    }
}

/// Ranges that stand in lists of locals beside the only network are its subnets: `data = ["10.0.8.0/24", …]`.
fn ranges(root: &Node, source: &Source<'_>, draft: &mut Draft) {
    let Some(network) = draft.only_in(&["infrastructure", "networks"]) else {
        return;
    };
    for locals in root.get("locals").map_or(&[][..], items) {
        for (key, node) in entries(locals) {
            let Value::List(listed) = &node.value else {
                continue;
            };
            let cidrs: Vec<(&Node, &str)> = listed
                .iter()
                .filter_map(|it| Some((it, text(it)?)))
                .collect();
            let is_range = |it: &str| {
                it.split_once('/')
                    .is_some_and(|(ip, _)| ip.parse::<std::net::IpAddr>().is_ok())
            };
            if cidrs.is_empty() || !cidrs.iter().all(|(_, it)| is_range(it)) {
                continue;
            }
            for (at, (node, cidr)) in cidrs.into_iter().enumerate() {
                let subnet = format!("{}_{}", key.name.to_lowercase(), at + 1);
                let path = [
                    "infrastructure",
                    "networks",
                    &network,
                    "subnets",
                    &subnet,
                    "cidr",
                ];
                let why = say!(
                    "a range among the locals of its file",
                    "同じファイルの locals にある範囲"
                );
                draft.guess(&path, cidr, source.line(node.span.start), why);
            }
        }
    }
}

fn resources(
    kinds: &Node,
    source: &Source<'_>,
    draft: &mut Draft,
    known: &HashMap<String, String>,
) {
    for (kind, names) in entries(kinds) {
        for (name, body) in entries(names) {
            let line = source.line(body.span.start);
            let resource = Resource {
                tool: Tool::Terraform,
                kind: &kind.name,
                name: &name.name,
                body,
                line,
            };
            resource.read(source, draft, &|expression| resolved(expression, known));
        }
    }
}

/// The resource that a module of the public registry is made around, and whose fields it hands on under their names.
fn registered(source: &str) -> Option<&'static str> {
    const MODULES: [(&str, &str); 8] = [
        ("rds", "aws_db_instance"),
        ("rds-aurora", "aws_rds_cluster"),
        ("elasticache", "aws_elasticache_replication_group"),
        ("sqs", "aws_sqs_queue"),
        ("s3-bucket", "aws_s3_bucket"),
        ("opensearch", "aws_opensearch_domain"),
        ("alb", "aws_lb"),
        ("lambda", "aws_lambda_function"),
    ];
    let name = source
        .strip_prefix("terraform-aws-modules/")?
        .strip_suffix("/aws")?;
    MODULES
        .iter()
        .find(|(module, _)| *module == name)
        .map(|(_, kind)| *kind)
}

/// A module of one's own that is handed the version of a cluster makes one.
fn cluster(name: &str, module: &Node, source: &Source<'_>, draft: &mut Draft) {
    const VERSIONS: [&str; 3] = ["cluster_version", "kubernetes_version", "eks_version"];
    const PRODUCTS: [(&str, &str); 3] = [("eks", "eks"), ("gke", "gke"), ("aks", "aks")];
    let Some(version) = VERSIONS.iter().find_map(|key| module.get(key)) else {
        return;
    };
    let said = module.get("source").and_then(text).unwrap_or_default();
    let product = PRODUCTS
        .iter()
        .find(|(word, _)| name.contains(word) || said.contains(word));
    let (Some(written), Some((_, product))) = (text(version), product) else {
        return;
    };
    let id = draft.id("infrastructure.compute", name);
    let at = |field| ["infrastructure", "compute", id.as_str(), field];
    let line = source.line(version.span.start);
    draft.set(&at("version"), written, line);
    let why = say!("the module is named so", "モジュールの名前による");
    draft.guess(&at("product"), *product, line, why);
}

/// A variable by itself or within `${…}`; anything more is computed.
fn resolved(expression: &str, known: &HashMap<String, String>) -> Option<String> {
    let inner = expression
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'))
        .unwrap_or(expression);
    known.get(inner.trim()).cloned()
}

fn provider(
    providers: &Node,
    source: &Source<'_>,
    draft: &mut Draft,
    known: &HashMap<String, String>,
) {
    for (name, body) in entries(providers) {
        let provider = match name.name.as_str() {
            "aws" => "aws",
            "google" | "google-beta" => "gcp",
            "azurerm" => "azure",
            _ => continue,
        };
        for (at, body) in items(body).iter().enumerate() {
            let line = source.line(body.span.start);
            draft.set(&["infrastructure", "provider"], provider, line);
            let region = body.get("region");
            let written = region.and_then(|region| {
                text(region)
                    .map(str::to_owned)
                    .or_else(|| resolved(text(region.get(hcl::EXPRESSION)?)?, known))
            });
            if let (Some(node), Some(region)) = (region, written) {
                let role = if at == 0 { "primary" } else { "standby" };
                let why = say!("the order of the providers", "プロバイダーの並び順");
                draft.guess(
                    &["infrastructure", "regions", &region, "role"],
                    role,
                    source.line(node.span.start),
                    why,
                );
            }
        }
    }
}

fn plan(source: &Source<'_>, draft: &mut Draft) {
    draft.open(source.name);
    let root = source
        .documents
        .first()
        .and_then(|root| at(root, &["planned_values", "root_module"]));
    if let Some(root) = root {
        module(root, source, draft, 0);
    }
}

fn module(module: &Node, source: &Source<'_>, draft: &mut Draft, depth: usize) {
    let list = |name| match module.get(name).map(|node| &node.value) {
        Some(Value::List(items)) => items.as_slice(),
        _ => &[],
    };
    for node in list("resources") {
        let part = |name| node.get(name).and_then(text).unwrap_or_default();
        // What is only looked up is not built.
        if part("mode") == "data" {
            continue;
        }
        let Some(body) = node.get("values") else {
            continue;
        };
        let line = source.line(node.span.start);
        let resource = Resource {
            tool: Tool::Terraform,
            kind: part("type"),
            name: part("name"),
            body,
            line,
        };
        resource.read(source, draft, &|_| None);
    }
    if depth < DEPTH_MAX {
        list("child_modules")
            .iter()
            .for_each(|child| self::module(child, source, draft, depth + 1));
    }
}
