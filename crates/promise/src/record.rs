//! Records: a struct, its reader, its schema and its reference page from one declaration.
//!
//! `record!` declares a struct whose fields are read from a [`Node`] by name. A field of type `Option<T>`
//! may be left out, a field with `= value` has a default, any other is required. Unknown keys are
//! mistakes. The doc comments become the descriptions of the JSON Schema and of the reference; a line that
//! starts with `ja:` is the Japanese one. From JSON, such as the ledger's, fields that are missing take the same
//! defaults, and unknown ones, which a newer version may have written, are passed over.

use crate::{
    Say,
    document::{Mistake, Node, Value, did_you_mean},
};

/// What may be written in a place; the JSON Schema and the reference are made from it.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// One value as text, such as a duration.
    Scalar {
        name: &'static str,
        example: &'static str,
        pattern: Option<&'static str>,
    },
    OneOf(&'static [&'static str]),
    List(Box<Form>),
    /// Free names, each with a value of this form.
    Map(Box<Form>),
    Record {
        name: &'static str,
        doc: Doc,
        fields: Vec<FieldForm>,
    },
    /// A record whose field `tag` says which of several it is.
    Tagged {
        tag: &'static str,
        cases: Vec<(&'static str, Form)>,
    },
    /// Any one of these forms.
    Either(Vec<Form>),
}

