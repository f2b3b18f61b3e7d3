//! Bicep: the parts of Azure that a block declares, read as maps of names with values.
//!
//! Source: the file structure and syntax of Bicep files as Microsoft documents them
//! (learn.microsoft.com/azure/azure-resource-manager/bicep/file). Expressions stay as they are written.

use std::collections::HashMap;

use promise::{
    document::{Node, Value, parse_foreign_yaml},
    say,
};

use super::{
    Reader, no_home, place,
    tree::Data,
    words::{self, plain},
};
use crate::import::taking::{entries, text as scalar};

/// The section that each kind of resource is of, and the engine that it is.
const KINDS: [(&str, &str, Option<&str>); 9] = [
    (
        "microsoft.dbforpostgresql/flexibleservers",
        "databases",
        Some("postgres"),
    ),
    (
        "microsoft.dbformysql/flexibleservers",
        "databases",
        Some("mysql"),
    ),
    (
        "microsoft.sql/servers/databases",
        "databases",
        Some("sqlserver"),
    ),
    ("microsoft.cache/redis", "caches", Some("redis")),
    ("microsoft.servicebus/namespaces/queues", "queues", None),
    ("microsoft.storage/storageaccounts", "buckets", None),
    (
        "microsoft.containerservice/managedclusters",
        "compute",
        None,
    ),
    (
        "microsoft.network/applicationgateways",
        "load_balancers",
        None,
    ),
    ("microsoft.app/containerapps", "compute", None),
];

/// A kind of resource that holds parameters of the one above it, under a name and a value.
const PARAMETERS: &str = "/configurations";

/// A resource: what it is called in its file, its type, where it stands, and what is between its braces.
struct Resource<'t> {
    symbol: &'t str,
    kind: &'t str,
    offset: usize,
    body: &'t str,
}

impl Reader<'_> {
    pub(super) fn bicep(&mut self, text: &str, first: usize) {
        let mut ids: HashMap<&str, String> = HashMap::new();
        for resource in resources(text) {
            let line = first + text[..resource.offset].matches('\n').count();
            let kind = resource.kind.to_lowercase();
            let of = kind.strip_suffix(PARAMETERS).unwrap_or(&kind);
            let Some((_, section, engine)) = KINDS.iter().find(|(name, ..)| *name == of) else {
                let why = say!(
                    "this kind of resource is not known",
                    "この種類のリソースは知りません"
                );
                self.draft.lost(line, resource.kind, why);
                continue;
            };
            let body = flow(resource.body);
            let (documents, mistakes) = parse_foreign_yaml(&body);
            let data = Data {
                text: &body,
                first: line,
            };
            for mistake in mistakes {
                let at = data.line_at(mistake.span.start);
                self.draft.lost(at, resource.symbol, mistake.message);
            }
            let Some(root) = documents.first() else {
                continue;
            };
            if of != kind {
                let parent = root.get("parent").and_then(scalar);
                let id = parent.and_then(|parent| ids.get(parent)).cloned();
                if let Some(id) = id.or_else(|| self.draft.only_in(&["infrastructure", section])) {
                    self.parameter(section, &id, root, &data);
                }
                continue;
            }
            // The heading above has named it, where it is the first.
            let above = self.part.clone().filter(|(of, id)| {
                of == section && !self.draft.has(&["infrastructure", section, id.as_str()])
            });
            let id = above.map(|(_, id)| id);
            let id = id.unwrap_or_else(|| self.draft.id(section, resource.symbol));
            if let Some(engine) = engine {
                let path = ["infrastructure", section, id.as_str(), "engine"];
                self.draft.set(&path, *engine, line);
            }
            self.declared(section, &id, root, &data);
            ids.insert(resource.symbol, id);
        }
    }

    /// The values of a resource, however deep they stand.
    fn declared(&mut self, section: &str, id: &str, node: &Node, data: &Data<'_>) {
        for (key, below) in entries(node) {
            let (name, line) = (plain(&key.name), data.line(below));
            let at = |field| ["infrastructure", section, id, field];
            if name == "high_availability" {
                let mode = below.get("mode").and_then(scalar);
                let zones = mode == Some("ZoneRedundant");
                self.draft.set(&at("multi_az"), zones, line);
            } else if name == "sku" && section == "databases" {
                if let Some(machine) = below.get("name").and_then(scalar) {
                    self.draft.set(&at("instance"), machine, line);
                }
            } else if let Value::Map(_) = below.value {
                self.declared(section, id, below, data);
            } else if let Some(text) = scalar(below) {
                self.declared_value((section, id), &name, text, line);
            }
        }
    }

    fn parameter(&mut self, section: &str, id: &str, root: &Node, data: &Data<'_>) {
        let value = root.get("properties").and_then(|it| it.get("value"));
        let name = root.get("name").and_then(scalar);
        if let (Some(name), Some(value)) = (name, value)
            && let Some(text) = scalar(value)
        {
            self.declared_value((section, id), &plain(name), text, data.line(value));
        }
    }

    fn declared_value(&mut self, (section, id): (&str, &str), name: &str, text: &str, line: usize) {
        // What it is called, where it lies and to what it refers is nothing that is owed.
        const NAMES: [&str; 4] = ["name", "parent", "location", "tier"];
        let field = words::field(section, name).filter(|_| !NAMES.contains(&name));
        let known = field.and_then(|(field, form)| Some((field, place::value(form, text)?)));
        match known {
            Some((field, value)) => {
                let path = ["infrastructure", section, id, field];
                self.draft.set(&path, value, line);
            }
            None => self.draft.lost(line, &format!("{name}: {text}"), no_home()),
        }
    }
}

