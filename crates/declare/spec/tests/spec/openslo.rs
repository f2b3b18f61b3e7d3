//! OpenSLO v1: what comes in, what goes out, and what is told of the rest.

use std::collections::BTreeMap;

use promise::{
    Kind,
    document::{Node, Value, parse_yaml},
};
use spec::openslo::{export, import};

use crate::load;

const OURS: &str = r#"
service: { name: Card payments, owner: sre, time_zone: Asia/Tokyo }
promises:
  paid_month:
    name: Payments succeed
    kind: ratio
    total: payments_total{status=~"ok|failed"}
    bad: payments_total{status="failed"}
    at_least: 99.95 %
    window: 30d
    fresh_for: 10s
    gaps_at_most: 1 %
    budget_at_least: 3
    severity: sev2
    burn: [{ rate: 14.4, over: 1h, severity: sev1 }, { rate: 6, over: 6h, short: 20m, severity: sev2 }]
  paid_quarter:
    kind: ratio
    total: payments_total
    good: payments_ok_total
    at_least: 99.9 %
    window: calendar quarter
    budgeting: time_slices
    slice: 5m
    slice_at_least: 99 %
    severity: sev2
  fast:
    kind: latency
    histogram: pay_seconds{job="shop"}
    quantile: p99
    at_most: 3s
    window: 7d
    severity: sev2
  fresh: { kind: freshness, series: up, within: 1m, severity: sev2 }
severities: { sev1: { level: 1 }, sev2: { level: 2 } }
routes: [{ receivers: [inbox] }]
receivers: { inbox: { kind: inbox } }
"#;

/// The kinds of promises by id, as they are after reading.
fn kinds(text: &str) -> BTreeMap<String, Kind> {
    let loaded = load(text);
    let errors: Vec<_> = loaded.diagnostics.iter().map(|d| &d.message.en).collect();
    let spec = loaded.spec.unwrap_or_else(|| panic!("{errors:?}\n{text}"));
    spec.promises
        .into_iter()
        .map(|it| (it.id, it.kind))
        .collect()
}

#[test]
fn what_we_export_we_import_as_it_was() {
    let spec = load(OURS).spec.unwrap();
    let out = export(&spec);
    let told: Vec<_> = out.notes.iter().map(|note| note.about.as_str()).collect();
    assert_eq!(told, ["fresh"], "{:?}", out.notes);
    let back = import(&out.text);
    let mut wanted = kinds(OURS);
    wanted.remove("fresh");
    assert_eq!(kinds(&back.text), wanted, "{}", back.text);
}

/// A file as the OpenSLO specification describes it, by hand.
const THEIRS: &str = r#"apiVersion: openslo/v1
kind: Service
metadata: { name: shop, displayName: The shop, labels: { team: payments } }
spec: { description: Sells things }
---
apiVersion: openslo/v1
kind: DataSource
metadata: { name: prom }
spec: { type: Prometheus, connectionDetails: { url: "http://127.0.0.1:9090" } }
---
apiVersion: openslo/v1
kind: AlertCondition
metadata: { name: fast-burn }
spec:
  severity: page
  condition: { kind: burnrate, op: lte, threshold: 14.4, lookbackWindow: 1h, alertAfter: 5m }
---
apiVersion: openslo/v1
kind: SLO
metadata: { name: Checkout.Errors, displayName: Checkout works }
spec:
  service: shop
  indicator:
    metadata: { name: errors }
    spec:
      ratioMetric:
        counter: true
        good: { metricSource: { metricSourceRef: prom, spec: { query: 'sum(rate(http_total{code!~"5.."}[5m]))' } } }
        total: { metricSource: { metricSourceRef: prom, spec: { query: sum(http_total) } } }
  timeWindow: [{ duration: 4w, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ targetPercent: 99.5 }]
  alertPolicies:
    - kind: AlertPolicy
      metadata: { name: page }
      spec:
        alertWhenBreaching: true
        alertWhenNoData: false
        conditions: [{ conditionRef: fast-burn }]
        notificationTargets: [{ targetRef: pager }]
