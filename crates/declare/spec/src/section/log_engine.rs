//! `logs`: an engine elsewhere that holds the log records, instead of the one inside.

use std::fmt;

use promise::{Say, record, record::Scalar, say, scalar_as_text, unit::Span};

use super::receiver::Secret;

record! {
    /// An engine that holds the log records by Elasticsearch's API: Elasticsearch, OpenSearch, Quickwit. Promises, rules and pages read what it answers. Without this section Tegata holds them itself. A change takes effect at the next start.
    /// ja: ログを保持する、Elasticsearch の API を持つエンジン(Elasticsearch、OpenSearch、Quickwit)。約束、ルール、ページはその応答を読みます。書かなければ Tegata 自身が保持します。変更は次の起動で有効になります。
    pub struct LogEngine {
        /// What stands before `/_bulk`: `https://opensearch.internal:9200`, or `http://quickwit.internal:7280/api/v1/_elastic`.
        /// ja: `/_bulk` の前までの URL。例 `https://opensearch.internal:9200`、Quickwit では `http://quickwit.internal:7280/api/v1/_elastic`。
        url: String,
        /// What the names of its indices begin with; no other index may begin so.
        /// ja: インデックス名の先頭。ほかのインデックスと重ならない名前にします。
        prefix: IndexPrefix = IndexPrefix::default(),
        /// Token sent as `Authorization: Bearer`.
        /// ja: ベアラートークン。
        bearer: Option<Secret>,
        /// Key sent as `Authorization: ApiKey`, as Elasticsearch gives it out in its encoded form.
        /// ja: Elasticsearch の API キー(エンコード済みの形)。`Authorization: ApiKey` で送ります。
        api_key: Option<Secret>,
        /// User name, where it asks for one.
        /// ja: 利用者名。
        user: Option<String>,
        /// Password of `user`.
        /// ja: パスワード。
        password: Option<Secret>,
        /// How long one request may take.
        /// ja: 一度の要求で待つ時間。
        timeout: Span = Span::secs(30),
    }
}

/// What all engines take as the beginning of an index's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexPrefix(String);

/// A stream's name and a month come behind it.
const PREFIX_CHARS_MAX: usize = 40;

impl IndexPrefix {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for IndexPrefix {
    fn default() -> Self {
        Self("tegata".to_owned())
    }
}

impl fmt::Display for IndexPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Scalar for IndexPrefix {
    const NAME: &'static str = "beginning of index names";
    const NAME_JA: &'static str = "インデックス名の先頭";
    const EXAMPLE: &'static str = "tegata";

    fn parse(text: &str) -> Result<Self, Say> {
        let may_stand = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        let is_name = text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.len() <= PREFIX_CHARS_MAX
            && text.chars().all(may_stand);
        match is_name {
            true => Ok(Self(text.to_owned())),
            false => Err(say!(
                "index names begin with a small letter and go on with small letters, digits, `.`, `_` and `-`: at most {PREFIX_CHARS_MAX} here",
                "インデックス名は英小文字で始め、英小文字、数字、`.`、`_`、`-` で続けます(ここでは {PREFIX_CHARS_MAX} 文字まで)"
            )),
        }
    }
}
scalar_as_text!(IndexPrefix);
