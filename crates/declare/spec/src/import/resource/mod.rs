//! Resources of a cloud, whichever tool declares them, by the table in `kinds`.

mod joined;
mod kinds;
mod special;

use promise::{
    Say,
    document::{Node, Value},
    say,
};
use serde_json::json;

use kinds::{
    How::{
        self, Days, Gb, Gib, Hours, Iso, Mib, Number, Opposite, Secs, Text, Truth, Version, Word,
    },
    KINDS, Kind,
};

use super::{
    Draft, Source, Taking,
    hcl::EXPRESSION,
    taking::{self, entries, items},
};

/// Which of the two tools declares it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    Terraform,
    CloudFormation,
}

/// A resource as its tool declares it.
pub(super) struct Resource<'r> {
    pub(super) tool: Tool,
    pub(super) kind: &'r str,
    pub(super) name: &'r str,
    pub(super) body: &'r Node,
    pub(super) line: usize,
}

/// What an expression stands for, where that is known.
pub(super) type Resolve<'r> = dyn Fn(&str) -> Option<String> + 'r;

/// Fields under which secrets stand; none is copied.
const SECRETS: [&str; 6] = [
    "password",
    "master_password",
    "MasterUserPassword",
    "auth_token",
    "AuthToken",
    "secret_string",
];

