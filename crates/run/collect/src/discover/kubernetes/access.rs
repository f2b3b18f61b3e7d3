//! How the API is reached: by a kubeconfig, by what the spec says, or from within a pod.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use promise::{
    Clock, Say,
    document::{Node, Value, parse_yaml},
    say,
};
use reqwest::{StatusCode, header::HeaderValue};
use spec::section::discovery::KubernetesDiscovery;

use crate::{start::Secrets, tls, trouble::chain};

/// Where a pod finds its service account.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// A page of a list may take the server some seconds.
const TIMEOUT: Duration = Duration::from_secs(30);
/// A kubeconfig with many clusters, each with its certificates.
const KUBECONFIG_MAX: u64 = 4 << 20;

pub(super) struct Api {
    client: reqwest::Client,
    server: String,
    token: Token,
}

/// Tokens are rotated, so those in files are read anew for each request.
enum Token {
    None,
    Plain(String),
    File(PathBuf),
}

impl Api {
    pub fn open(
        config: &KubernetesDiscovery,
        data_dir: &Path,
        secrets: &Secrets,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Say> {
        if let Some(path) = &config.kubeconfig {
            return Self::from_kubeconfig(&data_dir.join(path), config.context.as_deref(), clock);
        }
        if let Some(server) = &config.api_server {
            let tls = tls::client_config_of(config.tls.as_ref(), data_dir, clock)?;
            let token = match &config.bearer {
                Some(secret) => Token::Plain(secrets(secret).map_err(|why| {
                    say!(
                        "{secret} cannot be read: {why}",
                        "{secret} を読めません: {why}"
                    )
                })?),
                None => Token::None,
            };
            return Self::new(tls, server, token);
        }
        let account = Path::new(ACCOUNT);
        let roots = tls::roots_in(&account.join("ca.crt"))?;
        let tls = tls::client_config(roots, clock)?;
        let server = "https://kubernetes.default.svc";
        Self::new(tls, server, Token::File(account.join("token")))
    }

    fn new(tls: rustls::ClientConfig, server: &str, token: Token) -> Result<Self, Say> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("tegata/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Say::same(chain(&error)))?;
        Ok(Self {
            client,
            server: server.trim_end_matches('/').to_owned(),
            token,
        })
    }

    fn from_kubeconfig(
        path: &Path,
        context: Option<&str>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Say> {
        let shown = path.display().to_string();
        let wrong =
            |why: String| say!("the kubeconfig {shown}: {why}", "kubeconfig {shown}: {why}");
        let size = std::fs::metadata(path)
            .map_err(|error| wrong(error.to_string()))?
            .len();
        if size > KUBECONFIG_MAX {
            return Err(wrong(format!("{size} bytes")));
        }
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let root = parse_yaml(&text).0;
        let root = root.ok_or_else(|| wrong("it is empty, or no YAML".to_owned()))?;
        let context = context.unwrap_or_else(|| scalar(root.get("current-context")));
        let within = named(&root, "contexts", context)
            .and_then(|found| found.get("context"))
            .ok_or_else(|| wrong(format!("there is no context `{context}`")))?;
        let name = scalar(within.get("cluster"));
        let cluster = named(&root, "clusters", name)
            .and_then(|found| found.get("cluster"))
            .ok_or_else(|| wrong(format!("there is no cluster `{name}`")))?;
        let user = named(&root, "users", scalar(within.get("user"))).and_then(|it| it.get("user"));
        let folder = path.parent().unwrap_or(Path::new("/"));
        let part = |of: Option<&Node>, name: &str| bytes(of, name, folder).map_err(wrong);
        let roots = match part(Some(cluster), "certificate-authority")? {
            Some(pem) => tls::roots_from(&pem).map_err(wrong)?,
            None => tls::system_roots(),
        };
        let identity = match (part(user, "client-certificate")?, part(user, "client-key")?) {
            (Some(cert), Some(key)) => Some(tls::identity(&cert, &key)?),
            _ => None,
        };
        let is_trusting = scalar(cluster.get("insecure-skip-tls-verify")) == "true";
        let server_name = scalar(cluster.get("tls-server-name"));
        let server_name = (!server_name.is_empty()).then_some(server_name);
        let tls = tls::client_config_for(roots, identity, is_trusting, server_name, clock)?;
        let (token, file) = match user {
            Some(user) => (scalar(user.get("token")), scalar(user.get("tokenFile"))),
            None => ("", ""),
        };
        if user
            .is_some_and(|user| user.get("exec").is_some() || user.get("auth-provider").is_some())
        {
            return Err(wrong(
                "a user that is logged in by a program is not supported".to_owned(),
            ));
        }
        let token = match (file, token) {
            ("", "") => Token::None,
            ("", token) => Token::Plain(token.to_owned()),
            (file, _) => Token::File(folder.join(file)),
        };
        Self::new(tls, scalar(cluster.get("server")), token)
    }

    /// A whole answer of at most `max` bytes.
    pub async fn get(
        &self,
        path: &str,
        query: &[(&'static str, String)],
        max: usize,
    ) -> Result<Vec<u8>, Say> {
        let read = async {
            let mut response = self.open_stream(path, query).await?;
            if !response.status().is_success() {
                return Err(refused(response.status()));
            }
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error))? {
                if body.len() + chunk.len() > max {
                    return Err(say!(
                        "the answer is larger than {max} bytes",
                        "応答が {max} バイトを超えています"
                    ));
                }
                body.extend_from_slice(&chunk);
            }
            Ok(body)
        };
        tokio::time::timeout(TIMEOUT, read)
            .await
            .unwrap_or_else(|_| {
                let secs = TIMEOUT.as_secs();
                Err(say!(
                    "no whole answer within {secs} s",
                    "{secs} 秒以内に応答が終わりませんでした"
                ))
            })
    }

    pub async fn open_stream(
        &self,
        path: &str,
        query: &[(&'static str, String)],
    ) -> Result<reqwest::Response, Say> {
        let mut url = reqwest::Url::parse(&format!("{}{path}", self.server)).map_err(|_| {
            say!(
                "the API server's address is not a URL",
                "API サーバーのアドレスが URL ではありません"
            )
        })?;
        url.query_pairs_mut().extend_pairs(query);
        let mut request = self.client.get(url);
        let token = match &self.token {
            Token::None => None,
            Token::Plain(token) => Some(token.clone()),
            Token::File(path) => Some(std::fs::read_to_string(path).map_err(|error| {
                let path = path.display();
                say!(
                    "{path} cannot be read: {error}",
                    "{path} を読めません: {error}"
                )
            })?),
        };
        if let Some(token) = token {
            let value = HeaderValue::from_str(&format!("Bearer {}", token.trim()));
            let mut value = value.map_err(|_| {
                say!(
                    "the token holds signs that no token has",
                    "トークンに使えない文字があります"
                )
            })?;
            value.set_sensitive(true);
            request = request.header(reqwest::header::AUTHORIZATION, value);
        }
        let sent = tokio::time::timeout(TIMEOUT, request.send()).await;
        match sent {
            Ok(response) => response.map_err(|error| broken(&error)),
            Err(_) => Err(say!("no answer", "応答がありません")),
        }
    }
}

fn broken(error: &reqwest::Error) -> Say {
    // The URL may hold a password, so only the reasons below the outermost error are told.
    let why = std::error::Error::source(error).map_or_else(|| "broken answer".to_owned(), chain);
    say!("cannot be asked: {why}", "問い合わせができません: {why}")
}

pub(super) fn refused(status: StatusCode) -> Say {
    say!("the answer is HTTP {status}", "応答が HTTP {status} でした")
}

fn scalar(node: Option<&Node>) -> &str {
    match node.map(|node| &node.value) {
        Some(Value::Scalar(text)) => text,
        _ => "",
    }
}

/// The entry of a list that has this name.
fn named<'n>(root: &'n Node, list: &str, name: &str) -> Option<&'n Node> {
    let Value::List(items) = &root.get(list)?.value else {
        return None;
    };
    items.iter().find(|item| scalar(item.get("name")) == name)
}

/// What stands in base 64 under `NAME-data`, or in the file under `NAME`.
fn bytes(of: Option<&Node>, name: &str, folder: &Path) -> Result<Option<Vec<u8>>, String> {
    let Some(of) = of else { return Ok(None) };
    let data = scalar(of.get(&format!("{name}-data")));
    if !data.is_empty() {
        let compact: String = data.split_whitespace().collect();
        let decoded = STANDARD
            .decode(compact)
            .map_err(|error| format!("{name}-data: {error}"))?;
        return Ok(Some(decoded));
    }
    match scalar(of.get(name)) {
        "" => Ok(None),
        path => std::fs::read(folder.join(path))
            .map(Some)
            .map_err(|error| format!("{path}: {error}")),
    }
}
