//! Every mistake at once, and nothing half-read.

use std::collections::BTreeSet;

use spec::{Level, to_json};

use crate::load;

fn codes(text: &str) -> Vec<&'static str> {
    load(text).diagnostics.iter().map(|d| d.code).collect()
}

const SMALL: &str = "service: { name: Shop, owner: sre, time_zone: Asia/Tokyo }
promises:
  paid: { kind: ratio, total: a_total, bad: b_total, at_least: 99 %, window: 5m, severity: sev1 }
  own: { kind: ratio, total: a_total, bad: b_total, at_least: 99 %, window: 5m, severity: sev1, owner: dba }
severities: { sev1: { level: 1 } }
routes: [{ receivers: [inbox] }]
receivers: { inbox: { kind: inbox } }
";

#[test]
fn what_a_promise_does_not_say_comes_from_the_service() {
    let loaded = load(SMALL);
    assert_eq!(loaded.diagnostics, []);
    let spec = loaded.spec.unwrap();
    let owners: Vec<_> = spec
        .promises
        .iter()
        .map(|p| p.terms.owner.as_deref().unwrap())
        .collect();
    assert_eq!(owners, ["sre", "dba"]);
    assert!(spec.promises.iter().all(|p| p.time_zone == "Asia/Tokyo"));
    // 400 days and a year: the defaults that the reference states.
    assert_eq!(spec.retention.metrics.to_string(), "400d");
    assert_eq!(spec.retention.logs.to_string(), "365d");
}

#[test]
fn a_spec_with_an_error_is_never_handed_out() {
    assert!(
        load("service: { name: Shop, owner: sre }\npromises: {}\nretension: {}\n")
            .spec
            .is_none()
    );
    assert!(load("").spec.is_none());
    assert!(load("just text").spec.is_none());
    assert!(load("- a\n- b\n").spec.is_none());
}

#[test]
fn service_and_promises_must_be_there() {
    let loaded = load("retention: { metrics: 30d }\n");
    let messages: Vec<&str> = loaded
        .diagnostics
        .iter()
        .map(|d| d.message.en.as_str())
        .collect();
    assert_eq!(messages, ["`service` is missing", "`promises` is missing"]);
}

#[test]
fn an_empty_file_says_how_to_begin() {
    for text in ["", "\n\n", "# only a comment\n"] {
        let loaded = load(text);
        assert_eq!(loaded.diagnostics.len(), 1, "{text:?}");
        assert_eq!(loaded.diagnostics[0].code, "empty");
    }
}

#[test]
fn mistakes_in_every_section_are_found_in_one_reading() {
    let text = "service: { name: Shop, owner: sre, time_zone: Mars/Base }
promises:
  paid: { kind: ratoi, total: a_total, at_least: 99 %, window: 5m }
  late: { kind: ratio, total: a_total, bad: b_total, at_least: 99, window: 5 }
severities: { sev1: { level: one } }
receivers: { hook: { kind: webhook, url: hunter2 }, hook: { kind: inbox } }
routes: [{ receivers: [hok] }]
retention: { metrics: forever }
";
    let found: BTreeSet<&str> = codes(text).into_iter().collect();
    let wanted = [
        "duplicate-key",
        "not-a-time-zone",
        "plain-secret",
        "unknown-kind",
        "unknown-reference",
        "wrong-value",
    ];
    assert_eq!(found, wanted.into_iter().collect());
    assert_eq!(
        codes(text)
            .iter()
            .filter(|code| **code == "wrong-value")
            .count(),
        4,
        "{:?}",
        codes(text)
    );
}

#[test]
fn a_section_that_is_no_yaml_does_not_hide_the_others() {
    let text = "service: { name: Shop, owner: sre }
promises:
  paid: kind: ratio
severities: { sev1: { levl: 1 } }
";
    let found = codes(text);
    assert!(
        found.contains(&"yaml-syntax") && found.contains(&"unknown-key"),
        "{found:?}"
    );
}

#[test]
fn warnings_do_not_refuse_a_spec() {
    let loaded = load(&SMALL.replace("severity: sev1 }", "}"));
    assert_eq!(loaded.diagnostics[0].level, Level::Warning);
    assert!(loaded.spec.is_some());
}

#[test]
fn a_flood_of_mistakes_is_bounded_and_counted() {
    let mut text = "service: { name: Shop, owner: sre }\npromises:\n".to_owned();
    for n in 0..1_200 {
        text += &format!("  p{n}: {{ kind: nothing }}\n");
    }
    let loaded = load(&text);
    assert_eq!(loaded.diagnostics.len(), 1_001);
    assert_eq!(
        loaded.diagnostics.last().unwrap().message.en,
        "200 more are not shown"
    );
}

#[test]
fn a_text_is_read_up_to_its_bound_and_no_further() {
    let mut text = "service: { name: Shop, owner: sre }\npromises: {}\n#".to_owned();
    text.extend(std::iter::repeat_n('x', spec::TEXT_MAX - text.len()));
    assert_eq!(codes(&text), Vec::<&str>::new());
    text.push('x');
    assert_eq!(codes(&text), ["too-large"]);
}

#[test]
fn json_says_where_in_lines_and_characters() {
    let text = "service: { name: 店, ownr: sre, owner: sre }\npromises: {}\n";
    let json = to_json(&load(text).diagnostics, &load(text).texts);
    assert_eq!(json["version"], 1);
    let one = &json["diagnostics"][0];
    // `service: { name: 店, ` is 20 characters and 22 bytes, so the key begins at column 21, byte 22.
    assert_eq!((&one["line"], &one["column"]), (&1.into(), &21.into()));
    assert_eq!(one["end"]["column"], 25);
    assert_eq!(one["bytes"]["start"], 22);
    assert_eq!(
        (&one["code"], &one["level"]),
        (&"unknown-key".into(), &"error".into())
    );
    assert_eq!(one["hint"]["en"], "did you mean `owner`?");
    assert_eq!(one["hint"]["ja"], "`owner` のことですか?");
}
