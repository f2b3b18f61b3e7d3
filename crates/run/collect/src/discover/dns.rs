//! Targets from DNS, with the `__meta_dns_…` labels of Prometheus's `dns_sd_configs`.

use std::{collections::BTreeMap, time::Duration};

use hickory_resolver::{
    TokioResolver,
    net::NetError,
    proto::rr::{RData, RecordType},
};
use promise::{Say, say};
use spec::section::discovery::{DnsDiscovery, DnsType};
use store::Labels;

use super::Finder;
use crate::{resolve::resolver, scrape::ADDRESS, trouble::chain};

/// As long as a resolver of Linux waits.
const TIMEOUT: Duration = Duration::from_secs(5);

pub(super) async fn run(dns: DnsDiscovery, finder: Finder) {
    // A name that cannot be resolved for a while keeps what it said last; one that is gone says so.
    let mut known: BTreeMap<String, Vec<Labels>> = BTreeMap::new();
    loop {
        let mut trouble = None;
        match resolver(dns.server.as_deref(), TIMEOUT).await {
            Ok(resolver) => {
                for name in &dns.names {
                    match find(&dns, &resolver, name).await {
                        Ok(found) => drop(known.insert(name.clone(), found)),
                        Err(why) => trouble = Some(unresolved(name, &why)),
                    }
                }
            }
            Err(why) => {
                trouble = Some(say!("cannot ask: {why}", "問い合わせができません: {why}"));
            }
        }
        finder.tell(known.values().flatten().cloned().collect(), trouble);
        if !finder
            .rest(dns.interval.0.max(Duration::from_secs(1)))
            .await
        {
            return;
        }
    }
}

fn unresolved(name: &str, why: &str) -> Say {
    say!(
        "{name} does not resolve: {why}",
        "{name} の名前解決に失敗しました: {why}"
    )
}

async fn find(
    dns: &DnsDiscovery,
    resolver: &TokioResolver,
    name: &str,
) -> Result<Vec<Labels>, String> {
    let kind = match dns.r#type {
        DnsType::A => RecordType::A,
        DnsType::Aaaa => RecordType::AAAA,
        DnsType::Srv => RecordType::SRV,
        DnsType::Mx => RecordType::MX,
        DnsType::Ns => RecordType::NS,
    };
    // A final dot: the name is whole, so the machine's search list does not change what is asked.
    let whole = format!("{}.", name.trim_end_matches('.'));
    let lookup = match resolver.lookup(whole.as_str(), kind).await {
        Ok(lookup) => lookup,
        Err(error) if is_empty(&error) => return Ok(Vec::new()),
        Err(error) => return Err(chain(&error)),
    };
    let port = dns.port.unwrap_or_default();
    let mut found = Vec::new();
    for record in lookup
        .answers()
        .iter()
        .filter(|record| record.record_type() == kind)
    {
        let mut pairs = vec![("__meta_dns_name".to_owned(), name.to_owned())];
        let mut meta =
            |what: &str, value: String| pairs.push((format!("__meta_dns_{what}"), value));
        let address = match &record.data {
            RData::A(address) => format!("{address}:{port}"),
            RData::AAAA(address) => format!("[{address}]:{port}"),
            RData::SRV(srv) => {
                meta("srv_record_target", srv.target.to_string());
                meta("srv_record_port", srv.port.to_string());
                format!("{}:{}", plain(&srv.target.to_string()), srv.port)
            }
            RData::MX(mx) => {
                meta("mx_record_target", mx.exchange.to_string());
                format!("{}:{port}", plain(&mx.exchange.to_string()))
            }
            RData::NS(ns) => {
                meta("ns_record_target", ns.0.to_string());
                format!("{}:{port}", plain(&ns.0.to_string()))
            }
            _ => continue,
        };
        pairs.push((ADDRESS.to_owned(), address));
        found.push(Labels::new(pairs));
    }
    found.sort();
    Ok(found)
}

/// The name is there without such records, or is not there: an answer, and no failure.
fn is_empty(error: &NetError) -> bool {
    error.is_no_records_found() || error.is_nx_domain()
}

fn plain(name: &str) -> &str {
    name.trim_end_matches('.')
}
