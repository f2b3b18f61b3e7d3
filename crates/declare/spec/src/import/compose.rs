//! docker-compose: services become what they run. Source: the Compose specification, `services`.

use promise::{
    document::{Node, Value},
    say,
};

use super::{
    Draft, Importer, Source, Taking, image,
    kubernetes::{below, is_secret},
    taking::{entries, items, text},
};

pub(super) const IMPORTER: Importer = Importer {
    name: "docker-compose",
    fits: |source| {
        let services = source
            .documents
            .first()
            .and_then(|root| root.get("services"));
        services.is_some_and(|services| matches!(services.value, Value::Map(_)))
    },
    read: |sources, draft| sources.iter().for_each(|source| read(source, draft)),
};

fn read(source: &Source<'_>, draft: &mut Draft) {
    draft.open(source.name);
    let Some(root) = source.documents.first() else {
        return;
    };
    let mut whole = Taking::of(root, "", source);
    if let Some((name, line)) = whole.line_of("name", source) {
        draft.set(&["service", "name"], name, line);
    }
    for (key, node) in whole.entries("services") {
        service(&key.name, node, source.line(key.span.start), source, draft);
    }
    whole.skip(&["version", "volumes", "networks"]);
    // Extensions hold what is merged elsewhere.
    let extensions: Vec<String> = entries(root)
        .iter()
        .map(|(key, _)| key.name.clone())
        .filter(|name| name.starts_with("x-"))
        .collect();
    whole.skip(&extensions.iter().map(String::as_str).collect::<Vec<_>>());
    whole.finish(source, draft);
}

fn service(name: &str, node: &Node, line: usize, source: &Source<'_>, draft: &mut Draft) {
    let mut taking = Taking::of(node, name, source);
    let (image, line) = taking.line_of("image", source).unwrap_or(("", line));
    let path = image::write(image, name, "docker", line, draft);
    let is_compute = path.get(1).is_some_and(|section| section == "compute");
    taking.skip(&[
        "build",
        "container_name",
        "command",
        "entrypoint",
        "volumes",
        "networks",
        "depends_on",
        "labels",
        "restart",
        "expose",
        "hostname",
        "working_dir",
        "user",
        "init",
        "env_file",
    ]);
    if let Some(deploy) = taking.take("deploy") {
        let mut deploy = Taking::of(deploy, format!("{name}.deploy"), source);
        if let Some((count, line)) = deploy.line_of("replicas", source)
            && let Some(count) = count.parse::<u64>().ok().filter(|_| is_compute)
        {
            draft.set(&below(&path, "instances"), count, line);
        }
        if let Some(resources) = deploy.take("resources") {
            let limit = resources
                .get("limits")
                .and_then(|limits| limits.get("memory"));
            if let Some(node) = limit {
                memory(node, &path, name, source, draft);
            }
        }
        deploy.finish(source, draft);
    }
    if let Some(node) = taking.take("mem_limit") {
        memory(node, &path, name, source, draft);
    }
    for port in taking.items("ports") {
        let line = source.line(port.span.start);
        match text(port).and_then(published) {
            Some(address) => {
                let id = draft.id(
                    "sources.probes",
                    &format!("{name} {}", address.rsplit(':').next().unwrap_or_default()),
                );
                let why = say!(
                    "whatever is published can be probed",
                    "公開されたポートは確認できます"
                );
                draft.guess(
                    &["sources", "probes", &id, "kind"],
                    "tcp",
                    line,
                    why.clone(),
                );
                draft.guess(&["sources", "probes", &id, "address"], address, line, why);
            }
            None => draft.lost(
                line,
                &format!("{name}.ports"),
                say!("it publishes no fixed port", "固定のポートではありません"),
            ),
        }
    }
    environment(&mut taking, name, source, draft);
    taking.finish(source, draft);
}

fn memory(node: &Node, path: &[String], name: &str, source: &Source<'_>, draft: &mut Draft) {
    let line = source.line(node.span.start);
    let is_compute = path.get(1).is_some_and(|section| section == "compute");
    match text(node).and_then(image::memory).filter(|_| is_compute) {
        Some(size) => draft.set(&below(path, "memory"), size, line),
        None => draft.lost(
            line,
            &format!("{name}: memory"),
            say!(
                "there is no field for its memory",
                "メモリーを書く項目がありません"
            ),
        ),
    }
}

fn environment(taking: &mut Taking<'_>, name: &str, source: &Source<'_>, draft: &mut Draft) {
    let Some(node) = taking.take("environment") else {
        return;
    };
    let written = |value: &str| !value.is_empty() && !value.starts_with("${");
    let mut found = Vec::new();
    for (key, value) in entries(node) {
        if text(value).is_some_and(written) {
            found.push((key.name.as_str(), key.span.start));
        }
    }
    if let Value::List(_) = node.value {
        for item in items(node) {
            if let Some((key, value)) = text(item).and_then(|item| item.split_once('='))
                && written(value)
            {
                found.push((key, item.span.start));
            }
        }
    }
    for (variable, at) in found
        .into_iter()
        .filter(|(variable, _)| is_secret(variable))
    {
        draft.lost(
            source.line(at),
            &format!("{name}: {variable}"),
            say!(
                "a secret stands here in clear: move it into a secret store",
                "秘密が平文で書かれています。秘密の保管庫に移してください"
            ),
        );
    }
}

/// The address at which a port of the host is reached: `8080:80` and `127.0.0.1:8080:80`.
fn published(port: &str) -> Option<String> {
    let port = port.split('/').next().unwrap_or(port);
    let parts: Vec<&str> = port.split(':').collect();
    let host = match parts.as_slice() {
        [host, _] => host,
        [_, host, _] => host,
        _ => return None,
    };
    host.parse::<u16>()
        .ok()
        .map(|host| format!("127.0.0.1:{host}"))
}
