//! From a spec to OpenSLO: ratio and latency promises, with their burn alerts.

use std::fmt::Write as _;

use promise::{
    Kind, Promise, Window,
    kind::{Budgeting, BurnAlert, Latency, Ratio},
    say,
    unit::{Percent, Span, trim_zeros},
    window::Period,
};

use super::{Converted, Note, OURS, metric, quoted};
use crate::section::Spec;

/// Writes the promises that OpenSLO v1 can say, as one file of several documents.
#[must_use]
pub fn export(spec: &Spec) -> Converted {
    let service = name(spec.service.name.get(promise::Lang::En));
    let display = quoted(spec.service.name.get(promise::Lang::En));
    let mut out = String::new();
    let owner = quoted(&spec.service.owner);
    // Writing to a text cannot fail.
    let _ = write!(
        out,
        "apiVersion: openslo/v1\nkind: Service\nmetadata:\n  name: {service}\n  displayName: {display}\n  labels:\n    owner: {owner}\nspec: {{}}\n"
    );
    let url = quoted(&format!("http://{}", spec.console.listen));
    let _ = write!(
        out,
        "---\napiVersion: openslo/v1\nkind: DataSource\nmetadata:\n  name: tegata\nspec:\n  type: Prometheus\n  connectionDetails:\n    url: {url}\n"
    );
    let mut notes = Vec::new();
    for promise in &spec.promises {
        let one = match &promise.kind {
            Kind::Ratio(ratio) => of_ratio(ratio),
            Kind::Latency(latency) => of_latency(latency),
            _ => None,
        };
        let Some(one) = one else {
            let kind = promise.kind.tag();
            notes.push(Note {
                line: 0,
                about: promise.id.clone(),
                what: say!(
                    "OpenSLO has no `{kind}`; it is left out",
                    "OpenSLO に `{kind}` はないため書き出しません"
                ),
            });
            continue;
        };
        if one.at_least >= 1.0 {
            notes.push(Note {
                line: 0,
                about: promise.id.clone(),
                what: say!(
                    "a target of OpenSLO is below 100 %; it is left out",
                    "OpenSLO の目標は 100 % 未満のため書き出しません"
                ),
            });
            continue;
        }
        write_one(&mut out, spec, promise, &one, &service, &mut notes);
    }
    Converted { text: out, notes }
}

/// What a ratio and a latency have in common.
struct One<'p> {
    part: &'static str,
    of: String,
    total: String,
    at_least: f64,
    window: Window,
    burn: &'p [BurnAlert],
    budgeting: Budgeting,
    slice: Span,
    slice_at_least: Option<Percent>,
    ours: Vec<(&'static str, String)>,
}

fn extras(
    fresh_for: Span,
    gaps: Percent,
    min: Option<u64>,
    budget: Option<u64>,
) -> Vec<(&'static str, String)> {
    let mut ours = vec![
        ("fresh_for", fresh_for.to_string()),
        ("gaps_at_most", gaps.to_string()),
    ];
    ours.extend(min.map(|n| ("min_events", n.to_string())));
    ours.extend(budget.map(|n| ("budget_at_least", n.to_string())));
    ours
}

fn of_ratio(ratio: &Ratio) -> Option<One<'_>> {
    let (part, of) = match (&ratio.good, &ratio.bad) {
        (Some(good), _) => ("good", good),
        (None, bad) => ("bad", bad.as_ref()?),
    };
    Some(One {
        part,
        of: of.to_string(),
        total: ratio.total.to_string(),
        at_least: ratio.at_least.0,
        window: ratio.window,
        burn: &ratio.burn,
        budgeting: ratio.budgeting,
        slice: ratio.slice,
        slice_at_least: ratio.slice_at_least,
        ours: extras(
            ratio.fresh_for,
            ratio.gaps_at_most,
            ratio.min_events,
            ratio.budget_at_least,
        ),
    })
}

fn of_latency(latency: &Latency) -> Option<One<'_>> {
    let (of, total) = metric::buckets(&latency.histogram, latency.bound())?;
    let mut ours = extras(
        latency.fresh_for,
        latency.gaps_at_most,
        latency.min_events,
        latency.budget_at_least,
    );
    ours.push(("at_most", latency.at_most.to_string()));
    Some(One {
        part: "good",
        of,
        total,
        at_least: latency.quantile.0,
        window: latency.window,
        burn: &latency.burn,
        budgeting: latency.budgeting,
        slice: latency.slice,
        slice_at_least: latency.slice_at_least,
        ours,
    })
}

