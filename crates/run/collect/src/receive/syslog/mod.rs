//! Syslog over UDP, TCP and TLS.
//!
//! A connection is read on only after what it brought is durable, so a slow disk slows its sender down; syslog has
//! no answer by which a sender could know what to repeat. Datagrams have no way back at all: what comes faster than
//! it can be stored is lost before we see it.
//!
//! Sources: RFC 5424 and RFC 3164 (messages), RFC 5426 (UDP), RFC 6587 (TCP), RFC 5425 (TLS).

mod frame;
mod message;

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use promise::{Say, say};
use spec::section::receive::Syslog;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    net::{TcpListener, TcpStream, UdpSocket},
    sync::Semaphore,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

use super::{
    Refusal,
    intake::{Draft, Intake, IntakeError},
};
use crate::{start::Shared, tls};
use frame::{Frame, Frames};

/// Connections of one listener: one of each machine, more in front of which a relay belongs. Further ones wait.
const CONNECTIONS_MAX: usize = 512;
/// A client that has not finished its handshake by then never will.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// What is read at once.
const READ_MAX: usize = 64 << 10;
/// The largest datagram that IP carries.
const DATAGRAM_MAX: usize = 64 << 10;
/// Datagrams that are stored together; more only means another turn.
const DATAGRAMS_MAX: usize = 1_000;
/// How long the pipeline gets before what it could not store is given again, and a port that is taken to be free.
const RETRY: Duration = Duration::from_secs(1);

/// One declared listener.
struct Listener {
    line_max: usize,
    intake: Arc<Intake>,
    shared: Arc<Shared>,
    /// With the count, tells every message from all others: none is ever sent again.
    salt: u64,
    count: AtomicU64,
}

/// Listens wherever the spec says, until stopped.
pub(crate) fn start(
    syslog: &Syslog,
    folder: &Path,
    intake: &Arc<Intake>,
    shared: &Arc<Shared>,
    tasks: &TaskTracker,
) {
    let listener = Arc::new(Listener {
        line_max: usize::try_from(syslog.line_max.0).unwrap_or(usize::MAX),
        intake: intake.clone(),
        shared: shared.clone(),
        salt: RandomState::new().hash_one(0u8),
        count: AtomicU64::new(0),
    });
    if let Some(address) = syslog.udp.clone() {
        tasks.spawn(listener.clone().udp(address));
    }
    if let Some(address) = syslog.tcp.clone() {
        tasks.spawn(listener.clone().tcp(address, None));
    }
    if let Some(tls) = &syslog.tls {
        let files = Files {
            cert: folder.join(&tls.cert_file),
            key: folder.join(&tls.key_file),
            clients: tls.client_ca_file.as_ref().map(|path| folder.join(path)),
        };
        tasks.spawn(listener.tcp(tls.listen.clone(), Some(files)));
    }
}

/// Where the parts of a TLS server lie.
struct Files {
    cert: PathBuf,
    key: PathBuf,
    clients: Option<PathBuf>,
}

impl Files {
    fn acceptor(&self, shared: &Shared) -> Result<TlsAcceptor, Say> {
        let identity = tls::identity_in(&self.cert, &self.key)?;
        let config = tls::server_config(identity, self.clients.as_deref(), shared.clock.clone())?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl Listener {
    async fn udp(self: Arc<Self>, address: String) {
        let Some(socket) = self.open(&address, || UdpSocket::bind(&address)).await else {
            return;
        };
        let stop = self.shared.stop.clone();
        let mut buffer = vec![0; DATAGRAM_MAX];
        loop {
            let Some(first) = stop
                .run_until_cancelled(socket.recv_from(&mut buffer))
                .await
            else {
                return;
            };
            let (mut drafts, mut next, mut bytes) = (Vec::new(), first.ok(), 0);
            while let Some((length, from)) = next {
                bytes += length;
                drafts.extend(self.draft(&buffer[..length], from));
                let has_room = drafts.len() < DATAGRAMS_MAX;
                next = has_room
                    .then(|| socket.try_recv_from(&mut buffer).ok())
                    .flatten();
            }
            if !self.store(drafts, bytes).await {
                return;
            }
        }
    }

    async fn tcp(self: Arc<Self>, address: String, files: Option<Files>) {
        let open = || async {
            let acceptor = files.as_ref().map(|files| files.acceptor(&self.shared));
            let acceptor = acceptor
                .transpose()
                .map_err(|why| std::io::Error::new(std::io::ErrorKind::InvalidInput, why.en))?;
            Ok((TcpListener::bind(&address).await?, acceptor))
        };
        let Some((socket, acceptor)) = self.open(&address, open).await else {
            return;
        };
        let stop = self.shared.stop.clone();
        let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let tasks = TaskTracker::new();
        loop {
            let accepted = async {
                let turn = connections.clone().acquire_owned().await.ok()?;
                Some((turn, socket.accept().await))
            };
            let Some(Some((turn, accepted))) = stop.run_until_cancelled(accepted).await else {
                break;
            };
            let (stream, from) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of files, most likely: others must end first.
                    tracing::warn!(%error, %address, "a connection could not be accepted");
                    tokio::time::sleep(RETRY).await;
                    continue;
                }
            };
            let (listener, acceptor) = (self.clone(), acceptor.clone());
            tasks.spawn(async move {
                listener.connection(stream, from, acceptor).await;
                drop(turn);
            });
        }
        tasks.close();
        tasks.wait().await;
    }

