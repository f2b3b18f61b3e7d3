//! TLS for everything that asks: one provider, the system's authorities, time from our clock.

use std::{
    fmt,
    path::Path,
    sync::{Arc, OnceLock},
    time::Duration,
};

use promise::{Clock, Say, say};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, UnixTime, pem::PemObject},
    time_provider::TimeProvider,
};

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
    let size = std::fs::metadata(path)
        .map_err(|error| unreadable(error.to_string()))?
        .len();
    if size > CA_FILE_MAX {
        return Err(unreadable(format!("{size} bytes")));
    }
    let pem = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| unreadable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unreadable("no certificate".to_owned()));
    }
    Ok(Arc::new(roots))
}

pub(crate) fn client_config(
    roots: Arc<RootCertStore>,
    clock: Arc<dyn Clock>,
) -> Result<ClientConfig, Say> {
    Ok(
        ClientConfig::builder_with_details(provider(), Arc::new(ClockTime(clock)))
            .with_safe_default_protocol_versions()
            .map_err(|error| Say::same(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth(),
    )
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