---
apiVersion: openslo/v1
kind: SLO
metadata: { name: from-elsewhere }
spec:
  indicator:
    spec: { ratioMetric: { rawType: success, raw: { metricSource: { type: Datadog, spec: { query: x } } } } }
  timeWindow: [{ duration: 1M, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.9 }]
---
apiVersion: openslo/v2alpha1
kind: SLO
metadata: { name: newer }
"#;

#[test]
fn what_others_wrote_becomes_promises_and_the_rest_is_told_line_by_line() {
    let read = import(THEIRS);
    let kinds = kinds(&read.text);
    let Some(Kind::Ratio(ratio)) = kinds.get("checkout-errors") else {
        panic!("{}", read.text)
    };
    assert_eq!(ratio.total.as_str(), "http_total");
    let good = ratio.good.as_ref().map(promise::Selector::as_str);
    assert_eq!(good, Some(r#"http_total{code!~"5.."}"#));
    assert_eq!(
        (ratio.at_least.0, ratio.window.to_string().as_str()),
        (0.995, "28d")
    );
    let burn = &ratio.burn[0];
    assert_eq!((burn.rate, burn.over.to_string().as_str()), (14.4, "1h"));
    assert_eq!(burn.severity.as_deref(), Some("page"));
    assert_eq!(kinds.len(), 1);
    let lines: Vec<usize> = read.notes.iter().map(|note| note.line).collect();
    // The data source, `op` and `alertAfter` of the condition, the policy's two, the raw ratio, the newer version.
    assert_eq!(lines, [6, 16, 16, 38, 40, 47, 52], "{:#?}", read.notes);
    assert!(read.text.contains("owner: payments"), "{}", read.text);
}

#[test]
fn what_another_engine_is_asked_is_no_promql_and_told_once() {
    let slo = |indicator: &str| {
        format!(
            "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{ name: a }}\nspec:\n  service: s\n  indicator:\n    metadata: {{ name: i }}\n    spec:\n      {indicator}\n  \
             timeWindow: [{{ duration: 2w, isRolling: true }}]\n  budgetingMethod: Occurrences\n  \
             objectives:\n  - {{ op: lt, value: 500, target: 0.99 }}\n  - {{ op: lt, value: 900, target: 0.999 }}\n"
        )
    };
    let threshold =
        slo("thresholdMetric: { metricSource: { type: Datadog, spec: { query: 'avg:x{*}' } } }");
    let read = import(&threshold);
    assert!(!read.text.contains("avg:x"), "{}", read.text);
    assert_eq!(read.notes.len(), 2, "one an objective: {:?}", read.notes);
    let ratio = "ratioMetric: { good: { metricSource: { type: Datadog, spec: { query: good } } }, total: { metricSource: { type: Prometheus, spec: { query: all_total } } } }";
    assert_eq!(import(&slo(ratio)).notes.len(), 1);
}

#[test]
fn no_text_makes_it_fail() {
    for end in 0..THEIRS.len() {
        if let Some(part) = THEIRS.get(..end) {
            let _ = import(part);
        }
    }
    for text in [
        "",
        "---\n---\n",
        "a: [",
        "kind: SLO\napiVersion: openslo/v1",
        "- 1\n- 2",
    ] {
        let _ = import(text);
    }
}

/// The rules of the specification and of the published schemas that hold for every file: required fields, names of
/// RFC 1123, `^[1-9][0-9]*[mhdwMQY]$`, and references that lead somewhere.
#[test]
fn what_we_export_keeps_the_rules_of_openslo() {
    let text = export(&load(OURS).spec.unwrap()).text;
    let documents: Vec<Node> = text
        .split("---\n")
        .map(|part| {
            let (root, mistakes) = parse_yaml(part);
            assert!(mistakes.is_empty(), "{mistakes:?}\n{part}");
            root.unwrap()
        })
        .collect();
    let text_at = |node: &Node, path: &[&str]| {
        let node = path.iter().try_fold(node, |node, name| match &node.value {
            Value::List(items) => items.get(name.parse::<usize>().ok()?),
            _ => node.get(name),
        });
        match &node?.value {
            Value::Scalar(text) => Some(text.clone()),
            _ => None,
        }
    };
    let must =
        |node: &Node, path: &[&str]| text_at(node, path).unwrap_or_else(|| panic!("no {path:?}"));
    let is_duration = |text: &str| {
        let (number, unit) = text.split_at(text.len() - 1);
        number.parse::<u64>().is_ok_and(|n| n > 0)
            && !number.starts_with('0')
            && "mhdwMQY".contains(unit)
    };
    let names = |kind: &str| -> Vec<String> {
        let of = documents.iter().filter(|it| must(it, &["kind"]) == kind);
        of.map(|it| must(it, &["metadata", "name"])).collect()
    };
    for document in &documents {
        assert_eq!(must(document, &["apiVersion"]), "openslo/v1");
        let name = must(document, &["metadata", "name"]);
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(
            name.len() <= 63 && name.chars().all(is_plain) && !name.starts_with('-'),
            "{name}"
        );
        match must(document, &["kind"]).as_str() {
            "SLO" => {
                assert!(names("SLI").contains(&must(document, &["spec", "indicatorRef"])));
                assert!(names("Service").contains(&must(document, &["spec", "service"])));
                assert!(is_duration(&must(
                    document,
                    &["spec", "timeWindow", "0", "duration"]
                )));
                let target: f64 = must(document, &["spec", "objectives", "0", "target"])
                    .parse()
                    .unwrap();
                assert!((0.0..1.0).contains(&target));
                let method = must(document, &["spec", "budgetingMethod"]);
                assert!(
                    ["Occurrences", "Timeslices", "RatioTimeslices"].contains(&method.as_str())
                );
                if method == "Timeslices" {
                    assert_eq!(
                        must(document, &["spec", "objectives", "0", "timeSliceTarget"]),
                        "0.99"
                    );
                    assert!(is_duration(&must(
                        document,
                        &["spec", "objectives", "0", "timeSliceWindow"]
                    )));
                }
                if let Some(policy) =
                    text_at(document, &["spec", "alertPolicies", "0", "alertPolicyRef"])
                {
                    assert!(names("AlertPolicy").contains(&policy));
                }
            }
            "SLI" => {
                assert_eq!(must(document, &["spec", "ratioMetric", "counter"]), "true");
                must(
                    document,
                    &[
                        "spec",
                        "ratioMetric",
                        "total",
                        "metricSource",
                        "spec",
                        "query",
                    ],
                );
                let source = must(
                    document,
                    &[
                        "spec",
                        "ratioMetric",
                        "total",
                        "metricSource",
                        "metricSourceRef",
                    ],
                );
                assert!(names("DataSource").contains(&source));
            }
            "AlertPolicy" => {
                for field in ["alertWhenNoData", "alertWhenResolved", "alertWhenBreaching"] {
                    assert_eq!(must(document, &["spec", field]), "true");
                }
                must(document, &["spec", "notificationTargets", "0", "targetRef"]);
                let condition = must(document, &["spec", "conditions", "0", "conditionRef"]);
                assert!(names("AlertCondition").contains(&condition));
            }
            "AlertCondition" => {
                must(document, &["spec", "severity"]);
                let part = |name| must(document, &["spec", "condition", name]);
                assert_eq!(
                    (part("kind").as_str(), part("op").as_str()),
                    ("burnrate", "gt")
                );
                assert!(part("threshold").parse::<f64>().is_ok());
                assert!(is_duration(&part("lookbackWindow")) && is_duration(&part("alertAfter")));
            }
            "DataSource" => assert_eq!(must(document, &["spec", "type"]), "Prometheus"),
            other => assert_eq!(other, "Service"),
        }
    }
}