impl Resource<'_> {
    pub(super) fn read(&self, source: &Source<'_>, draft: &mut Draft, resolve: &Resolve<'_>) {
        let about = format!("{}.{}", self.kind, self.name);
        let names = |kind: &&Kind| match self.tool {
            Tool::Terraform => kind.terraform.contains(&self.kind),
            Tool::CloudFormation => kind.cloudformation.contains(&self.kind),
        };
        let mut taking = Taking::of(self.body, about.clone(), source);
        self.secrets(&mut taking, source, draft);
        if let Some(kind) = KINDS.iter().find(names) {
            let id = draft.id(&format!("infrastructure.{}", kind.section), self.name);
            let path = ["infrastructure", kind.section, &id];
            match self.product(kind) {
                Some(product) => {
                    draft.set(&[path[0], path[1], path[2], "product"], product, self.line)
                }
                None => draft.noted(
                    self.line,
                    &about,
                    say!("it is `{}`", "`{}` になりました", path.join(".")),
                ),
            }
            for (terraform, cloudformation, to, how) in kind.fields {
                let from = if self.tool == Tool::Terraform {
                    terraform
                } else {
                    cloudformation
                };
                self.field(
                    from,
                    &[path[0], path[1], path[2], to],
                    *how,
                    (source, resolve),
                    &mut taking,
                    draft,
                );
            }
            self.engine(&path, kind, draft);
            self.backed_up(&id, kind.section, (source, resolve), &mut taking, draft);
            self.tags(&path, source, &mut taking, draft);
        } else if !self.special(&mut taking, source, draft, resolve)
            && !self.joined(&mut taking, source, draft, resolve)
        {
            // Once for the whole: nobody reads twenty lines about a thing that has no section.
            return draft.lost(
                self.line,
                &about,
                say!(
                    "a spec has no section for this kind of resource",
                    "この種類の資源を書く項目は仕様にありません"
                ),
            );
        }
        taking.skip(&[
            "tags",
            "Tags",
            "count",
            "for_each",
            "provider",
            "depends_on",
            "lifecycle",
            "id",
            "arn",
            "tags_all",
            // Who it is, which the resource's own name says too, and where it is filed.
            "name",
            "resource_group_name",
            "project",
        ]);
        taking.finish(source, draft);
    }

    /// The engine, where its name and its version are one word: `POSTGRES_13`.
    fn engine(&self, path: &[&str], kind: &Kind, draft: &mut Draft) {
        const ENGINES: [(&str, &str); 3] = [
            ("POSTGRES", "postgres"),
            ("MYSQL", "mysql"),
            ("SQLSERVER", "sqlserver"),
        ];
        let version = self
            .body
            .get("database_version")
            .and_then(taking::text)
            .unwrap_or_default();
        let named = ENGINES.iter().find(|(word, _)| version.starts_with(word));
        if let Some((_, engine)) = named.filter(|_| kind.section == "databases") {
            let path: Vec<&str> = path.iter().copied().chain(["engine"]).collect();
            draft.set(&path, *engine, self.line);
        }
    }

    /// What the spec calls the product, where a field of the resource decides it.
    fn product(&self, kind: &Kind) -> Option<&'static str> {
        let field = |terraform, cloudformation| {
            let name = if self.tool == Tool::Terraform {
                terraform
            } else {
                cloudformation
            };
            self.body
                .get(name)
                .and_then(taking::text)
                .unwrap_or_default()
        };
        match kind.product {
            Some("alb") if field("load_balancer_type", "Type") == "network" => Some("nlb"),
            Some("rds") if field("engine", "Engine").starts_with("aurora") => Some("aurora"),
            product => product,
        }
    }

    /// A database says itself when it is backed up; a spec says it with the backups.
    fn backed_up(
        &self,
        id: &str,
        section: &str,
        (source, resolve): (&Source<'_>, &Resolve<'_>),
        taking: &mut Taking<'_>,
        draft: &mut Draft,
    ) {
        if section != "databases" {
            return;
        }
        for name in [
            "backup_window",
            "preferred_backup_window",
            "PreferredBackupWindow",
        ] {
            let Some(node) = taking.take(name) else {
                continue;
            };
            let line = source.line(node.span.start);
            match value(node, resolve) {
                Known::Said(window) | Known::Guessed(_, window) => {
                    draft.set(&["continuity", "backups", id, "of"], id, line);
                    draft.set(&["continuity", "backups", id, "window"], window, line);
                }
                Known::Computed(expression) => draft.lost(line, name, unknown(&expression)),
                Known::Nothing | Known::List => {}
            }
        }
    }

    /// The tags that stand there as they are; those that an expression makes are not known.
    fn tags(
        &self,
        path: &[&str; 3],
        source: &Source<'_>,
        taking: &mut Taking<'_>,
        draft: &mut Draft,
    ) {
        const TAGGED: [&str; 7] = [
            "load_balancers",
            "compute",
            "databases",
            "caches",
            "queues",
            "buckets",
            "search",
        ];
        let Some(node) = taking.take("tags").or_else(|| taking.take("Tags")) else {
            return;
        };
        if !TAGGED.contains(&path[1]) {
            return;
        }
        let mut set = |name: &str, value: &Node| {
            if let Some(text) = taking::text(value) {
                let line = source.line(value.span.start);
                draft.set(&[path[0], path[1], path[2], "tags", name], text, line);
            }
        };
        match &node.value {
            Value::Map(tags) => tags
                .iter()
                .filter(|(key, _)| key.name != EXPRESSION)
                .for_each(|(key, value)| set(&key.name, value)),
            Value::List(tags) => {
                for tag in tags {
                    if let (Some(name), Some(value)) =
                        (tag.get("Key").and_then(taking::text), tag.get("Value"))
                    {
                        set(name, value);
                    }
                }
            }
            _ => {}
        }
    }

    fn secrets(&self, taking: &mut Taking<'_>, source: &Source<'_>, draft: &mut Draft) {
        for name in SECRETS {
            let Some(node) = taking.take(name) else {
                continue;
            };
            let what = format!("{}.{}.{name}", self.kind, self.name);
            let why = match node.value {
                Value::Scalar(_) => say!(
                    "a secret stands here in clear: move it into a secret store",
                    "秘密が平文で書かれています。秘密の保管庫に移してください"
                ),
                _ => say!("secrets are not copied", "秘密は写しません"),
            };
            draft.lost(source.line(node.span.start), &what, why);
        }
    }

    fn field(
        &self,
        from: &str,
        to: &[&str],
        how: How,
        (source, resolve): (&Source<'_>, &Resolve<'_>),
        taking: &mut Taking<'_>,
        draft: &mut Draft,
    ) {
        let mut path = from.split('.');
        let Some(node) = path
            .next()
            .filter(|first| !first.is_empty())
            .and_then(|first| taking.take(first))
        else {
            return;
        };
        let mut node = node;
        for name in path {
            // A block that may stand several times is a list, in a plan even where it stands once.
            let block = items(node).first().unwrap_or(node);
            match block.get(name) {
                Some(below) => node = below,
                None => return,
            }
        }
        let line = source.line(node.span.start);
        let what = format!("{}.{}.{from}", self.kind, self.name);
        match value(node, resolve) {
            Known::Nothing => {}
            Known::Said(text) => match written(&text, how) {
                Some(value) => draft.set(to, value, line),
                None => draft.lost(
                    line,
                    &what,
                    say!(
                        "`{text}` is not understood here",
                        "`{text}` は解釈できません"
                    ),
                ),
            },
            Known::Guessed(expression, text) => match written(&text, how) {
                Some(value) => draft.guess(
                    to,
                    value,
                    line,
                    say!("`{expression}` by its default", "`{expression}` の既定値"),
                ),
                None => draft.lost(line, &what, unknown(&expression)),
            },
            Known::Computed(expression) => draft.lost(line, &what, unknown(&expression)),
            Known::List => draft.lost(
                line,
                &what,
                say!("a single value was expected", "値は一つのはずです"),
            ),
        }
    }
}

