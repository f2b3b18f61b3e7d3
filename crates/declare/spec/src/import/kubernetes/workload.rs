//! Deployments and the like: what runs, how many of it, and how much memory it may take.

use promise::{document::Node, say};

use super::{Object, Places, below, is_secret};
use crate::import::{
    Draft, Source, Taking, image,
    taking::{at, items, text},
    variables::{Variable, variables},
};

impl Object<'_> {
    pub(super) fn workload(
        &self,
        spec: &mut Taking<'_>,
        source: &Source<'_>,
        draft: &mut Draft,
        places: &mut Places,
    ) {
        spec.skip(&[
            "selector",
            "serviceName",
            "revisionHistoryLimit",
            "podManagementPolicy",
        ]);
        let pod = spec
            .take("template")
            .and_then(|template| template.get("spec"));
        let containers = pod
            .and_then(|pod| pod.get("containers"))
            .map_or(&[][..], items);
        let Some(first) = containers.first() else {
            // An excerpt that leaves the template out still says how many there are.
            if let Some((replicas, line)) = spec.line_of("replicas", source)
                && let Ok(count) = replicas.parse::<u64>()
            {
                let path = ["infrastructure", "compute", self.name, "instances"];
                draft.set(&path, count, line);
            }
            return draft.noted(
                self.line,
                self.name,
                say!("it has no container", "コンテナーがありません"),
            );
        };
        let image = first.get("image");
        let line = image.map_or(self.line, |node| source.line(node.span.start));
        let path = image::write(
            image.and_then(text).unwrap_or_default(),
            self.name,
            "kubernetes",
            line,
            draft,
        );
        let is_compute = path.get(1).is_some_and(|section| section == "compute");
        if let Some((replicas, line)) = spec.line_of("replicas", source) {
            match (
                replicas.parse::<u64>(),
                is_compute,
                path.get(1).map(String::as_str),
            ) {
                (Ok(count), true, _) => draft.set(&below(&path, "instances"), count, line),
                (Ok(count), _, Some("caches" | "search")) => {
                    draft.set(&below(&path, "nodes"), count, line)
                }
                _ => draft.lost(
                    line,
                    &format!("{}: replicas", self.name),
                    say!(
                        "a database's replicas are declared by name",
                        "データベースのレプリカは名前ごとに書きます"
                    ),
                ),
            }
        }
        let mut container = Taking::of(
            first,
            format!("{} {}: container", self.kind, self.name),
            source,
        );
        container.skip(&[
            "name",
            "image",
            "imagePullPolicy",
            "ports",
            "command",
            "args",
            "workingDir",
            "volumeMounts",
            "envFrom",
        ]);
        self.environment(&mut container, source, draft);
        if let Some(resources) = container.take("resources") {
            let mut resources = Taking::of(
                resources,
                format!("{} {}: resources", self.kind, self.name),
                source,
            );
            if let Some(limits) = resources.take("limits") {
                let mut limits = Taking::of(
                    limits,
                    format!("{} {}: limits", self.kind, self.name),
                    source,
                );
                if let Some((limit, line)) = limits.line_of("memory", source) {
                    let to = below(&path, "memory");
                    match image::memory(limit).filter(|_| is_compute) {
                        Some(memory) => draft.set(&to, memory, line),
                        None => draft.lost(
                            line,
                            limit,
                            say!(
                                "there is no field for its memory",
                                "メモリーを書く項目がありません"
                            ),
                        ),
                    }
                }
                limits.finish(source, draft);
            }
            resources.finish(source, draft);
        }
        for probe in ["readinessProbe", "startupProbe", "livenessProbe"] {
            let Some(node) = container.take(probe) else {
                continue;
            };
            let to = below(&path, "starts_in");
            let delay = node.get("initialDelaySeconds");
            match delay
                .and_then(text)
                .filter(|_| is_compute && !draft.has(&to))
            {
                Some(secs) => {
                    let why = say!(
                        "the delay before the first probe",
                        "最初の確認までの待ち時間"
                    );
                    draft.guess(&to, format!("{secs}s"), source.line(node.span.start), why);
                }
                None => draft.lost(
                    source.line(node.span.start),
                    &format!("{}: {probe}", self.name),
                    say!(
                        "a probe from outside proves more: `sources.probes`",
                        "外からの確認(`sources.probes`)の方が確かです"
                    ),
                ),
            }
        }
        container.finish(source, draft);
        for other in containers.iter().skip(1) {
            let name = other.get("name").and_then(text).unwrap_or_default();
            draft.lost(
                source.line(other.span.start),
                &format!("{}: container {name}", self.name),
                say!(
                    "only the first container is read",
                    "最初のコンテナーだけを読みます"
                ),
            );
        }
        for claim in spec.items("volumeClaimTemplates") {
            let storage = at(claim, &["spec", "resources", "requests", "storage"]);
            let Some(node) = storage else { continue };
            let line = source.line(node.span.start);
            let to = below(&path, "storage");
            let size = text(node).and_then(image::memory);
            match size.filter(|_| path.get(1).is_some_and(|section| section == "databases")) {
                Some(size) => draft.set(&to, size, line),
                None => draft.lost(
                    line,
                    &format!("{}: storage", self.name),
                    say!(
                        "there is no field for its storage",
                        "容量を書く項目がありません"
                    ),
                ),
            }
        }
        places.insert((self.kind.to_owned(), self.name.to_owned()), path);
    }

    /// Variables say little about what is owed; a password among them says much.
    fn environment(&self, container: &mut Taking<'_>, source: &Source<'_>, draft: &mut Draft) {
        let all = container.items("env");
        let known = |it: &'_ Node| {
            Some(Variable {
                name: it.get("name").and_then(text)?.to_owned(),
                value: it.get("value").and_then(text)?.to_owned(),
                line: source.line(it.span.start),
            })
        };
        let known: Vec<Variable> = all.iter().filter_map(known).collect();
        let compute = draft.names(&["infrastructure", "compute"]);
        let owner = compute.iter().find(|id| *id == self.name);
        variables(owner.map(String::as_str), &known, draft);
        for variable in all {
            let name = variable.get("name").and_then(text).unwrap_or_default();
            let is_written = variable.get("value").is_some();
            if is_written && is_secret(name) {
                draft.lost(
                    source.line(variable.span.start),
                    &format!("{}: {name}", self.name),
                    say!(
                        "a secret stands here in clear: move it into a Secret",
                        "秘密が平文で書かれています。Secret に移してください"
                    ),
                );
            }
        }
    }
}
