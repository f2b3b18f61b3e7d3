//! TLS for everything that asks: one provider, the system's authorities, time from our clock.

mod verify;

use std::{
    fmt,
    path::Path,
    sync::{Arc, OnceLock},
    time::Duration,
};

use promise::{Clock, Say, say};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
    server::WebPkiClientVerifier,
    time_provider::TimeProvider,
};
use spec::section::scrape::Tls;

use crate::file;

/// A PEM file of authorities is small; the whole system's is below 1 MiB.
const CA_FILE_MAX: u64 = 4 << 20;

pub(crate) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER
        .get_or_init(|| {
            let provider = rustls::crypto::ring::default_provider();
            // Someone else may have installed one: theirs stays the default, and this one is used here.
            let _ = provider.clone().install_default();
            Arc::new(provider)
        })
        .clone()
}

/// The authorities that this machine trusts; read once. Empty where there are none.
pub(crate) fn system_roots() -> Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    ROOTS
        .get_or_init(|| {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            Arc::new(roots)
        })
        .clone()
}

/// The authorities in a PEM file.
pub(crate) fn roots_in(path: &Path) -> Result<Arc<RootCertStore>, Say> {
    let shown = path.display();
    let unreadable = |why: String| {
        say!(
            "the authorities in {shown} cannot be read: {why}",
            "認証局のファイル {shown} を読めません: {why}"
        )
    };
    roots_from(&read_pem(path)?).map_err(unreadable)
}

pub(crate) fn roots_from(pem: &[u8]) -> Result<Arc<RootCertStore>, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() {
        return Err("no certificate".to_owned());
    }
    Ok(Arc::new(roots))
}

/// A client for whoever else asks something over HTTP: it trusts what this machine trusts, by our clock, and
/// takes no detours over proxies and redirects.
pub fn http_client(clock: Arc<dyn Clock>) -> Result<reqwest::Client, Say> {
    let config = client_config(system_roots(), clock)?;
    reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("tegata/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Say::same(error.to_string()))
}

pub(crate) fn client_config(
    roots: Arc<RootCertStore>,
    clock: Arc<dyn Clock>,
) -> Result<ClientConfig, Say> {
    client_config_for(roots, None, false, None, clock)
}

/// As the spec says it. Relative paths are looked for under `folder`.
pub(crate) fn client_config_of(
    options: Option<&Tls>,
    folder: &Path,
    clock: Arc<dyn Clock>,
) -> Result<ClientConfig, Say> {
    let Some(options) = options else {
        return client_config(system_roots(), clock);
    };
    let roots = match &options.ca_file {
        Some(path) => roots_in(&folder.join(path))?,
        None => system_roots(),
    };
    let identity = match (&options.cert_file, &options.key_file) {
        (Some(cert), Some(key)) => Some(identity_in(&folder.join(cert), &folder.join(key))?),
        _ => None,
    };
    client_config_for(
        roots,
        identity,
        options.insecure_skip_verify,
        options.server_name.as_deref(),
        clock,
    )
}

/// Our certificate and its key.
pub(crate) type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

pub(crate) fn identity_in(cert: &Path, key: &Path) -> Result<Identity, Say> {
    identity(&read_pem(cert)?, &read_pem(key)?)
}

pub(crate) fn identity(cert: &[u8], key: &[u8]) -> Result<Identity, Say> {
    let wrong = |why: String| {
        say!(
            "our certificate or its key cannot be read: {why}",
            "クライアント証明書か鍵を読めません: {why}"
        )
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(cert).collect();
    let chain = chain.map_err(|error| wrong(error.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| wrong(error.to_string()))?;
    Ok((chain, key))
}

fn read_pem(path: &Path) -> Result<Vec<u8>, Say> {
    file::bounded(path, CA_FILE_MAX, |path| std::fs::read(path))
}

pub(crate) fn client_config_for(
    roots: Arc<RootCertStore>,
    identity: Option<Identity>,
    is_trusting: bool,
    name: Option<&str>,
    clock: Arc<dyn Clock>,
) -> Result<ClientConfig, Say> {
    let same = |error: rustls::Error| Say::same(error.to_string());
    let builder = ClientConfig::builder_with_details(provider(), Arc::new(ClockTime(clock)))
        .with_safe_default_protocol_versions()
        .map_err(same)?;
    let name = name
        .map(|name| ServerName::try_from(name.to_owned()))
        .transpose()
        .map_err(|error| Say::same(error.to_string()))?;
    let builder = if is_trusting || name.is_some() {
        let check = verify::Check::new(&roots, is_trusting, name).map_err(Say::same)?;
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(check))
    } else {
        builder.with_root_certificates(roots)
    };
    match identity {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(same),
        None => Ok(builder.with_no_client_auth()),
    }
}

/// For whoever connects to us. With `clients`, a PEM file of authorities, only those whom one of them knows.
pub(crate) fn server_config(
    identity: Identity,
    clients: Option<&Path>,
    clock: Arc<dyn Clock>,
) -> Result<ServerConfig, Say> {
    let same = |error: rustls::Error| Say::same(error.to_string());
    let builder = ServerConfig::builder_with_details(provider(), Arc::new(ClockTime(clock)))
        .with_safe_default_protocol_versions()
        .map_err(same)?;
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let roots = roots_in(path)?;
            let check = WebPkiClientVerifier::builder_with_provider(roots, provider());
            let check = check
                .build()
                .map_err(|error| Say::same(error.to_string()))?;
            builder.with_client_cert_verifier(check)
        }
    };
    let (chain, key) = identity;
    builder.with_single_cert(chain, key).map_err(same)
}

/// For whoever connects to the console: a certificate and its key, in PEM files.
pub fn server_tls(cert: &Path, key: &Path, clock: Arc<dyn Clock>) -> Result<ServerConfig, Say> {
    server_config(identity_in(cert, key)?, None, clock)
}

/// Certificates are judged by the same clock as everything else.
struct ClockTime(Arc<dyn Clock>);

impl fmt::Debug for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClockTime")
    }
}

impl TimeProvider for ClockTime {
    fn current_time(&self) -> Option<UnixTime> {
        let millis = u64::try_from(self.0.now().as_millis()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_millis(millis)))
    }
}
