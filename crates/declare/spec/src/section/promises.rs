//! `promises`: what is owed, each under an id that stays the same for its life.

use promise::{
    Promise, Say,
    document::{Mistake, Node, Value},
    record::{Form, Read},
};
use serde::{Deserialize, Serialize};

/// The promises in the order of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Promises(pub Vec<Promise>);

impl Read for Promises {
    fn form() -> Form {
        Form::Map(Box::new(Promise::form()))
    }

    fn read(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            let found = node.form();
            mistakes.push(Mistake::new(
                "wrong-form",
                node.span.clone(),
                Say::new(
                    format!("expected promises by id, found {}", found.en),
                    format!("id ごとの約束が必要ですが、{}があります", found.ja),
                ),
            ));
            return None;
        };
        let read: Vec<Option<Promise>> = entries
            .iter()
            .map(|(key, node)| Promise::read(&key.name, node, mistakes))
            .collect();
        read.into_iter().collect::<Option<Vec<_>>>().map(Self)
    }
}
