//! What several rules ask: how often evidence comes, which logs a promise reads, what an address means.

use std::{net::IpAddr, time::Duration};

use promise::{Kind, LogQuery, Promise, Signal, unit};

use super::Sight;
use crate::section::source::Probe;

/// Something that is asked at an interval: its path in the spec, its interval and its patience.
pub(super) struct Asked<'s> {
    pub(super) path: [&'s str; 3],
    pub(super) interval: Duration,
    pub(super) timeout: Duration,
}

impl<'s> Asked<'s> {
    pub(super) fn at(&self, field: &'s str) -> [&'s str; 4] {
        let [a, b, c] = self.path;
        [a, b, c, field]
    }
}

/// Every scrape job and probe.
pub(super) fn asked<'s>(sight: &Sight<'s>) -> Vec<Asked<'s>> {
    let scrape = sight.spec.sources.scrape.iter().map(|(job, scrape)| Asked {
        path: ["sources", "scrape", job],
        interval: scrape.interval.0,
        timeout: scrape.timeout.0,
    });
    let probes = sight.spec.sources.probes.iter().map(|(name, probe)| {
        let (interval, timeout): (unit::Span, unit::Span) = match probe {
            Probe::HttpProbe(p) => (p.interval, p.timeout),
            Probe::TcpProbe(p) => (p.interval, p.timeout),
            Probe::TlsProbe(p) => (p.interval, p.timeout),
            Probe::DnsProbe(p) => (p.interval, p.timeout),
        };
        Asked {
            path: ["sources", "probes", name],
            interval: interval.0,
            timeout: timeout.0,
        }
    });
    scrape.chain(probes).collect()
}

/// The log queries of a promise; empty for one that reads metrics.
pub(super) fn log_queries(promise: &Promise) -> Vec<LogQuery> {
    let queries = |signal| match signal {
        Signal::Pairs { start, end, .. } => vec![start, end],
        Signal::LogBeat { logs } | Signal::Count { logs } => vec![logs],
        _ => Vec::new(),
    };
    promise
        .kind
        .as_judge()
        .signals()
        .into_iter()
        .flat_map(queries)
        .collect()
}

/// Whether a promise is judged from sampled metrics.
pub(super) fn reads_metrics(promise: &Promise) -> bool {
    let is_metric = |signal: &Signal| {
        matches!(
            signal,
            Signal::Events { .. }
                | Signal::Spread { .. }
                | Signal::Level { .. }
                | Signal::Beat { .. }
        )
    };
    promise.kind.as_judge().signals().iter().any(is_metric)
}

/// Whether a promise stands for a part of the design, and not under `promises`.
pub(crate) fn is_of_design(promise: &Promise) -> bool {
    matches!(&promise.kind, Kind::Declared(declared) if declared.of.is_some())
}

/// `*` stands for any text, everything else for itself.
pub(crate) fn matches_glob(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(head) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    text.ends_with(tail)
}

/// The parts of `host:port`; `None` for anything else. A name may be any DNS name, or `localhost`.
pub(super) fn host_and_port(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port
        .bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| port.parse().ok())??;
    is_host(host).then_some((host, port))
}

fn is_host(host: &str) -> bool {
    if let Some(v6) = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return v6.parse::<std::net::Ipv6Addr>().is_ok();
    }
    // RFC 1035: 253 characters, labels of 1 to 63. Underscores stand in names of services.
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    host.len() <= 253
        && host
            .strip_suffix('.')
            .unwrap_or(host)
            .split('.')
            .all(is_label)
}

pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether `text` is an http or https URL with a host and without credentials.
pub(super) fn is_url(text: &str) -> bool {
    let Some(rest) = text
        .strip_prefix("http://")
        .or_else(|| text.strip_prefix("https://"))
    else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let has_host = host_and_port(authority).is_some_and(|(_, port)| port > 0) || is_host(authority);
    has_host && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(matches_glob("payment_*", "payment_app"));
        assert!(matches_glob("*", ""));
        assert!(matches_glob("a*b*c", "a-b-b-c"));
        assert!(!matches_glob("payment_*", "security_audit"));
        assert!(!matches_glob("ab*b", "ab"));
    }

    #[test]
    fn addresses_have_a_host_and_a_port() {
        assert_eq!(host_and_port("127.0.0.1:80"), Some(("127.0.0.1", 80)));
        assert_eq!(host_and_port("[::1]:80"), Some(("[::1]", 80)));
        assert_eq!(
            host_and_port("db-1.internal:5432"),
            Some(("db-1.internal", 5432))
        );
        for wrong in [
            "shop",
            "shop:",
            ":80",
            "shop:99999",
            "sh op:80",
            "::1:80",
            "shop:+80",
            "-a:1",
        ] {
            assert_eq!(host_and_port(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn urls_are_http_with_a_host() {
        assert!(is_url("http://127.0.0.1:8411/"));
        assert!(is_url("https://shop.example/health?deep=1"));
        for wrong in [
            "ftp://a/",
            "http://",
            "http:///x",
            "shop.example",
            "http://a b/",
            "http://u:p@a/",
        ] {
            assert!(!is_url(wrong), "{wrong}");
        }
    }
}
