//! Who may ask, from the spec: tokens are followed to where they lie, and a console beyond loopback is refused unless it
//! has both people and a certificate.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use arc_swap::ArcSwapOption;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use console::access::{Access, People};
use promise::{Clock, Lang, Say, say};
use rand::Rng as _;
use rustls::ServerConfig;
use spec::{
    Spec,
    section::{receiver::Secret, service::ConsoleTls},
};

use crate::{
    app::Settings,
    cli::instance::{self, Instance},
    secrets,
};

/// Random bytes of a token: as many as a key has.
const TOKEN_BYTES: usize = 32;

/// A new token. Its beginning lets a scanner of repositories know what it has found.
pub(crate) fn new_token() -> String {
    let mut bytes = [0; TOKEN_BYTES];
    rand::rng().fill_bytes(&mut bytes);
    format!("tegata_{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// What guards the console for as long as the process lives; a reload changes what it goes by.
pub(crate) struct Gate {
    pub(crate) access: Arc<Access>,
    /// The certificate in force; none where the console answers in clear text.
    pub(crate) tls: Arc<ArcSwapOption<ServerConfig>>,
    /// Where the console listens.
    address: SocketAddr,
    /// Of commands on this machine, which read it from the data directory.
    local: String,
    folder: PathBuf,
    clock: Arc<dyn Clock>,
}

impl Gate {
    /// Of a spec that has just been read. `listen` may come from the command line, which no rule has seen.
    pub(crate) fn open(
        spec: &Spec,
        path: &Path,
        listen: SocketAddr,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Say> {
        let gate = Self {
            access: Arc::default(),
            tls: Arc::default(),
            address: listen,
            local: new_token(),
            folder: path.parent().unwrap_or(Path::new("")).to_owned(),
            clock,
        };
        gate.take(spec)?;
        Ok(gate)
    }

    /// Goes by another spec from here on, or says why it cannot, and then goes by the one before.
    pub(crate) fn take(&self, spec: &Spec) -> Result<(), Say> {
        let tls = spec.console.tls.as_ref();
        let is_asked = spec.access.is_asked();
        if !self.address.ip().is_loopback() && (tls.is_none() || !is_asked) {
            return Err(exposed(self.address));
        }
        let people = self.people(spec)?;
        let config = tls.map(|tls| self.certificate(tls)).transpose()?;
        let url = spec.console.url.as_deref().unwrap_or_default();
        let is_secure = config.is_some() || url.starts_with("https://");
        self.tls.store(config.map(Arc::new));
        let (session, idle) = (spec.access.session.0, spec.access.idle.0);
        self.access.set(people, session, idle, is_secure);
        Ok(())
    }

    fn people(&self, spec: &Spec) -> Result<People, Say> {
        let mut people = People::default();
        for (name, person) in &spec.access.people {
            let unusable = |why: String| {
                say!(
                    "access.people.{name}.token: {why}",
                    "access.people.{name}.token: {why}"
                )
            };
            if let Secret::Loopback(_) = person.token {
                return Err(unusable("a URL is no token".to_owned()));
            }
            let secret = secrets::resolve(&person.token).map_err(unusable)?;
            people
                .add(name, person.role, &secret)
                .map_err(|error| unusable(error.to_string()))?;
        }
        if people.are_asked() {
            people.let_local(&self.local);
        }
        Ok(people)
    }

    fn certificate(&self, tls: &ConsoleTls) -> Result<ServerConfig, Say> {
        let (cert, key) = (&tls.cert_file, &tls.key_file);
        let (cert, key) = (self.folder.join(cert), self.folder.join(key));
        let mut config = collect::server_tls(&cert, &key, self.clock.clone())?;
        // gRPC needs HTTP/2, everything else takes either.
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }

    /// Tells other commands, and the person, where the console is.
    pub(crate) fn announce(
        &self,
        settings: &Settings,
        spec: &Spec,
        near: SocketAddr,
        public: &str,
    ) -> anyhow::Result<()> {
        self.leave_word(settings, spec, near)?;
        let near = format!("http://{near}");
        let url = if spec.console.tls.is_some() {
            public
        } else {
            &near
        };
        match settings.lang {
            Lang::En => eprintln!("console: {url}   (Ctrl-C stops)"),
            Lang::Ja => eprintln!("画面: {url}   (Ctrl-C で終わります)"),
        }
        Ok(())
    }

    /// Tells other commands on this machine where the console is, and by which token it lets them in.
    pub(crate) fn leave_word(
        &self,
        settings: &Settings,
        spec: &Spec,
        near: SocketAddr,
    ) -> anyhow::Result<()> {
        let instance = Instance {
            url: format!("http://{near}"),
            pid: std::process::id(),
            token: spec.access.is_asked().then(|| self.local.clone()),
            lang: settings.lang,
        };
        let path = settings.data.join(instance::FILE);
        instance
            .write(&path)
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

fn exposed(address: SocketAddr) -> Say {
    let port = address.port();
    say!(
        "{address} can be reached from outside this machine: listen on 127.0.0.1:{port}, or give `console.tls` a certificate and `access.people` those who may ask",
        "{address} はこの機械の外から到達できます。127.0.0.1:{port} で待ち受けるか、`console.tls` に証明書を、`access.people` に利用者を書いてください"
    )
}
