//! A name that must resolve, asked of the system's servers or of one of its own. Nothing is cached.

use hickory_resolver::proto::rr::RecordType;
use promise::say;
use spec::section::source::DnsProbe;
use tokio::time::Instant;

use super::{Found, Kit};
use crate::{
    resolve::resolver,
    trouble::{Trouble, chain},
};

pub(super) async fn probe(
    probe: &DnsProbe,
    kit: &Kit<'_>,
    found: &mut Found,
) -> Result<(), Trouble> {
    let record = &probe.record;
    let kind: RecordType = record.to_ascii_uppercase().parse().map_err(|_| {
        Trouble::failed(say!(
            "`{record}` is no record type",
            "`{record}` というレコードの型はありません"
        ))
    })?;
    let resolver = resolver(probe.server.as_deref(), kit.timeout).await;
    let resolver = resolver.map_err(|why| {
        Trouble::failed(say!("cannot ask: {why}", "問い合わせができません: {why}"))
    })?;
    // A final dot: the name is whole, so the machine's search list does not change what is asked.
    let name = format!("{}.", probe.name.trim_end_matches('.'));
    let began = Instant::now();
    let answer = resolver.lookup(name.as_str(), kind).await;
    found.value(
        "probe_dns_lookup_time_seconds",
        began.elapsed().as_secs_f64(),
    );
    match answer {
        Ok(lookup) => {
            let answers: Vec<String> = lookup
                .answers()
                .iter()
                .filter(|record| record.record_type() == kind)
                .map(|record| plain(&record.data.to_string()))
                .collect();
            #[allow(clippy::cast_precision_loss)]
            found.value("probe_dns_answer_rrs", answers.len() as f64);
            let name = &probe.name;
            if answers.is_empty() {
                found.fail(say!(
                    "{name} has no {record} record",
                    "{name} に {record} レコードがありません"
                ));
            } else if let Some(expected) = &probe.expect
                && !answers.contains(&plain(expected))
            {
                found.fail(say!(
                    "{expected} is not among the answers",
                    "{expected} が応答にありません"
                ));
            }
        }
        Err(error) => {
            let why = chain(&error);
            let name = &probe.name;
            found.fail(say!(
                "{name} does not resolve: {why}",
                "{name} の名前解決に失敗しました: {why}"
            ));
        }
    }
    Ok(())
}

/// Names compare without case, final dot and quotes.
fn plain(answer: &str) -> String {
    answer
        .trim()
        .trim_matches('"')
        .trim_end_matches('.')
        .to_ascii_lowercase()
}
