//! How long it can take, at worst, from a fault to the page about it.
//!
//! The fault happens just after a sample was taken. Then one interval passes until the next, its timeout until it
//! answers, what the promise itself waits for (`for`, `within`), the judging, and the receiver's answer. Alerts are
//! not grouped and routes do not wait, so nothing else is added. Where a promise does not say which job its metric
//! comes from, the slowest job that it may be is taken.

use std::time::Duration;

use promise::{Kind, Promise, Signal, signal::Match, unit::Span};
use serde::Serialize;

use crate::section::{Spec, source::Probe};

/// Promises are judged at least each second.
pub(crate) const JUDGED_WITHIN: Duration = Duration::from_secs(1);
/// Log files are looked at so often, and posts are heard at once.
const LOGS_WITHIN: Duration = Duration::from_secs(1);
/// What a receiver may take to accept a page before the attempt counts as failed.
pub(crate) const ACCEPTED_WITHIN: Duration = Duration::from_secs(10);

/// The worst case of one promise, in parts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Detection {
    pub promise: String,
    pub severity: Option<String>,
    /// The job or probe that is taken to feed it, or `logs`.
    pub source: Option<String>,
    pub interval: Span,
    pub timeout: Span,
    /// What the promise waits for.
    pub hold: Span,
    pub judged: Span,
    pub accepted: Span,
    /// The sum of it all.
    pub worst: Span,
    /// The same with the fastest source that may feed it.
    pub at_least: Span,
    /// What its severity promises.
    pub page_within: Option<Span>,
}

impl Detection {
    /// Whether the page is late even where everything goes as fast as it may.
    #[must_use]
    pub fn is_too_late(&self) -> bool {
        self.page_within
            .is_some_and(|within| self.at_least > within)
    }
}

struct Fed<'s> {
    name: &'s str,
    interval: Duration,
    timeout: Duration,
}

impl Fed<'_> {
    fn takes(&self) -> Duration {
        self.interval + self.timeout
    }
}

/// The worst case of every promise that is collected for, in the order of the spec.
#[must_use]
pub fn detection(spec: &Spec) -> Vec<Detection> {
    spec.promises
        .iter()
        .filter(|promise| !promise.kind.as_judge().signals().is_empty())
        .map(|promise| of(spec, promise))
        .collect()
}

fn of(spec: &Spec, promise: &Promise) -> Detection {
    let mut fed = sources(spec, promise);
    fed.sort_by_key(Fed::takes);
    let hold = match &promise.kind {
        Kind::Threshold(threshold) => threshold.r#for.0,
        _ => Duration::ZERO,
    };
    let rest = hold + JUDGED_WITHIN + ACCEPTED_WITHIN;
    let slowest = fed.last();
    let severity = promise.terms.severity.clone();
    let page_within = severity
        .as_ref()
        .and_then(|name| spec.severities.get(name)?.page_within);
    let takes = |fed: Option<&Fed<'_>>| Span(fed.map_or(Duration::ZERO, Fed::takes) + rest);
    Detection {
        promise: promise.id.clone(),
        severity,
        source: slowest.map(|fed| fed.name.to_owned()),
        interval: Span(slowest.map_or(Duration::ZERO, |fed| fed.interval)),
        timeout: Span(slowest.map_or(Duration::ZERO, |fed| fed.timeout)),
        hold: Span(hold),
        judged: Span(JUDGED_WITHIN),
        accepted: Span(ACCEPTED_WITHIN),
        worst: takes(slowest),
        at_least: takes(fed.first()),
        page_within,
    }
}

/// The sources that may feed it.
fn sources<'s>(spec: &'s Spec, promise: &Promise) -> Vec<Fed<'s>> {
    let signals = promise.kind.as_judge().signals();
    let reads_logs = |signal: &Signal| {
        matches!(
            signal,
            Signal::Pairs { .. } | Signal::LogBeat { .. } | Signal::Count { .. }
        )
    };
    if signals.iter().any(reads_logs) {
        return vec![Fed {
            name: "logs",
            interval: LOGS_WITHIN,
            timeout: Duration::ZERO,
        }];
    }
    let job = signals.iter().find_map(job);
    let scrape = spec.sources.scrape.iter().map(|(name, scrape)| Fed {
        name,
        interval: scrape.interval.0,
        timeout: scrape.timeout.0,
    });
    let probes = spec.sources.probes.iter().map(|(name, probe)| {
        let (interval, timeout) = match probe {
            Probe::HttpProbe(p) => (p.interval, p.timeout),
            Probe::TcpProbe(p) => (p.interval, p.timeout),
            Probe::TlsProbe(p) => (p.interval, p.timeout),
            Probe::DnsProbe(p) => (p.interval, p.timeout),
        };
        Fed {
            name,
            interval: interval.0,
            timeout: timeout.0,
        }
    });
    let is_meant = |fed: &Fed<'_>| match &job {
        Some(job) => job == fed.name,
        None => true,
    };
    let all: Vec<Fed<'s>> = scrape.chain(probes).collect();
    if all.iter().any(is_meant) {
        all.into_iter().filter(is_meant).collect()
    } else {
        all
    }
}

/// The job or probe that a signal names.
fn job(signal: &Signal) -> Option<String> {
    let selector = match signal {
        Signal::Events { total, .. } => total,
        Signal::Spread { histogram } => histogram,
        Signal::Beat { series } => series,
        // A query is not taken apart here; where it names a job, that is what it reads.
        Signal::Level { query } => return quoted(query),
        _ => return None,
    };
    selector
        .matchers()
        .iter()
        .find_map(|matcher| match &matcher.test {
            Match::Equal(value) if ["job", "probe"].contains(&matcher.name.as_str()) => {
                Some(value.clone())
            }
            _ => None,
        })
}

fn quoted(query: &str) -> Option<String> {
    ["job=\"", "probe=\""].iter().find_map(|start| {
        let (_, rest) = query.split_once(start)?;
        Some(rest.split_once('"')?.0.to_owned())
    })
}
