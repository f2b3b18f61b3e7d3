//! Sloth (`prometheus/v1`) and its Kubernetes kind `PrometheusServiceLevel`.
//!
//! Source: Sloth's specification, `prometheus/v1`: objectives in percent over 30 days, events as queries with
//! `{{.window}}` for their range.

use promise::{Say, document::Node, say};

use super::{
    Draft, Importer, Source, Taking,
    taking::{at, text},
};
use crate::openslo::series;

pub(super) const IMPORTER: Importer = Importer {
    name: "Sloth",
    fits: |source| {
        source
            .documents
            .iter()
            .any(|root| is_own(root) || is_kind(root))
    },
    read: |sources, draft| sources.iter().for_each(|source| read(source, draft)),
};

fn is_own(root: &Node) -> bool {
    root.get("version")
        .and_then(text)
        .is_some_and(|it| it.starts_with("prometheus/"))
        && root.get("slos").is_some()
}

fn is_kind(root: &Node) -> bool {
    root.get("kind").and_then(text) == Some("PrometheusServiceLevel")
}

fn read(source: &Source<'_>, draft: &mut Draft) {
    draft.open(source.name);
    for root in &source.documents {
        let spec = if is_kind(root) {
            root.get("spec").unwrap_or(root)
        } else {
            root
        };
        let mut spec = Taking::of(spec, "", source);
        spec.skip(&["version", "labels"]);
        if let Some((service, line)) = spec.line_of("service", source) {
            draft.set(&["service", "name"], service, line);
        }
        for slo in spec.items("slos") {
            objective(slo, source, draft);
        }
        spec.finish(source, draft);
    }
}

fn objective(slo: &Node, source: &Source<'_>, draft: &mut Draft) {
    let name = slo.get("name").and_then(text).unwrap_or_default();
    let id = draft.id("promises", name);
    let mut taking = Taking::of(slo, name, source);
    let line = taking.line;
    taking.skip(&["name", "description", "labels", "plugins"]);
    let sli = taking.take("sli");
    let query = |names: [&str; 2]| {
        names
            .iter()
            .find_map(|field| sli.and_then(|sli| at(sli, &["events", field])))
    };
    let part = |names| {
        let node = query(names)?;
        let query = text(node)?
            .replace("{{.window}}", "5m")
            .replace("{{ .window }}", "5m");
        Some((
            series(&query).ok_or_else(|| query.trim().to_owned()),
            source.line(node.span.start),
        ))
    };
    let (total, bad) = (
        part(["total_query", "totalQuery"]),
        part(["error_query", "errorQuery"]),
    );
    let not_one = |query: &str| -> Say {
        say!(
            "`{query}` is more than one counter",
            "`{query}` は一つのカウンターではありません"
        )
    };
    match (total, bad) {
        (Some((Ok(total), at)), Some((Ok(bad), bad_at))) => {
            draft.set(&["promises", &id, "kind"], "ratio", line);
            draft.set(&["promises", &id, "total"], total.to_string(), at);
            draft.set(&["promises", &id, "bad"], bad.to_string(), bad_at);
        }
        (Some((Err(query), at)), _) | (_, Some((Err(query), at))) => {
            taking.skip(&["objective", "alerting"]);
            return draft.lost(at, name, not_one(&query));
        }
        _ => {
            let at = sli.map_or(line, |sli| source.line(sli.span.start));
            taking.skip(&["objective", "alerting"]);
            return draft.lost(
                at,
                name,
                say!(
                    "only indicators of `events` can be counted exactly",
                    "`events` の指標だけが正確に数えられます"
                ),
            );
        }
    }
    if let Some((percent, line)) = taking.line_of("objective", source) {
        draft.set(&["promises", &id, "at_least"], format!("{percent} %"), line);
    }
    draft.guess(
        &["promises", &id, "window"],
        "30d",
        line,
        say!("Sloth's default", "Sloth の既定値"),
    );
    if let Some(alerting) = taking.take("alerting") {
        let mut alerting = Taking::of(alerting, format!("{name}.alerting"), source);
        alerting.skip(&["name", "labels", "annotations"]);
        let page = alerting
            .take("page_alert")
            .or_else(|| alerting.take("pageAlert"));
        let is_off = page.and_then(|page| page.get("disable")).and_then(text) == Some("true");
        if !is_off {
            let why = || {
                say!(
                    "a page alert is the worst that Sloth knows",
                    "page アラートは Sloth で最も重いものです"
                )
            };
            draft.guess(&["promises", &id, "severity"], "page", line, why());
            draft.guess(&["severities", "page", "level"], 1, line, why());
        }
        alerting.skip(&["ticket_alert", "ticketAlert"]);
        alerting.finish(source, draft);
    }
    taking.finish(source, draft);
}
