//! One step of relabelling. Words and meanings are Prometheus's, so that a step may be copied from its file.

mod pattern;

use std::fmt;

pub use pattern::compile;
use promise::{Say, record, record::Scalar, scalar_as_text};

record! {
    /// One step of relabelling, as in Prometheus.
    /// ja: ラベルの書き換えの一段(Prometheus と同じ)。
    pub struct Relabel {
        /// Labels whose values, joined by `separator`, are looked at.
        /// ja: 見るラベル。値は `separator` でつなぎます。
        source_labels: Vec<String> = Vec::new(),
        /// What stands between them.
        /// ja: つなぐ文字。
        separator: String = ";".to_owned(),
        /// What the whole value, or for the label actions the whole name, must match.
        /// ja: 全体に一致すべき正規表現。
        regex: String = DEFAULT_REGEX.to_owned(),
        /// For `hashmod`.
        /// ja: `hashmod` の法。
        modulus: u64 = 0,
        /// The label that is written; may hold `$1` and `${name}`.
        /// ja: 書き込むラベル。
        target_label: Option<String>,
        /// What is written; may hold `$1` and `${name}`.
        /// ja: 書き込む値。
        replacement: String = DEFAULT_REPLACEMENT.to_owned(),
        /// What is done.
        /// ja: 動作。
        action: Action = Action::Replace,
    }
}

pub const DEFAULT_REGEX: &str = "(.*)";
pub const DEFAULT_REPLACEMENT: &str = "$1";

impl Default for Relabel {
    fn default() -> Self {
        Self {
            source_labels: Vec::new(),
            separator: ";".to_owned(),
            regex: DEFAULT_REGEX.to_owned(),
            modulus: 0,
            target_label: None,
            replacement: DEFAULT_REPLACEMENT.to_owned(),
            action: Action::Replace,
        }
    }
}

macro_rules! actions {
    ($($case:ident $word:literal),*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Action { $($case),* }

        impl fmt::Display for Action {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$case => $word),* })
            }
        }

        impl Scalar for Action {
            const NAME: &'static str = "relabel action";
            const NAME_JA: &'static str = "書き換えの動作";
            const EXAMPLE: &'static str = "replace";
            const ONE_OF: &'static [&'static str] = &[$($word),*];
            fn parse(text: &str) -> Result<Self, Say> {
                match text.to_ascii_lowercase().as_str() {
                    $($word => Ok(Self::$case),)*
                    _ => Err(promise::say!(
                        "`{text}` is no relabel action",
                        "`{text}` という動作はありません"
                    )),
                }
            }
        }
    };
}

actions! {
    Replace "replace",
    Keep "keep",
    Drop "drop",
    KeepEqual "keepequal",
    DropEqual "dropequal",
    HashMod "hashmod",
    LabelMap "labelmap",
    LabelDrop "labeldrop",
    LabelKeep "labelkeep",
    Lowercase "lowercase",
    Uppercase "uppercase"
}
scalar_as_text!(Action);

impl Relabel {
    /// Why the step makes no sense, whatever the labels are; the regular expression is looked at elsewhere.
    /// Prometheus refuses the same.
    #[must_use]
    pub fn mistake(&self) -> Option<Say> {
        let action = self.action;
        let target = self.target_label.as_deref().unwrap_or_default();
        let needs_target = matches!(
            action,
            Action::Replace
                | Action::HashMod
                | Action::Lowercase
                | Action::Uppercase
                | Action::KeepEqual
                | Action::DropEqual
        );
        if needs_target && target.is_empty() {
            return Some(promise::say!(
                "`{action}` needs a `target_label`",
                "`{action}` には `target_label` が必要です"
            ));
        }
        if action == Action::HashMod && self.modulus == 0 {
            return Some(promise::say!(
                "`hashmod` needs a `modulus` above 0",
                "`hashmod` には 1 以上の `modulus` が必要です"
            ));
        }
        let takes_only_regex = matches!(action, Action::LabelDrop | Action::LabelKeep);
        let says_more = !self.source_labels.is_empty()
            || !target.is_empty()
            || self.modulus != 0
            || self.separator != ";"
            || self.replacement != DEFAULT_REPLACEMENT;
        if takes_only_regex && says_more {
            return Some(promise::say!(
                "`{action}` takes nothing but a `regex`",
                "`{action}` に書けるのは `regex` だけです"
            ));
        }
        let takes_no_regex = matches!(action, Action::KeepEqual | Action::DropEqual);
        if takes_no_regex
            && (self.regex != DEFAULT_REGEX || self.replacement != DEFAULT_REPLACEMENT)
        {
            return Some(promise::say!(
                "`{action}` takes neither `regex` nor `replacement`",
                "`{action}` に `regex` と `replacement` は書けません"
            ));
        }
        None
    }
}
