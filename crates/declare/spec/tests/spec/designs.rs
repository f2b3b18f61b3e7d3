//! Design documents of several kinds come through whole, and what they contradict is found, and nothing else is.
//!
//! The codes below were judged by hand: each is a contradiction that stands in the document.

use std::{collections::BTreeSet, fs, path::Path};

use spec::import::{About, File, Imported, Standing, import};

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

const DOCUMENTS: [&str; 6] = [
    "bookings.md",
    "shop_on_gcp.md",
    "clinic.md",
    "saas_on_kubernetes.md",
    "appointments.md",
    "telemedicine.md",
];

#[test]
fn no_line_with_a_figure_is_dropped() {
    for name in DOCUMENTS {
        let (file, done) = imported(name);
        let told: BTreeSet<usize> = done.report.iter().map(|it| it.line).collect();
        let figure = |line: &str| {
            // Chapters are numbered.
            let line = line.trim_start_matches(|c: char| c.is_ascii_digit() || "#. ".contains(c));
            line.contains(|c: char| c.is_ascii_digit()) && !line.starts_with("| Scenario")
        };
        for (at, line) in file
            .text
            .lines()
            .enumerate()
            .filter(|(_, line)| figure(line))
        {
            assert!(
                told.contains(&(at + 1)),
                "{name}:{}: {line}\n{}",
                at + 1,
                done.text
            );
        }
        let lost: Vec<_> = done
            .report
            .iter()
            .filter(|it| it.standing == Standing::Lost)
            .collect();
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
    for (name, wanted) in [
        (
            "shop_on_gcp.md",
            vec![
                // 1 h > 43.2 min; 30 × 20 = 600 > 400; CPU kept at 70 % and told from 70 %; 3200 + 900 + 350 = 4450.
                "rto-against-availability",
                "past-end-of-life",
                "connections-exceed-database",
                "scaling-above-alert",
                "alert-without-runbook",
                "failover-never-drilled",
                "steps-without-executor",
                "spike-below-peak",
                "budget-without-actuals",
                "total-does-not-add-up",
            ],
        ),
        (
            "clinic.md",
            vec![
                // 420 + 90 × 2 = 600 GB > 500 GB; a daily backup loses a day, RPO is 15 min.
                "rto-against-availability",
                "nobody-on-call",
                "past-end-of-life",
                "storage-runs-out",
                "restore-never-tried",
                "backup-exceeds-rpo",
                "checklist-unanswered",
                "budget-without-actuals",
                "alert-without-runbook",
            ],
        ),
        (
            "appointments.md",
            vec![
                // 11.9; private-a within public-a, db-a outside of 10.1.0.0/16; SSH and PostgreSQL for all; no sg-worker.
                "past-end-of-life",
                "ranges-overlap",
                "subnet-outside-network",
                "open-to-everyone",
                "unknown-part",
                // 20 min of errors before a page that is owed within 5.
                "period-exceeds-page",
                "alert-without-runbook",
            ],
        ),
        (
            "telemedicine.md",
            vec![
                // 30 min > 4.32 min; 300 > 255; MySQL for all; 5.7 and 5.0.6; 15 min before a page within 2.
                "rto-against-availability",
                "not-a-cidr",
                "open-to-everyone",
                "past-end-of-life",
                "store-public",
                "period-exceeds-page",
                "alert-without-runbook",
                // Names are remembered for an hour, and a recovery may take half of one.
                "dns-slower-than-rto",
                "failover-never-drilled",
                "steps-without-executor",
            ],
        ),
        (
            "saas_on_kubernetes.md",
            vec![
                // 15 + 40 + 5 = 60 min > 30 min; a message comes again after 30 s of 2 min.
                "past-end-of-life",
                "queue-redelivers",
                "personal-field-in-clear",
                "immutable-by-nothing",
                "failover-never-drilled",
                "recovery-exceeds-rto",
                "steps-without-executor",
            ],
        ),
    ] {
        let wanted = BTreeSet::from_iter(wanted);
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
