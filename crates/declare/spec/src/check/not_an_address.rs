//! Addresses that nothing can connect to.

use promise::say;

use super::{Found, Sight, lookup};
use crate::section::{receiver::Receiver, source::Probe};

rule! {
    /// # Finds
    /// Something that should be `host:port` and is not.
    /// ja: `host:port` であるべきものが、そうなっていない。
    /// # Why
    /// It could never be connected to, and its promises would stay unproven.
    /// ja: 決して接続できず、約束は証拠なしのままになります。
    /// # Source
    /// Host names as in RFC 1035; ports 1 to 65535.
    /// ja: ホスト名は RFC 1035、ポートは 1 から 65535。
    /// # Example
    /// `targets: [shop-1]`
    /// ja: `targets: [shop-1]`
    /// # Fix
    /// Write host and port, such as `shop-1:9100`; an IPv6 address stands in brackets.
    /// ja: `shop-1:9100` のようにホストとポートを書きます。IPv6 は角括弧で囲みます。
    "not-an-address": Error, needs [], check, always
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let sources = &sight.spec.sources;
    let mut test = |path: &[&str], text: &str| {
        if lookup::host_and_port(text).is_none_or(|(_, port)| port == 0) {
            note(sight, found, path, text);
        }
    };
    // With relabelling a target is whatever the steps make of it.
    for (job, scrape) in sources.scrape.iter().filter(|(_, scrape)| scrape.relabel_configs.is_empty()) {
        for (index, target) in scrape.targets.iter().enumerate().filter(|(_, target)| !target.contains("://")) {
            test(&["sources", "scrape", job, "targets", &index.to_string()], target);
        }
    }
    for (name, probe) in &sources.probes {
        match probe {
            Probe::TcpProbe(probe) => test(&["sources", "probes", name, "address"], &probe.address),
            Probe::TlsProbe(probe) => test(&["sources", "probes", name, "address"], &probe.address),
            Probe::DnsProbe(probe) => {
                if let Some(server) = &probe.server {
                    test(&["sources", "probes", name, "server"], server);
                }
            }
            Probe::HttpProbe(_) => {}
        }
    }
    for (name, receiver) in &sight.spec.receivers {
        if let Receiver::Email(email) = receiver {
            test(&["receivers", name, "server"], &email.server);
        }
    }
    // Port 0 asks the system for a free one, which is of use to listen on.
    let mut listens = |path: &[&str], text: &str| {
        if lookup::host_and_port(text).is_none() {
            note(sight, found, path, text);
        }
    };
    listens(&["console", "listen"], &sight.spec.console.listen);
    for (name, syslog) in &sources.receive.syslog {
        let at = |last: &'static [&str]| [&["sources", "receive", "syslog", name.as_str()], last].concat();
        if let Some(udp) = &syslog.udp {
            listens(&at(&["udp"]), udp);
        }
        if let Some(tcp) = &syslog.tcp {
            listens(&at(&["tcp"]), tcp);
        }
        if let Some(tls) = &syslog.tls {
            listens(&at(&["tls", "listen"]), &tls.listen);
        }
    }
}

fn note(sight: &Sight<'_>, found: &mut Found<'_>, path: &[&str], text: &str) {
    // Before an `@` may stand a password.
    let message = if text.contains('@') {
        say!("this is not `host:port`", "`host:port` ではありません")
    } else {
        say!("`{text}` is not `host:port`", "`{text}` は `host:port` ではありません")
    };
    found
        .note(sight.places.at(path), message)
        .hint(say!("write it like `127.0.0.1:9100`", "`127.0.0.1:9100` のように書きます"));
}
