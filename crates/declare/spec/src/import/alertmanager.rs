//! Alertmanager's configuration: who is told of what.
//!
//! Routes, inhibitions and intervals are read in `routing`, receivers here. Secrets are not copied: a variable of the environment takes the place of each.
//! Source: Prometheus, "Alerting configuration".

use std::collections::HashMap;

use promise::{
    document::{Key, Node, Value},
    say,
};
use serde_json::json;

use super::{
    Draft, Importer, Source, Taking, routing,
    taking::{items, text, texts},
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

fn read(source: &Source<'_>, draft: &mut Draft) {
    draft.open(source.name);
    let Some(root) = source.documents.first() else {
        return;
    };
    let mut whole = Taking::of(root, "", source);
    let global = whole.take("global");
    if let Some(node) = global.and_then(|global| global.get("resolve_timeout")) {
        let line = source.line(node.span.start);
        draft.set(
            &["alerting", "resolve_timeout"],
            text(node).unwrap_or_default(),
            line,
        );
    }
    let receivers = whole.items("receivers");
    let ways: HashMap<String, Vec<String>> = receivers
        .iter()
        .map(|node| receiver(node, global, source, draft))
        .collect();
    if let Some(node) = whole.take("route") {
        let ends_told = |receiver: &str| {
            let mut own = receivers.iter().filter(|node| {
                node.get("name").and_then(text).map(id).as_deref() == Some(receiver)
            });
            own.any(tells_ends)
        };
        let known = routing::Receivers {
            ways: &ways,
            ends_told: &ends_told,
        };
        routing::routes(node, source, draft, &known);
    }
    routing::inhibitions(whole.items("inhibit_rules"), source, draft);
    for name in ["time_intervals", "mute_time_intervals"] {
        routing::intervals(whole.items(name), source, draft);
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

/// Whether any way of this receiver tells of an end: where it does not say so itself, mail and chats do not, and what
/// programs read does.
fn tells_ends(receiver: &Node) -> bool {
    let Value::Map(kinds) = &receiver.value else {
        return false;
    };
    let tells = |(key, configs): &(Key, Node)| {
        let by_default =
            !["email_configs", "slack_configs", "wechat_configs"].contains(&key.name.as_str());
        let configs = items(configs).iter();
        let mut said = configs.map(|config| config.get("send_resolved").and_then(text));
        key.name.ends_with("_configs")
            && said.any(|said| said.map_or(by_default, |said| said == "true"))
    };
    // One that nothing is known of is told by the console's inbox, which shows ends.
    let has_ways = kinds.iter().any(|(key, _)| key.name.ends_with("_configs"));
    !has_ways || kinds.iter().any(tells)
}

/// A name as a key of `receivers`, the same wherever it is referred to.
pub(super) fn id(name: &str) -> String {
    Draft::default().id("receivers", name)
}

type Write = fn(&mut Own<'_, '_>, &mut Draft);

/// The ways of telling that a spec knows too, as Alertmanager calls them.
const WAYS: [(&str, Write); 6] = [
    ("slack_configs", |own, draft| own.slack(draft)),
    ("webhook_configs", |own, draft| own.webhook(draft)),
    ("email_configs", |own, draft| own.email(draft)),
    ("pagerduty_configs", |own, draft| own.pagerduty(draft)),
    ("opsgenie_configs", |own, draft| own.opsgenie(draft)),
    ("msteamsv2_configs", |own, draft| own.teams(draft)),
];

/// What messages look like, which is not taken over: ours say what they must in both languages.
const LOOKS: &[&str] = &[
    "send_resolved",
    "title",
    "text",
    "summary",
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
    "message",
    "description",
    "details",
    "client",
    "client_url",
    "source",
    "note",
];

/// A receiver of ours tells in one way, so one that tells in several becomes as many. Answers with their ids.
fn receiver(
    node: &Node,
    global: Option<&Node>,
    source: &Source<'_>,
    draft: &mut Draft,
) -> (String, Vec<String>) {
    let mut taking = Taking::of(node, "receiver", source);
    let name = taking.text("name").unwrap_or_default();
    let first = id(name);
    taking.line_of("name", source);
    let mut ids: Vec<String> = Vec::new();
    for (kind, write) in WAYS {
        for config in taking.items(kind) {
            let called = match ids.len() {
                0 => name.to_owned(),
                before => format!("{name}_{}", before + 1),
            };
            let id = id(&called);
            let mut own = Own {
                name: &called,
                id: &id,
                config: Taking::of(config, format!("{name}.{kind}"), source),
                global,
                source,
                line: source.line(config.span.start),
            };
            write(&mut own, draft);
            own.config.skip(LOOKS);
            own.config.finish(source, draft);
            ids.push(id);
        }
    }
    if ids.is_empty() {
        let why = say!(
            "its way of telling is not known: the console's inbox takes its place",
            "対応する通知方法がないため、画面の受信箱で代えます"
        );
        draft.guess(
            &["receivers", &first, "kind"],
            "inbox",
            source.line(node.span.start),
            why,
        );
        ids.push(first.clone());
    }
    taking.finish(source, draft);
    (first, ids)
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
    fn put(
        &self,
        draft: &mut Draft,
        field: &str,
        value: impl Into<serde_json::Value>,
        line: usize,
    ) {
        draft.set(&["receivers", self.id, field], value, line);
    }

    /// What the variable with one of its secrets is called.
    fn variable(&self, field: &str) -> String {
        let letters = self.name.chars().map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        });
        format!("{}_{}", letters.collect::<String>(), field.to_uppercase())
    }

    /// A file with the secret, or a variable in its place.
    fn secret(&mut self, draft: &mut Draft, field: &str, names: [&str; 2]) {
        let [plain, file] = names;
        if let Some((path, line)) = self.config.line_of(file, self.source) {
            return self.put(draft, field, format!("${{file:{path}}}"), line);
        }
        let is_written = self.config.take(plain).is_some();
        let variable = self.variable(field);
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

    fn pagerduty(&mut self, draft: &mut Draft) {
        self.put(draft, "kind", "pagerduty", self.line);
        self.secret(draft, "key", ["routing_key", "routing_key_file"]);
        if let Some((url, line)) = self.config.line_of("url", self.source) {
            let api = url.trim_end_matches('/').trim_end_matches("/v2/enqueue");
            self.put(draft, "api", api, line);
        }
        self.config
            .skip(&["severity", "component", "group", "class", "images", "links"]);
    }

    fn opsgenie(&mut self, draft: &mut Draft) {
        self.put(draft, "kind", "http", self.line);
        self.put(draft, "preset", "opsgenie", self.line);
        self.secret(draft, "url", ["api_url", "api_url_file"]);
        self.config.skip(&["api_key", "api_key_file"]);
        let variable = self.variable("authorization");
        draft.set(
            &["receivers", self.id, "headers", "authorization"],
            format!("${{env:{variable}}}"),
            self.line,
        );
        draft.noted(
            self.line,
            &format!("{}.api_key", self.name),
            say!(
                "`GenieKey` and the key are expected in the variable {variable}",
                "環境変数 {variable} から「GenieKey キー」の形で読みます"
            ),
        );
        self.config
            .skip(&["priority", "tags", "entity", "actions", "update_alerts"]);
    }

    fn teams(&mut self, draft: &mut Draft) {
        self.put(draft, "kind", "teams", self.line);
        self.secret(draft, "url", ["webhook_url", "webhook_url_file"]);
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
