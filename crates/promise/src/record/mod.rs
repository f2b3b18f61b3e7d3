//! Records: a struct, its reader, its schema and its reference page from one declaration.
//!
//! `record!` declares a struct whose fields are read from a [`Node`] by name. A field of type `Option<T>`
//! may be left out, a field with `= value` has a default, any other is required. Unknown keys are
//! mistakes. The doc comments become the descriptions of the JSON Schema and of the reference; a line that
//! starts with `ja:` is the Japanese one. From JSON, such as the ledger's, fields that are missing take the same
//! defaults, and unknown ones, which a newer version may have written, are passed over.

mod fields;
mod scalar;

pub use fields::{Field, Fields};
pub use scalar::Scalar;

use crate::{
    Say,
    document::{Key, Mistake, Node, Value, did_you_mean},
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

impl<T: Read> Read for Vec<T> {
    fn form() -> Form {
        Form::List(Box::new(T::form()))
    }

    /// A single value is read as a list of one. Every item is read even after one has failed.
    fn read(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match &node.value {
            Value::List(items) => {
                let mut read = Self::with_capacity(items.len());
                for item in items {
                    read.extend(T::read(item, mistakes));
                }
                (read.len() == items.len()).then_some(read)
            }
            Value::Null => Some(Vec::new()),
            _ => T::read(node, mistakes).map(|one| vec![one]),
        }
    }
}

impl<T: Read> Read for std::collections::BTreeMap<String, T> {
    fn form() -> Form {
        Form::Map(Box::new(T::form()))
    }

    fn read(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let entries = named(node, mistakes)?;
        let (mut read, mut whole) = (Self::new(), true);
        for (key, node) in entries {
            match T::read(node, mistakes) {
                Some(value) => {
                    read.insert(key.name.clone(), value);
                }
                None => whole = false,
            }
        }
        whole.then_some(read)
    }
}

/// Names with their values, or a mistake.
fn named<'n>(node: &'n Node, mistakes: &mut Vec<Mistake>) -> Option<&'n [(Key, Node)]> {
    if let Value::Map(entries) = &node.value {
        return Some(entries);
    }
    let found = node.form();
    mistakes.push(Mistake::new(
        "wrong-form",
        node.span.clone(),
        Say::new(
            format!("expected names with their values, found {}", found.en),
            format!("名前と値の組が必要ですが、{}があります", found.ja),
        ),
    ));
    None
}

/// A field's name as it is written in YAML: Rust spells `for` as `r#for`.
#[must_use]
pub fn plain(name: &'static str) -> &'static str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// A default, as the reference shows it.
#[must_use]
pub fn shown(default: &impl serde::Serialize) -> Option<String> {
    let value = serde_json::to_value(default).ok()?;
    Some(value.to_string())
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
            default: { let value: $ty = $default; $crate::record::shown(&value) },
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