fn write_one(
    out: &mut String,
    spec: &Spec,
    promise: &Promise,
    one: &One<'_>,
    service: &str,
    notes: &mut Vec<Note>,
) {
    let name = name(&promise.id);
    let display = quoted(promise.name(promise::Lang::En));
    let terms = &promise.terms;
    let mut ours = vec![("id", promise.id.clone())];
    ours.extend(one.ours.iter().cloned());
    for (field, value) in [
        ("severity", &terms.severity),
        ("owner", &terms.owner),
        ("tier", &terms.tier),
        ("runbook", &terms.runbook),
    ] {
        ours.extend(value.as_ref().map(|value| (field, value.clone())));
    }
    if one.burn.iter().any(|alert| alert.short.is_some()) {
        let short = one
            .burn
            .iter()
            .map(|alert| alert.short.map_or_else(String::new, |it| it.to_string()));
        ours.push(("short", short.collect::<Vec<_>>().join(",")));
    }
    for correction in &promise.corrections {
        let id = &correction.id;
        notes.push(Note {
            line: 0,
            about: promise.id.clone(),
            what: say!(
                "OpenSLO has no corrections; `{id}` is left out",
                "OpenSLO に補正はないため `{id}` は書き出しません"
            ),
        });
    }
    let _ = write!(
        out,
        "---\napiVersion: openslo/v1\nkind: SLI\nmetadata:\n  name: {name}\nspec:\n  ratioMetric:\n    counter: true\n"
    );
    for (part, series) in [(one.part, &one.of), ("total", &one.total)] {
        let query = quoted(&format!("sum({series})"));
        let _ = write!(
            out,
            "    {part}:\n      metricSource:\n        type: Prometheus\n        metricSourceRef: tegata\n        spec:\n          query: {query}\n"
        );
    }
    let _ = write!(
        out,
        "---\napiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: {name}\n  displayName: {display}\n  annotations:\n"
    );
    for (field, value) in ours {
        let value = serde_json::Value::from(value);
        let _ = writeln!(out, "    {OURS}{field}: {value}");
    }
    let _ = write!(
        out,
        "spec:\n  service: {service}\n  indicatorRef: {name}\n  timeWindow:\n"
    );
    write_window(out, one.window, &spec.service.time_zone, &promise.id, notes);
    let method = match one.budgeting {
        Budgeting::Occurrences => "Occurrences",
        Budgeting::TimeSlices => "Timeslices",
        Budgeting::RatioTimeSlices => "RatioTimeslices",
    };
    let target = trim_zeros(one.at_least, 12);
    let _ = write!(
        out,
        "  budgetingMethod: {method}\n  objectives:\n    - target: {target}\n"
    );
    if one.budgeting != Budgeting::Occurrences {
        if one.budgeting == Budgeting::TimeSlices {
            let share = one.slice_at_least.map_or(one.at_least, |share| share.0);
            let _ = writeln!(out, "      timeSliceTarget: {}", trim_zeros(share, 12));
        }
        let _ = writeln!(
            out,
            "      timeSliceWindow: {}",
            shorthand(one.slice, &promise.id, notes)
        );
    }
    write_alerts(out, one.burn, promise, &name, notes);
}

fn write_window(out: &mut String, window: Window, zone: &str, id: &str, notes: &mut Vec<Note>) {
    let period = match window {
        Window::Rolling(length) => {
            let length = shorthand(Span(length), id, notes);
            let _ = write!(out, "    - duration: {length}\n      isRolling: true\n");
            return;
        }
        Window::Calendar(period) => period,
    };
    // A Monday, and the first of a month, a quarter and a year.
    let (length, start) = match period {
        Period::Day => ("1d", "2024-01-01"),
        Period::Week => ("1w", "2024-01-01"),
        Period::Month => ("1M", "2024-01-01"),
        Period::Quarter => ("1Q", "2024-01-01"),
        Period::Year => ("1Y", "2024-01-01"),
    };
    let zone = quoted(zone);
    let _ = write!(
        out,
        "    - duration: {length}\n      calendar:\n        startTime: {start} 00:00:00\n        timeZone: {zone}\n      isRolling: false\n"
    );
}

fn write_alerts(
    out: &mut String,
    burn: &[BurnAlert],
    promise: &Promise,
    name: &str,
    notes: &mut Vec<Note>,
) {
    if burn.is_empty() {
        return;
    }
    out.push_str("  alertPolicies:\n");
    for index in 1..=burn.len() {
        let _ = writeln!(out, "    - alertPolicyRef: {name}-burn-{index}");
    }
    for (index, alert) in burn.iter().enumerate() {
        let policy = format!("{name}-burn-{}", index + 1);
        let severity = alert.severity.as_ref().or(promise.terms.severity.as_ref());
        let severity = quoted(severity.map_or("page", String::as_str));
        let over = shorthand(alert.over, &promise.id, notes);
        // Ours is told at once, and the shortest that can be written is a minute.
        let _ = write!(
            out,
            "---\napiVersion: openslo/v1\nkind: AlertPolicy\nmetadata:\n  name: {policy}\nspec:\n  alertWhenBreaching: true\n  alertWhenResolved: true\n  alertWhenNoData: true\n  conditions:\n    - conditionRef: {policy}\n  notificationTargets:\n    - targetRef: {severity}\n---\napiVersion: openslo/v1\nkind: AlertCondition\nmetadata:\n  name: {policy}\nspec:\n  severity: {severity}\n  condition:\n    kind: burnrate\n    op: gt\n    threshold: {}\n    lookbackWindow: {over}\n    alertAfter: 1m\n",
            trim_zeros(alert.rate, 6)
        );
    }
}

/// `duration-shorthand`: one positive whole number and one letter, minutes at least.
fn shorthand(span: Span, id: &str, notes: &mut Vec<Note>) -> String {
    const UNITS: [(&str, u64); 3] = [("d", 86_400), ("h", 3_600), ("m", 60)];
    let secs = span.0.as_secs();
    if let Some((unit, size)) = UNITS
        .iter()
        .find(|(_, size)| secs >= *size && secs.is_multiple_of(*size))
    {
        return format!("{}{unit}", secs / size);
    }
    let minutes = secs.div_ceil(60).max(1);
    notes.push(Note {
        line: 0,
        about: id.to_owned(),
        what: say!(
            "OpenSLO counts whole minutes; {span} is written as {minutes}m",
            "OpenSLO は分単位のため {span} を {minutes}m とします"
        ),
    });
    format!("{minutes}m")
}

/// RFC 1123: lower-case letters, digits and `-`, 63 at most.
fn name(text: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let name: String = text.chars().map(plain).take(50).collect();
    let name = name.trim_matches('-');
    if name.is_empty() {
        "service".to_owned()
    } else {
        name.to_owned()
    }
}
