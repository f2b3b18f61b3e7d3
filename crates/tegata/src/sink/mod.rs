//! `tegata sink`: takes whatever is sent to it over HTTP and SMTP, and shows it. For demos, drills and tests;
//! it keeps the newest messages in memory and writes nothing to a disk.

mod http;
mod smtp;

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context as _;
use promise::{Clock, Timestamp};
use serde::Serialize;
use tokio::{net::TcpListener, sync::broadcast};
use tokio_util::sync::CancellationToken;

/// Messages kept in memory; older ones are forgotten.
const KEPT_MAX: usize = 1_000;
/// A larger message is refused.
const MESSAGE_MAX: usize = 1 << 20;

/// Something that was received.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Message {
    pub(crate) at: Timestamp,
    /// `http` or `smtp`.
    pub(crate) over: &'static str,
    /// The path, or the recipients.
    pub(crate) to: String,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) signature: Option<String>,
    pub(crate) body: String,
}

/// Everything received, shared by both doors.
pub(crate) struct Sink {
    kept: Mutex<VecDeque<Message>>,
    heard: broadcast::Sender<Message>,
    clock: Arc<dyn Clock>,
}

impl Sink {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            kept: Mutex::default(),
            heard: broadcast::channel(64).0,
            clock,
        })
    }

    /// Binds both doors before it returns, then serves them until `stop`.
    pub(crate) async fn start(
        self: Arc<Self>,
        http: SocketAddr,
        smtp: SocketAddr,
        stop: CancellationToken,
    ) -> anyhow::Result<(SocketAddr, SocketAddr)> {
        let web = TcpListener::bind(http)
            .await
            .with_context(|| format!("the sink cannot listen on {http}"))?;
        let mail = TcpListener::bind(smtp)
            .await
            .with_context(|| format!("the sink cannot listen on {smtp}"))?;
        let bound = (web.local_addr()?, mail.local_addr()?);
        tokio::spawn(http::serve(self.clone(), web, stop.clone()));
        tokio::spawn(smtp::serve(self, mail, stop));
        Ok(bound)
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Message> {
        self.heard.subscribe()
    }

    fn take(&self, message: Message) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back(message.clone());
        drop(kept);
        // Nobody needs to listen.
        let _ = self.heard.send(message);
    }

    fn all(&self) -> Vec<Message> {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }
}
