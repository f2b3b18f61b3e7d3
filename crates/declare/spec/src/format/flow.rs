//! Spaces within `{ a: b }` and `[a, b]`, where all of it stands on one line.

use promise::document::{Node, Value};

use super::Change;

/// Adds the edits for everything in brackets below `node`.
pub(super) fn edits(text: &str, node: &Node, out: &mut Vec<Change>) {
    let is_flow = text
        .get(node.span.start..)
        .is_some_and(|rest| rest.starts_with(['{', '[']));
    if is_flow && matches!(node.value, Value::Map(_) | Value::List(_)) {
        let written = text.get(node.span.clone()).unwrap_or_default();
        // Brackets over several lines are laid out by hand.
        if !written.contains('\n') {
            brackets(text, node, out);
        }
    }
    match &node.value {
        Value::Map(entries) => entries.iter().for_each(|(_, node)| edits(text, node, out)),
        Value::List(items) => items.iter().for_each(|node| edits(text, node, out)),
        _ => {}
    }
}

fn brackets(text: &str, node: &Node, out: &mut Vec<Change>) {
    let (open, close) = (node.span.start + 1, node.span.end.saturating_sub(1));
    // Where each part begins and ends: a key with its value, or an item.
    let parts: Vec<(usize, usize)> = match &node.value {
        Value::Map(entries) => {
            for (key, value) in entries {
                let gap = key.span.end..value.span.start;
                if value.span.start > key.span.end
                    && text.get(gap.clone()).is_some_and(|gap| gap.trim() == ":")
                {
                    out.push((gap, ": ".to_owned()));
                }
            }
            entries
                .iter()
                .map(|(key, value)| (key.span.start, value.span.end.max(key.span.end)))
                .collect()
        }
        Value::List(items) => items
            .iter()
            .map(|item| (item.span.start, item.span.end))
            .collect(),
        _ => return,
    };
    let pad = if matches!(node.value, Value::Map(_)) {
        " "
    } else {
        ""
    };
    let (Some((first, _)), Some((_, last))) = (parts.first(), parts.last()) else {
        return;
    };
    let mut gap = |from: usize, to: usize, between: &str, new: &str| {
        if from <= to && text.get(from..to).is_some_and(|gap| gap.trim() == between) {
            out.push((from..to, new.to_owned()));
        }
    };
    gap(open, *first, "", pad);
    for pair in parts.windows(2) {
        gap(pair[0].1, pair[1].0, ",", ", ");
    }
    gap(*last, close, "", pad);
}
