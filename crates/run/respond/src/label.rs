//! Labels: what routes, silences and inhibitions see of an alert. Pure.

use promise::Lang;
use spec::section::alerting::matcher::Matcher;
pub use store::Labels;

use crate::{Config, subject::Subject};

/// A rule's alert has its own labels; a promise's has `alertname` (its id), `severity`, `service`, `owner` and `tier`.
#[must_use]
pub fn of(subject: &Subject, config: &Config) -> Labels {
    match subject.rule() {
        Some(rule) => rule.labels.clone(),
        None => Labels::new([
            ("alertname", &*subject.id),
            ("service", config.service.get(Lang::En)),
            ("owner", &subject.owner),
            ("severity", subject.severity.as_deref().unwrap_or_default()),
            ("tier", subject.tier().unwrap_or_default()),
        ]),
    }
}

/// Whether all matchers accept.
#[must_use]
pub fn fit(matchers: &[Matcher], labels: &Labels) -> bool {
    matchers
        .iter()
        .all(|matcher| matcher.accepts(labels.get(matcher.name())))
}

/// Prometheus's fingerprint of a label set: 64-bit FNV-1a over names and values in order, each followed by 255.
#[must_use]
pub fn fingerprint(labels: &Labels) -> u64 {
    print(labels.iter().flat_map(|(name, value)| [name, value]))
}

/// The same of any texts.
pub fn print<'t>(texts: impl IntoIterator<Item = &'t str>) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let texts = texts.into_iter();
    let bytes = texts.flat_map(|text| text.bytes().chain([255]));
    bytes.fold(OFFSET, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(PRIME)
    })
}

/// `{alertname="Down", job="api"}`, as people write a label set.
#[must_use]
pub fn show(labels: &Labels) -> String {
    let pairs: Vec<String> = labels
        .iter()
        .map(|(name, value)| format!("{name}={value:?}"))
        .collect();
    format!("{{{}}}", pairs.join(", "))
}
