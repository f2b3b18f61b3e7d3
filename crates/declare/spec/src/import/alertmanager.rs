//! Alertmanager's configuration: who is told of what.
//!
//! Its tree of routes becomes a list: a route takes what its matchers on `severity` and on `alertname` say, and what
//! those above it say. Secrets are not copied: a variable of the environment takes the place of each.
//! Source: Prometheus, "Alerting configuration".

use promise::{document::Node, say};
use serde_json::{Value, json};

use super::{
    Draft, Importer, Source, Taking,
    rule_groups::severity_of,
    taking::{text, texts},
};

pub(super) const IMPORTER: Importer = Importer {
    name: "Alertmanager",
    fits: |source| {
        source
            .documents
            .first()
            .is_some_and(|root| root.get("route").is_some() && root.get("receivers").is_some())
    },
    read: |sources, draft| sources.iter().for_each(|source| read(source, draft)),
};

/// Routes within routes.
const DEPTH_MAX: usize = 32;

fn read(source: &Source<'_>, draft: &mut Draft) {
    draft.open(source.name);
    let Some(root) = source.documents.first() else {
        return;
    };
    let mut whole = Taking::of(root, "", source);
    let global = whole.take("global");
    for node in whole.items("receivers") {
        receiver(node, global, source, draft);
    }
    if let Some(node) = whole.take("route") {
        let mut routes = Vec::new();
        route(node, &Above::default(), source, draft, &mut routes, 0);
        for (route, line) in routes {
            draft.push(&["routes"], route, line);
        }
    }
    whole.skip(&["templates"]);
    whole.finish_with(
        source,
        draft,
        &say!(
            "this has no counterpart in a spec",
            "仕様に対応するものがありません"
        ),
    );
}

/// What the routes above say.
#[derive(Clone, Default)]
struct Above {
    receiver: Option<String>,
    severities: Vec<String>,
    repeat: Option<String>,
}

fn route(
    node: &Node,
    above: &Above,
    source: &Source<'_>,
    draft: &mut Draft,
    routes: &mut Vec<(Value, usize)>,
    depth: usize,
) {
    let mut taking = Taking::of(node, "route", source);
    let line = taking.line;
    let mut own = above.clone();
    if let Some((name, _)) = taking.line_of("receiver", source) {
        own.receiver = Some(id(name));
    }
    if let Some((every, _)) = taking.line_of("repeat_interval", source) {
        own.repeat = Some(every.to_owned());
    }
    if let Some((_, line)) = taking.line_of("group_wait", source) {
        draft.noted(
            line,
            "group_wait",
            say!("pages do not wait", "通知は待たせません"),
        );
    }
    taking.skip(&["group_by", "group_interval", "continue"]);
    let mut conditions: Vec<(String, bool, usize)> = Vec::new();
    for (key, value) in taking.entries("match") {
        conditions.push((
            format!("{}={}", key.name, text(value).unwrap_or_default()),
            false,
            source.line(key.span.start),
        ));
    }
    for (key, value) in taking.entries("match_re") {
        conditions.push((
            format!("{}={}", key.name, text(value).unwrap_or_default()),
            true,
            source.line(key.span.start),
        ));
    }
    for matcher in taking.items("matchers") {
        let written = text(matcher).unwrap_or_default();
        let is_regex = written.contains("=~");
        conditions.push((
            written.replace("=~", "=").replace('"', ""),
            is_regex,
            source.line(matcher.span.start),
        ));
    }
    for (condition, is_regex, line) in conditions {
        match condition
            .split_once('=')
            .map(|(name, value)| (name.trim(), value.trim()))
        {
            Some(("severity", value)) if is_regex || !value.contains('|') => {
                own.severities = value
                    .trim_matches(['(', ')', '^', '$'])
                    .split('|')
                    .map(str::to_lowercase)
                    .collect();
                own.severities
                    .iter()
                    .for_each(|severity| severity_of(severity, line, draft));
            }
            _ => draft.lost(
                line,
                &condition,
                say!(
                    "routes choose by severity and promise only",
                    "経路は重大度と約束だけで選びます"
                ),
            ),
        }
    }
    let below = taking.items("routes");
    if depth < DEPTH_MAX {
        below
            .iter()
            .for_each(|node| route(node, &own, source, draft, routes, depth + 1));
    }
    taking.finish(source, draft);
    if let Some(receiver) = own.receiver {
        let mut out = json!({});
        if !own.severities.is_empty() {
            out["severities"] = json!(own.severities);
        }
        out["receivers"] = json!([receiver]);
        if let Some(repeat) = own.repeat {
            out["repeat"] = json!(repeat);
        }
        // Every route of a spec that fits is used, whereas Alertmanager comes back here only for what no route
        // below takes: told twice is better than told to nobody.
        if !below.is_empty() {
            draft.noted(
                line,
                "route",
                say!(
                    "it also takes what the routes below it take",
                    "下の経路が受け取るものも受け取ります"
                ),
            );
        }
        routes.push((out, line));
    }
}

/// A name as a key of `receivers`, the same wherever it is referred to.
fn id(name: &str) -> String {
    Draft::default().id("receivers", name)
}

