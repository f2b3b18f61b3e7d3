//! `tegata ledger cosign`: a witness that stands on another host and answers when a ledger asks.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::Context as _;
use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use clap::Args;
use ledger::{COSIGN_BYTES, CosignError, Cosigner};
use promise::{Clock as _, Lang, say};
use tokio::{net::TcpListener, signal::unix};

use crate::{
    cli::{Common, runtime},
    clock::SystemClock,
    exit::Stop,
};

/// Stand as a witness for a ledger elsewhere (C2SP tlog-witness): cosign each checkpoint that continues the last one.
///
/// Run it on a host that the ledger's operator does not control, and write its URL and its key, which it prints, into the
/// spec under `ledger.witnesses`. It answers `POST /add-checkpoint`. What it asks for is signed and what it answers is
/// signed, so it needs no TLS to be believed.
#[derive(Debug, Args)]
pub(crate) struct Cosign {
    /// Where to listen.
    #[arg(long, env = "TEGATA_COSIGN_LISTEN", default_value = "127.0.0.1:8497")]
    listen: SocketAddr,
    /// The ledger's verifier key, as you were given it when you began (`tegata ledger key`).
    #[arg(long, value_name = "VKEY")]
    key: String,
    /// The witness's own folder: its key, and what it saw last.
    #[arg(long, value_name = "DIR")]
    keep: PathBuf,
    /// The witness's name, by custom a domain and a path.
    #[arg(long, value_name = "NAME")]
    name: String,
}

impl Cosign {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let witness = Cosigner::open(&self.keep, &self.name, &self.key);
        let witness = witness.map_err(|error| Stop::invalid(error.to_string()))?;
        runtime()?.block_on(serve(witness, self.listen, lang))
    }
}

async fn serve(witness: Cosigner, listen: SocketAddr, lang: Lang) -> anyhow::Result<ExitCode> {
    let listener = TcpListener::bind(listen).await;
    let listener = listener.map_err(|error| Stop::missing(format!("{listen}: {error}")))?;
    let url = format!("http://{}", listener.local_addr()?);
    outln!("{}", witness.vkey());
    let said = say!(
        "witness: {url}   (Ctrl-C stops)",
        "証人: {url}   (Ctrl-C で終わります)"
    );
    eprintln!("{}", said.get(lang));
    let router = Router::new()
        .route("/add-checkpoint", post(add))
        .layer(DefaultBodyLimit::max(COSIGN_BYTES))
        .with_state(Arc::new(witness));
    let mut terminate = unix::signal(unix::SignalKind::terminate())?;
    let end = async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    };
    let served = axum::serve(listener, router).with_graceful_shutdown(end);
    served.await.context("the witness")?;
    Ok(ExitCode::SUCCESS)
}

async fn add(State(witness): State<Arc<Cosigner>>, request: String) -> Response {
    let now = u64::try_from(SystemClock.now().as_millis() / 1_000).unwrap_or(0);
    // What it saw is on the disk before it answers.
    let added = tokio::task::spawn_blocking(move || witness.add(&request, now)).await;
    let Ok(added) = added else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let error = match added {
        Ok(line) => return line.into_response(),
        Err(error) => error,
    };
    let status = StatusCode::from_u16(error.status());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    tracing::warn!(%error, "a checkpoint was not cosigned");
    match error {
        CosignError::Stale(size) => {
            let kind = [(CONTENT_TYPE, "text/x.tlog.size")];
            (status, kind, format!("{size}\n")).into_response()
        }
        // How its own memory failed is for its keeper.
        CosignError::Memory(_) => status.into_response(),
        error => (status, format!("{error}\n")).into_response(),
    }
}
