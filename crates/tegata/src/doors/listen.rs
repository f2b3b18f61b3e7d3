//! Connections to the console: in clear text on loopback, or over TLS.

use std::{io, net::SocketAddr, os::fd::AsFd as _, sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use axum::{
    Router,
    serve::{Listener, ListenerExt as _},
};
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::sync::CancellationToken;

/// A client that takes longer than this to shake hands is none, or means ill.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// Handshakes under way at once: each costs a signature, so more would only wait for each other.
const HANDSHAKES_MAX: usize = 256;
/// Connections that have shaken hands and wait to be taken up, which happens at once.
const READY_MAX: usize = 64;
/// How long to wait when no connection can be accepted: out of files, most likely.
const RETRY: Duration = Duration::from_millis(200);

/// Where the console is asked: from outside, and, where that is over TLS, by commands on this machine, which do not know by
/// which name the certificate goes.
pub(crate) struct Listeners {
    pub(crate) front: TcpListener,
    back: Option<TcpListener>,
}

impl Listeners {
    /// An error says where nothing could listen.
    pub(crate) async fn bind(
        listen: SocketAddr,
        is_tls: bool,
    ) -> Result<Self, (SocketAddr, io::Error)> {
        let bind = async |at: SocketAddr| TcpListener::bind(at).await.map_err(|error| (at, error));
        let front = bind(listen).await?;
        let back = match is_tls {
            true => Some(bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?),
            false => None,
        };
        Ok(Self { front, back })
    }

    /// Where commands on this machine ask.
    pub(crate) fn near(&self) -> io::Result<SocketAddr> {
        self.back.as_ref().unwrap_or(&self.front).local_addr()
    }

    /// Second handles of the same sockets: who stands by answers on them until the console takes them over.
    pub(crate) fn beside(&self) -> io::Result<Self> {
        let again = |listener: &TcpListener| {
            let socket = listener.as_fd().try_clone_to_owned()?;
            TcpListener::from_std(socket.into())
        };
        Ok(Self {
            front: again(&self.front)?,
            back: self.back.as_ref().map(again).transpose()?,
        })
    }

    /// Answers until `stop`.
    pub(crate) async fn serve(
        self,
        router: Router,
        tls: Arc<ArcSwapOption<ServerConfig>>,
        stop: CancellationToken,
    ) -> io::Result<()> {
        // Made once: a bare router would be made anew, with all its routes, for each connection.
        let router = router.into_make_service_with_connect_info::<SocketAddr>();
        let serve = async |listener: TcpListener| {
            axum::serve(listener, router.clone())
                .with_graceful_shutdown(stop.clone().cancelled_owned())
                .await
        };
        let Some(back) = self.back else {
            return serve(self.front).await;
        };
        let front = TlsListener::start(self.front, tls, stop.clone())?;
        // What is tapped tells its peer's address; nothing else is meant by it.
        let front = axum::serve(front.tap_io(|_| {}), router.clone())
            .with_graceful_shutdown(stop.clone().cancelled_owned());
        tokio::try_join!(front.into_future(), serve(back)).map(drop)
    }
}

type Shaken = (TlsStream<TcpStream>, SocketAddr);

/// Accepts connections over TLS. Handshakes happen beside each other: one that dawdles holds up nobody.
struct TlsListener {
    ready: mpsc::Receiver<Shaken>,
    address: SocketAddr,
}

impl TlsListener {
    fn start(
        listener: TcpListener,
        config: Arc<ArcSwapOption<ServerConfig>>,
        stop: CancellationToken,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (shaken, ready) = mpsc::channel(READY_MAX);
        tokio::spawn(accept(listener, config, shaken, stop));
        Ok(Self { ready, address })
    }
}

async fn accept(
    listener: TcpListener,
    config: Arc<ArcSwapOption<ServerConfig>>,
    shaken: mpsc::Sender<Shaken>,
    stop: CancellationToken,
) {
    let turns = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    loop {
        let next = async {
            let turn = turns.clone().acquire_owned().await.ok()?;
            Some((turn, listener.accept().await))
        };
        let Some(Some((turn, accepted))) = stop.run_until_cancelled(next).await else {
            return;
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection to the console could not be accepted");
                tokio::time::sleep(RETRY).await;
                continue;
            }
        };
        // A reload may have brought a new certificate, or taken TLS away: then nobody is answered until a restart.
        let Some(config) = config.load_full() else {
            continue;
        };
        let shaken = shaken.clone();
        tokio::spawn(async move {
            let hands = TlsAcceptor::from(config).accept(stream);
            match tokio::time::timeout(HANDSHAKE_MAX, hands).await {
                Ok(Ok(stream)) => {
                    // The console ends: nobody takes it up any more.
                    let _ = shaken.send((stream, from)).await;
                }
                Ok(Err(error)) => tracing::debug!(%error, %from, "a TLS handshake failed"),
                Err(_) => tracing::debug!(%from, "a TLS handshake took too long"),
            }
            drop(turn);
        });
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(shaken) => shaken,
            // Only at the end, when nobody asks any more.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}
