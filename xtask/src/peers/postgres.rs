//! A PostgreSQL for the time of a test run or a bench: in a folder of its own, on a free port of loopback, with TLS, and
//! durable as by default. Each test makes its own database in it.

use std::{
    env, fs,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};

use crate::shell;

use super::Missing;

/// A busy machine makes a cluster in seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// Its superuser, who needs no password from this machine.
const USER: &str = "tegata";
/// Where Debian keeps each version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Makes a folder for the server's user, with a certificate for loopback. Takes the folder and the user that is to own it.
const CERTIFY: &str = r#"
set -eu
cd "$1"
openssl req -x509 -newkey rsa:2048 -nodes -days 7 -subj /CN=127.0.0.1 -keyout key.pem -out cert.pem \
    -addext subjectAltName=IP:127.0.0.1,DNS:localhost -addext basicConstraints=critical,CA:FALSE 2>/dev/null
chmod 600 key.pem
[ -z "$2" ] || chown -R "$2" "$1"
"#;

/// Ends with it.
pub struct Server {
    child: Child,
    folder: PathBuf,
    port: u16,
}

impl Server {
    /// Starts one whose files lie in the system's folder for temporary ones: another user must reach them.
    pub fn start() -> anyhow::Result<Self> {
        let programs = programs()?;
        let folder = env::temp_dir().join(format!("tegata-postgres-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        // PostgreSQL refuses to be root.
        let is_root = shell::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
        let owner = if is_root { "postgres" } else { "" };
        let mut certify = Command::new("sh");
        certify
            .args(["-c", CERTIFY, "certify"])
            .arg(&folder)
            .arg(owner);
        shell::run(&mut certify)?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let data = folder.join("data");
        let mut make = of(&programs, "initdb", is_root);
        make.arg("-D")
            .arg(&data)
            .args(["-A", "trust", "-U", USER, "-E", "UTF8", "--locale", "C"]);
        shell::output(&mut make).context("initdb")?;
        let log = fs::File::create(folder.join("log"))?;
        let mut serve = of(&programs, "postgres", is_root);
        serve.arg("-D").arg(&data);
        let settings = [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".to_owned(),
            "unix_socket_directories=".to_owned(),
            "ssl=on".to_owned(),
            format!("ssl_cert_file={}", folder.join("cert.pem").display()),
            format!("ssl_key_file={}", folder.join("key.pem").display()),
        ];
        for setting in settings {
            serve.arg("-c").arg(setting);
        }
        let child = serve
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("postgres cannot be started")?;
        let mut server = Self {
            child,
            folder,
            port,
        };
        server.ready()?;
        Ok(server)
    }

    fn ready(&mut self) -> anyhow::Result<()> {
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            if let Some(status) = self.child.try_wait()? {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                bail!("postgres ended with {status}:\n{log}");
            }
            ensure!(Instant::now() < until, "postgres did not start");
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// How it is addressed, as libpq reads it.
    #[must_use]
    pub fn address(&self) -> String {
        format!(
            "host=127.0.0.1 port={} user={USER} dbname=postgres",
            self.port
        )
    }

    /// Tells a test where it is.
    pub fn tell(&self, command: &mut Command) {
        command
            .env("TEGATA_POSTGRES", self.address())
            .env("TEGATA_POSTGRES_CA", self.folder.join("cert.pem"));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = self.child.id().to_string();
        // Fast shutdown; what does not end so is killed.
        let _ = Command::new("kill").args(["-INT", &pid]).status();
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until && matches!(self.child.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A program of the server, as the user who may run it.
fn of(programs: &Path, name: &str, is_root: bool) -> Command {
    let program = programs.join(name);
    if !is_root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
        .arg(program)
        .current_dir("/");
    command
}

/// The folder of the newest version's programs.
fn programs() -> anyhow::Result<PathBuf> {
    let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .max();
    let folder = newest.map(|version| Path::new(VERSIONS).join(version.to_string()).join("bin"));
    folder
        .filter(|folder| folder.join("initdb").is_file())
        .ok_or_else(|| Missing(format!("no PostgreSQL lies in {VERSIONS}")).into())
}
