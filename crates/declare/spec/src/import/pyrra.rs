//! Pyrra: `ServiceLevelObjective` of `pyrra.dev/v1alpha1`.

use promise::{Selector, document::Node, record::Scalar as _, say};

use super::{
    Draft, Importer, Source, Taking,
    taking::{at, text},
};

pub(super) const IMPORTER: Importer = Importer {
    name: "Pyrra",
    fits: |source| source.documents.iter().any(is_own),
    read: |sources, draft| {
        for source in sources {
            draft.open(source.name);
            source
                .documents
                .iter()
                .filter(|root| is_own(root))
                .for_each(|root| objective(root, source, draft));
        }
    },
};

fn is_own(root: &Node) -> bool {
    root.get("apiVersion")
        .and_then(text)
        .is_some_and(|it| it.starts_with("pyrra.dev/"))
}

fn objective(root: &Node, source: &Source<'_>, draft: &mut Draft) {
    let name = at(root, &["metadata", "name"])
        .and_then(text)
        .unwrap_or_default();
    let id = draft.id("promises", name);
    let Some(spec) = root.get("spec") else { return };
    let mut spec = Taking::of(spec, name, source);
    spec.skip(&["description", "alerting"]);
    let indicator = spec.take("indicator");
    let line = indicator.map_or(spec.line, |node| source.line(node.span.start));
    // A latency is the share of requests whose bucket ends at the bound: a ratio of two counters, too.
    let kinds = [("ratio", "errors", "bad"), ("latency", "success", "good")];
    let known = kinds.iter().find_map(|(kind, part, to)| {
        let node = indicator?.get(kind)?;
        Some((
            at(node, &[part, "metric"])?,
            at(node, &["total", "metric"])?,
            *to,
        ))
    });
    let selector = |node: &Node| text(node).and_then(|text| Selector::parse(text).ok());
    match known
        .and_then(|(part, total, to)| Some((selector(part)?, part, selector(total)?, total, to)))
    {
        Some((part, part_at, total, total_at, to)) => {
            draft.set(&["promises", &id, "kind"], "ratio", line);
            draft.set(
                &["promises", &id, "total"],
                total.to_string(),
                source.line(total_at.span.start),
            );
            draft.set(
                &["promises", &id, to],
                part.to_string(),
                source.line(part_at.span.start),
            );
        }
        None => {
            spec.skip(&["target", "window"]);
            spec.finish(source, draft);
            return draft.lost(
                line,
                name,
                say!(
                    "only indicators of kind `ratio` and `latency` can be counted exactly",
                    "`ratio` と `latency` の指標だけが正確に数えられます"
                ),
            );
        }
    }
    if let Some((target, line)) = spec.line_of("target", source) {
        draft.set(&["promises", &id, "at_least"], format!("{target} %"), line);
    }
    if let Some((window, line)) = spec.line_of("window", source) {
        draft.set(&["promises", &id, "window"], window, line);
    }
    spec.finish(source, draft);
}
