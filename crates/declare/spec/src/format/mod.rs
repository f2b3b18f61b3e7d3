//! A spec's text in its usual layout: two spaces a level, one between words, one empty line at most.
//!
//! Only white space changes, by edits between what is written; comments, quotes, the order and every value stay.
//! The result is read again before it is handed out: where it would not say the same, the text stays as it was.

mod flow;
mod indent;

use promise::document::{Mistake, Node, Span, Value, parse_yaml};

/// Passes until nothing changes any more: what a pass moves may lay out what stands within it. Nearly all texts take one.
const PASSES_MAX: usize = 8;

/// The text in its usual layout. A text that comes to no rest stays as it was.
///
/// # Errors
/// The mistakes of a text that is no YAML: nobody can say what its layout should be.
pub fn format(text: &str) -> Result<String, Vec<Mistake>> {
    let mut last = text.to_owned();
    for _ in 0..PASSES_MAX {
        let next = pass(&last)?;
        if next == last {
            return Ok(last);
        }
        last = next;
    }
    Ok(text.to_owned())
}

fn pass(text: &str) -> Result<String, Vec<Mistake>> {
    let (root, mistakes) = parse_yaml(text);
    let unread: Vec<Mistake> = mistakes
        .into_iter()
        .filter(|it| {
            [
                "yaml-syntax",
                "tab-indent",
                "too-large",
                "more-documents",
                "not-plain-yaml",
            ]
            .contains(&it.code)
        })
        .collect();
    if !unread.is_empty() {
        return Err(unread);
    }
    let Some(root) = root else {
        return Ok(lines_tidied(text, &[]));
    };
    let mut edits = indent::edits(text, &root);
    flow::edits(text, &root, &mut edits);
    let changed = applied(text, edits);
    // Where lines lie within a value has changed with the layout.
    let (again, _) = parse_yaml(&changed);
    let kept = again
        .as_ref()
        .map(|root| values_of_lines(&changed, root))
        .unwrap_or_default();
    let changed = lines_tidied(&changed, &kept);
    Ok(if says_the_same(text, &changed) {
        changed
    } else {
        text.to_owned()
    })
}

/// Some bytes and what stands there instead.
type Change = (Span, String);

fn applied(text: &str, mut edits: Vec<Change>) -> String {
    edits.sort_by_key(|(span, _)| (span.start, span.end));
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (span, new) in edits {
        if span.start < at {
            continue;
        }
        out.push_str(text.get(at..span.start).unwrap_or_default());
        out.push_str(&new);
        at = span.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// The lines, but for the first of each, that lie within a value of several lines: white space there may be part of it.
fn values_of_lines(text: &str, root: &Node) -> Vec<Span> {
    fn walk(text: &str, node: &Node, out: &mut Vec<Span>) {
        match &node.value {
            Value::Map(entries) => entries.iter().for_each(|(_, node)| walk(text, node, out)),
            Value::List(items) => items.iter().for_each(|node| walk(text, node, out)),
            Value::Scalar(_) => {
                let written = text.get(node.span.clone()).unwrap_or_default();
                if let Some(end) = written.find('\n') {
                    // A block's span may begin behind its `|`, in the first line of its text.
                    let is_within = !written.starts_with(['|', '>', '"', '\'']);
                    let first = text[..node.span.start].rfind('\n').map_or(0, |at| at + 1);
                    let from = if is_within {
                        first
                    } else {
                        node.span.start + end + 1
                    };
                    out.push(from..node.span.end);
                }
            }
            Value::Null | Value::Unreadable => {}
        }
    }
    let mut out = Vec::new();
    walk(text, root, &mut out);
    out
}

/// No white space at the ends of lines, at most one empty line, and one line end at the end.
fn lines_tidied(text: &str, kept: &[Span]) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut at, mut empty) = (0, 0);
    for line in text.split_inclusive('\n') {
        let is_kept = kept
            .iter()
            .any(|span| span.start <= at && at < span.end.max(span.start + 1));
        at += line.len();
        if is_kept {
            out.push_str(line);
            empty = 0;
            continue;
        }
        let line = line.trim_end();
        if line.is_empty() {
            empty += 1;
            continue;
        }
        if empty > 0 && !out.is_empty() {
            out.push('\n');
        }
        empty = 0;
        out.push_str(line);
        out.push('\n');
    }
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

/// Whether two texts hold the same values and the same comments.
fn says_the_same(a: &str, b: &str) -> bool {
    let ((root_a, wrong_a), (root_b, wrong_b)) = (parse_yaml(a), parse_yaml(b));
    let same = match (&root_a, &root_b) {
        (Some(a), Some(b)) => same_node(a, b),
        (None, None) => true,
        _ => false,
    };
    same && wrong_a.len() == wrong_b.len() && comments(a) == comments(b)
}

fn same_node(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Map(a), Value::Map(b)) => {
            let same = |((key, node), (other_key, other)): (&(_, Node), &(_, Node))| {
                let (key, other_key): (&promise::document::Key, &promise::document::Key) =
                    (key, other_key);
                key.name == other_key.name && same_node(node, other)
            };
            a.len() == b.len() && a.iter().zip(b).all(same)
        }
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_node(a, b))
        }
        (a, b) => a == b,
    }
}

/// What stands behind each `#` of a line. A `#` within a value counts too: it must not be lost either.
fn comments(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| line.find('#').map(|at| line[at..].trim_end()))
        .collect()
}