fn unknown(expression: &str) -> Say {
    say!(
        "`{expression}` is only known when it runs",
        "`{expression}` の値は実行時まで分かりません"
    )
}

/// A value as far as it can be known without running anything.
enum Known {
    Nothing,
    Said(String),
    /// An expression and what it stands for by default.
    Guessed(String, String),
    Computed(String),
    List,
}

fn value(node: &Node, resolve: &Resolve<'_>) -> Known {
    match &node.value {
        Value::Null | Value::Unreadable => Known::Nothing,
        Value::Scalar(text) => Known::Said(text.clone()),
        Value::List(_) => Known::List,
        Value::Map(_) => {
            let expression = shown(node);
            match resolve(&expression) {
                Some(text) => Known::Guessed(expression, text),
                None => Known::Computed(expression),
            }
        }
    }
}

/// An expression as people write it: `var.size`, `Vpc`.
fn shown(node: &Node) -> String {
    match &node.value {
        Value::Scalar(text) => text.clone(),
        Value::Map(_) => {
            let (key, inner) = match entries(node) {
                [(key, inner)] => (key.name.as_str(), inner),
                _ => return "{…}".to_owned(),
            };
            match (key, taking::text(inner)) {
                (EXPRESSION | "!Ref" | "Ref" | "!Sub" | "Fn::Sub", Some(text)) => text.to_owned(),
                (function, _) => format!("{function} …"),
            }
        }
        _ => String::new(),
    }
}

fn written(text: &str, how: How) -> Option<serde_json::Value> {
    let number = || {
        text.trim()
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite() && *number >= 0.0)
    };
    let unit = |unit: &str| number().map(|number| json!(format!("{number}{unit}")));
    match how {
        Text => Some(json!(text)),
        Word => Some(json!(text.to_lowercase())),
        Version => Some(json!(
            text.split_once('_')
                .map_or(text, |(_, version)| version)
                .replace('_', ".")
        )),
        Number => number().map(|number| json!(number.round() as u64)),
        Truth | Opposite => match text {
            "true" | "Enabled" => Some(json!(matches!(how, Truth))),
            "false" | "Disabled" | "Suspended" => Some(json!(!matches!(how, Truth))),
            _ => None,
        },
        Days => unit("d"),
        Secs => unit("s"),
        Hours => unit("h"),
        Gib => unit(" GiB"),
        Mib => unit(" MiB"),
        Gb => unit(" GB"),
        Iso => {
            let span: jiff::SignedDuration = text.parse().ok()?;
            (!span.is_negative()).then(|| json!(format!("{}s", span.as_secs())))
        }
    }
}
