//! Values that are written as one text.

use super::{Form, Read};
use crate::{
    Say,
    document::{Mistake, Node, Value, did_you_mean},
};

/// A type that is written as one text.
pub trait Scalar: Sized {
    /// The word for it in messages, such as `duration`.
    const NAME: &'static str;
    const NAME_JA: &'static str;
    const EXAMPLE: &'static str;
    const PATTERN: Option<&'static str> = None;
    const ONE_OF: &'static [&'static str] = &[];
    /// Why the text is not one, when it is not.
    fn parse(text: &str) -> Result<Self, Say>;
    /// What a text that is none was certainly meant to be, such as `5m` for `5 min`.
    #[must_use]
    fn meant(_text: &str) -> Option<String> {
        None
    }
}

impl<T: Scalar> Read for T {
    fn form() -> Form {
        if T::ONE_OF.is_empty() {
            Form::Scalar {
                name: T::NAME,
                example: T::EXAMPLE,
                pattern: T::PATTERN,
            }
        } else {
            Form::OneOf(T::ONE_OF)
        }
    }

    fn read(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let wanted = Wanted {
            name: (T::NAME, T::NAME_JA),
            example: T::EXAMPLE,
            one_of: T::ONE_OF,
        };
        let text = wanted.text(node, mistakes)?;
        match T::parse(text) {
            Ok(value) => Some(value),
            Err(why) => {
                mistakes.push(wanted.refused(node, text, why, T::meant));
                None
            }
        }
    }
}

/// What a scalar's type says of itself. Not generic, so that its mistakes are compiled once and not for every type.
struct Wanted {
    name: (&'static str, &'static str),
    example: &'static str,
    one_of: &'static [&'static str],
}

impl Wanted {
    fn text<'n>(&self, node: &'n Node, mistakes: &mut Vec<Mistake>) -> Option<&'n str> {
        if let Value::Scalar(text) = &node.value {
            return Some(text);
        }
        let ((name, name_ja), found) = (self.name, node.form());
        let mistake = Mistake::new(
            "wrong-form",
            node.span.clone(),
            Say::new(
                format!("expected a {name}, found {}", found.en),
                format!("{name_ja}が必要ですが、{}があります", found.ja),
            ),
        );
        mistakes.push(mistake.hint(self.like()));
        None
    }

    fn refused(
        &self,
        node: &Node,
        text: &str,
        why: Say,
        meant: fn(&str) -> Option<String>,
    ) -> Mistake {
        let mistake = Mistake::new("wrong-value", node.span.clone(), why);
        let near = did_you_mean(text, self.one_of.iter().copied());
        match near.map(str::to_owned).or_else(|| meant(text)) {
            Some(meant) => mistake.meant(&meant),
            None if self.one_of.is_empty() => mistake.hint(self.like()),
            None => {
                let all = self.one_of.join(", ");
                mistake.hint(say!("one of: {all}", "次のいずれか: {all}"))
            }
        }
    }

    fn like(&self) -> Say {
        let example = self.example;
        say!("write it like `{example}`", "`{example}` のように書きます")
    }
}
