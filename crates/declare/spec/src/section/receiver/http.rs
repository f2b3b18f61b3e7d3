//! `http`: whatever takes a request, by templates.

use std::{collections::BTreeMap, fmt};

use promise::{Say, record, record::Scalar, say, scalar_as_text, unit::Span};

use super::Secret;

record! {
    /// Whatever takes a request over HTTP: its path and body are templates (minijinja), its address and headers secrets
    /// that no template can read. A preset fills in what a service wants; what is written here comes before it.
    /// ja: HTTP で受け取る任意のサービス。パスと本文はテンプレート(minijinja)です。URL とヘッダーは秘密で、テンプレートからは読めません。`preset` がサービスごとの内容を補い、ここに書いたものが優先されます。
    pub struct Http {
        /// Where to; the path of a request follows it.
        /// ja: 宛先。リクエストのパスがこれに続きます。
        url: Secret,
        /// Headers and their values, such as `authorization`.
        /// ja: ヘッダーと値(`authorization` など)。
        headers: BTreeMap<String, Secret> = BTreeMap::new(),
        /// A service whose requests are known: `opsgenie`, `jira`, `github`, `line_works`, `chatwork` or `none`.
        /// ja: 既知のサービス。`opsgenie`、`jira`、`github`、`line_works`、`chatwork`、`none`。
        preset: Preset = Preset::None,
        /// What templates read as `params`, such as a project's key. No secrets.
        /// ja: テンプレートが `params` として読む値(プロジェクトのキーなど)。秘密は書きません。
        params: BTreeMap<String, String> = BTreeMap::new(),
        /// When an alert is raised.
        /// ja: 警報の発生時。
        open: Option<Request>,
        /// When it becomes worse, is repeated or escalated.
        /// ja: 悪化、再通知、エスカレーションのとき。
        update: Option<Request>,
        /// When it ends.
        /// ja: 解消時。
        close: Option<Request>,
        /// For each of these that has no request of its own. Where there is none either, nothing is sent.
        /// ja: 個別のリクエストがない場合。これもなければ何も送りません。
        message: Option<Request>,
        /// What later requests read as `handle`, made from the `answer` to the first one: `{{ answer.number }}`.
        /// ja: 最初の応答 `answer` から作り、以後のリクエストが `handle` として読む値(例: `{{ answer.number }}`)。
        handle: Option<String>,
        /// How long one try may take.
        /// ja: 一度の送信で待つ時間。
        timeout: Span = Span::secs(10),
    }
}

record! {
    /// One request.
    /// ja: リクエスト。
    pub struct Request {
        /// `POST`, `PUT` or `PATCH`.
        /// ja: メソッド。
        method: Method = Method::Post,
        /// What follows the `url`, a template.
        /// ja: `url` に続くパス(テンプレート)。
        path: String = String::new(),
        /// The body, a template. In JSON every `{{ … }}` is written as a JSON value, quotes and all.
        /// ja: 本文(テンプレート)。JSON では `{{ … }}` は引用符を含む JSON の値になります。
        body: String,
        /// `application/json`, `application/x-www-form-urlencoded` or `text/plain`.
        /// ja: 本文の種類。
        content_type: ContentType = ContentType::Json,
    }
}

/// One of a few words: its type, its words, and what a person calls it.
macro_rules! words {
    ($(#[doc = $doc:literal])* $name:ident ($en:literal, $ja:literal) { $($case:ident = $text:literal),* $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($case),* }

        impl $name {
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$case => $text),* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Scalar for $name {
            const NAME: &'static str = $en;
            const NAME_JA: &'static str = $ja;
            const EXAMPLE: &'static str = [$($text),*][0];
            const ONE_OF: &'static [&'static str] = &[$($text),*];

            fn parse(text: &str) -> Result<Self, Say> {
                match text {
                    $($text => Ok(Self::$case),)*
                    _ => Err(say!("`{text}` is not known here", "`{text}` は使えません")),
                }
            }
        }
        scalar_as_text!($name);
    };
}

words! {
    /// A service whose requests are known.
    Preset ("preset", "プリセット") {
        Opsgenie = "opsgenie",
        Jira = "jira",
        Github = "github",
        LineWorks = "line_works",
        Chatwork = "chatwork",
        None = "none",
    }
}

words! {
    /// The method of a request that changes something.
    Method ("method", "メソッド") { Post = "POST", Put = "PUT", Patch = "PATCH" }
}

words! {
    /// How a body is written.
    ContentType ("content type", "本文の種類") {
        Json = "application/json",
        Form = "application/x-www-form-urlencoded",
        Plain = "text/plain",
    }
}
