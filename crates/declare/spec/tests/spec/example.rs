//! The specs that we hand out are without a finding.

use promise::Lang;
use spec::init::{FamilyKind, MetricFamily, from_families, template};

use crate::load;

const EXAMPLE: &str = include_str!("../../../../../examples/card-payments.yaml");

fn findings(text: &str) -> Vec<String> {
    load(text)
        .diagnostics
        .iter()
        .map(|d| format!("{} {}: {}", d.span().start, d.code, d.message.en))
        .collect()
}

#[test]
fn card_payments_has_no_findings() {
    assert_eq!(findings(EXAMPLE), Vec::<String>::new());
    let spec = load(EXAMPLE).spec.unwrap();
    let alike = spec.promises.iter();
    let alike: Vec<&str> = alike
        .filter(|p| p.name(Lang::En) == p.name(Lang::Ja))
        .map(|p| p.id.as_str())
        .collect();
    assert_eq!(alike, [""; 0], "each is named in both languages");
}

#[test]
fn a_template_has_no_findings_whatever_the_name() {
    for lang in Lang::ALL {
        for name in [
            "Shop",
            "お店",
            "a: {b} \"c\" #d",
            "NAME ZONE",
            "line\nbreak",
            "",
        ] {
            let text = template(name, "Asia/Tokyo", lang);
            assert_eq!(findings(&text), Vec::<String>::new(), "{text}");
            let spec = load(&text).spec.unwrap();
            assert_eq!(
                (spec.service.name.get(lang), spec.service.time_zone.as_str()),
                (name, "Asia/Tokyo")
            );
        }
    }
}

/// The worst severity tells of a canary that does not arrive; the alarm itself stands in no list.
#[test]
fn a_canary_brings_the_promise_that_it_arrives() {
    let written = "canary: { every: 1h, receivers: [inbox], within: 1m, severity: sev2 }";
    assert!(EXAMPLE.contains(written));
    let text = EXAMPLE.replace(written, "canary: { every: 30m, receivers: [inbox] }");
    assert_eq!(findings(&text), Vec::<String>::new());
    let spec = load(&text).spec.unwrap();
    let canary = spec.promises.iter().find(|it| it.id == "tegata_canary");
    let canary = canary.unwrap();
    assert_eq!(canary.terms.severity.as_deref(), Some("sev1"));
    // 30 minutes until the next one, and one minute that it may take.
    let fresh_for = canary.kind.as_judge().fresh_for();
    assert_eq!(fresh_for, std::time::Duration::from_secs(31 * 60));
    let alarm = spec.canary.unwrap().alarm().unwrap();
    assert!(spec.promises.iter().all(|it| it.id != alarm.id));
}

fn family(name: &str, kind: FamilyKind, labels: &[&str]) -> MetricFamily {
    MetricFamily {
        name: name.to_owned(),
        kind,
        labels: labels.iter().map(|l| (*l).to_owned()).collect(),
    }
}

#[test]
fn a_spec_is_proposed_from_a_running_exporter() {
    let text = from_families(
        &[
            family(
                "http_requests_total",
                FamilyKind::Counter,
                &["code", "method"],
            ),
            family(
                "http_request_duration_seconds",
                FamilyKind::Histogram,
                &["le"],
            ),
            family("go_goroutines", FamilyKind::Gauge, &[]),
            family("bytes_total", FamilyKind::Counter, &[]),
        ],
        "127.0.0.1:9090",
    );
    assert_eq!(findings(&text), Vec::<String>::new(), "{text}");
    let spec = load(&text).spec.unwrap();
    let promises: Vec<_> = spec
        .promises
        .iter()
        .map(|p| (p.id.as_str(), p.kind.tag()))
        .collect();
    let wanted = [
        ("metrics_arrive", "freshness"),
        ("instances_answer", "threshold"),
        ("http_requests_succeed", "ratio"),
        ("http_request_duration_fast", "latency"),
    ];
    assert_eq!(promises, wanted);
    assert!(
        text.lines()
            .filter(|line| line.contains("at_least") || line.contains("at_most"))
            .all(|l| l.contains("guess"))
    );
}

#[test]
fn whatever_an_exporter_shows_the_proposal_is_valid() {
    let strange = [
        "9lives_total",
        "x\"}: y",
        "",
        "_",
        "a:b:c_total",
        &"long".repeat(60),
        "Upper_seconds",
    ];
    let families: Vec<_> = strange
        .iter()
        .flat_map(|name| {
            [
                family(name, FamilyKind::Counter, &["code"]),
                family(name, FamilyKind::Histogram, &["le"]),
            ]
        })
        .collect();
    let text = from_families(&families, "http://127.0.0.1:9090/metrics?x=\"y\"");
    assert_eq!(findings(&text), Vec::<String>::new(), "{text}");
}
