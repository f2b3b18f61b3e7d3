//! Probes of every kind against real sockets, a real certificate and a name server.

use std::{path::Path, sync::Arc, time::Duration};

use promise::{Cause, Clock, ManualClock, Timestamp, unit::Span};
use spec::section::source::{DnsProbe, HttpProbe, Probe, Sources, TcpProbe, TlsProbe};
use store::Round;
use tokio::net::{TcpListener, UdpSocket};

use crate::house::{House, Memory, WallClock, says, value};

const INTERVAL: Span = Span(Duration::from_secs(5));

async fn once(probe: Probe) -> Round {
    once_at(probe, Path::new("/"), Arc::new(WallClock)).await
}

async fn once_at(probe: Probe, dir: &Path, clock: Arc<dyn Clock>) -> Round {
    let sources = Sources {
        probes: [("p".to_owned(), probe)].into(),
        ..Sources::default()
    };
    let mut house = House::over(&sources, dir, Arc::new(Memory::default()), clock);
    let round = house.round("probe/p").await;
    house.end().await;
    round
}

fn of(metric: &str, kind: &str) -> String {
    format!("{metric}{{instance=\"p\", job=\"probe\", kind=\"{kind}\"}}")
}

fn http(url: String, status: Vec<u64>, contains: &str) -> Probe {
    let contains = Some(contains.to_owned());
    Probe::HttpProbe(HttpProbe {
        url,
        status,
        contains,
        interval: INTERVAL,
        timeout: INTERVAL,
    })
}

#[tokio::test]
async fn http_answers_are_judged_by_status_and_text() {
    let server = says(b"all is well").await;
    let round = once(http(format!("http://{server}/x?y=1"), Vec::new(), "well")).await;
    assert_eq!(value(&round, &of("probe_success", "http")), Some(1.0));
    assert_eq!(
        value(&round, &of("probe_http_status_code", "http")),
        Some(200.0)
    );
    for phase in ["resolve", "connect", "processing", "transfer"] {
        let series = format!(
            "probe_http_duration_seconds{{instance=\"p\", job=\"probe\", kind=\"http\", phase=\"{phase}\"}}"
        );
        assert!(value(&round, &series).is_some(), "{phase}");
    }
    let wrong = [
        http(format!("http://{server}"), vec![204], "well"),
        http(format!("http://{server}"), vec![200], "bad"),
    ];
    for probe in wrong {
        let round = once(probe).await;
        assert_eq!(value(&round, &of("probe_success", "http")), Some(0.0));
        assert_eq!(
            round.failed, None,
            "a service that fails is evidence, not its lack"
        );
    }
    let round = once(http("no url".to_owned(), Vec::new(), "")).await;
    assert!(matches!(round.failed, Some(Cause::Failed { .. })));
}

#[tokio::test]
async fn tcp_ports_accept_or_not() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let tcp = || {
        Probe::TcpProbe(TcpProbe {
            address: address.clone(),
            interval: INTERVAL,
            timeout: INTERVAL,
        })
    };
    assert_eq!(
        value(&once(tcp()).await, &of("probe_success", "tcp")),
        Some(1.0)
    );
    drop(listener);
    let round = once(tcp()).await;
    assert_eq!(value(&round, &of("probe_success", "tcp")), Some(0.0));
    assert!(value(&round, &of("probe_duration_seconds", "tcp")).is_some());
}

/// A server with a certificate for `localhost` that ends at 2027-01-01T00:00:00Z; its authority is in the file.
async fn tls_server(dir: &Path) -> String {
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(2027, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    std::fs::write(dir.join("ca.pem"), certificate.pem()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    address
}

#[tokio::test]
async fn tls_tells_when_the_certificate_ends_and_whether_it_is_trusted() {
    let dir = tempfile::tempdir().unwrap();
    let address = tls_server(dir.path()).await;
    let tls = |server_name: &str| {
        Probe::TlsProbe(TlsProbe {
            address: address.clone(),
            server_name: Some(server_name.to_owned()),
            ca_file: Some("ca.pem".to_owned()),
            interval: INTERVAL,
            timeout: INTERVAL,
        })
    };
    // 20 454 days from 1970-01-01 to 2026-01-01, 20 819 to 2027-01-01, of 86 400 s each.
    let end = 20_819.0 * 86_400.0;
    let before = Arc::new(ManualClock::at(Timestamp::from_millis(20_500 * 86_400_000)));
    let round = once_at(tls("localhost"), dir.path(), before.clone()).await;
    assert_eq!(value(&round, &of("probe_success", "tls")), Some(1.0));
    assert_eq!(
        value(&round, &of("probe_ssl_earliest_cert_expiry", "tls")),
        Some(end)
    );

    let round = once_at(tls("other.example"), dir.path(), before).await;
    assert_eq!(value(&round, &of("probe_success", "tls")), Some(0.0));

    let after = Arc::new(ManualClock::at(Timestamp::from_millis(20_820 * 86_400_000)));
    let round = once_at(tls("localhost"), dir.path(), after).await;
    assert_eq!(value(&round, &of("probe_success", "tls")), Some(0.0));
    assert_eq!(
        value(&round, &of("probe_ssl_earliest_cert_expiry", "tls")),
        Some(end)
    );

    let empty = tempfile::tempdir().unwrap();
    let round = once_at(tls("localhost"), empty.path(), Arc::new(WallClock)).await;
    assert!(
        matches!(round.failed, Some(Cause::Failed { .. })),
        "no authorities, no probe"
    );
}

/// Answers every question for an A record with 192.0.2.7, byte by byte as RFC 1035 says.
async fn dns_server() -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let mut buffer = [0; 512];
        while let Ok((n, peer)) = socket.recv_from(&mut buffer).await {
            let query = &buffer[..n];
            // The question: labels up to the zero byte, then type and class.
            let end = 12 + query[12..].iter().position(|byte| *byte == 0).unwrap() + 5;
            let mut answer = query[..2].to_vec();
            answer.extend([0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
            answer.extend(&query[12..end]);
            answer.extend([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]);
            let _ = socket.send_to(&answer, peer).await;
        }
    });
    address
}

#[tokio::test]
async fn names_resolve_to_what_is_expected() {
    let server = dns_server().await;
    let dns = |expect: &str| {
        Probe::DnsProbe(DnsProbe {
            name: "pay.example".to_owned(),
            server: Some(server.clone()),
            record: "A".to_owned(),
            expect: Some(expect.to_owned()),
            interval: INTERVAL,
            timeout: INTERVAL,
        })
    };
    let round = once(dns("192.0.2.7")).await;
    assert_eq!(value(&round, &of("probe_success", "dns")), Some(1.0));
    assert!(value(&round, &of("probe_dns_lookup_time_seconds", "dns")).is_some());
    let round = once(dns("192.0.2.8")).await;
    assert_eq!(value(&round, &of("probe_success", "dns")), Some(0.0));
}