impl Form {
    /// A value that could stand there, where one fits on a line.
    #[must_use]
    pub fn example(&self) -> Option<String> {
        match self {
            Self::Scalar { example, .. } => Some((*example).to_owned()),
            Self::OneOf(names) => names.first().map(|name| (*name).to_owned()),
            Self::List(item) => item.example().map(|item| format!("[{item}]")),
            Self::Either(forms) => forms.first().and_then(Self::example),
            Self::Map(_) | Self::Record { .. } | Self::Tagged { .. } => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct FieldForm {
    pub name: &'static str,
    pub doc: Doc,
    pub required: bool,
    pub default: Option<String>,
    pub form: Form,
}

/// A doc comment, split by language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doc(pub &'static [&'static str]);

impl Doc {
    fn lines(self, japanese: bool) -> String {
        let mut out = Vec::new();
        for line in self.0 {
            let line = line.trim();
            match line.strip_prefix("ja:") {
                Some(ja) if japanese => out.push(ja.trim()),
                None if !japanese => out.push(line),
                _ => {}
            }
        }
        out.join(if japanese { "" } else { " " }).trim().to_owned()
    }

    #[must_use]
    pub fn say(self) -> Say {
        Say::new(self.lines(false), self.lines(true))
    }
}

/// A type that is read from one node.
pub trait Read: Sized {
    fn form() -> Form;
    /// `None` means that at least one mistake was noted.
    fn read(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self>;
}

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
        let (name, name_ja, example) = (T::NAME, T::NAME_JA, T::EXAMPLE);
        let Value::Scalar(text) = &node.value else {
            let found = node.form();
            mistakes.push(
                Mistake::new(
                    "wrong-form",
                    node.span.clone(),
                    Say::new(
                        format!("expected a {name}, found {}", found.en),
                        format!("{name_ja}が必要ですが、{}があります", found.ja),
                    ),
                )
                .hint(say!(
                    "write it like `{example}`",
                    "`{example}` のように書きます"
                )),
            );
            return None;
        };
        match T::parse(text) {
            Ok(value) => Some(value),
            Err(why) => {
                let mistake = Mistake::new("wrong-value", node.span.clone(), why);
                let meant = did_you_mean(text, T::ONE_OF.iter().copied());
                let meant = meant.map(str::to_owned).or_else(|| T::meant(text));
                mistakes.push(match meant {
                    Some(meant) => mistake.meant(&meant),
                    None if T::ONE_OF.is_empty() => mistake.hint(say!(
                        "write it like `{example}`",
                        "`{example}` のように書きます"
                    )),
                    None => {
                        let all = T::ONE_OF.join(", ");
                        mistake.hint(say!("one of: {all}", "次のいずれか: {all}"))
                    }
                });
                None
            }
        }
    }
}

impl<T: Read> Read for Vec<T> {
    fn form() -> Form {
        Form::List(Box::new(T::form()))
    }

    /// A single value is read as a list of one. Every item is read even after one has failed.
    fn read(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match &node.value {
            Value::List(items) => {
                let read: Vec<Option<T>> =
                    items.iter().map(|item| T::read(item, mistakes)).collect();
                read.into_iter().collect()
            }
            Value::Null => Some(Vec::new()),
            _ => T::read(node, mistakes).map(|one| vec![one]),
        }
    }
}

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
        self.known.push(name);
        let node = self.node.get(name)?;
        match node.value {
            Value::Null => return None,
            Value::Unreadable => {
                self.failed = true;
                return None;
            }
            _ => {}
        }
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
        let written = self
            .node
            .get(name)
            .is_some_and(|node| node.value != Value::Null);
        if !written {
            self.known.push(name);
            self.failed = true;
            let mistake = Mistake::new(
                "missing-key",
                self.node.span.clone(),
                say!("`{name}` is missing", "`{name}` がありません"),
            );
            mistakes.push(mistake.hint(match T::form().example() {
                Some(example) => say!(
                    "add `{name}: {example}`, with your value",
                    "`{name}: {example}` のように加えてください"
                ),
                None => say!("add `{name}:`", "`{name}:` を加えてください"),
            }));
            return None;
        }
        self.optional(name, mistakes)
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

/// A field's name as it is written in YAML: Rust spells `for` as `r#for`.
#[must_use]
pub fn plain(name: &'static str) -> &'static str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// Declares a record; see the module.
#[macro_export]
macro_rules! record {
    // `pub struct Name: Default { … }`: every field may be left out, and so may the whole.
    (
        $(#[doc = $doc:literal])*
        $vis:vis struct $name:ident : Default {
            $( $(#[doc = $fdoc:literal])* $field:ident : $ty:ty $(= $default:expr)? ),* $(,)?
        }
    ) => {
        $crate::record! {
            $(#[doc = $doc])*
            $vis struct $name { $( $(#[doc = $fdoc])* $field : $ty $(= $default)? ),* }
        }

        // What a field defaults to may happen to be what its type does.
        #[allow(clippy::derivable_impls)]
        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $crate::record!(@default $ty $(, $default)?) ),* }
            }
        }
    };
    (@default $ty:ty) => { <$ty>::default() };
    (@default $ty:ty, $default:expr) => { $default };
    (
        $(#[doc = $doc:literal])*
        $vis:vis struct $name:ident {
            $( $(#[doc = $fdoc:literal])* $field:ident : $ty:ty $(= $default:expr)? ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        $vis struct $name { $( $(#[doc = $fdoc])* pub $field: $ty ),* }

        // The ledger holds records as older versions wrote them: a field that came since takes its default.
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                #[derive(serde::Deserialize)]
                struct Written { $( $field: $crate::record!(@written $ty $(, $default)?) ),* }
                let written = Written::deserialize(from)?;
                Ok(Self { $( $field: $crate::record!(@filled written.$field $(, $default)?) ),* })
            }
        }

        impl $name {
            /// The fields, for the schema and for records that embed this one.
            #[must_use]
            pub fn fields() -> Vec<$crate::record::FieldForm> {
                vec![ $( $crate::record!(@form $field, $ty, [$($fdoc),*] $(, $default)?) ),* ]
            }

            /// Reads the fields from a map that may hold other keys too.
            // A record without fields notes nothing, and is read like any other.
            #[allow(clippy::ptr_arg)]
            pub fn take(
                fields: &mut $crate::record::Fields<'_>,
                mistakes: &mut Vec<$crate::document::Mistake>,
            ) -> Option<Self> {
                $( let $field = $crate::record!(@take fields, mistakes, $field, $ty $(, $default)?); )*
                Some(Self { $( $field: $field? ),* })
            }
        }

        impl $crate::record::Read for $name {
            fn form() -> $crate::record::Form {
                $crate::record::Form::Record {
                    name: stringify!($name),
                    doc: $crate::record::Doc(&[$($doc),*]),
                    fields: Self::fields(),
                }
            }
            fn read(
                node: &$crate::document::Node,
                mistakes: &mut Vec<$crate::document::Mistake>,
            ) -> Option<Self> {
                let mut fields = $crate::record::Fields::of(node, stringify!($name), mistakes)?;
                let read = Self::take(&mut fields, mistakes);
                fields.finish(mistakes)?;
                read
            }
        }
    };
    (@written $ty:ty) => { $ty };
    (@written $ty:ty, $default:expr) => { Option<$ty> };
    (@filled $written:expr) => { $written };
    (@filled $written:expr, $default:expr) => { $written.unwrap_or_else(|| $default) };
    (@form $field:ident, $ty:ty, [$($fdoc:literal),*]) => {
        $crate::record::FieldForm {
            name: $crate::record::plain(stringify!($field)),
            doc: $crate::record::Doc(&[$($fdoc),*]),
            required: <$ty as $crate::record::Field>::REQUIRED,
            default: None,
            form: <$ty as $crate::record::Field>::form(),
        }
    };
    (@form $field:ident, $ty:ty, [$($fdoc:literal),*], $default:expr) => {
        $crate::record::FieldForm {
            name: $crate::record::plain(stringify!($field)),
            doc: $crate::record::Doc(&[$($fdoc),*]),
            required: false,
            default: { let value: $ty = $default; serde_json::to_string(&value).ok() },
            form: <$ty as $crate::record::Field>::form(),
        }
    };
    (@take $fields:ident, $mistakes:ident, $field:ident, $ty:ty) => {
        <$ty as $crate::record::Field>::take($fields, $crate::record::plain(stringify!($field)), $mistakes)
    };
    (@take $fields:ident, $mistakes:ident, $field:ident, $ty:ty, $default:expr) => {
        {
            let read: Option<$ty> = $fields.optional($crate::record::plain(stringify!($field)), $mistakes);
            // A value that was written wrongly has been noted: `finish` refuses the record.
            Some(read.unwrap_or_else(|| $default))
        }
    };
}

impl<T: Read> Read for std::collections::BTreeMap<String, T> {
    fn form() -> Form {
        Form::Map(Box::new(T::form()))
    }

    fn read(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            let found = node.form();
            mistakes.push(Mistake::new(
                "wrong-form",
                node.span.clone(),
                Say::new(
                    format!("expected names with their values, found {}", found.en),
                    format!("名前と値の組が必要ですが、{}があります", found.ja),
                ),
            ));
            return None;
        };
        let read: Vec<Option<(String, T)>> = entries
            .iter()
            .map(|(key, node)| T::read(node, mistakes).map(|value| (key.name.clone(), value)))
            .collect();
        read.into_iter().collect()
    }
}

/// Declares a choice among records, told apart by the field `kind`.
#[macro_export]
macro_rules! tagged {
    (
        $(#[doc = $doc:literal])*
        $vis:vis enum $name:ident { $($tag:literal => $case:ident),* $(,)? }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "kind")]
        $vis enum $name { $(#[serde(rename = $tag)] $case($case)),* }

        impl $crate::record::Read for $name {
            fn form() -> $crate::record::Form {
                $crate::record::Form::Tagged {
                    tag: "kind",
                    cases: vec![$(($tag, <$case as $crate::record::Read>::form())),*],
                }
            }
            fn read(
                node: &$crate::document::Node,
                mistakes: &mut Vec<$crate::document::Mistake>,
            ) -> Option<Self> {
                let mut fields = $crate::record::Fields::of(node, stringify!($name), mistakes)?;
                fields.skip("kind");
                let tag = $crate::record::tag(node, stringify!($name), &[$($tag),*], mistakes)?;
                let read = match tag {
                    $($tag => $case::take(&mut fields, mistakes).map(Self::$case),)*
                    _ => None,
                };
                fields.finish(mistakes)?;
                read
            }
        }
    };
}

/// Reads the field `kind`, which must be one of `tags`.
pub fn tag<'n>(
    node: &'n Node,
    what: &str,
    tags: &[&'static str],
    mistakes: &mut Vec<Mistake>,
) -> Option<&'n str> {
    let all = tags.join(", ");
    let (mistake, written) = match node.get("kind") {
        Some(Node {
            value: Value::Scalar(tag),
            ..
        }) if tags.contains(&tag.as_str()) => return Some(tag),
        Some(Node {
            value: Value::Scalar(tag),
            span,
        }) => (
            Mistake::new(
                "unknown-kind",
                span.clone(),
                say!(
                    "there is no {what} of kind `{tag}`",
                    "`{tag}` という種類の {what} はありません"
                ),
            ),
            tag.as_str(),
        ),
        Some(Node { span, .. }) => (
            Mistake::new(
                "wrong-form",
                span.clone(),
                say!("`kind` is one word", "`kind` は一語で書きます"),
            ),
            "",
        ),
        None => (
            Mistake::new(
                "missing-key",
                node.span.clone(),
                say!("`kind` is missing", "`kind` がありません"),
            ),
            "",
        ),
    };
    mistakes.push(match did_you_mean(written, tags.iter().copied()) {
        Some(meant) if !written.is_empty() => mistake.meant(meant),
        _ => mistake.hint(say!("one of: {all}", "次のいずれか: {all}")),
    });
    None
}
