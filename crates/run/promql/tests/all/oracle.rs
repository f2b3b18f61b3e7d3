//! The same queries through promtool and through us.
//!
//! promtool is asked for a sample that cannot exist, so that it prints what it got for every query. An older
//! promtool's ranges are closed to the left: the instant asked for lies between samples, where all agree.

use std::{io::Write as _, path::PathBuf, process::Command};

use promise::Timestamp;
use promql::{Query, Value};

use crate::series::{INTERVAL, series};

const SERIES: &[(&str, &str)] = &[
    (
        "http_total{job=\"shop\",code=\"200\",instance=\"a\"}",
        "0+10x30",
    ),
    (
        "http_total{job=\"shop\",code=\"200\",instance=\"b\"}",
        "100+7x12 3+5x17",
    ),
    (
        "http_total{job=\"shop\",code=\"500\",instance=\"a\"}",
        "0+1x30",
    ),
    (
        "http_total{job=\"pay\",code=\"200\",instance=\"c\"}",
        "5+3x10 _ _ _ 60+2x16",
    ),
    (
        "level{job=\"shop\",instance=\"a\"}",
        "1 4 2 8 5 7 1 4 2 8 5 7 1 4 2 8 5 7 1 4 2 8 5 7",
    ),
    ("level{job=\"shop\",instance=\"b\"}", "-3+0.5x30"),
    (
        "level{job=\"pay\",instance=\"c\"}",
        "10-1x8 stale _ _ 2 2 2 2 2 2 2 2 2 2",
    ),
    ("limit{job=\"shop\",zone=\"east\"}", "6+0x30"),
    ("limit{job=\"pay\",zone=\"west\"}", "3+0x30"),
    ("d_bucket{le=\"0.1\"}", "0+2x30"),
    ("d_bucket{le=\"0.5\"}", "0+7x30"),
    ("d_bucket{le=\"2\"}", "0+9x30"),
    ("d_bucket{le=\"+Inf\"}", "0+10x30"),
];

/// Seconds; never on a sample.
const INSTANTS: [i64; 3] = [630, 930, 1_350];

const QUERIES: &str = include_str!("oracle.txt");

type Row = (String, f64);

#[test]
fn answers_are_those_of_promtool() {
    let queries: Vec<&str> = QUERIES
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let cases: Vec<(&str, i64)> = queries
        .iter()
        .flat_map(|query| INSTANTS.iter().map(move |at| (*query, *at)))
        .collect();
    let theirs = promtool(&cases);
    assert_eq!(
        theirs.len(),
        cases.len(),
        "promtool answered {} of {} queries",
        theirs.len(),
        cases.len()
    );
    let data: Vec<_> = SERIES
        .iter()
        .map(|(name, values)| series(name, values))
        .collect();
    let mut wrong = Vec::new();
    for ((query, at), theirs) in cases.iter().zip(theirs) {
        let parsed = Query::parse(query).unwrap_or_else(|why| panic!("{query}: {why}"));
        let answer = parsed
            .instant(Timestamp::from_millis(at * 1000), &data)
            .map(|answer| answer.value);
        let mut ours: Vec<Row> = match answer {
            Ok(Value::Vector(samples)) => samples
                .into_iter()
                .map(|s| (show(&s.labels), s.value.float().unwrap()))
                .collect(),
            Ok(Value::Scalar(value)) => vec![("{}".to_owned(), value)],
            other => panic!("{query}: {other:?}"),
        };
        ours.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        if !same(&ours, &theirs) {
            wrong.push(format!(
                "{query} @ {at}\n  ours:   {ours:?}\n  theirs: {theirs:?}"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} differ:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

/// A command of a peer: where `TEGATA_PEERS` says, or where `cargo xtask test` unpacks them, or else the
/// machine's own.
fn peer(name: &str) -> PathBuf {
    let unpacked = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../target/peers/usr/bin");
    let folder = std::env::var_os("TEGATA_PEERS").map_or_else(|| unpacked.into(), PathBuf::from);
    let program = folder.join(name);
    if program.exists() {
        program
    } else {
        name.into()
    }
}

/// As promtool shows a label set: the name among the others.
fn show(labels: &promql::Labels) -> String {
    let pairs: Vec<String> = labels
        .iter()
        .map(|(name, value)| format!("{name}={value:?}"))
        .collect();
    format!("{{{}}}", pairs.join(", "))
}

fn same(ours: &[Row], theirs: &[Row]) -> bool {
    ours.len() == theirs.len()
        && ours.iter().zip(theirs).all(|(a, b)| {
            a.0 == b.0
                && (a.1 == b.1
                    || (a.1.is_nan() && b.1.is_nan())
                    // 2.x adds plainly where 3.x (and we) compensate: the last bits may differ.
                    || (a.1 - b.1).abs() <= 1e-9 * a.1.abs().max(b.1.abs()))
        })
}

fn promtool(cases: &[(&str, i64)]) -> Vec<Vec<Row>> {
    let mut file = format!(
        "evaluation_interval: 1m\ntests:\n  - interval: {}s\n    input_series:\n",
        INTERVAL / 1000
    );
    for (name, values) in SERIES {
        file += &format!("      - series: '{name}'\n        values: '{values}'\n");
    }
    file += "    promql_expr_test:\n";
    for (query, at) in cases {
        file += &format!(
            "      - expr: '{}'\n        eval_time: {at}s\n        exp_samples:\n          - labels: 'impossible'\n            value: 1\n",
            query.replace('\'', "''")
        );
    }
    let folder = std::env::temp_dir().join(format!("tegata-oracle-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("test.yaml");
    std::fs::File::create(&path)
        .unwrap()
        .write_all(file.as_bytes())
        .unwrap();
    let out = Command::new(peer("promtool"))
        .args(["test", "rules"])
        .arg(&path)
        .output();
    std::fs::remove_dir_all(&folder).unwrap();
    let out = out.expect("this test needs promtool, which the Debian package `prometheus` brings");
    let text = String::from_utf8_lossy(&out.stdout) + String::from_utf8_lossy(&out.stderr);
    // A query that promtool refuses is an `err:` line, and shows as a count that differs.
    let errors: Vec<&str> = text.lines().filter(|line| line.contains("err:")).collect();
    assert!(errors.is_empty(), "promtool refused: {errors:?}");
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("got:"))
        .map(|got| rows(got.trim()))
        .collect()
}

/// `{a="b"} 1E+00, name{} 2E+00` or `nil`.
fn rows(text: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut rest = text;
    while !rest.is_empty() && rest != "nil" {
        // A value never holds a quote, so the next label set begins after the next comma outside of one.
        let mut quoted = false;
        let end = rest
            .char_indices()
            .find(|(i, c)| {
                quoted ^= *c == '"';
                let braces = rest[..*i].matches('{').count() == rest[..*i].matches('}').count();
                *c == ',' && !quoted && braces
            })
            .map_or(rest.len(), |(i, _)| i);
        let (labels, value) = rest[..end].rsplit_once(' ').unwrap();
        rows.push((labels.trim().to_owned(), number(value)));
        rest = rest[end..].trim_start_matches(',').trim();
    }
    rows.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    rows
}

fn number(text: &str) -> f64 {
    match text {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        text => text.parse().unwrap(),
    }
}