fn receiver(node: &Node, global: Option<&Node>, source: &Source<'_>, draft: &mut Draft) {
    let mut taking = Taking::of(node, "receiver", source);
    let name = taking.text("name").unwrap_or_default();
    let id = id(name);
    taking.line_of("name", source);
    let mut is_written = false;
    for kind in ["slack_configs", "webhook_configs", "email_configs"] {
        for config in taking.items(kind) {
            let line = source.line(config.span.start);
            if is_written {
                draft.lost(
                    line,
                    &format!("{name}.{kind}"),
                    say!(
                        "a receiver is one way: give this one a name of its own",
                        "宛先は一つの方法だけです。別の名前を付けてください"
                    ),
                );
                continue;
            }
            is_written = true;
            let mut own = Own {
                name,
                id: &id,
                config: Taking::of(config, format!("{name}.{kind}"), source),
                global,
                source,
                line,
            };
            match kind {
                "slack_configs" => own.slack(draft),
                "webhook_configs" => own.webhook(draft),
                _ => own.email(draft),
            }
            own.config.skip(&[
                "send_resolved",
                "title",
                "text",
                "color",
                "fallback",
                "title_link",
                "pretext",
                "footer",
                "icon_emoji",
                "icon_url",
                "username",
                "headers",
                "html",
                "max_alerts",
            ]);
            own.config.finish(source, draft);
        }
    }
    if !is_written {
        let why = say!(
            "its way of telling is not known: the console's inbox takes its place",
            "対応する通知方法がないため、画面の受信箱で代えます"
        );
        draft.guess(
            &["receivers", &id, "kind"],
            "inbox",
            source.line(node.span.start),
            why,
        );
    }
    taking.finish(source, draft);
}

struct Own<'o, 'n> {
    name: &'o str,
    id: &'o str,
    config: Taking<'n>,
    global: Option<&'n Node>,
    source: &'o Source<'o>,
    line: usize,
}

impl Own<'_, '_> {
    fn put(&self, draft: &mut Draft, field: &str, value: impl Into<Value>, line: usize) {
        draft.set(&["receivers", self.id, field], value, line);
    }

    /// A file with the secret, or a variable in its place.
    fn secret(&mut self, draft: &mut Draft, field: &str, names: [&str; 2]) {
        let [plain, file] = names;
        if let Some((path, line)) = self.config.line_of(file, self.source) {
            return self.put(draft, field, format!("${{file:{path}}}"), line);
        }
        let is_written = self.config.take(plain).is_some();
        let letters = self.name.chars().map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        });
        let variable = format!("{}_{}", letters.collect::<String>(), field.to_uppercase());
        self.put(draft, field, format!("${{env:{variable}}}"), self.line);
        if is_written {
            let what = format!("{}.{plain}", self.name);
            draft.noted(
                self.line,
                &what,
                say!(
                    "it is expected in the variable {variable}",
                    "環境変数 {variable} から読みます"
                ),
            );
        }
    }

    fn slack(&mut self, draft: &mut Draft) {
        self.put(draft, "kind", "slack", self.line);
        self.secret(draft, "url", ["api_url", "api_url_file"]);
        if let Some((channel, line)) = self.config.line_of("channel", self.source) {
            self.put(draft, "channel", channel, line);
        }
    }

    fn webhook(&mut self, draft: &mut Draft) {
        self.put(draft, "kind", "webhook", self.line);
        // An address without anything secret in it is only copied where it stays on this machine.
        let local = self
            .config
            .take("url")
            .and_then(text)
            .filter(|url| crate::section::receiver::Secret::parse(url).is_some());
        match local {
            Some(url) => self.put(draft, "url", url, self.line),
            None => self.secret(draft, "url", ["url", "url_file"]),
        }
    }

    fn email(&mut self, draft: &mut Draft) {
        self.put(draft, "kind", "email", self.line);
        let source = self.source;
        let global = self.global;
        let mut said = |own: &str, all: &str| {
            self.config.line_of(own, source).or_else(|| {
                let node = global?.get(all)?;
                Some((text(node)?, source.line(node.span.start)))
            })
        };
        let found = [
            ("server", said("smarthost", "smtp_smarthost")),
            ("from", said("from", "smtp_from")),
            ("user", said("auth_username", "smtp_auth_username")),
        ];
        for (field, value) in found {
            if let Some((value, line)) = value {
                self.put(draft, field, value, line);
            }
        }
        if let Some(node) = self.config.take("to") {
            let to: Vec<String> = texts(node)
                .iter()
                .flat_map(|to| to.split(','))
                .map(|to| to.trim().to_owned())
                .collect();
            self.put(draft, "to", json!(to), source.line(node.span.start));
        }
        let has_password = self.config.take("auth_password").is_some()
            || global.is_some_and(|global| global.get("smtp_auth_password").is_some());
        if has_password {
            self.secret(draft, "password", ["auth_password", "auth_password_file"]);
        }
        self.config
            .skip(&["require_tls", "auth_identity", "auth_secret", "hello"]);
    }
}
