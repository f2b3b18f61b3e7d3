//! One request to a target, bounded in time and size.

use std::{path::Path, sync::Arc};

use promise::{Clock, Say, say};
use reqwest::{
    StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue},
};
use spec::section::{receiver::Secret, scrape::Tls};

use super::{Kit, Target};
use crate::{
    start::Secrets,
    tls,
    trouble::{Trouble, chain},
};

/// What Prometheus 3.5 asks for, in its order: protocol buffers first, for they alone carry native
/// histograms.
const NATIVE: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;\
    encoding=delimited;escaping=allow-utf-8;q=0.6,";
const TEXT: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
    application/openmetrics-text;version=0.0.1;q=0.4,\
    text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";

pub(super) struct Answer {
    pub body: Vec<u8>,
    pub content_type: String,
}

/// One client for the targets of a job: no proxy (a target is asked where it stands) and no redirects (a
/// target that sends us elsewhere is misconfigured, or worse).
pub(super) fn client(
    options: Option<&Tls>,
    data_dir: &Path,
    clock: Arc<dyn Clock>,
) -> Result<reqwest::Client, Say> {
    let config = tls::client_config_of(options, data_dir, clock)?;
    reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(1)
        .user_agent(concat!("tegata/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Say::same(chain(&error)))
}

pub(super) async fn get(kit: &Kit, target: &Target, secrets: &Secrets) -> Result<Answer, Trouble> {
    let timeout = target.timeout;
    let request = request(kit, target, secrets)?;
    let late = || {
        let secs = timeout.as_secs_f64();
        Trouble::failed(say!(
            "no whole answer within {secs} s",
            "{secs} 秒以内に応答が終わりませんでした"
        ))
    };
    match tokio::time::timeout(timeout, read(request, kit.scrape.body_max.0)).await {
        Ok(answer) => answer,
        Err(_) => Err(late()),
    }
}

fn request(
    kit: &Kit,
    target: &Target,
    secrets: &Secrets,
) -> Result<reqwest::RequestBuilder, Trouble> {
    let scrape = &kit.scrape;
    let url = target.url.clone().map_err(Trouble::failed)?;
    let native = if scrape.native_histograms { NATIVE } else { "" };
    let mut request = kit
        .client
        .get(url)
        .header(ACCEPT, format!("{native}{TEXT}"))
        .header(
            "X-Prometheus-Scrape-Timeout-Seconds",
            target.timeout.as_secs_f64().to_string(),
        );
    if let Some(secret) = &scrape.bearer {
        let token = read_secret(secret, secrets)?;
        let mut value =
            HeaderValue::from_str(&format!("Bearer {}", token.trim())).map_err(|_| {
                Trouble::failed(say!(
                    "{secret} is no valid token",
                    "{secret} はトークンとして正しくありません"
                ))
            })?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    } else if let Some(basic) = &scrape.basic {
        let password = read_secret(&basic.password, secrets)?;
        request = request.basic_auth(
            &basic.username,
            Some(password.trim_end_matches(['\r', '\n'])),
        );
    }
    Ok(request)
}

/// Read anew each time: tokens in files are rotated.
fn read_secret(secret: &Secret, secrets: &Secrets) -> Result<String, Trouble> {
    secrets(secret).map_err(|why| {
        Trouble::failed(say!(
            "{secret} cannot be read: {why}",
            "{secret} を読めません: {why}"
        ))
    })
}

async fn read(request: reqwest::RequestBuilder, body_max: u64) -> Result<Answer, Trouble> {
    let mut response = request.send().await.map_err(|error| unreachable(&error))?;
    let status = response.status();
    if status != StatusCode::OK {
        return Err(Trouble::failed(say!(
            "the answer is HTTP {status}",
            "応答が HTTP {status} でした"
        )));
    }
    let content_type = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    let mut body = Vec::new();
    // Chunks come out of decompression one by one, so a bomb is noticed at the limit, not after.
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| unreachable(&error))?
    {
        if (body.len() + chunk.len()) as u64 > body_max {
            let limit = promise::unit::Bytes(body_max);
            return Err(Trouble::refused(say!(
                "the answer is larger than {limit} (body_max)",
                "応答が {limit} (body_max)を超えています"
            )));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { body, content_type })
}

fn unreachable(error: &reqwest::Error) -> Trouble {
    // The URL may hold a password, so only the reasons below the outermost error are told.
    let why = std::error::Error::source(error).map_or_else(|| "broken answer".to_owned(), chain);
    if error.is_connect() {
        Trouble::failed(say!("cannot connect: {why}", "接続できません: {why}"))
    } else {
        Trouble::failed(say!(
            "the answer broke off: {why}",
            "応答が途切れました: {why}"
        ))
    }
}
