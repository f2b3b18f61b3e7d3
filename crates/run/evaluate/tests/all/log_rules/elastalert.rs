//! A thousand random streams for each type of rule, through our folds and through ElastAlert2's classes (PyPI
//! `elastalert2`), which `cargo xtask test` installs and names by `TEGATA_PYTHON`.

use std::{
    fmt::Write as _,
    io::Write as _,
    process::{Command, Stdio},
};

use evaluate::log_rule::{LogRule, State, elastalert};
use promise::Timestamp;
use serde_json::{Value, json};

use super::{Chance, START, event, record};

const STREAMS: u64 = 1_000;

/// A rule in ElastAlert's YAML, and the same as its Python classes take it.
fn rule(kind: &str, chance: &mut Chance) -> (String, Value) {
    let by = chance.below(2) == 0;
    let minutes = chance.pick(&[1_u64, 2, 5]);
    let mut yaml = format!("name: r\ntype: {kind}\n");
    let mut python = json!({});
    let mut put = |name: &str, value: Value| {
        writeln!(yaml, "{name}: {value}").unwrap();
        python[name] = value;
    };
    match kind {
        "blacklist" => {
            put("compare_key", json!("status"));
            put("blacklist", json!(["failed", "late"]));
        }
        "whitelist" => {
            put("compare_key", json!("status"));
            put("whitelist", json!(["ok", "late"]));
            put("ignore_null", json!(chance.below(2) == 0));
        }
        "change" => {
            put("compare_key", json!("status"));
            put("ignore_null", json!(chance.below(2) == 0));
            put("query_key", json!("user"));
        }
        "new_term" => {
            put("fields", json!(["user", ["status", "code"]]));
            put("alert_on_missing_field", json!(chance.below(2) == 0));
        }
        "frequency" => put("num_events", json!(1 + chance.below(5))),
        "flatline" => {
            put("threshold", json!(1 + chance.below(4)));
            put("forget_keys", json!(chance.below(2) == 0));
        }
        "spike" => {
            put("spike_height", json!(chance.pick(&[2, 3])));
            put("spike_type", json!(chance.pick(&["up", "down", "both"])));
            put("threshold_cur", json!(chance.below(3)));
            put("threshold_ref", json!(chance.below(3)));
        }
        "cardinality" => {
            put("cardinality_field", json!("status"));
            if chance.below(2) == 0 {
                put("max_cardinality", json!(1 + chance.below(2)));
            } else {
                put("min_cardinality", json!(2 + chance.below(2)));
            }
        }
        "metric_aggregation" | "spike_aggregation" => {
            put("metric_agg_key", json!("code"));
            put(
                "metric_agg_type",
                json!(chance.pick(&["min", "max", "avg", "sum", "cardinality", "value_count"])),
            );
            if kind == "metric_aggregation" {
                put("max_threshold", json!(chance.below(20)));
            } else {
                put("spike_height", json!(2));
                put("spike_type", json!(chance.pick(&["up", "down", "both"])));
            }
        }
        "percentage_match" => {
            put("max_percentage", json!(chance.below(100)));
            put("min_denominator", json!(chance.below(4)));
        }
        _ => {}
    }
    if by
        && !matches!(
            kind,
            "change" | "new_term" | "any" | "blacklist" | "whitelist"
        )
    {
        put("query_key", json!("user"));
    }
    let timed = matches!(
        kind,
        "frequency" | "flatline" | "spike" | "cardinality" | "spike_aggregation"
    ) || kind == "change" && chance.below(2) == 0;
    if timed {
        writeln!(yaml, "timeframe: {{ minutes: {minutes} }}").unwrap();
        python["timeframe"] = json!(minutes * 60_000);
    }
    match kind {
        "metric_aggregation" | "spike_aggregation" | "percentage_match" => {
            writeln!(yaml, "buffer_time: {{ seconds: 30 }}").unwrap();
            python["every_ms"] = json!(30_000);
        }
        "blacklist" | "whitelist" | "change" => python["compound_compare_key"] = json!(["status"]),
        _ => {}
    }
    if kind == "percentage_match" {
        writeln!(
            yaml,
            "match_bucket_filter: [{{ term: {{ status: failed }} }}]"
        )
        .unwrap();
        python["match_bucket_filter"] = json!([]);
    }
    (yaml, python)
}

