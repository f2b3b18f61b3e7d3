//! CloudFormation templates, YAML or JSON. Parameters with a default are taken for it, as a guess.

use promise::{document::Node, say};

use super::{
    Draft, Importer, Source,
    resource::{Resource, Tool},
    taking::{entries, text},
};

pub(super) const IMPORTER: Importer = Importer {
    name: "CloudFormation",
    fits: |source| source.documents.first().is_some_and(is_template),
    read: |sources, draft| sources.iter().for_each(|source| read(source, draft)),
};

fn is_template(root: &Node) -> bool {
    let resources = root.get("Resources").map_or(&[][..], entries);
    let has_type = |node: &Node| {
        node.get("Type")
            .and_then(text)
            .is_some_and(|it| it.contains("::"))
    };
    root.get("AWSTemplateFormatVersion").is_some()
        || resources.iter().any(|(_, node)| has_type(node))
}

fn read(source: &Source<'_>, draft: &mut Draft) {
    draft.open(source.name);
    let Some(root) = source.documents.first() else {
        return;
    };
    draft.set(
        &["infrastructure", "provider"],
        "aws",
        source.line(root.span.start),
    );
    let parameters = root.get("Parameters").map_or(&[][..], entries);
    let resolve = |expression: &str| {
        let (_, parameter) = parameters.iter().find(|(key, _)| key.name == expression)?;
        Some(text(parameter.get("Default")?)?.to_owned())
    };
    for (key, parameter) in parameters {
        let default = parameter.get("Default");
        let line = source.line(default.map_or(key.span.start, |it| it.span.start));
        match default.and_then(text) {
            Some(default) => draft.noted(
                line,
                &format!("{} = {default}", key.name),
                say!(
                    "taken where the template refers to it",
                    "参照する箇所で使いました"
                ),
            ),
            None => draft.lost(
                line,
                &key.name,
                say!("it is only known when it runs", "実行時まで分かりません"),
            ),
        }
    }
    let nothing = Node {
        span: root.span.clone(),
        value: promise::document::Value::Null,
    };
    for (name, node) in root.get("Resources").map_or(&[][..], entries) {
        let line = source.line(name.span.start);
        let Some(kind) = node.get("Type").and_then(text) else {
            draft.lost(
                line,
                &name.name,
                say!("it has no `Type`", "`Type` がありません"),
            );
            continue;
        };
        let body = node.get("Properties").unwrap_or(&nothing);
        Resource {
            tool: Tool::CloudFormation,
            kind,
            name: &name.name,
            body,
            line,
        }
        .read(source, draft, &resolve);
    }
    for (key, node) in entries(root) {
        if ["Mappings", "Conditions", "Transform", "Rules", "Hooks"].contains(&key.name.as_str()) {
            draft.lost(
                source.line(node.span.start),
                &key.name,
                say!("it is only known when it runs", "実行時まで分かりません"),
            );
        }
    }
}