    /// Tries until it is stopped; the board says why it cannot listen.
    async fn open<T, F>(&self, address: &str, bind: impl Fn() -> F) -> Option<T>
    where
        F: Future<Output = std::io::Result<T>>,
    {
        let tries = async {
            loop {
                match bind().await {
                    Ok(socket) => {
                        self.intake.tell(None);
                        return socket;
                    }
                    Err(error) => self.intake.tell(Some(say!(
                        "cannot listen on {address}: {error}",
                        "{address} で待ち受けられません: {error}"
                    ))),
                }
                tokio::time::sleep(RETRY).await;
            }
        };
        self.shared.stop.run_until_cancelled(tries).await
    }

    async fn connection(&self, stream: TcpStream, from: SocketAddr, acceptor: Option<TlsAcceptor>) {
        let work = async {
            match acceptor {
                None => self.read(stream, from).await,
                Some(acceptor) => {
                    let shaken = tokio::time::timeout(HANDSHAKE_MAX, acceptor.accept(stream));
                    match shaken.await {
                        Ok(Ok(stream)) => self.read(stream, from).await,
                        Ok(Err(error)) => {
                            tracing::debug!(%error, %from, "a TLS handshake failed");
                        }
                        Err(_) => tracing::debug!(%from, "a TLS handshake took too long"),
                    }
                }
            }
        };
        let _ = self.shared.stop.run_until_cancelled(work).await;
    }

    async fn read(&self, mut stream: impl AsyncRead + Unpin, from: SocketAddr) {
        let mut frames = Frames::new(self.line_max);
        let mut buffer = vec![0; READ_MAX];
        loop {
            // A connection that breaks has brought all that it will.
            let length = stream.read(&mut buffer).await.unwrap_or(0);
            if length == 0 {
                break;
            }
            frames.push(&buffer[..length]);
            let Ok(found) = frames.take() else {
                self.intake.refuse(Refusal::Malformed);
                return;
            };
            if !self.store(self.drafts(found, from), length).await {
                return;
            }
        }
        let last = frames.end().into_iter().collect();
        self.store(self.drafts(last, from), READ_MAX).await;
    }

    fn drafts(&self, frames: Vec<Frame>, from: SocketAddr) -> Vec<Draft> {
        let drafts = frames.into_iter().filter_map(|frame| match frame {
            Frame::Message(bytes) => self.draft(&bytes, from),
            Frame::TooLong => {
                self.intake.refuse(Refusal::TooLong);
                None
            }
        });
        drafts.collect()
    }

    fn draft(&self, bytes: &[u8], from: SocketAddr) -> Option<Draft> {
        if bytes.len() > self.line_max {
            self.intake.refuse(Refusal::TooLong);
            return None;
        }
        // Old devices write in other encodings; what is lost of such a line is shown as lost.
        let text = String::from_utf8_lossy(bytes);
        if text.trim().is_empty() {
            return None;
        }
        let (at, mut fields) = message::read(&text);
        fields.insert("peer".to_owned(), from.ip().to_string().into());
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        Some(Draft {
            id: self.intake.id(&self.salt.to_le_bytes(), number),
            at,
            fields,
        })
    }

    /// Until they are durable; false once nobody wants them any more.
    async fn store(&self, drafts: Vec<Draft>, bytes: usize) -> bool {
        if drafts.is_empty() {
            return true;
        }
        loop {
            match self.intake.store(drafts.clone(), bytes).await {
                Ok(_) => return true,
                Err(IntakeError::Closed) => return false,
                Err(error) => tracing::warn!(%error, source = self.intake.source, "syslog waits"),
            }
            tokio::time::sleep(RETRY).await;
        }
    }
}