/// Events in order of time, with a tick at each whole minute.
fn steps(chance: &mut Chance) -> Vec<Value> {
    let (mut at, mut minute) = (START, START / 60_000);
    let mut steps = Vec::new();
    for _ in 0..20 + chance.below(60) {
        let gap_max = chance.pick(&[2_000, 10_000, 90_000]);
        let gap = i64::try_from(chance.below(gap_max)).unwrap();
        // Some come at the same instant.
        at += gap * i64::from(chance.below(8) > 0);
        while minute < at / 60_000 {
            minute += 1;
            steps.push(json!(["tick", minute * 60_000]));
        }
        let mut fields =
            json!({ "user": chance.pick(&["ann", "bob"]), "code": 1 + chance.below(9) });
        if chance.below(6) > 0 {
            fields["status"] = json!(chance.pick(&["ok", "failed", "late", ""]));
        }
        steps.push(json!(["event", at, fields]));
    }
    for _ in 0..chance.below(8) {
        minute += 1;
        steps.push(json!(["tick", minute * 60_000]));
    }
    steps
}

/// What our fold makes of it.
fn ours(rule: &LogRule, steps: &[Value]) -> Vec<Value> {
    let mut state = State::new(rule);
    let mut fired = Vec::new();
    for (i, step) in steps.iter().enumerate() {
        let at = step[1].as_i64().unwrap();
        let mut fire = |firing: evaluate::log_rule::Firing| {
            fired.push(json!([firing.at.as_millis(), firing.key]))
        };
        if step[0] == "event" {
            let record = record(i as u128, at, step[2].clone());
            state.event(rule, &event(rule, &record), &mut fire);
        } else if rule.ticks() {
            state.tick(rule, Timestamp::from_millis(at), &mut fire);
        }
    }
    fired
}

fn compared(kind: &str) {
    let Some(python) = std::env::var_os("TEGATA_PYTHON") else {
        println!("TEGATA_PYTHON is not set: `cargo xtask test` installs elastalert2 and sets it");
        return;
    };
    let mut cases = Vec::new();
    let mut lines = String::new();
    for seed in 0..STREAMS {
        let mut chance = Chance::new(seed + 1);
        let (yaml, options) = rule(kind, &mut chance);
        let read = elastalert::read(&yaml).unwrap_or_else(|why| panic!("{yaml}: {why:?}"));
        let mut steps = steps(&mut chance);
        if !read.ticks() {
            steps.retain(|step| step[0] == "event");
        }
        writeln!(
            lines,
            "{}",
            json!({ "type": kind, "rule": options, "steps": steps })
        )
        .unwrap();
        cases.push((yaml, read, steps));
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/all/log_rules/oracle.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let answers: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), cases.len());
    let sorted = |mut all: Vec<Value>| {
        all.sort_by_key(Value::to_string);
        all
    };
    let mut fired = 0;
    let mut differ = Vec::new();
    for (seed, ((yaml, rule, steps), theirs)) in cases.iter().zip(answers).enumerate() {
        let ours = sorted(ours(rule, steps));
        let theirs = sorted(theirs.as_array().unwrap().clone());
        fired += theirs.len();
        if ours != theirs {
            differ.push(format!(
                "seed {seed}\n{yaml}ours   {ours:?}\ntheirs {theirs:?}"
            ));
        }
    }
    assert!(
        differ.is_empty(),
        "{} of {STREAMS} streams differ:\n{}",
        differ.len(),
        differ[..differ.len().min(3)].join("\n\n")
    );
    assert!(fired > 100, "only {fired} matches: the streams say nothing");
}

macro_rules! types {
    ($($name:ident $kind:literal)*) => { $(#[test] fn $name() { compared($kind); })* };
}

types! {
    any_is_elastalerts "any"
    blacklist_is_elastalerts "blacklist"
    whitelist_is_elastalerts "whitelist"
    change_is_elastalerts "change"
    frequency_is_elastalerts "frequency"
    spike_is_elastalerts "spike"
    flatline_is_elastalerts "flatline"
    new_term_is_elastalerts "new_term"
    cardinality_is_elastalerts "cardinality"
    metric_aggregation_is_elastalerts "metric_aggregation"
    spike_aggregation_is_elastalerts "spike_aggregation"
    percentage_match_is_elastalerts "percentage_match"
}
