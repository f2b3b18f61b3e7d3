//! A TLS handshake, and when the certificates that it shows end.
//!
//! The end is told even where the certificate is refused: an expired certificate is just the one whose
//! date a person wants to see.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use promise::{Clock, Say, say};
use rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use spec::section::source::TlsProbe;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{Found, Kit, connect};
use crate::{tls, trouble::Trouble};

pub(super) async fn probe(
    probe: &TlsProbe,
    kit: &Kit<'_>,
    found: &mut Found,
) -> Result<(), Trouble> {
    let roots = match &probe.ca_file {
        None => tls::system_roots(),
        Some(file) => {
            let path: PathBuf = kit.data_dir.join(file);
            let read = tokio::task::spawn_blocking(move || tls::roots_in(&path)).await;
            read.map_err(|error| Trouble::failed(Say::same(error.to_string())))?
                .map_err(Trouble::failed)?
        }
    };
    let host = probe
        .address
        .rsplit_once(':')
        .map_or(probe.address.as_str(), |(host, _)| host);
    let name = probe
        .server_name
        .as_deref()
        .unwrap_or(host)
        .trim_matches(['[', ']'])
        .to_owned();
    let Some(stream) = connect(&probe.address, found, None).await else {
        return Ok(());
    };
    handshake(stream, name, roots, kit.clock.clone(), found).await?;
    Ok(())
}

/// Shakes hands; without a stream where the server or its certificate failed, which `found` then tells.
pub(super) async fn handshake(
    stream: TcpStream,
    name: String,
    roots: Arc<RootCertStore>,
    clock: Arc<dyn Clock>,
    found: &mut Found,
) -> Result<Option<TlsStream<TcpStream>>, Trouble> {
    let server = ServerName::try_from(name.clone()).map_err(|_| {
        Trouble::failed(say!(
            "`{name}` is no server name",
            "`{name}` はサーバー名として正しくありません"
        ))
    })?;
    let inner = WebPkiServerVerifier::builder_with_provider(roots.clone(), tls::provider())
        .build()
        .map_err(|_| {
            Trouble::failed(say!(
                "this machine trusts no certificate authority",
                "この機械には信頼する認証局がありません"
            ))
        })?;
    let watch = Arc::new(Watch {
        inner,
        shown: Mutex::default(),
    });
    let mut config = tls::client_config(roots, clock).map_err(Trouble::failed)?;
    config.dangerous().set_certificate_verifier(watch.clone());
    let shaken = TlsConnector::from(Arc::new(config))
        .connect(server, stream)
        .await;
    if let Some(expiry) = earliest_end(&watch.shown()) {
        found.value("probe_ssl_earliest_cert_expiry", expiry);
    }
    match shaken {
        Ok(stream) => Ok(Some(stream)),
        Err(error) => {
            found.fail(why(&error));
            Ok(None)
        }
    }
}

fn why(error: &std::io::Error) -> Say {
    let tls = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    match tls {
        Some(Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        )) => {
            say!("the certificate has ended", "証明書の期限が切れています")
        }
        Some(Error::InvalidCertificate(why)) => {
            say!(
                "the certificate is not trusted: {why}",
                "証明書を信頼できません: {why}"
            )
        }
        _ => say!(
            "the TLS handshake failed: {error}",
            "TLS のハンドシェイクに失敗しました: {error}"
        ),
    }
}

fn earliest_end(chain: &[CertificateDer<'static>]) -> Option<f64> {
    let ends = chain.iter().filter_map(|der| {
        let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
        Some(certificate.validity().not_after.timestamp())
    });
    #[allow(clippy::cast_precision_loss)]
    ends.min().map(|end| end as f64)
}

/// Remembers what the server showed, and judges as usual.
#[derive(Debug)]
struct Watch {
    inner: Arc<WebPkiServerVerifier>,
    shown: Mutex<Vec<CertificateDer<'static>>>,
}

impl Watch {
    fn shown(&self) -> Vec<CertificateDer<'static>> {
        self.shown
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl ServerCertVerifier for Watch {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = std::iter::once(end_entity).chain(intermediates);
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = chain
            .map(|certificate| certificate.clone().into_owned())
            .collect();
        self.inner
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
