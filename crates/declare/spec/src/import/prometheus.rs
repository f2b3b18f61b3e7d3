//! Prometheus's own configuration: its scrape jobs go on as they are, and each is owed to be heard.

use promise::{document::Node, say};
use serde_json::json;

use super::{
    Draft, Importer, Source,
    taking::{items, text, texts},
};
use crate::init::{import_prometheus, job_fields};

pub(super) const IMPORTER: Importer = Importer {
    name: "Prometheus",
    fits: |source| {
        source
            .documents
            .first()
            .is_some_and(|root| root.get("scrape_configs").is_some())
    },
    read: |sources, draft| sources.iter().for_each(|source| read(source, draft)),
};

fn read(source: &Source<'_>, draft: &mut Draft) {
    draft.open(source.name);
    let imported = match import_prometheus(source.text) {
        Ok(imported) => imported,
        Err(why) => return draft.lost(source.own_line(1), source.name, why),
    };
    let root = source.documents.first();
    let configs = root
        .and_then(|root| root.get("scrape_configs"))
        .map_or(&[][..], items);
    let of_job = |name: &str| {
        configs
            .iter()
            .find(|node| node.get("job_name").and_then(text) == Some(name))
    };
    for (job, scrape) in &imported.jobs {
        let node = of_job(job);
        let line = node.map_or(source.own_line(1), |node| source.line(node.span.start));
        let finds_any = !(scrape.targets.is_empty()
            && scrape.groups.is_empty()
            && scrape.dns.is_empty()
            && scrape.files.is_empty()
            && scrape.kubernetes.is_empty());
        if !finds_any {
            let why = say!(
                "how its targets are found is not known here",
                "対象の見つけ方が、ここにはありません"
            );
            draft.lost(line, job, why);
            continue;
        }
        let path = ["sources", "scrape", job.as_str()];
        for (field, value) in job_fields(scrape) {
            let from = node
                .and_then(|node| field_of(node, &field))
                .map_or(line, |node| source.line(node.span.start));
            draft.set(&[path[0], path[1], path[2], &field], value, from);
        }
        let id = draft.id("promises", &format!("{job} is heard"));
        let why = || {
            say!(
                "what is scraped should be heard",
                "収集するものは届くはずです"
            )
        };
        draft.guess(&["promises", &id, "kind"], "freshness", line, why());
        draft.guess(
            &["promises", &id, "series"],
            format!("up{{job={}}}", json!(job)),
            line,
            why(),
        );
        draft.guess(&["promises", &id, "within"], "5m", line, why());
        let why = || say!("somebody should see to it", "誰かが対応すべきです");
        draft.guess(&["promises", &id, "severity"], "ticket", line, why());
        draft.guess(&["severities", "ticket", "level"], 2, line, why());
    }
    for left in &imported.left {
        draft.lost(source.line(left.at), &left.what.en, left.what.clone());
    }
    if let Some(files) = root.and_then(|root| root.get("rule_files")) {
        for pattern in texts(files) {
            draft.push(&["rules", "files"], pattern, source.line(files.span.start));
        }
    }
}

/// What a field of ours is called there.
fn field_of<'n>(job: &'n Node, field: &str) -> Option<&'n Node> {
    let name = match field {
        "interval" => "scrape_interval",
        "timeout" => "scrape_timeout",
        "path" => "metrics_path",
        "targets" | "labels" | "groups" => "static_configs",
        "dns" => "dns_sd_configs",
        "files" => "file_sd_configs",
        "kubernetes" => "kubernetes_sd_configs",
        "basic" => "basic_auth",
        "bearer" => "authorization",
        "tls" => "tls_config",
        same => same,
    };
    job.get(name)
}
