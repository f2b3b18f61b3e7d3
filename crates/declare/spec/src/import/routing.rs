//! Alertmanager's routes, inhibitions and intervals.
//!
//! A tree of routes becomes a list: the routes below stand before the one above them, and each is `last`, so an alert is
//! told where Alertmanager tells it. Where a route says `continue`, a list cannot say all of it, and the report says so.
//! Source: Prometheus, "Alerting configuration".

use std::collections::HashMap;

use promise::{document::Node, say};
use serde_json::{Value, json};

use super::{
    Draft, Source, Taking,
    rule_groups::severity_of,
    taking::{text, texts},
};
use crate::section::alerting::matcher::Matcher;

/// Routes within routes.
const DEPTH_MAX: usize = 32;
/// What Alertmanager repeats after where no route says it.
const REPEAT: &str = "4h";

/// What the routes above say.
#[derive(Clone, Default)]
struct Above {
    receiver: Option<String>,
    severities: Vec<String>,
    matchers: Vec<String>,
    group_by: Vec<String>,
    spans: Vec<(&'static str, String)>,
    /// Some route above goes on after what it took.
    goes_on: bool,
}

/// What is known of receivers, by their ids in the spec.
pub(super) struct Receivers<'r> {
    /// A receiver that tells in several ways is several of ours.
    pub(super) ways: &'r HashMap<String, Vec<String>>,
    /// Which hear of an end.
    pub(super) ends_told: &'r dyn Fn(&str) -> bool,
}

/// Reads the tree below `node` into `routes`.
pub(super) fn routes(node: &Node, source: &Source<'_>, draft: &mut Draft, known: &Receivers<'_>) {
    let mut found = Vec::new();
    route(node, &Above::default(), source, draft, &mut found, 0);
    for (mut route, line) in found {
        let receiver = route["receivers"][0].as_str().unwrap_or_default();
        let ways = known.ways.get(receiver).map(|ways| json!(ways));
        if !(known.ends_told)(receiver) {
            route["resolved"] = json!(false);
        }
        if let Some(ways) = ways {
            route["receivers"] = ways;
        }
        draft.push(&["routes"], route, line);
    }
}

fn route(
    node: &Node,
    above: &Above,
    source: &Source<'_>,
    draft: &mut Draft,
    routes: &mut Vec<(Value, usize)>,
    depth: usize,
) {
    let mut taking = Taking::of(node, "route", source);
    let line = taking.line;
    let mut own = above.clone();
    if let Some((name, _)) = taking.line_of("receiver", source) {
        own.receiver = Some(super::alertmanager::id(name));
    }
    if let Some(by) = taking.take("group_by") {
        own.group_by = texts(by).iter().map(|&name| name.to_owned()).collect();
    }
    for (theirs, ours) in [
        ("repeat_interval", "repeat"),
        ("group_wait", "group_wait"),
        ("group_interval", "group_interval"),
    ] {
        if let Some((span, _)) = taking.line_of(theirs, source) {
            own.spans.retain(|(name, _)| *name != ours);
            own.spans.push((ours, span.to_owned()));
        }
    }
    let continues = taking.text("continue") == Some("true");
    let names = |node: Option<&Node>| -> Vec<String> {
        let names = node.map(texts).unwrap_or_default();
        names.into_iter().map(super::alertmanager::id).collect()
    };
    let mute = names(taking.take("mute_time_intervals"));
    let active = names(taking.take("active_time_intervals"));
    for (matcher, line) in conditions(&mut taking, "", source, draft) {
        narrow(&mut own, &matcher, line, draft);
    }
    own.goes_on |= continues;
    let below = taking.items("routes");
    if depth < DEPTH_MAX {
        for node in below {
            route(node, &own, source, draft, routes, depth + 1);
        }
    }
    taking.finish(source, draft);
    let Some(receiver) = own.receiver else { return };
    let mut out = json!({ "receivers": [receiver], "group_by": own.group_by });
    for (name, list) in [
        ("severities", own.severities),
        ("matchers", own.matchers),
        ("mute", mute),
        ("active", active),
    ] {
        if !list.is_empty() {
            out[name] = json!(list);
        }
    }
    out["repeat"] = json!(REPEAT);
    for (name, span) in own.spans {
        out[name] = json!(span);
    }
    if own.goes_on {
        draft.noted(
            line,
            "continue",
            say!(
                "what it takes is also offered to the routes after and above it",
                "当てはまった警報は、後と上の経路にも渡されます"
            ),
        );
    } else if depth > 0 {
        out["last"] = json!(true);
    }
    routes.push((out, line));
}

/// A condition on the severity chooses by it; any other stays a matcher.
fn narrow(own: &mut Above, matcher: &Matcher, line: usize, draft: &mut Draft) {
    let is_choice = matcher.is_equal() && matcher.name() == "severity";
    let values: Vec<&str> = matcher
        .value()
        .trim_matches(['(', ')', '^', '$'])
        .split('|')
        .collect();
    let is_plain = |value: &&str| {
        value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
    };
    if is_choice && values.iter().all(is_plain) && (matcher.is_regex() || values.len() == 1) {
        own.severities = values.iter().map(|value| value.to_lowercase()).collect();
        for severity in &own.severities {
            severity_of(severity, line, draft);
        }
    } else {
        own.matchers.push(matcher.to_string());
    }
}

