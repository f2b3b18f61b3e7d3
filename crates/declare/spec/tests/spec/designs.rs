//! Design documents of several kinds come through whole, and what they contradict is found, and nothing else is.
//!
//! The codes were judged by hand: each is a contradiction that stands in the document.

use std::{collections::BTreeSet, fs, path::Path};

use spec::import::{About, File, Imported, Standing, import};

use super::expected::EXPECTED;
use crate::load;

fn document(name: &str) -> File {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/import")
        .join(name);
    File {
        name: name.to_owned(),
        text: fs::read_to_string(path).unwrap(),
    }
}

fn imported(name: &str) -> (File, Imported) {
    let file = document(name);
    let done = import(
        std::slice::from_ref(&file),
        &About {
            name: "x",
            time_zone: "Asia/Tokyo",
            lang: promise::Lang::En,
        },
    );
    (file, done)
}

/// The codes of what the import of a document is found to say against itself.
fn codes(name: &str) -> BTreeSet<&'static str> {
    let (_, done) = imported(name);
    let loaded = load(&done.text);
    let unreadable: Vec<_> = loaded
        .diagnostics
        .iter()
        .filter(|it| spec::check::rule(it.code).is_none())
        .collect();
    assert!(unreadable.is_empty(), "{unreadable:#?}\n{}", done.text);
    loaded.diagnostics.iter().map(|it| it.code).collect()
}

const DOCUMENTS: [&str; 25] = [
    "bookings.md",
    "shop_on_gcp.md",
    "clinic.md",
    "saas_on_kubernetes.md",
    "appointments.md",
    "telemedicine.md",
    "karte.md",
    "issuing.md",
    "payouts.md",
    "operations.md",
    "consultation.md",
    "wallet.md",
    "coffee.md",
    "laboratory.md",
    "recovery_plan.md",
    "card_gateway.md",
    "code_payments.md",
    "acquiring_switch.md",
    "market_backend.md",
    "patient_access.md",
    "pharmacy.md",
    "chart_sharing.md",
    "subscriptions.md",
    "telehealth.md",
    "transit_wallet.md",
];

#[test]
fn no_line_with_a_figure_is_dropped() {
    let days = regex::Regex::new(concat!(
        r"\d{4}[-/]\d{2}[-/]\d{2}|20\d\d ?年( ?\d+ ?月)?( ?\d+ ?日)?|(\d+ )?[A-Z][a-z]+ 20\d\d",
        r"|(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* \d{1,2}(, 20\d\d)?",
        r"|\d{1,2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
    ))
    .unwrap();
    for name in DOCUMENTS {
        let (file, done) = imported(name);
        let told: BTreeSet<usize> = done.report.iter().map(|it| it.line).collect();
        // Chapters are numbered, and heads of tables name what stands below them.
        let lines: Vec<&str> = file.text.lines().collect();
        let is_head = |at: usize| {
            lines
                .get(at + 1)
                .is_some_and(|next| next.starts_with("|-") || next.starts_with("|:"))
        };
        let figure = |line: &str| {
            let line = days.replace_all(line, "");
            let line =
                line.trim_start_matches(|c: char| c.is_ascii_digit() || "#. ■第章".contains(c));
            line.contains(|c: char| c.is_ascii_digit() || ('０'..='９').contains(&c))
        };
        let mut is_fenced = false;
        for (at, line) in lines.iter().enumerate() {
            // What stands in a file or a diagram that is quoted is told by its own readers.
            is_fenced ^= line.starts_with("```");
            // A heading has numbers of many kinds; a share is a figure.
            let is_named = line.starts_with('#') && !line.contains('%');
            if is_fenced || line.starts_with("```") || is_named || is_head(at) || !figure(line) {
                continue;
            }
            // A sentence is told of on the line on which it begins.
            let begin = lines[..at]
                .iter()
                .rposition(|line| line.is_empty())
                .map_or(0, |at| at + 1);
            assert!(
                (begin..=at).any(|at| told.contains(&(at + 1))),
                "{name}:{}: {line}\n{}",
                at + 1,
                done.text
            );
        }
    }
}

/// Documents that say little besides what a spec holds come through whole.
#[test]
fn nothing_of_a_plain_design_is_left_over() {
    for name in &DOCUMENTS[..6] {
        let (_, done) = imported(name);
        let lost = done
            .report
            .iter()
            .filter(|it| it.standing == Standing::Lost);
        let lost: Vec<_> = lost.collect();
        assert!(lost.is_empty(), "{name}: {lost:#?}");
    }
}

