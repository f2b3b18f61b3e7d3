//! What a reader wrote and the spec cannot read: taken out again and told, so that one value that was misunderstood does not
//! keep the rules from the rest of its section.

use promise::{
    Say,
    document::{Node, Value, parse_yaml},
    record::Read as _,
};

use crate::section::Document;

/// The values of the text that are of the wrong form, each by its path, and what is wrong.
pub(super) fn unreadable(text: &str) -> Vec<(Vec<String>, Say)> {
    let (Some(root), _) = parse_yaml(text) else {
        return Vec::new();
    };
    let mut mistakes = Vec::new();
    Document::read(&root, &mut mistakes);
    let wrong = mistakes
        .into_iter()
        .filter(|it| ["wrong-value", "wrong-form"].contains(&it.code));
    let found = wrong.map(|it| (path_to(&root, it.span.start), it.message));
    found.filter(|(path, _)| path.len() > 1).collect()
}

/// The names on the way to what stands at an offset; of a list, the whole list.
fn path_to(root: &Node, offset: usize) -> Vec<String> {
    let (mut here, mut path) = (root, Vec::new());
    while let Value::Map(entries) = &here.value {
        let below = entries.iter().find(|(_, node)| {
            node.span.start <= offset && offset < node.span.end.max(node.span.start + 1)
        });
        let Some((key, node)) = below else { break };
        path.push(key.name.clone());
        here = node;
    }
    path
}
