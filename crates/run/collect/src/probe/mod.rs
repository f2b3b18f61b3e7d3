//! Probes: services as their users see them. One kind a file; series are named as the blackbox exporter
//! names them, so that existing dashboards and rules go on working.
//!
//! A probe always has evidence: `probe_success` is 0 or 1. Only where the probe itself could not be made
//! (no authorities to trust, no URL) has its round failed.

mod dns;
mod http;
mod tcp;
mod tls;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use promise::{Clock, Say, say};
use spec::section::source::Probe;
use store::{Labels, Round, Sample, Series};
use tokio::{net::TcpStream, time::Instant};

use crate::{memory::Memory, schedule::Schedule, start::Shared, trouble::Trouble};

/// A label beside those that every series of a probe has.
type OwnLabel = Option<(&'static str, &'static str)>;

/// What a probe found.
#[derive(Debug, Default)]
struct Found {
    /// Why it did not succeed.
    failure: Option<Say>,
    /// Metric, its own labels, value.
    values: Vec<(&'static str, OwnLabel, f64)>,
}

impl Found {
    fn value(&mut self, metric: &'static str, value: f64) {
        self.values.push((metric, None, value));
    }

    fn phase(&mut self, metric: &'static str, phase: &'static str, took: Duration) {
        self.values
            .push((metric, Some(("phase", phase)), took.as_secs_f64()));
    }

    fn fail(&mut self, why: Say) {
        self.failure = Some(why);
    }
}

/// What a probe needs beside its own settings.
struct Kit<'k> {
    data_dir: &'k Path,
    clock: Arc<dyn Clock>,
    timeout: Duration,
}

pub(crate) fn source(name: &str) -> String {
    format!("probe/{name}")
}

pub(crate) fn kind(probe: &Probe) -> &'static str {
    match probe {
        Probe::HttpProbe(_) => "http",
        Probe::TcpProbe(_) => "tcp",
        Probe::TlsProbe(_) => "tls",
        Probe::DnsProbe(_) => "dns",
    }
}

/// What is asked, as people see it.
pub(crate) fn shown(probe: &Probe) -> String {
    match probe {
        Probe::HttpProbe(probe) => http::shown(&probe.url),
        Probe::TcpProbe(probe) => probe.address.clone(),
        Probe::TlsProbe(probe) => probe.address.clone(),
        Probe::DnsProbe(probe) => format!("{} {}", probe.record, probe.name),
    }
}

pub(crate) fn interval(probe: &Probe) -> Duration {
    times(probe).0
}

fn times(probe: &Probe) -> (Duration, Duration) {
    match probe {
        Probe::HttpProbe(probe) => (probe.interval.0, probe.timeout.0),
        Probe::TcpProbe(probe) => (probe.interval.0, probe.timeout.0),
        Probe::TlsProbe(probe) => (probe.interval.0, probe.timeout.0),
        Probe::DnsProbe(probe) => (probe.interval.0, probe.timeout.0),
    }
}

/// Probes at each turn until stopped.
pub(crate) async fn run(name: String, probe: Probe, data_dir: PathBuf, shared: Arc<Shared>) {
    let source = source(&name);
    let (interval, timeout) = times(&probe);
    let kit = Kit {
        data_dir: &data_dir,
        clock: shared.clock.clone(),
        timeout: timeout.min(interval),
    };
    let mut schedule = Schedule::new(&source, interval, shared.clock.clone());
    let mut memory = Memory::default();
    while let Some(at) = schedule.turn(&shared.stop).await {
        let began = Instant::now();
        let found = tokio::select! {
            biased;
            () = shared.stop.cancelled() => return,
            found = once(&probe, &kit) => found,
        };
        let took = began.elapsed();
        let labels = [
            ("job", "probe"),
            ("instance", name.as_str()),
            ("kind", kind(&probe)),
        ];
        let (mut series, failure, failed) = match found {
            Ok(mut found) => {
                found.value(
                    "probe_success",
                    f64::from(u8::from(found.failure.is_none())),
                );
                found.value("probe_duration_seconds", took.as_secs_f64());
                let series = found.values.iter().map(|(metric, own, value)| Series {
                    labels: Labels::new(
                        labels
                            .into_iter()
                            .chain([("__name__", *metric)])
                            .chain(own.iter().copied()),
                    ),
                    samples: vec![Sample { at, value: *value }],
                    ..Series::default()
                });
                (series.collect(), found.failure, None)
            }
            Err(trouble) => (Vec::new(), Some(trouble.say), Some(trouble.cause)),
        };
        let count = series.len() as u64;
        memory.replace(&mut series, at);
        let next = schedule.after(shared.clock.now().max(at));
        shared.board.change(&source, |status| {
            status.last = Some(at);
            status.next = Some(next);
            status.ok = failure.is_none();
            status.error = failure;
            status.duration = Some(took);
            status.amount = count;
        });
        if !shared
            .send_round(Round {
                source: source.clone(),
                at,
                next,
                series,
                failed,
                ..Round::default()
            })
            .await
        {
            return;
        }
    }
}

async fn once(probe: &Probe, kit: &Kit<'_>) -> Result<Found, Trouble> {
    let mut found = Found::default();
    let work = async {
        match probe {
            Probe::HttpProbe(probe) => http::probe(probe, kit, &mut found).await,
            Probe::TcpProbe(probe) => tcp::probe(probe, &mut found).await,
            Probe::TlsProbe(probe) => tls::probe(probe, kit, &mut found).await,
            Probe::DnsProbe(probe) => dns::probe(probe, kit, &mut found).await,
        }
    };
    match tokio::time::timeout(kit.timeout, work).await {
        Ok(Ok(())) => Ok(found),
        Ok(Err(trouble)) => Err(trouble),
        Err(_) => {
            let secs = kit.timeout.as_secs_f64();
            found.fail(say!(
                "not done within {secs} s",
                "{secs} 秒以内に終わりませんでした"
            ));
            Ok(found)
        }
    }
}

/// Resolves and connects; tries the addresses in their order.
async fn connect(
    address: &str,
    found: &mut Found,
    phases: Option<&'static str>,
) -> Option<TcpStream> {
    let began = Instant::now();
    let addresses: Vec<_> = match tokio::net::lookup_host(address).await {
        Ok(addresses) => addresses.collect(),
        Err(error) => {
            found.fail(say!(
                "{address} does not resolve: {error}",
                "{address} の名前解決に失敗しました: {error}"
            ));
            return None;
        }
    };
    let resolved = began.elapsed();
    found.value("probe_dns_lookup_time_seconds", resolved.as_secs_f64());
    if let Some(metric) = phases {
        found.phase(metric, "resolve", resolved);
    }
    let began = Instant::now();
    match TcpStream::connect(addresses.as_slice()).await {
        Ok(stream) => {
            if let Some(metric) = phases {
                found.phase(metric, "connect", began.elapsed());
            }
            Some(stream)
        }
        Err(error) => {
            found.fail(say!(
                "{address} does not accept: {error}",
                "{address} に接続できません: {error}"
            ));
            None
        }
    }
}
