//! Prometheus rule groups: an alert on a bound is a promise that the bound is kept.

use promise::{document::Node, say};

use super::{
    Draft, Importer, Source, Taking,
    taking::{at, text},
};

pub(super) const IMPORTER: Importer = Importer {
    name: "Prometheus rules",
    fits: |source| {
        let groups = source.documents.first().and_then(|root| root.get("groups"));
        groups.is_some_and(|groups| {
            super::taking::items(groups)
                .iter()
                .any(|group| group.get("rules").is_some())
        })
    },
    read: |sources, draft| {
        for source in sources {
            draft.open(source.name);
            let Some(root) = source.documents.first() else {
                continue;
            };
            let mut root = Taking::of(root, "", source);
            root.items("groups")
                .iter()
                .for_each(|node| group(node, source, draft));
            root.finish(source, draft);
        }
    },
};

pub(super) fn group(node: &Node, source: &Source<'_>, draft: &mut Draft) {
    let mut group = Taking::of(node, "group", source);
    group.skip(&["name", "interval"]);
    group
        .items("rules")
        .iter()
        .for_each(|node| rule(node, source, draft));
    group.finish(source, draft);
}

fn rule(node: &Node, source: &Source<'_>, draft: &mut Draft) {
    let mut rule = Taking::of(
        node,
        node.get("alert").and_then(text).unwrap_or("rule"),
        source,
    );
    let line = rule.line;
    if let Some(record) = rule.text("record") {
        return draft.lost(
            line,
            record,
            say!(
                "recording rules go on as they are: name the file in `rules.files`",
                "記録ルールはそのまま使えます。`rules.files` にファイルを書いてください"
            ),
        );
    }
    let Some(name) = rule.text("alert") else {
        return draft.lost(
            line,
            "rule",
            say!(
                "it is neither an alert nor a recording rule",
                "警報でも記録ルールでもありません"
            ),
        );
    };
    let Some((expr, expr_line)) = rule.line_of("expr", source) else {
        return draft.lost(line, name, say!("it has no expression", "式がありません"));
    };
    let Some((query, bound, number)) = kept(expr) else {
        return draft.lost(
            expr_line,
            name,
            say!(
                "its expression is no bound: name the file in `rules.files`",
                "式が上限・下限の形ではありません。`rules.files` にファイルを書いてください"
            ),
        );
    };
    let id = draft.id("promises", name);
    let path = |field| ["promises", &id, field].map(str::to_owned);
    let why = || {
        say!(
            "the alert fires where this is broken",
            "これが破れると警報が鳴ります"
        )
    };
    let mut put = |field, value: serde_json::Value, line| {
        let path = path(field);
        draft.guess(&path.each_ref().map(String::as_str), value, line, why());
    };
    put("kind", "threshold".into(), line);
    put("query", query.into(), expr_line);
    put(bound, number.into(), expr_line);
    if let Some((hold, line)) = rule.line_of("for", source) {
        put("for", hold.into(), line);
    }
    put("fresh_for", "5m".into(), line);
    if let Some(node) = at(node, &["annotations", "runbook_url"])
        && let Some(url) = text(node)
    {
        put("runbook", url.into(), source.line(node.span.start));
    }
    if let Some(node) = at(node, &["labels", "severity"])
        && let Some(severity) = text(node)
    {
        let severity = severity.to_lowercase();
        put(
            "severity",
            severity.as_str().into(),
            source.line(node.span.start),
        );
        severity_of(&severity, source.line(node.span.start), draft);
    }
    let labels = rule
        .entries("labels")
        .iter()
        .filter(|(key, _)| key.name != "severity");
    for (key, _) in labels {
        draft.lost(
            source.line(key.span.start),
            &format!("{name}.labels.{}", key.name),
            say!("a promise has no labels", "約束にラベルはありません"),
        );
    }
    let notes = rule.entries("annotations").iter();
    for (key, _) in notes
        .filter(|(key, _)| !["runbook_url", "summary", "description"].contains(&key.name.as_str()))
    {
        draft.lost(
            source.line(key.span.start),
            &format!("{name}.annotations.{}", key.name),
            say!("a promise has no annotations", "約束に注釈はありません"),
        );
    }
    rule.finish(source, draft);
}

/// A severity under the name that the rules of most teams give it, and how bad that usually is.
pub(super) fn severity_of(name: &str, line: usize, draft: &mut Draft) {
    let level = match name {
        "critical" | "page" | "emergency" | "sev1" | "p1" => 1,
        "error" | "high" | "sev2" | "p2" => 2,
        "warning" | "warn" | "ticket" | "medium" | "sev3" | "p3" => 3,
        _ => 4,
    };
    let id = name.to_owned();
    if !draft.has(&["severities", &id, "level"]) {
        draft.guess(
            &["severities", &id, "level"],
            level,
            line,
            say!("by its name", "名前から"),
        );
    }
}

/// What is owed so that `left > number` is never true: the query, the field of the bound and the number.
fn kept(expr: &str) -> Option<(&str, &'static str, &str)> {
    let expr = expr.trim();
    let (mut open, mut quote, mut found) = (0i32, None, None);
    let bytes = expr.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        match (quote, byte) {
            (Some(_), b'\\') => at += 1,
            (Some(q), b) if q == b => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'' | b'`') => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => open += 1,
            (None, b')' | b']' | b'}') => open -= 1,
            (None, b'<' | b'>' | b'=' | b'!') if open == 0 => {
                // A second comparison makes more of it than a bound.
                if found.replace(at).is_some() {
                    return None;
                }
                at += usize::from(bytes.get(at + 1) == Some(&b'='));
            }
            _ => {}
        }
        at += 1;
    }
    let at = found?;
    let (left, rest) = (expr[..at].trim(), &expr[at..]);
    let (bound, length) = match rest.as_bytes() {
        [b'>', b'=', ..] | [b'<', b'=', ..] | [b'=', ..] | [b'!', ..] => return exact(left, rest),
        [b'>', ..] => ("at_most", 1),
        [b'<', ..] => ("at_least", 1),
        _ => return None,
    };
    let number = rest[length..].trim();
    (!left.is_empty() && number.parse::<f64>().is_ok_and(f64::is_finite))
        .then_some((left, bound, number))
}

/// `up == 0` is broken exactly where `up` is not at least 1.
fn exact<'e>(left: &'e str, rest: &str) -> Option<(&'e str, &'static str, &'static str)> {
    let is_down = rest
        .strip_prefix("==")
        .is_some_and(|number| number.trim() == "0");
    (is_down && left.starts_with("up") && !left.contains(' ')).then_some((left, "at_least", "1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_that_must_not_be_crossed_is_told_from_other_expressions() {
        assert_eq!(
            kept("rate(a_total[5m]) > 0.05"),
            Some(("rate(a_total[5m])", "at_most", "0.05"))
        );
        assert_eq!(
            kept("free{x=\">\"} < 10"),
            Some(("free{x=\">\"}", "at_least", "10"))
        );
        assert_eq!(
            kept("up{job=\"a\"} == 0"),
            Some(("up{job=\"a\"}", "at_least", "1"))
        );
        for other in [
            "a > b",
            "a >= 1",
            "absent(up)",
            "a > 1 and b < 2",
            "a == 3",
            "",
            "> 1",
            "a > 1 > 2",
        ] {
            assert_eq!(kept(other), None, "{other}");
        }
    }
}
