//! `sources.redact`: what is made unreadable before anything is stored, and how.

use std::{collections::BTreeMap, fmt};

use promise::{Say, record, record::Scalar, scalar_as_text};

use super::receiver::Secret;

record! {
    /// What is made unreadable before anything is stored, beside card numbers, tokens, mail addresses and telephone
    /// numbers, which always are.
    /// ja: 保存の前に伏せるもの。カード番号、トークン、メールアドレス、電話番号は常に伏せます。
    pub struct Redact {
        /// Names of log fields whose whole value is replaced.
        /// ja: 値を丸ごと伏せる項目。
        fields: Vec<String> = Vec::new(),
        /// What becomes of a kind (`pan`, `mail`, `phone`, `my_number`, `corporate_number`, `insurer_number`,
        /// `pension_number`, `field`) or of a field by its name. All are masked by default.
        /// ja: 種類(`pan`、`mail`、`phone`、`my_number`、`corporate_number`、`insurer_number`、`pension_number`、`field`)または項目名ごとの扱い。既定はすべて `mask`。
        actions: BTreeMap<String, Action> = BTreeMap::new(),
        /// Secrets of at least 16 bytes for `tokenise` and `encrypt`, by id. Old ones stay, so that what was made
        /// with them can be read.
        /// ja: `tokenise` と `encrypt` に使う 16 バイト以上の秘密(id ごと)。古いものも、読み戻せるように残します。
        keys: BTreeMap<String, Secret> = BTreeMap::new(),
        /// The id of the key that is used now; the last in the order of ids by default.
        /// ja: 現在使う鍵の id。既定は id の順で最後のもの。
        key: Option<String>,
    }
}

// `record!` decides what is derived.
#[allow(clippy::derivable_impls)]
impl Default for Redact {
    fn default() -> Self {
        Self {
            fields: Vec::new(),
            actions: BTreeMap::new(),
            keys: BTreeMap::new(),
            key: None,
        }
    }
}

/// What becomes of a value that must not rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing is left.
    Drop,
    /// Its kind is left.
    Mask,
    /// A keyed hash is left, by which equal values are found.
    Tokenise,
    /// It can be read again with the key.
    Encrypt,
    /// It stays as it is.
    Keep,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Drop => "drop",
            Self::Mask => "mask",
            Self::Tokenise => "tokenise",
            Self::Encrypt => "encrypt",
            Self::Keep => "keep",
        })
    }
}

impl Scalar for Action {
    const NAME: &'static str = "action";
    const NAME_JA: &'static str = "扱い";
    const EXAMPLE: &'static str = "mask";
    const ONE_OF: &'static [&'static str] = &["drop", "mask", "tokenise", "encrypt", "keep"];
    fn parse(text: &str) -> Result<Self, Say> {
        match text {
            "drop" => Ok(Self::Drop),
            "mask" => Ok(Self::Mask),
            "tokenise" => Ok(Self::Tokenise),
            "encrypt" => Ok(Self::Encrypt),
            "keep" => Ok(Self::Keep),
            _ => Err(promise::say!(
                "`{text}` is no way to redact",
                "`{text}` という扱いはありません"
            )),
        }
    }
}
scalar_as_text!(Action);
