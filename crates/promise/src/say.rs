//! What a person reads, in both languages at once.
//!
//! A [`Say`] cannot be made without its Japanese: a missing translation does not compile.

use serde::{Deserialize, Serialize};

/// A language that people read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    #[default]
    En,
    Ja,
}

impl Lang {
    pub const ALL: [Self; 2] = [Self::En, Self::Ja];

    /// The tag of BCP 47: `en` or `ja`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ja => "ja",
        }
    }

    /// The language that a locale (`ja_JP.UTF-8`) or an `Accept-Language` header asks for first.
    #[must_use]
    pub fn asked_for(text: &str) -> Option<Self> {
        text.split([',', ';', ' ']).find_map(|tag| {
            match tag.get(..2)?.to_ascii_lowercase().as_str() {
                "ja" => Some(Self::Ja),
                "en" => Some(Self::En),
                _ => None,
            }
        })
    }
}

/// The same sentence in each language.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Say {
    pub en: String,
    pub ja: String,
}

impl Say {
    pub fn new(en: impl Into<String>, ja: impl Into<String>) -> Self {
        Self {
            en: en.into(),
            ja: ja.into(),
        }
    }

    /// A name or a figure that reads the same in both languages.
    pub fn same(text: impl Into<String>) -> Self {
        let en = text.into();
        Self { ja: en.clone(), en }
    }

    #[must_use]
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Ja => &self.ja,
        }
    }
}

/// A sentence that is written as one text where both languages read the same, as ledgers held it that knew only one.
pub(crate) mod brief {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Say;

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        One(String),
        Both(Say),
    }

    pub fn serialize<S: Serializer>(say: &Say, to: S) -> Result<S::Ok, S::Error> {
        if say.en == say.ja {
            say.en.serialize(to)
        } else {
            say.serialize(to)
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Say, D::Error> {
        Ok(match Written::deserialize(from)? {
            Written::One(text) => Say::same(text),
            Written::Both(say) => say,
        })
    }
}

/// `say!("{n} late", "{n} 件の遅れ")`: both languages, formatted with the same captured values.
#[macro_export]
macro_rules! say {
    ($en:literal, $ja:literal $(, $($arg:tt)*)?) => {
        $crate::Say::new(format!($en $(, $($arg)*)?), format!($ja $(, $($arg)*)?))
    };
}
