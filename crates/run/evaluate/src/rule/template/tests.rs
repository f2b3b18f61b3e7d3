//! Expected texts are what promtool 3.5.3 writes for the same templates (`promtool test rules`).
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn render(text: &str, value: f64) -> String {
    let labels = Labels::new([
        ("__name__", "m"),
        ("instance", "db-1:9100"),
        ("job", "node exporter"),
    ]);
    let element = |instance: &str, value| Element {
        labels: Labels::new([("__name__", "up"), ("instance", instance)]),
        value: Number::Float(value),
    };
    let answers = BTreeMap::from([
        ("up".to_owned(), vec![element("b", 1.0), element("a", 0.0)]),
        ("none".to_owned(), Vec::new()),
    ]);
    let scope = Scope {
        labels: &labels,
        value: &Number::Float(value),
        external_labels: &Labels::new([("region", "tokyo")]),
        external_url: "http://prom.example/path",
        at: Timestamp::from_millis(1_500_000),
        answers: &answers,
    };
    match Template::parse(text).map(|template| template.render(&scope)) {
        Ok(Ok(text)) => text,
        Ok(Err(Stop::Wrong(why) | Stop::Wants(why))) => format!("error: {why}"),
        Err(why) => format!("no template: {why}"),
    }
}

#[test]
fn what_rules_in_the_wild_write() {
    let cases = [
        ("plain", 1.0, "plain"),
        ("{{ $value }}", 1_234_567.0, "1.234567e+06"),
        ("{{ $value }} {{ .Value }}", 0.25, "0.25 0.25"),
        (
            "{{ $labels.instance }}/{{ $labels.nothing }}.",
            1.0,
            "db-1:9100/.",
        ),
        (
            "{{ .ExternalLabels.region }} {{ $externalLabels.region }}",
            1.0,
            "tokyo tokyo",
        ),
        (
            "{{ $labels.job | title }} {{ $labels.job | toUpper }}",
            1.0,
            "Node Exporter NODE EXPORTER",
        ),
        ("{{ printf \"%.2f%%\" $value }}", 12.345, "12.35%"),
        ("{{ $value | printf \"%.1f\" }}", 2.0, "2.0"),
        (
            "{{ with query \"up\" }}{{ . | first | value | humanize }}{{ end }}",
            1.0,
            "1",
        ),
        (
            "{{ range query \"up\" | sortByLabel \"instance\" }}{{ .Labels.instance }}={{ .Value }} {{ end }}",
            1.0,
            "a=0 b=1 ",
        ),
        (
            "{{ range $i, $s := query \"up\" }}{{ $i }}{{ label \"instance\" $s }}{{ else }}none{{ end }}",
            1.0,
            "0b1a",
        ),
        (
            "{{ range query \"none\" }}x{{ else }}none{{ end }}",
            1.0,
            "none",
        ),
        (
            "{{ if gt $value 80.0 }}hot{{ else if gt $value 50.0 }}warm{{ else }}cold{{ end }}",
            60.0,
            "warm",
        ),
        ("a {{- /* said */ -}} b {{- 1 }}", 1.0, "ab1"),
        (
            "{{ reReplaceAll \"(.*):(.*)\" \"$2@$1\" $labels.instance }}",
            1.0,
            "9100@db-1",
        ),
        (
            "{{ if match \"^db\" $labels.instance }}database{{ end }}",
            1.0,
            "database",
        ),
        (
            "{{ $x := 3 }}{{ if true }}{{ $x = 4 }}{{ end }}{{ $x }}",
            1.0,
            "4",
        ),
        (
            "{{ define \"d\" }}<{{ . }}>{{ end }}{{ template \"d\" $labels.job }}",
            1.0,
            "<node exporter>",
        ),
        (
            "{{ (query \"up\" | first).Value }}{{ (index (query \"up\") 1).Labels.instance }}",
            1.0,
            "1a",
        ),
        (
            "{{ and 1 0 }}{{ or 0 \"x\" }}{{ not true }}{{ len $labels.job }}",
            1.0,
            "0xfalse13",
        ),
        (
            "{{ stripPort $labels.instance }} {{ stripDomain \"a.b.c:80\" }}",
            1.0,
            "db-1 a:80",
        ),
        (
            "{{ pathPrefix }} {{ externalURL }}",
            1.0,
            "/path http://prom.example/path",
        ),
        (
            "{{ $labels }}",
            1.0,
            "map[__name__:m instance:db-1:9100 job:node exporter]",
        ),
        (
            "{{ printf \"%d %s %q\" 3 \"a\" \"b\" }}{{ printf \"%5.1f|%-4s|%04d\" 2.25 \"x\" 7 }}",
            1.0,
            "3 a \"b\"  2.2|x   |0007",
        ),
        ("{{ printf \"%d\" $value }}", 1.5, "%!d(float64=1.5)"),
        (
            "{{ $value | humanizeTimestamp }}",
            1_435_065_584.128,
            "2015-06-23 13:19:44.128 +0000 UTC",
        ),
        (
            "{{ (toTime $value).Year }}",
            0.0,
            "error: can't evaluate field Year in type time.Time",
        ),
        ("{{ query \"asks\" }}", 0.0, "error: asks"),
        (
            "{{ first (query \"none\") }}",
            0.0,
            "error: first() called on vector with no elements",
        ),
    ];
    for (text, value, expected) in cases {
        assert_eq!(render(text, value), expected, "{text}");
    }
}

