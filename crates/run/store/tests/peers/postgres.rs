//! State in a real PostgreSQL: the contract, over TLS too, and what a connection that breaks leaves behind.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use store::{
    Error, StateStore,
    state::{PostgresOptions, PostgresState, Write, Written, contract::contract},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_postgres::{Config, NoTls, config::Host};

/// A busy machine makes a database in seconds.
const PATIENCE: Duration = Duration::from_secs(60);

fn server() -> String {
    std::env::var("TEGATA_POSTGRES").expect(
        "TEGATA_POSTGRES is not set: `cargo xtask test` starts a PostgreSQL and says where it is",
    )
}

/// A new database, and how it is addressed.
async fn database() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let (client, connection) = tokio_postgres::connect(&server(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("state_{}_{number}", std::process::id());
    client
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    format!("{} dbname={name}", server())
}

fn store(address: String, ca: Option<PathBuf>) -> PostgresState {
    PostgresState::new(PostgresOptions {
        address: Arc::new(move || Ok(address.clone())),
        ca,
    })
}

fn put(key: &str, value: &str) -> Write {
    Write::Put {
        table: "t",
        key: key.to_owned(),
        value: value.as_bytes().to_vec(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract() {
    contract(async || Arc::new(store(database().await, None)) as Arc<dyn StateStore>).await;
}

/// The certificate is checked: by the one who signed it it is taken, by the system's authorities it is not.
#[tokio::test(flavor = "multi_thread")]
async fn tls_is_spoken_and_checked() {
    let ca = std::env::var_os("TEGATA_POSTGRES_CA").map(PathBuf::from);
    assert!(ca.is_some(), "TEGATA_POSTGRES_CA is not set");
    let address = format!("{} sslmode=require", database().await);
    let trusting = store(address.clone(), ca);
    trusting.write(vec![put("k", "v")]).await.unwrap();
    assert_eq!(
        trusting.get("t", "k").await.unwrap().as_deref(),
        Some(&b"v"[..])
    );
    let refused = store(address, None).get("t", "k").await;
    assert!(
        matches!(&refused, Err(Error::Remote(why)) if why.contains("certificate")),
        "{refused:?}"
    );
}

/// Two programs begin at the same moment on an empty database.
#[tokio::test(flavor = "multi_thread")]
async fn many_may_begin_at_once() {
    let address = database().await;
    let mut all = JoinSet::new();
    for n in 0..8 {
        let store = store(address.clone(), None);
        all.spawn(async move { store.write(vec![put(&n.to_string(), "v")]).await });
    }
    while let Some(done) = all.join_next().await {
        assert_eq!(done.unwrap().unwrap(), Written::Done);
    }
    let found = store(address, None).scan("t", "", 99).await.unwrap();
    assert_eq!(found.len(), 8);
}

/// What stands between us and the database, and can be cut.
struct Wire {
    address: SocketAddr,
    is_cut: Arc<AtomicBool>,
}

impl Wire {
    async fn lay(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let is_cut = Arc::new(AtomicBool::new(false));
        let cut = is_cut.clone();
        tokio::spawn(async move {
            let mut through: JoinSet<()> = JoinSet::new();
            loop {
                let looked = tokio::time::sleep(Duration::from_millis(10));
                tokio::select! {
                    accepted = listener.accept() => {
                        let Ok((mut here, _)) = accepted else { return };
                        if cut.load(Ordering::SeqCst) {
                            continue;
                        }
                        through.spawn(async move {
                            if let Ok(mut there) = TcpStream::connect(to).await {
                                let _ = copy_bidirectional(&mut here, &mut there).await;
                            }
                        });
                    }
                    () = looked => if cut.load(Ordering::SeqCst) {
                        through.abort_all();
                    }
                }
            }
        });
        Self { address, is_cut }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_is_an_error_and_a_new_one_goes_on() {
    let direct = database().await;
    let config: Config = direct.parse().unwrap();
    let [Host::Tcp(host)] = config.get_hosts() else {
        panic!("the server listens on TCP")
    };
    let to = format!("{host}:{}", config.get_ports()[0]).parse().unwrap();
    let wire = Wire::lay(to).await;
    let address = format!(
        "host=127.0.0.1 port={} user={} dbname={}",
        wire.address.port(),
        config.get_user().unwrap(),
        config.get_dbname().unwrap()
    );
    let through = store(address, None);
    through.write(vec![put("before", "1")]).await.unwrap();
    wire.is_cut.store(true, Ordering::SeqCst);
    let mut refused = Ok(Written::Done);
    for n in 0..100 {
        refused = through.write(vec![put("cut", &n.to_string())]).await;
        if refused.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let error = refused.unwrap_err();
    assert!(error.is_unsure() && error.is_passing(), "{error}");
    wire.is_cut.store(false, Ordering::SeqCst);
    let until = std::time::Instant::now() + PATIENCE;
    while let Err(error) = through.write(vec![put("after", "1")]).await {
        assert!(std::time::Instant::now() < until, "{error}");
    }
    let known = store(direct, None).get("t", "after").await.unwrap();
    assert_eq!(known.as_deref(), Some(&b"1"[..]));
}
