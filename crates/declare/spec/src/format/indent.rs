//! Two spaces for each level.

use std::collections::BTreeMap;

use promise::document::{Node, Value};

use super::Change;

/// A line that begins a key or an item, and the indentation that belongs to it; other lines follow one of those.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
    wanted: BTreeMap<usize, usize>,
    /// Lines that move with the line in which their value begins.
    carried: BTreeMap<usize, usize>,
    edits: Vec<Change>,
}

/// The edits that indent every line.
pub(super) fn edits(text: &str, root: &Node) -> Vec<Change> {
    let ends = text.match_indices('\n').map(|(at, _)| at + 1);
    let starts = std::iter::once(0).chain(ends).collect();
    let mut lines = Lines {
        text,
        starts,
        wanted: BTreeMap::new(),
        carried: BTreeMap::new(),
        edits: Vec::new(),
    };
    lines.node(root, 0);
    lines.finish()
}

impl Lines<'_> {
    fn line(&self, offset: usize) -> usize {
        self.starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1)
    }

    fn range(&self, line: usize) -> (usize, usize) {
        let start = self.starts.get(line).copied().unwrap_or(self.text.len());
        let end = self
            .starts
            .get(line + 1)
            .map_or(self.text.len(), |next| next - 1);
        (start, end.max(start))
    }

    fn indent(&self, line: usize) -> usize {
        let (start, end) = self.range(line);
        let text = self.text.get(start..end).unwrap_or_default();
        text.len() - text.trim_start_matches(' ').len()
    }

    fn is_flow(&self, node: &Node) -> bool {
        self.text
            .get(node.span.start..)
            .is_some_and(|rest| rest.starts_with(['{', '[']))
    }

    /// Whether only spaces stand before `offset` in its line.
    fn begins_line(&self, offset: usize) -> bool {
        let line = self.line(offset);
        self.range(line).0 + self.indent(line) == offset
    }

    fn node(&mut self, node: &Node, indent: usize) {
        match &node.value {
            Value::Map(entries) if !self.is_flow(node) => {
                for (key, value) in entries {
                    if self.begins_line(key.span.start) {
                        self.wanted.insert(self.line(key.span.start), indent);
                    }
                    self.between(key.span.end, value);
                    self.value(value, self.line(key.span.start), indent + 2);
                }
            }
            Value::List(items) if !self.is_flow(node) => {
                for item in items {
                    let line = self.line(item.span.start);
                    let dash = self.range(line).0 + self.indent(line);
                    if self
                        .text
                        .get(dash..)
                        .is_some_and(|rest| rest.starts_with("- "))
                        && dash < item.span.start
                    {
                        self.wanted.insert(line, indent);
                        // What follows the dash stands two columns to the right of it, and so do its other lines.
                        if self.text[dash + 1..item.span.start].trim().is_empty() {
                            self.edits.push((dash + 1..item.span.start, " ".to_owned()));
                        }
                    }
                    self.value(item, line, indent + 2);
                }
            }
            _ => {}
        }
    }

    /// One space between a key and a value in the same line.
    fn between(&mut self, end: usize, value: &Node) {
        let gap = self.text.get(end..value.span.start).unwrap_or_default();
        let is_plain = gap
            .strip_prefix(':')
            .is_some_and(|rest| !rest.is_empty() && rest.trim_matches(' ').is_empty());
        if is_plain && value.span.start > end {
            self.edits.push((end + 1..value.span.start, " ".to_owned()));
        }
    }

    fn value(&mut self, value: &Node, line: usize, indent: usize) {
        let is_block =
            matches!(value.value, Value::Map(_) | Value::List(_)) && !self.is_flow(value);
        if is_block {
            return self.node(value, indent);
        }
        // A block's span may begin behind its `|`, in the next line.
        for inner in line + 1..=self.line(value.span.end) {
            self.carried.insert(inner, line);
        }
    }

    fn finish(mut self) -> Vec<Change> {
        let shift: BTreeMap<usize, isize> = self
            .wanted
            .iter()
            .map(|(line, wanted)| (*line, *wanted as isize - self.indent(*line) as isize))
            .collect();
        for line in 0..self.starts.len() {
            let (start, end) = self.range(line);
            let now = self.indent(line);
            let text = self.text.get(start..end).unwrap_or_default().trim();
            let wanted = if let Some(wanted) = self.wanted.get(&line) {
                *wanted
            } else if let Some(owner) = self.carried.get(&line) {
                now.saturating_add_signed(shift.get(owner).copied().unwrap_or(0))
            } else if text.starts_with('#') {
                self.comment(line, now)
            } else {
                continue;
            };
            if !text.is_empty() && wanted != now {
                self.edits.push((start..start + now, " ".repeat(wanted)));
            }
        }
        self.edits
    }

    /// A comment belongs to what follows it, unless it stands deeper than that: then it ends what came before.
    fn comment(&self, line: usize, now: usize) -> usize {
        let next = self.wanted.range(line..).next();
        let last = self.wanted.range(..line).next_back();
        match (last, next) {
            (_, Some((next, wanted))) if self.indent(*next) >= now => *wanted,
            (Some((last, wanted)), _) if self.indent(*last) <= now => *wanted,
            (_, Some((_, wanted))) => *wanted,
            (_, None) => 0,
        }
    }
}
