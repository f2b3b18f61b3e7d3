//! An HTTP request that must answer, with the time that each phase of it took.
//!
//! Redirects are not followed: what a promise is about is the answer of this address.

use http_body_util::{BodyExt, Empty};
use hyper::{Request, body::Bytes, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use promise::{Say, say};
use reqwest::Url;
use spec::section::source::HttpProbe;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};

use super::{Found, Kit, connect, tls::handshake};
use crate::{tls, trouble::Trouble};

/// How much of a body is searched for `contains`, as the spec says.
const SEARCHED_MAX: usize = 64 << 10;
/// A longer body is not waited for: the status has been seen.
const BODY_MAX: usize = 1 << 20;
const PHASES: &str = "probe_http_duration_seconds";

/// Without user name, password and query.
pub(super) fn shown(url: &str) -> String {
    let Ok(mut url) = Url::parse(url) else {
        return String::new();
    };
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.to_string()
}

pub(super) async fn probe(
    probe: &HttpProbe,
    kit: &Kit<'_>,
    found: &mut Found,
) -> Result<(), Trouble> {
    let no_url = || {
        Trouble::failed(say!(
            "the probe's address is not a URL",
            "確認先のアドレスが URL ではありません"
        ))
    };
    let url = Url::parse(&probe.url).map_err(|_| no_url())?;
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return Err(no_url());
    };
    let Some(stream) = connect(&format!("{host}:{port}"), found, Some(PHASES)).await else {
        return Ok(());
    };
    if url.scheme() != "https" {
        ask(stream, probe, &url, found).await;
        return Ok(());
    }
    let began = Instant::now();
    let name = host.trim_matches(['[', ']']).to_owned();
    if let Some(stream) =
        handshake(stream, name, tls::system_roots(), kit.clock.clone(), found).await?
    {
        found.phase(PHASES, "tls", began.elapsed());
        ask(stream, probe, &url, found).await;
    }
    Ok(())
}

async fn ask<S>(stream: S, probe: &HttpProbe, url: &Url, found: &mut Found)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    if let Err(why) = exchange(stream, probe, url, found).await {
        found.fail(why);
    }
}

async fn exchange<S>(stream: S, probe: &HttpProbe, url: &Url, found: &mut Found) -> Result<(), Say>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |error: hyper::Error| {
        say!(
            "no valid answer: {error}",
            "正しい応答がありません: {error}"
        )
    };
    let began = Instant::now();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    // Driven beside the request, so that it ends with the probe and its timeout.
    let exchange = async {
        let mut response = sender.send_request(request(url)?).await.map_err(broken)?;
        found.phase(PHASES, "processing", began.elapsed());
        let began = Instant::now();
        let status = response.status().as_u16();
        found.value("probe_http_status_code", f64::from(status));
        let mut body = Vec::new();
        let mut length = 0;
        while length < BODY_MAX {
            let Some(frame) = response.frame().await else {
                break;
            };
            let Ok(data) = frame.map_err(broken)?.into_data() else {
                continue;
            };
            length += data.len();
            body.extend_from_slice(&data[..data.len().min(SEARCHED_MAX - body.len())]);
        }
        found.phase(PHASES, "transfer", began.elapsed());
        judge(probe, status, &body)
    };
    tokio::pin!(exchange);
    tokio::select! {
        done = &mut exchange => done,
        // The server closed; the answer may have come whole before that.
        _ = connection => exchange.await,
    }
}

fn request(url: &Url) -> Result<Request<Empty<Bytes>>, Say> {
    let path = url.query().map_or_else(
        || url.path().to_owned(),
        |query| format!("{}?{query}", url.path()),
    );
    let host = url.host_str().unwrap_or_default();
    let host = url
        .port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    Request::get(path)
        .header(header::HOST, host)
        .header(
            header::USER_AGENT,
            concat!("tegata/", env!("CARGO_PKG_VERSION")),
        )
        .header(header::ACCEPT, "*/*")
        .body(Empty::new())
        .map_err(|error| Say::same(error.to_string()))
}

fn judge(probe: &HttpProbe, status: u16, body: &[u8]) -> Result<(), Say> {
    let is_accepted = if probe.status.is_empty() {
        (200..300).contains(&status)
    } else {
        probe.status.contains(&u64::from(status))
    };
    if !is_accepted {
        return Err(say!("the status is {status}", "ステータスが {status} です"));
    }
    if let Some(text) = &probe.contains
        && memchr::memmem::find(body, text.as_bytes()).is_none()
    {
        return Err(say!(
            "the body does not hold the expected text",
            "本文に期待した文字列がありません"
        ));
    }
    Ok(())
}
