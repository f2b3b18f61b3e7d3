//! Each step against what Prometheus 3.5's own documentation and its answers say.

use spec::section::relabel::{Action, Relabel};

use super::*;

fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::new(pairs.iter().copied())
}

fn given() -> Labels {
    labels(&[
        ("a", "foo"),
        ("b", "bar"),
        ("c", "baz"),
        ("__meta_x_role", "Web"),
    ])
}

fn step(action: Action, sources: &[&str], regex: &str) -> Relabel {
    Relabel {
        action,
        source_labels: sources.iter().map(|name| (*name).to_owned()).collect(),
        regex: regex.to_owned(),
        ..Relabel::default()
    }
}

fn after(steps: &[Relabel]) -> Option<Labels> {
    process(&compile_all(steps).unwrap(), given())
}

#[test]
fn replace_writes_what_was_found_or_nothing() {
    let to = |target: &str, replacement: &str, step: Relabel| Relabel {
        target_label: Some(target.to_owned()),
        replacement: replacement.to_owned(),
        ..step
    };
    let found = |regex| step(Action::Replace, &["a", "b"], regex);
    for (one, name, value) in [
        (to("d", "$1-$2", found("(.*);(.*)")), "d", "foo-bar"),
        (to("d", "${2}x", found("(f.*);(?P<n>b.*)")), "d", "barx"),
        (to("d", "$n!", found("(f.*);(?P<n>b.*)")), "d", "bar!"),
        // The name is as long as it can be: there is no group `1x`.
        (to("d", "$1x", found("(.*);(.*)")), "d", ""),
        (to("d", "$$1 $", found("(.*);(.*)")), "d", "$1 $"),
        (to("d", "${1", found("(.*);(.*)")), "d", "${1"),
        (to("${1}_x", "y", found("(.*);(.*)")), "foo_x", "y"),
        // The whole value must match.
        (to("d", "x", found("foo")), "d", ""),
        // An empty value takes the label away.
        (to("a", "", found("(.*)")), "a", ""),
        (
            to("b", "$1", step(Action::Replace, &["missing"], "(.*)")),
            "b",
            "",
        ),
    ] {
        assert_eq!(
            after(std::slice::from_ref(&one)).unwrap().get(name),
            value,
            "{one:?}"
        );
    }
}

#[test]
fn keep_and_drop_decide_by_the_joined_value() {
    for (one, stays) in [
        (step(Action::Keep, &["a", "b"], "foo;bar"), true),
        (step(Action::Keep, &["a"], "fo"), false),
        (step(Action::Drop, &["a"], "f.*"), false),
        (step(Action::Drop, &["a"], "fo"), true),
        (step(Action::Drop, &["missing"], ""), false),
    ] {
        assert_eq!(
            after(std::slice::from_ref(&one)).is_some(),
            stays,
            "{one:?}"
        );
    }
    for (action, source, stays) in [
        (Action::KeepEqual, "a", false),
        (Action::DropEqual, "a", true),
        (Action::KeepEqual, "c", true),
        (Action::DropEqual, "c", false),
    ] {
        let one = Relabel {
            target_label: Some("c".to_owned()),
            ..step(action, &[source], "(.*)")
        };
        assert_eq!(after(&[one]).is_some(), stays, "{action} {source}");
    }
}

/// MD5 of `foo` is acbd18db4cc2f85c edef654fccc4a4d8 (RFC 1321's algorithm, `md5sum`): its last eight bytes
/// are 17_145_300_473_252_881_624, and that modulo 1000 is 624.
#[test]
fn hashmod_agrees_with_md5sum() {
    let one = Relabel {
        target_label: Some("shard".to_owned()),
        modulus: 1000,
        ..step(Action::HashMod, &["a"], "(.*)")
    };
    let last = u64::from_be_bytes([0xed, 0xef, 0x65, 0x4f, 0xcc, 0xc4, 0xa4, 0xd8]);
    assert_eq!(
        after(&[one]).unwrap().get("shard"),
        (last % 1000).to_string()
    );
}

#[test]
fn names_are_mapped_dropped_and_kept() {
    let map = step(Action::LabelMap, &[], "__meta_x_(.+)");
    assert_eq!(
        after(std::slice::from_ref(&map)).unwrap().get("role"),
        "Web"
    );
    let keep = step(Action::LabelKeep, &[], "a|role");
    assert_eq!(
        after(&[map, keep]).unwrap(),
        labels(&[("a", "foo"), ("role", "Web")])
    );
    let left = after(&[step(Action::LabelDrop, &[], "__.*|[ab]")]).unwrap();
    assert_eq!(left, labels(&[("c", "baz")]));
    let case = |action, to: &str| Relabel {
        target_label: Some(to.to_owned()),
        ..step(action, &["__meta_x_role"], "(.*)")
    };
    let cased = after(&[
        case(Action::Lowercase, "low"),
        case(Action::Uppercase, "up"),
    ])
    .unwrap();
    assert_eq!((cased.get("low"), cased.get("up")), ("web", "WEB"));
}

#[test]
fn a_step_that_makes_no_sense_is_named() {
    let why = compile_all(&[
        step(Action::Keep, &["a"], "x"),
        step(Action::Replace, &["a"], "("),
    ]);
    assert!(why.unwrap_err().en.starts_with("relabel step 2: "));
    let broken = step(Action::Keep, &["a"], "(");
    let why = compile_all(&[broken]).unwrap_err();
    assert!(
        why.en
            .starts_with("relabel step 1: `(` is no regular expression"),
        "{}",
        why.en
    );
}
