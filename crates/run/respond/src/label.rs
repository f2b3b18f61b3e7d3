//! Labels: what routes, silences and inhibitions see of an alert. Pure.

use std::{borrow::Cow, collections::BTreeMap};

use promise::Lang;

use crate::{Config, alert::Subject};

pub type Labels = BTreeMap<String, String>;

/// A rule's alert has its own labels; a promise's has `alertname` (its id), `severity`, `service`, `owner` and `tier`.
#[must_use]
pub fn of<'s>(subject: &'s Subject, config: &Config) -> Cow<'s, Labels> {
    if let Some(rule) = &subject.rule {
        return Cow::Borrowed(&rule.labels);
    }
    let mut labels = Labels::from([
        ("alertname".to_owned(), subject.id.clone()),
        (
            "service".to_owned(),
            config.service.get(Lang::En).to_owned(),
        ),
        ("owner".to_owned(), subject.owner.clone()),
    ]);
    for (name, value) in [("severity", &subject.severity), ("tier", &subject.tier)] {
        labels.extend(value.clone().map(|value| (name.to_owned(), value)));
    }
    Cow::Owned(labels)
}

/// A label's value; empty where there is none.
#[must_use]
pub fn value<'l>(labels: &'l Labels, name: &str) -> &'l str {
    labels.get(name).map_or("", String::as_str)
}

/// Whether all matchers accept.
#[must_use]
pub fn fit(matchers: &[spec::section::alerting::matcher::Matcher], labels: &Labels) -> bool {
    matchers
        .iter()
        .all(|matcher| matcher.accepts(value(labels, matcher.name())))
}

/// Prometheus's fingerprint of a label set: 64-bit FNV-1a over names and values in order, each followed by 255.
#[must_use]
pub fn fingerprint(labels: &Labels) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let bytes = labels.iter().flat_map(|(name, value)| {
        let name = name.bytes().chain([255]);
        name.chain(value.bytes()).chain([255])
    });
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
