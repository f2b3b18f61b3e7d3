//! A real engine on loopback, and our store upon it.

use std::{
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use store::metrics::{RemoteMetrics, RemoteOptions};
use tempfile::TempDir;

/// A busy machine starts an engine in seconds.
const PATIENCE: Duration = Duration::from_secs(60);

pub enum Kind {
    Prometheus,
    Victoria,
}

pub struct Engine {
    child: Child,
    pub url: String,
    kind: Kind,
    port: u16,
    pub folder: TempDir,
}

/// Where peers are unpacked: `TEGATA_PEERS`, or beside the build.
fn binary(name: &str) -> PathBuf {
    let folder = std::env::var_os("TEGATA_PEERS").map_or_else(
        || {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3);
            root.unwrap().join("target/peers/usr/bin")
        },
        PathBuf::from,
    );
    let path = folder.join(name);
    assert!(
        path.exists(),
        "{} is missing: `cargo xtask test` unpacks the engines, or set TEGATA_PEERS",
        path.display()
    );
    path
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

impl Engine {
    pub async fn start(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let child = spawn(&kind, port, folder.path());
        let engine = Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
            kind,
            port,
            folder,
        };
        engine.ready().await;
        engine
    }

    async fn ready(&self) {
        let until = Instant::now() + PATIENCE;
        let path = match self.kind {
            Kind::Prometheus => "/-/ready",
            Kind::Victoria => "/health",
        };
        while self.get(path).await.is_none() {
            assert!(Instant::now() < until, "the engine did not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The body of a good answer.
    pub async fn get(&self, path: &str) -> Option<String> {
        let answer = client()
            .get(format!("{}{path}", self.url))
            .send()
            .await
            .ok()?;
        if !answer.status().is_success() {
            return None;
        }
        answer.text().await.ok()
    }

    /// Takes it away.
    pub fn end(&mut self) {
        match self.kind {
            Kind::Prometheus => self.child.kill().unwrap(),
            // It answers before what it was sent is durable, so a kill would lose what it has taken from us.
            Kind::Victoria => {
                let pid = self.child.id().to_string();
                let told = Command::new("kill").args(["-TERM", &pid]).status();
                assert!(told.unwrap().success());
            }
        }
        self.child.wait().unwrap();
    }

    /// On the same port and data.
    pub async fn again(&mut self) {
        self.child = spawn(&self.kind, self.port, self.folder.path());
        self.ready().await;
    }

    /// Our store upon it, whose queue lies in `folder`.
    pub fn store(&self, folder: &Path) -> RemoteMetrics {
        RemoteMetrics::open(folder, self.options(1 << 30)).unwrap()
    }

    pub fn options(&self, queue_max: u64) -> RemoteOptions {
        RemoteOptions {
            write: format!("{}/api/v1/write", self.url),
            query: self.url.clone(),
            credentials: Arc::new(|| Ok(Vec::new())),
            queue_max,
            timeout: Duration::from_secs(10),
            client: client(),
        }
    }
}

pub fn client() -> reqwest::Client {
    // Only the first call can succeed; all want the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

fn spawn(kind: &Kind, port: u16, folder: &Path) -> Child {
    let data = folder.join("data");
    let mut command = match kind {
        Kind::Prometheus => {
            let config = folder.join("prometheus.yml");
            std::fs::write(
                &config,
                "storage: { tsdb: { out_of_order_time_window: 30m }, exemplars: { max_exemplars: 10000 } }\n",
            )
            .unwrap();
            let mut command = Command::new(binary("prometheus"));
            command
                .arg(format!("--config.file={}", config.display()))
                .arg(format!("--storage.tsdb.path={}", data.display()))
                .arg(format!("--web.listen-address=127.0.0.1:{port}"))
                .args([
                    "--web.enable-remote-write-receiver",
                    "--web.enable-admin-api",
                    "--storage.tsdb.retention.time=100y",
                    "--enable-feature=native-histograms,exemplar-storage",
                ]);
            command
        }
        Kind::Victoria => {
            let mut command = Command::new(binary("victoria-metrics"));
            command
                .arg(format!("-storageDataPath={}", data.display()))
                .arg(format!("-httpListenAddr=127.0.0.1:{port}"))
                .args(["-retentionPeriod=100y", "-search.latencyOffset=0s"]);
            command
        }
    };
    let log = std::fs::File::create(folder.join("engine.log")).unwrap();
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("engine.log"));
            eprintln!("--- the engine said\n{}", log.unwrap_or_default());
        }
    }
}
