//! `tegata sink`: shows what receivers would get.

use std::{net::SocketAddr, process::ExitCode, sync::Arc};

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::{Common, runtime};
use crate::{clock::SystemClock, sink::Sink};

/// Take whatever is sent over HTTP and SMTP, and print it as JSON lines.
///
/// For drills and tests of receivers: point a webhook, a Slack receiver or a mail receiver at it.
/// `GET /received` lists the newest 1,000 messages.
#[derive(Debug, Args)]
pub(crate) struct SinkCommand {
    /// Where to listen for HTTP.
    #[arg(long, env = "TEGATA_SINK_HTTP", default_value = "127.0.0.1:8499")]
    http: SocketAddr,
    /// Where to listen for SMTP.
    #[arg(long, env = "TEGATA_SINK_SMTP", default_value = "127.0.0.1:8498")]
    smtp: SocketAddr,
}

impl SinkCommand {
    pub(super) fn run(self, _: &Common) -> anyhow::Result<ExitCode> {
        runtime()?.block_on(async {
            let stop = CancellationToken::new();
            let sink = Sink::new(Arc::new(SystemClock));
            let mut heard = sink.subscribe();
            let (http, smtp) = sink.start(self.http, self.smtp, stop.clone()).await?;
            eprintln!("sink: http://{http} smtp://{smtp}");
            loop {
                tokio::select! {
                    _ = tokio::signal::ctrl_c() => break,
                    message = heard.recv() => match message {
                        Ok(message) => outln!("{}", serde_json::to_string(&message)?),
                        Err(tokio::sync::broadcast::error::RecvError::Lagged(n)) => {
                            eprintln!("sink: {n} messages came faster than they could be printed");
                        }
                        Err(tokio::sync::broadcast::error::RecvError::Closed) => break,
                    },
                }
            }
            stop.cancel();
            Ok(ExitCode::SUCCESS)
        })
    }
}
