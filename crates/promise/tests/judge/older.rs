//! A ledger holds promises and verdicts as older versions wrote them, which lack the fields that came since.

use promise::{Promise, Verdict, document::parse_yaml};

/// As the first version that had a ledger wrote it: before corrections, burn alerts, gaps and budgets by slices.
const PROMISE: &str = r#"{
    "id": "payments", "name": { "en": "Payments", "ja": "決済" }, "owner": "infra", "tier": null,
    "severity": null, "runbook": null, "clauses": [], "kind": "ratio", "total": "payments_total",
    "good": "payments_ok_total", "bad": null, "at_least": "99.5 %", "window": "30d", "fresh_for": "60s",
    "since": "2026-11-01T00:00:00Z", "time_zone": "Asia/Tokyo"
}"#;

const VERDICT: &str = r#"{
    "state": "kept", "reason": { "code": "within-budget" }, "measured": null, "budget": null,
    "newest": null, "due": null, "at": "2026-11-01T00:00:00Z"
}"#;

#[test]
fn a_promise_from_an_older_ledger_means_what_it_meant() {
    let text =
        "{ kind: ratio, name: { en: Payments, ja: 決済 }, owner: infra, total: payments_total,
        good: payments_ok_total, at_least: 99.5 %, window: 30d }";
    let mut mistakes = Vec::new();
    let node = parse_yaml(text).0.unwrap();
    let mut wanted = Promise::read("payments", &node, &mut mistakes).unwrap();
    wanted.since = "2026-11-01T00:00:00Z".parse().unwrap();
    wanted.time_zone = "Asia/Tokyo".to_owned();
    let read: Promise = serde_json::from_str(PROMISE).unwrap();
    assert_eq!(read, wanted);
    let verdict: Verdict = serde_json::from_str(VERDICT).unwrap();
    assert_eq!((verdict.severity, verdict.corrected), (None, None));
}

/// What was always required is not made up.
#[test]
fn a_promise_without_its_objective_is_none() {
    let without = PROMISE.replace(r#""at_least": "99.5 %","#, "");
    let why = serde_json::from_str::<Promise>(&without).unwrap_err();
    assert!(why.to_string().contains("at_least"), "{why}");
}

/// A newer version may have written more.
#[test]
fn fields_of_a_newer_version_are_passed_over() {
    let more = PROMISE.replace(r#""tier""#, r#""invented_later": [1], "tier""#);
    assert_eq!(
        serde_json::from_str::<Promise>(&more).unwrap(),
        serde_json::from_str::<Promise>(PROMISE).unwrap()
    );
}