#[test]
fn figures_are_written_as_prometheus_writes_them() {
    let functions: [(&str, &[(f64, &str)]); 4] = [
        (
            "humanize",
            &[
                (0.0, "0"),
                (1.0, "1"),
                (1_234_567.0, "1.235M"),
                (0.012_34, "12.34m"),
                (-1500.0, "-1.5k"),
                (f64::INFINITY, "+Inf"),
                (f64::NAN, "NaN"),
                (1e26, "100Y"),
                (1e30, "1e+06Y"),
            ],
        ),
        (
            "humanize1024",
            &[
                (1.0, "1"),
                (1_048_576.0, "1Mi"),
                (1_234.0, "1.205ki"),
                (0.5, "0.5"),
            ],
        ),
        (
            "humanizeDuration",
            &[
                (0.0, "0s"),
                (1.0, "1s"),
                (60.0, "1m 0s"),
                (3_600.0, "1h 0m 0s"),
                (86_400.0, "1d 0h 0m 0s"),
                (899.99, "14m 59s"),
                (12.345_67, "12.35s"),
                (0.012_5, "12.5ms"),
                (-90.0, "-1m 30s"),
            ],
        ),
        (
            "humanizePercentage",
            &[(0.123_45, "12.35%"), (-0.1, "-10%"), (1.0, "100%")],
        ),
    ];
    for (function, cases) in functions {
        for (value, expected) in cases {
            assert_eq!(
                render(&format!("{{{{ $value | {function} }}}}"), *value),
                *expected,
                "{function} {value}"
            );
        }
    }
}

#[test]
fn what_is_no_template_is_refused_before_it_is_needed() {
    for text in [
        "{{ $value",
        "{{ nofunction 1 }}",
        "{{ if true }}",
        "{{ end }}",
        "{{ $unknown }}",
        "{{ \"open }}",
        "{{ ) }}",
    ] {
        assert!(Template::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_template_cannot_run_or_write_without_end() {
    let text = "{{ define \"d\" }}{{ template \"d\" . }}{{ end }}{{ template \"d\" . }}";
    assert_eq!(render(text, 1.0), "error: exceeded maximum template depth");
    let deep = "{{ if true }}".repeat(100) + &"{{ end }}".repeat(100);
    assert!(Template::parse(&deep).is_err());
    let brackets = format!("{{{{ {}1{} }}}}", "(".repeat(1_000), ")".repeat(1_000));
    assert!(Template::parse(&brackets).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(\\{\\{|\\}\\}|-| |\\$value|\\$labels|\\.x|\"|`|'|if|else|end|range|with|printf|query|\\||\\(|\\)|:=|[a-z0-9%*.\\\\値])*") {
        let _ = render(&text, 1.5);
    }
}
