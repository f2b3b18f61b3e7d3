//! Going on after a mistake: sections that cannot be read are cut out, tabs are read as spaces.
//!
//! Every byte that stays keeps its place, so spans into the mended text are spans into the person's.

use std::{borrow::Cow, ops::Range};

use super::super::{Key, Mistake, Node, Value};

pub(super) fn same_section(section: &Option<Section>, mistake: &Mistake) -> bool {
    section
        .as_ref()
        .is_none_or(|section| section.lines.contains(&mistake.span.start))
}

/// The entry of the outermost map, from its key to the line before the next one.
pub(super) struct Section {
    pub(super) key: Key,
    pub(super) lines: Range<usize>,
}

impl Section {
    /// The section in which byte `at` lies, where its first line names a key.
    pub(super) fn around(text: &str, at: usize) -> Option<Self> {
        let begins = |line: &str| {
            !line.starts_with([' ', '\t', '#', '-', '\r', '\n', '}', ']']) && !line.is_empty()
        };
        let (mut start, mut end, mut offset) = (None, text.len(), 0);
        for line in text.split_inclusive('\n') {
            if begins(line) {
                if offset <= at {
                    start = Some(offset);
                } else {
                    end = offset;
                    break;
                }
            }
            offset += line.len();
        }
        let start = start?;
        let (name, _) = text[start..end].lines().next()?.split_once(':')?;
        let quotes = ['"', '\'', ' '];
        // A name stands behind its quote, and may be longer in bytes than in characters.
        let from = start + name.len() - name.trim_start_matches(quotes).len();
        let name = name.trim_matches(quotes);
        let plain = !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || "_-. ".contains(c));
        plain.then(|| Self {
            key: Key {
                span: from..from + name.len(),
                name: name.to_owned(),
            },
            lines: start..end,
        })
    }
}

/// `text` with the range turned into spaces, so that every other byte stays where it is.
pub(super) fn blank(text: &str, range: &Range<usize>) -> String {
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..range.start]);
    for c in text[range.clone()].chars() {
        match c {
            '\n' | '\r' => out.push(c),
            _ => out.extend(std::iter::repeat_n(' ', c.len_utf8())),
        }
    }
    out.push_str(&text[range.end..]);
    out
}

pub(super) fn with_unreadable(root: Option<Node>, sections: Vec<Section>) -> Option<Node> {
    if sections.is_empty() {
        return root;
    }
    let mut entries = match root {
        Some(Node {
            value: Value::Map(entries),
            ..
        }) => entries,
        None
        | Some(Node {
            value: Value::Null, ..
        }) => Vec::new(),
        other => return other,
    };
    for Section { key, lines } in sections {
        if entries.iter().all(|(known, _)| known.name != key.name) {
            entries.push((
                key,
                Node {
                    span: lines,
                    value: Value::Unreadable,
                },
            ));
        }
    }
    entries.sort_by_key(|(key, _)| key.span.start);
    let from = entries.first().map_or(0, |(key, _)| key.span.start);
    let to = entries
        .iter()
        .map(|(_, node)| node.span.end)
        .max()
        .unwrap_or(from);
    Some(Node {
        span: from..to,
        value: Value::Map(entries),
    })
}

/// Notes each line that is indented by tabs, and reads each tab as one space. A tab inside the text of a
/// block (`|`, `>`) is content and stays: such a line begins with the spaces of its block.
pub(super) fn spaces_for_tabs<'t>(text: &'t str, mistakes: &mut Vec<Mistake>) -> Cow<'t, str> {
    let mut tabs: Vec<usize> = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches('\t').len();
        let empty = line.trim().is_empty() || line.trim_start().starts_with('#');
        if indent > 0 && !empty {
            tabs.extend(offset..offset + indent);
            mistakes.push(
                Mistake::new(
                    "tab-indent",
                    offset..offset + indent,
                    say!(
                        "this line is indented with a tab",
                        "この行はタブで字下げされています"
                    ),
                )
                .hint(say!(
                    "YAML is indented with spaces",
                    "YAML の字下げには空白を使います"
                )),
            );
        }
        offset += line.len();
    }
    if tabs.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut bytes = text.as_bytes().to_vec();
    for at in tabs {
        bytes[at] = b' ';
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}