/// The conditions under `PREFIXmatch`, `PREFIXmatch_re` and `PREFIXmatchers`, with their lines.
fn conditions(
    taking: &mut Taking<'_>,
    prefix: &str,
    source: &Source<'_>,
    draft: &mut Draft,
) -> Vec<(Matcher, usize)> {
    let mut found = Vec::new();
    for (name, is_regex) in [("match", false), ("match_re", true)] {
        for (key, value) in taking.entries(&format!("{prefix}{name}")) {
            let line = source.line(key.span.start);
            match Matcher::new(&key.name, text(value).unwrap_or_default(), is_regex, true) {
                Ok(matcher) => found.push((matcher, line)),
                Err(why) => draft.lost(line, &key.name, why),
            }
        }
    }
    for node in taking.items(&format!("{prefix}matchers")) {
        let line = source.line(node.span.start);
        let written = text(node).unwrap_or_default();
        match Matcher::parse_all(written) {
            Ok(matchers) => found.extend(matchers.into_iter().map(|matcher| (matcher, line))),
            Err(why) => draft.lost(line, written, why),
        }
    }
    found
}

/// `inhibit_rules`
pub(super) fn inhibitions(nodes: &[Node], source: &Source<'_>, draft: &mut Draft) {
    for (place, node) in nodes.iter().enumerate() {
        let mut taking = Taking::of(node, "inhibit_rule", source);
        let line = taking.line;
        let mut side = |prefix: &str, draft: &mut Draft| -> Vec<String> {
            let found = conditions(&mut taking, prefix, source, draft);
            found
                .iter()
                .map(|(matcher, _)| matcher.to_string())
                .collect()
        };
        let (from, to) = (side("source_", draft), side("target_", draft));
        let name = taking
            .text("name")
            .map_or_else(|| format!("rule_{}", place + 1), super::alertmanager::id);
        let equal = taking.take("equal").map(texts).unwrap_or_default();
        taking.finish(source, draft);
        if from.is_empty() || to.is_empty() {
            draft.lost(
                line,
                "inhibit_rule",
                say!(
                    "without source and target it would hold back everything",
                    "条件のない側があると、すべての通知を控えてしまいます"
                ),
            );
            continue;
        }
        let at = ["alerting", "inhibitions", name.as_str()];
        for (field, list) in [
            ("source", json!(from)),
            ("target", json!(to)),
            ("equal", json!(equal)),
        ] {
            if list != json!([]) {
                draft.set(&[at[0], at[1], at[2], field], list, line);
            }
        }
    }
}

/// `time_intervals` and, as older files call them, `mute_time_intervals`.
pub(super) fn intervals(nodes: &[Node], source: &Source<'_>, draft: &mut Draft) {
    for node in nodes {
        let mut taking = Taking::of(node, "time_interval", source);
        let line = taking.line;
        let name = super::alertmanager::id(taking.text("name").unwrap_or_default());
        let mut zone: Option<String> = None;
        let mut stretches = Vec::new();
        for node in taking.items("time_intervals") {
            let mut taking = Taking::of(node, "time_interval", source);
            let own = taking.text("location").unwrap_or("UTC");
            if zone.get_or_insert_with(|| own.to_owned()) == own {
                stretches.push(stretch(&mut taking, source, draft));
            } else {
                draft.lost(
                    taking.line,
                    own,
                    say!(
                        "an interval has one time zone: give this one a name of its own",
                        "時間帯の地域は一つだけです。別の名前を付けてください"
                    ),
                );
            }
            taking.skip(&["location"]);
            taking.finish(source, draft);
        }
        taking.finish(source, draft);
        let at = ["alerting", "intervals", name.as_str()];
        draft.set(&[at[0], at[1], at[2], "any"], json!(stretches), line);
        let zone = zone.unwrap_or_else(|| "UTC".to_owned());
        draft.set(&[at[0], at[1], at[2], "time_zone"], zone, line);
    }
}

fn stretch(taking: &mut Taking<'_>, source: &Source<'_>, draft: &mut Draft) -> Value {
    const DAYS: [&str; 7] = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let mut out = json!({});
    let times = taking.items("times").iter().map(|node| {
        let mut taking = Taking::of(node, "times", source);
        let (from, to) = (taking.text("start_time"), taking.text("end_time"));
        let hours = format!("{}-{}", from.unwrap_or("00:00"), to.unwrap_or("24:00"));
        taking.finish(source, draft);
        hours
    });
    let times: Vec<String> = times.collect();
    let mut ranges = |field: &str, word: &dyn Fn(&str) -> String, between: &str| -> Vec<String> {
        let texts = taking.take(field).map(texts).unwrap_or_default();
        let ranges = texts.into_iter().map(|range| {
            let ends: Vec<String> = range.split(':').map(|end| word(end.trim())).collect();
            ends.join(between)
        });
        ranges.collect()
    };
    let weekday = |name: &str| {
        let known = DAYS.contains(&name.to_lowercase().as_str());
        let short = name.to_lowercase().chars().take(3).collect();
        if known { short } else { name.to_owned() }
    };
    let month = |name: &str| {
        let place = MONTHS
            .iter()
            .position(|known| *known == name.to_lowercase());
        place.map_or_else(|| name.to_owned(), |place| (place + 1).to_string())
    };
    let same = |text: &str| text.to_owned();
    let lists = [
        ("times", times),
        ("weekdays", ranges("weekdays", &weekday, "-")),
        ("days_of_month", ranges("days_of_month", &same, ":")),
        ("months", ranges("months", &month, ":")),
        ("years", ranges("years", &same, ":")),
    ];
    for (name, list) in lists {
        if !list.is_empty() {
            out[name] = json!(list);
        }
    }
    out
}
