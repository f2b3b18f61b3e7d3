//! The fields of one map while they are being read.

use super::{Form, Read};
use crate::{
    Say,
    document::{Mistake, Node, Value, did_you_mean},
};

/// The fields of one map while they are being read.
pub struct Fields<'n> {
    node: &'n Node,
    known: Vec<&'static str>,
    failed: bool,
}

impl<'n> Fields<'n> {
    /// Notes a mistake and returns `None` where the node is no map.
    pub fn of(node: &'n Node, what: &str, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        if let Value::Map(_) = node.value {
            return Some(Self {
                node,
                known: Vec::new(),
                failed: false,
            });
        }
        let found = node.form();
        mistakes.push(Mistake::new(
            "wrong-form",
            node.span.clone(),
            Say::new(
                format!("expected the fields of `{what}`, found {}", found.en),
                format!("`{what}` の項目が必要ですが、{}があります", found.ja),
            ),
        ));
        None
    }

    /// Reads a field, when it is written.
    pub fn optional<T: Read>(
        &mut self,
        name: &'static str,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<T> {
        let node = self.written(name)?;
        let read = T::read(node, mistakes);
        self.failed |= read.is_none();
        read
    }

    /// Reads a field that must be written.
    pub fn required<T: Read>(
        &mut self,
        name: &'static str,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<T> {
        if self.is_missing(name) {
            self.missing(name, &T::form(), mistakes);
            return None;
        }
        self.optional(name, mistakes)
    }

    fn written(&mut self, name: &'static str) -> Option<&'n Node> {
        self.known.push(name);
        let node = self.node.get(name)?;
        self.failed |= node.value == Value::Unreadable;
        (!matches!(node.value, Value::Null | Value::Unreadable)).then_some(node)
    }

    fn is_missing(&self, name: &str) -> bool {
        self.node
            .get(name)
            .is_none_or(|node| node.value == Value::Null)
    }

    fn missing(&mut self, name: &'static str, form: &Form, mistakes: &mut Vec<Mistake>) {
        self.known.push(name);
        self.failed = true;
        let mistake = Mistake::new(
            "missing-key",
            self.node.span.clone(),
            say!("`{name}` is missing", "`{name}` がありません"),
        );
        mistakes.push(mistake.hint(match form.example() {
            Some(example) => say!(
                "add `{name}: {example}`, with your value",
                "`{name}: {example}` のように加えてください"
            ),
            None => say!("add `{name}:`", "`{name}:` を加えてください"),
        }));
    }

    /// Says that this key is read elsewhere.
    pub fn skip(&mut self, name: &'static str) {
        self.known.push(name);
    }

    /// Notes unknown keys; `None` when any field had a mistake.
    pub fn finish(self, mistakes: &mut Vec<Mistake>) -> Option<()> {
        let mut failed = self.failed;
        if let Value::Map(entries) = &self.node.value {
            for (key, _) in entries {
                if self.known.contains(&key.name.as_str()) {
                    continue;
                }
                failed = true;
                let name = &key.name;
                let mistake = Mistake::new(
                    "unknown-key",
                    key.span.clone(),
                    say!("unknown key `{name}`", "`{name}` という項目はありません"),
                );
                let all = self.known.join(", ");
                let meant = did_you_mean(name, self.known.iter().copied());
                mistakes.push(match meant {
                    Some(meant) if self.node.get(meant).is_none() => mistake.meant(meant),
                    // It stands there already: which of the two is right is for a person to say.
                    Some(meant) => {
                        mistake.hint(say!("did you mean `{meant}`?", "`{meant}` のことですか?"))
                    }
                    None => mistake.hint(say!("known here: {all}", "ここで使える項目: {all}")),
                });
            }
        }
        (!failed).then_some(())
    }
}

/// How a field's type says whether it may be left out.
pub trait Field: Sized {
    const REQUIRED: bool;
    fn form() -> Form;
    fn take(
        fields: &mut Fields<'_>,
        name: &'static str,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Self>;
}

impl<T: Read> Field for T {
    const REQUIRED: bool = true;
    fn form() -> Form {
        T::form()
    }
    fn take(
        fields: &mut Fields<'_>,
        name: &'static str,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Self> {
        fields.required(name, mistakes)
    }
}

impl<T: Read> Field for Option<T> {
    const REQUIRED: bool = false;
    fn form() -> Form {
        T::form()
    }
    fn take(
        fields: &mut Fields<'_>,
        name: &'static str,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Self> {
        Some(fields.optional(name, mistakes))
    }
}
