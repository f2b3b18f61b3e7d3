//! The running instance of a data directory, asked over its own API.

use std::{path::Path, time::Duration};

use anyhow::Context as _;
use promise::{Lang, say};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::exit::Stop;

/// Where a running instance says how it can be reached.
pub(crate) const FILE: &str = "instance.json";

/// A command waits no longer than a person would.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A copy of a year of logs is written before its first byte comes.
const LONG_TIMEOUT: Duration = Duration::from_secs(4 * 3600);

/// What a running instance writes into its data directory, and removes when it ends.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Instance {
    pub(crate) url: String,
    pub(crate) pid: u32,
    /// Lets whoever may read the data directory in, where anybody has to say who they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// Language of whoever asks.
    #[serde(skip)]
    pub(crate) lang: Lang,
}

/// The token of the person who asks, instead of the data directory's own.
const TOKEN: &str = "TEGATA_TOKEN";

impl Instance {
    /// Leaves word in a file, for its owner alone where it holds a token.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
        let text = serde_json::to_vec(self)?;
        let beside = path.with_extension("new");
        let mode = if self.token.is_some() { 0o600 } else { 0o644 };
        // Anew each time: the mode of a file that is there would stay as it is.
        let _ = std::fs::remove_file(&beside);
        let mut options = std::fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&beside)?;
        file.write_all(&text)?;
        Ok(std::fs::rename(&beside, path)?)
    }

    /// A request in the name of whoever asks: `TEGATA_TOKEN` says who, else it is whoever sits at this machine.
    fn request(&self, method: Method, path: &str) -> anyhow::Result<RequestBuilder> {
        let request = client()?.request(method, format!("{}{path}", self.url));
        Ok(match own_token().or_else(|| self.token.clone()) {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    }

    /// The instance that runs on `data`, when one does.
    pub(crate) fn running(data: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(data.join(FILE)).ok()?;
        let instance: Self = serde_json::from_str(&text).ok()?;
        // A killed instance could not remove its file.
        Path::new(&format!("/proc/{}", instance.pid))
            .exists()
            .then_some(instance)
    }

    pub(crate) fn find(data: &Path, lang: Lang) -> anyhow::Result<Self> {
        let dir = data.display();
        let nothing = say!(
            "nothing runs on {dir}",
            "{dir} で動いているものはありません"
        );
        let hint = say!(
            "start `tegata run` or `tegata demo`, or name its --data",
            "`tegata run` か `tegata demo` を始めるか、--data を指定してください"
        );
        let running = Self::running(data)
            .ok_or_else(|| Stop::missing(nothing.get(lang)).hint(hint.get(lang)))?;
        Ok(Self { lang, ..running })
    }

    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let text = ask(self.lang, self.request(Method::GET, path)?).await?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Asks with a body.
    pub(crate) async fn ask(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let text = ask(self.lang, self.with_body(path, body)?).await?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Asks for something that has no answer but that it is done.
    pub(crate) async fn tell(&self, path: &str, body: &Value) -> anyhow::Result<()> {
        ask(self.lang, self.with_body(path, body)?.timeout(LONG_TIMEOUT))
            .await
            .map(drop)
    }

    /// Asks for an answer that may be long.
    pub(crate) async fn stream(&self, path: &str, body: &Value) -> anyhow::Result<Response> {
        let request = self.with_body(path, body)?.timeout(LONG_TIMEOUT);
        accepted(self.lang, request).await
    }

    fn with_body(&self, path: &str, body: &Value) -> anyhow::Result<RequestBuilder> {
        Ok(self
            .request(Method::POST, path)?
            .header("content-type", "application/json")
            .body(body.to_string()))
    }

    /// Asks that something ends.
    pub(crate) async fn delete(&self, path: &str) -> anyhow::Result<()> {
        ask(self.lang, self.request(Method::DELETE, path)?)
            .await
            .map(drop)
    }

    /// An answer that is not JSON.
    pub(crate) async fn text(&self, path: &str) -> anyhow::Result<String> {
        ask(self.lang, self.request(Method::GET, path)?).await
    }

    /// Presses a button of the console.
    pub(crate) async fn post(&self, path: &str) -> anyhow::Result<()> {
        ask(
            self.lang,
            self.request(Method::POST, path)?
                .header("origin", &self.url),
        )
        .await
        .map(drop)
    }
}

/// The token of the person who asks.
pub(super) fn own_token() -> Option<String> {
    std::env::var(TOKEN).ok().filter(|token| !token.is_empty())
}

pub(crate) fn client() -> anyhow::Result<reqwest::Client> {
    Ok(reqwest::Client::builder()
        .no_proxy()
        .timeout(TIMEOUT)
        .build()?)
}

async fn ask(lang: Lang, request: RequestBuilder) -> anyhow::Result<String> {
    Ok(accepted(lang, request).await?.text().await?)
}

/// The answer, where it is not a refusal.
async fn accepted(lang: Lang, request: RequestBuilder) -> anyhow::Result<Response> {
    let answer = request
        .send()
        .await
        .context("the running instance did not answer")?;
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let text = answer.text().await?;
    Err(Stop::missing(refusal(status, &text, lang)).into())
}

/// What a refusal says (RFC 9457, with a title in each language); whatever else was answered is shown as it came.
fn refusal(status: StatusCode, text: &str, lang: Lang) -> String {
    let problem: Value = serde_json::from_str(text).unwrap_or_default();
    let title = |name: &str| problem[name].as_str().filter(|title| !title.is_empty());
    let said = match lang {
        Lang::Ja => title("title_ja").or(title("title")),
        Lang::En => title("title"),
    };
    said.map_or_else(
        || {
            let what = say!(
                "the running instance answered {status}: {text}",
                "動いているインスタンスの応答: {status}: {text}"
            );
            what.get(lang).to_owned()
        },
        str::to_owned,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_the_language_of_whoever_asks() {
        let text = r#"{"type":"about:blank","status":400,"title":"write a note","title_ja":"メモを書いてください"}"#;
        let bad = StatusCode::BAD_REQUEST;
        assert_eq!(refusal(bad, text, Lang::En), "write a note");
        assert_eq!(refusal(bad, text, Lang::Ja), "メモを書いてください");
        let other = refusal(StatusCode::BAD_GATEWAY, "<html>", Lang::En);
        assert!(other.ends_with("502 Bad Gateway: <html>"), "{other}");
    }
}