#[test]
fn a_payment_design_is_found_to_contradict_itself_in_many_places() {
    let wanted = BTreeSet::from([
        // 30 days × 0.01 % = 4.32 min < 10 min; 10 min trigger = RTO; 600 s grace = RTO.
        "rto-against-availability",
        "recovery-exceeds-rto",
        "grace-exceeds-rto",
        // PITR loses 5 min, RPO is 1 min; the replica is not there.
        "backup-exceeds-rpo",
        "nothing-to-promote",
        "retention-stated-twice",
        "restore-never-tried",
        "failover-never-drilled",
        "no-way-back",
        "trigger-without-figure",
        "steps-without-executor",
        // 20 s × (1 + 4) = 100 s > 2 s.
        "retries-exceed-promise",
        // 300 s + 10 s > 120 s; 2 % and 3 % > 0.1 %; 4000 ms > 2 s.
        "period-exceeds-page",
        "errors-beyond-promise",
        "alert-after-promise",
        "statistic-against-unit",
        "alert-without-severity",
        "alert-without-runbook",
        "personal-field-in-clear",
        "nobody-on-call",
        "subnet-outside-network",
        "burstable-over-baseline",
        "engine-not-offered",
        "past-end-of-life",
        "unfit-instance",
        "waf-group-unknown",
        // 30/s offered of 80/s; spike 60/s < peak 150/s; p99 4 s > 2 s; 300/s never tried; CPU 75 % < 85 %; p95 1.5 s > 700 ms.
        "minimum-never-offered",
        "spike-below-peak",
        "acceptance-looser-than-promise",
        "maximum-never-tried",
        "utilization-unwatched",
        "checked-against-accepted",
        "checklist-unanswered",
        "budget-without-actuals",
        "total-does-not-add-up",
    ]);
    let found = codes("bookings.md");
    let (more, less): (Vec<_>, Vec<_>) = (
        found.difference(&wanted).collect(),
        wanted.difference(&found).collect(),
    );
    assert!(
        more.is_empty() && less.is_empty(),
        "false alarms: {more:?}, missed: {less:?}"
    );
}

#[test]
fn other_kinds_of_documents_come_through_without_false_alarms() {
    for (name, wanted) in EXPECTED {
        let wanted = BTreeSet::from_iter(wanted.iter().copied());
        let found = codes(name);
        let (more, less): (Vec<_>, Vec<_>) = (
            found.difference(&wanted).collect(),
            wanted.difference(&found).collect(),
        );
        assert!(
            more.is_empty() && less.is_empty(),
            "{name}: false alarms: {more:?}, missed: {less:?}\n{}",
            imported(name).1.text
        );
    }
}

#[test]
fn the_corrected_design_has_no_findings() {
    let text = include_str!("../../../../../examples/payment-platform.yaml");
    let found: Vec<String> = load(text)
        .diagnostics
        .iter()
        .map(|it| format!("{} {}: {}", it.span().start, it.code, it.message.en))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn what_nothing_proves_is_unproven_on_the_board() {
    let loaded = load(
        "service: { name: Shop, owner: sre, tiers: { pay: { rto: 5m } } }\npromises: {}\ncompliance: { duties: { logs: { text: logs are read, clauses: [\"pci_dss:10.4.1\"] }, proven: { text: x, promises: [p] } } }\ncontinuity: { drills: { region: { of: pay, every: 90d } } }\n",
    );
    // `p` is no promise, so the spec is refused: the reference is checked before anything runs.
    assert!(loaded.spec.is_none());
    let loaded = load(
        "service: { name: Shop, owner: sre, tiers: { pay: { rto: 5m } } }\npromises: {}\ncompliance: { duties: { logs: { text: logs are read, clauses: [\"pci_dss:10.4.1\"] } } }\ncontinuity: { drills: { region: { of: pay, every: 90d } } }\n",
    );
    let promises = loaded.spec.unwrap().promises;
    let ids: BTreeSet<&str> = promises.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(
        ids,
        BTreeSet::from([
            "service-tiers-pay-rto",
            "compliance-duties-logs",
            "continuity-drills-region"
        ])
    );
    for promise in &promises {
        let verdict = promise.judge(&promise::Evidence::default(), promise::Timestamp::EPOCH);
        assert_eq!(
            (verdict.state, verdict.reason.code.as_str()),
            (promise::State::Unproven, "no-source-of"),
            "{}",
            promise.id
        );
    }
}