fn resources(text: &str) -> Vec<Resource<'_>> {
    let mut all = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("resource ").map(|at| from + at) {
        from = at + 1;
        let is_first = text[..at]
            .rsplit('\n')
            .next()
            .is_none_or(|before| before.trim().is_empty());
        let head = text[at..].split('{').next().unwrap_or_default();
        let mut words = head.split_whitespace().skip(1);
        let (Some(symbol), Some(kind)) = (words.next(), words.next()) else {
            continue;
        };
        let kind = kind
            .trim_matches('\'')
            .split('@')
            .next()
            .unwrap_or_default();
        let open = at + head.len();
        let Some(length) = text
            .get(open..)
            .and_then(closed)
            .filter(|_| is_first && head.contains('='))
        else {
            continue;
        };
        all.push(Resource {
            symbol,
            kind,
            offset: at,
            body: &text[open..open + length],
        });
        from = open + length;
    }
    all
}

/// How far it is to behind the brace that closes the first; strings and comments hold none.
fn closed(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens(text) {
        match token {
            "{" => depth += 1,
            "}" => depth = depth.checked_sub(1)?,
            _ => continue,
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

/// A body as YAML writes a map in one piece: lines end with commas there, and comments have another sign. Each line stays
/// the line that it is.
fn flow(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    let mut past = 0;
    // Whether something stands before that a comma parts from what follows.
    let (mut is_full, mut is_pending) = (false, false);
    for (at, token) in tokens(body) {
        let between = &body[past..at];
        past = at + token.len();
        if token.starts_with("//") || token.starts_with("/*") {
            out.push_str(between);
            out.extend(token.chars().filter(|c| *c == '\n'));
            continue;
        }
        if token == "\n" {
            is_pending |= is_full;
        } else if !token.trim().is_empty() {
            let closes = ["}", "]", ","].contains(&token);
            if is_pending && !closes {
                out.push(',');
            }
            is_pending = false;
            is_full = !["{", "[", ","].contains(&token);
        }
        out.push_str(between);
        out.push_str(token);
    }
    out.push_str(&body[past..]);
    out
}

/// Strings, comments, and all else sign by sign, each with where it begins.
fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with('\'') {
            string_end(rest)
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
        let start = at;
        at += length;
        Some((start, &rest[..length]))
    })
}

/// A string ends with its quote, unless a backslash is before it; an unfinished one with its line.
fn string_end(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '\'' => return at + 1,
            '\n' => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: &str = "param location string\n\nresource pg 'Microsoft.DBforPostgreSQL/flexibleServers@2024-08-01' = {\n  name: 'a{b' // not { counted\n  sku: { name: 'D4', tier: 'GeneralPurpose' }\n  tags: [\n    'x'\n    'y'\n  ]\n  properties: {\n    key: other.id\n    version: '16'\n  }\n}\n";

    #[test]
    fn a_resource_is_a_map_whose_lines_stay_where_they_are() {
        let all = resources(SERVER);
        assert_eq!(all.len(), 1);
        assert_eq!(
            (all[0].symbol, all[0].kind),
            ("pg", "Microsoft.DBforPostgreSQL/flexibleServers")
        );
        let body = flow(all[0].body);
        assert_eq!(
            body.matches('\n').count(),
            all[0].body.matches('\n').count()
        );
        let (documents, mistakes) = parse_foreign_yaml(&body);
        assert!(mistakes.is_empty(), "{body}");
        let properties = documents[0].get("properties").expect("a map");
        assert!(properties.get("version").is_some() && properties.get("key").is_some());
    }

    #[test]
    fn what_is_cut_off_is_no_resource() {
        for end in 0..SERVER.len() {
            let _ = resources(&SERVER[..end]);
        }
        assert!(resources("resource pg 'x@1' = {\n  a: '").is_empty());
    }
}
