//! OpenSLO v1, by way of the reader that `tegata openslo import` uses.

use promise::document::{Node, Value, parse_yaml};

use super::{
    Draft, Importer, Source,
    taking::{at, entries, text},
};
use crate::openslo;

pub(super) const IMPORTER: Importer = Importer {
    name: "OpenSLO",
    fits: |source| {
        source.documents.iter().any(|root| {
            root.get("apiVersion")
                .and_then(text)
                .is_some_and(|it| it.starts_with("openslo/"))
        })
    },
    read: |sources, draft| sources.iter().for_each(|source| read(source, draft)),
};

fn read(source: &Source<'_>, draft: &mut Draft) {
    draft.open(source.name);
    let converted = openslo::import(source.text);
    if let (Some(root), _) = parse_yaml(&converted.text) {
        let sections = entries(&root)
            .iter()
            .filter(|(_, node)| node.value != Value::Null);
        for (key, node) in sections {
            put(&mut vec![key.name.clone()], node, source, draft);
        }
    }
    for note in converted.notes {
        draft.lost(source.own_line(note.line), &note.about, note.what);
    }
}

/// Every value with the line of the object that says it, as far as its name tells that.
fn put(path: &mut Vec<String>, node: &Node, source: &Source<'_>, draft: &mut Draft) {
    if let (Value::Map(entries), true) = (&node.value, path.len() < 3) {
        for (key, node) in entries {
            path.push(key.name.clone());
            put(path, node, source, draft);
            path.pop();
        }
        return;
    }
    let line = origin(path, source);
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    // Who answers is asked of a person where the file does not say it.
    if names == ["service", "owner"] && text(node) == Some("nobody-yet") {
        return;
    }
    draft.set(&names, json(node), line);
}

fn origin(path: &[String], source: &Source<'_>) -> usize {
    let Some(id) = path.get(1).filter(|_| path[0] == "promises") else {
        return source.own_line(1);
    };
    let named = source
        .documents
        .iter()
        .filter_map(|root| at(root, &["metadata", "name"]));
    let mut fits: Vec<&Node> = named
        .filter(|name| text(name).is_some_and(|name| id.starts_with(&name.replace('.', "_"))))
        .collect();
    // `api` and `api_slow` both begin so: the longer name is meant.
    fits.sort_by_key(|name| text(name).map_or(0, str::len));
    fits.last()
        .map_or(source.own_line(1), |name| source.line(name.span.start))
}

fn json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Scalar(text) => serde_json::Value::from(text.as_str()),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(entries) => entries
            .iter()
            .map(|(key, node)| (key.name.clone(), json(node)))
            .collect(),
        Value::Null | Value::Unreadable => serde_json::Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{About, File, import};

    #[test]
    fn the_reader_of_openslo_is_used_and_its_lines_are_kept() {
        let text = "apiVersion: openslo/v1\nkind: Service\nmetadata: { name: shop }\n---\napiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: paid\n\
                    spec:\n  service: shop\n  budgetingMethod: Occurrences\n  timeWindow: [{ duration: 30d, isRolling: true }]\n  indicator:\n    metadata: { name: i }\n    spec:\n      ratioMetric:\n        counter: true\n        good: { metricSource: { type: Prometheus, spec: { query: 'sum(ok_total)' } } }\n        total: { metricSource: { type: Prometheus, spec: { query: 'sum(all_total)' } } }\n  objectives: [{ target: 0.995 }]\n";
        let done = import(
            &[File {
                name: "slo.yaml".into(),
                text: text.into(),
            }],
            &About {
                name: "x",
                time_zone: "UTC",
                lang: promise::Lang::En,
            },
        );
        assert!(done.text.contains("kind: ratio"), "{}", done.text);
        assert!(done.text.contains("# slo.yaml:8"), "{}", done.text);
    }
}
