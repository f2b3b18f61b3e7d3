//! What other tools say comes into a spec with the line that says it, and nothing is lost in silence.

use std::{fs, path::Path};

use proptest::prelude::*;
use spec::import::{About, Entry, File, Imported, Standing, import};

use crate::load;

const ABOUT: About<'static> = About {
    name: "shop",
    time_zone: "Asia/Tokyo",
    lang: promise::Lang::En,
};

fn file(name: &str) -> File {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/import")
        .join(name);
    File {
        name: name.to_owned(),
        text: fs::read_to_string(path).unwrap(),
    }
}

fn of(name: &str) -> Imported {
    let done = import(&[file(name)], &ABOUT);
    let loaded = load(&done.text);
    let errors: Vec<_> = loaded
        .diagnostics
        .iter()
        .filter(|it| it.level == spec::Level::Error)
        .collect();
    // What the made spec says wrongly, the file says wrongly; but a spec that cannot be read is our mistake.
    let read: Vec<_> = errors
        .iter()
        .filter(|it| spec::check::rule(it.code).is_none())
        .collect();
    assert!(read.is_empty(), "{name}: {read:#?}\n{}", done.text);
    assert!(!done.text.contains("hunter2"), "{}", done.text);
    assert!(!done.text.contains("T0PSECRET"), "{}", done.text);
    for entry in &done.report {
        assert!(!entry.what.contains("hunter2"), "{entry:?}");
    }
    done
}

/// What stands at a path of the made spec, and the line of the file that says it.
fn said(done: &Imported, path: &str) -> (String, usize) {
    let entry = done.report.iter().find(|it| it.to.as_deref() == Some(path));
    entry.map_or_else(
        || panic!("{path} is not there:\n{}\n{:#?}", done.text, done.report),
        |it| (it.what.clone(), it.line),
    )
}

fn lost(done: &Imported) -> Vec<&Entry> {
    let lost = |it: &&Entry| it.standing == Standing::Lost;
    done.report.iter().filter(lost).collect()
}

fn assert_said(done: &Imported, wanted: &[(&str, &str, usize)]) {
    for (path, value, line) in wanted {
        assert_eq!(
            said(done, path),
            ((*value).to_owned(), *line),
            "{path}\n{}",
            done.text
        );
    }
}

fn spec_of(done: &Imported) -> spec::Spec {
    let loaded = load(&done.text);
    let diagnostics = loaded.diagnostics;
    loaded
        .spec
        .unwrap_or_else(|| panic!("{diagnostics:#?}\n{}", done.text))
}

fn assert_lost(done: &Imported, wanted: &[(usize, &str)]) {
    for (line, what) in wanted {
        let found = lost(done)
            .iter()
            .any(|it| it.line == *line && it.what.contains(what));
        assert!(found, "{line} {what}: {:#?}", lost(done));
    }
}

#[test]
fn terraform_files_become_infrastructure_line_by_line() {
    let done = of("main.tf");
    let infra = |path: &str| format!("infrastructure.{path}");
    for (path, value, line) in [
        ("provider", "aws", 3),
        ("networks.main.cidr", "10.0.0.0/16", 6),
        (
            "networks.main.subnets.private_a.zone",
            "ap-northeast-1a",
            11,
        ),
        ("databases.orders.version", "15.4", 15),
        ("databases.orders.storage", "100 GiB", 17),
        ("databases.orders.backup_retention", "35d", 19),
        ("compute.web.instances_min", "2", 24),
        ("compute.web.instances", "4", 26),
    ] {
        assert_said(&done, &[(&infra(path), value, line)]);
    }
    assert_said(
        &done,
        &[
            ("monitoring.metrics.cpu.bound", "> 80", 30),
            ("monitoring.metrics.cpu.period", "60s", 31),
        ],
    );
    assert!(
        done.text.contains("{ from: 0.0.0.0/0, port: \"443\" }")
            || done.text.contains("{ from: 0.0.0.0/0, port: 443 }"),
        "{}",
        done.text
    );
    // A password, a key that is only known when it runs, an expression, and a kind without a section.
    assert_lost(
        &done,
        &[
            (20, "password"),
            (21, "kms_key_id"),
            (25, "max_size"),
            (43, "aws_glacier_vault.old"),
        ],
    );
    let guessed = done
        .report
        .iter()
        .find(|it| it.line == 26)
        .map(|it| it.standing);
    assert_eq!(
        guessed,
        Some(Standing::Guessed),
        "a variable's default is a guess"
    );
}

#[test]
fn a_plan_of_terraform_is_read_with_its_modules() {
    let done = of("plan.json");
    assert_said(
        &done,
        &[
            ("infrastructure.queues.jobs.visibility_timeout", "30s", 12),
            // 345,600 s are 4 days.
            ("infrastructure.queues.jobs.retention", "345600s", 13),
            ("infrastructure.compute.nat.instance", "t3.micro", 19),
        ],
    );
    assert_lost(&done, &[(14, "fifo_queue")]);
}

#[test]
fn cloudformation_with_short_tags_is_read() {
    let done = of("stack.yaml");
    assert_said(
        &done,
        &[
            ("infrastructure.databases.orders_db.engine", "mysql", 8),
            (
                "infrastructure.databases.orders_db.instance",
                "db.t3.medium",
                9,
            ),
            ("infrastructure.databases.orders_db.multi_az", "false", 10),
            ("infrastructure.queues.jobs.visibility_timeout", "30s", 16),
        ],
    );
    assert_lost(&done, &[(11, "MasterUserPassword"), (12, "KmsKeyId")]);
}

#[test]
fn kubernetes_manifests_become_compute_promises_and_sources() {
    let done = of("k8s.yaml");
    assert_said(
        &done,
        &[
            ("infrastructure.compute.api.instances", "3", 16),
            ("infrastructure.compute.api.instances_max", "12", 7),
            ("infrastructure.compute.api.target_cpu", "60 %", 9),
            ("infrastructure.compute.api.available_min", "2", 69),
            ("infrastructure.compute.api.memory", "512 MiB", 23),
            ("infrastructure.databases.orders.version", "16", 30),
            ("infrastructure.databases.orders.storage", "50 GiB", 31),
            (
                "sources.probes.shop_example.url",
                "https://shop.example/",
                38,
            ),
            ("continuity.backups.db-backup.every", "6h", 43),
            ("sources.scrape.api.interval", "15s", 50),
            ("promises.high_latency.at_most", "0.5", 60),
            ("promises.high_latency.for", "5m", 61),
            ("promises.high_latency.severity", "critical", 62),
            ("infrastructure.load_balancers.pay.idle_timeout", "10s", 83),
        ],
    );
    assert_lost(
        &done,
        &[(22, "DB_PASSWORD"), (64, "Odd"), (71, "Secret db")],
    );
}

#[test]
fn compose_services_become_what_they_run() {
    let done = of("compose.yaml");
    assert_said(
        &done,
        &[
            ("service.name", "shop", 1),
            ("infrastructure.compute.web.instances", "2", 8),
            ("infrastructure.compute.web.memory", "256 MB", 8),
            ("infrastructure.databases.db.engine", "postgres", 12),
            ("infrastructure.caches.cache.version", "7.2", 14),
            ("sources.probes.web_8080.address", "127.0.0.1:8080", 7),
        ],
    );
    assert_lost(&done, &[(9, "API_KEY"), (13, "healthcheck")]);
}

#[test]
fn alertmanager_routes_and_receivers_go_on() {
    let done = of("alertmanager.yaml");
    assert_said(
        &done,
        &[
            ("receivers.team.server", "mail.example:587", 1),
            ("receivers.pager.channel", "#pager", 13),
            ("severities.critical.level", "1", 6),
            ("receivers.odd.kind", "inbox", 14),
        ],
    );
    assert_lost(&done, &[(15, "victorops_configs"), (16, "inhibit_rule")]);
    let spec = spec_of(&done);
    // From the innermost to the root, which takes what no other does; mail and Slack are not told of ends.
    let told: Vec<_> = spec
        .routes
        .iter()
        .map(|it| (it.receivers[0].as_str(), it.last, it.resolved))
        .collect();
    let expected = [
        ("pager", true, false),
        ("pager", true, false),
        ("team", true, false),
        ("team", false, false),
    ];
    assert_eq!(told, expected);
    assert_eq!(spec.routes[0].severities, ["critical"]);
    assert_eq!(
        spec.routes[0].repeat,
        Some(promise::unit::Span::secs(3_600))
    );
    assert_eq!(spec.routes[1].severities, ["high", "sev2"]);
    assert_eq!(spec.routes[2].matchers[0].to_string(), "team=\"db\"");
    for route in &spec.routes {
        assert_eq!(
            route.group_by.as_deref(),
            Some(&["alertname".to_owned()][..])
        );
    }
}

#[test]
fn alertmanagers_inhibitions_and_intervals_go_on() {
    let done = of("alertmanager_full.yaml");
    assert_lost(&done, &[]);
    let spec = spec_of(&done);
    let rule = &spec.alerting.inhibitions["rule_1"];
    assert_eq!(rule.source[0].to_string(), "severity=\"critical\"");
    assert_eq!(rule.target[1].to_string(), "alertname!=\"Watchdog\"");
    assert_eq!(rule.equal, ["cluster", "service"]);
    let interval = &spec.alerting.intervals["offhours"];
    assert_eq!(interval.time_zone.as_deref(), Some("Asia/Tokyo"));
    let shown = |n: usize| {
        let it = &interval.any[n];
        let (times, days) = (it.times.first(), it.weekdays.first());
        (
            times.map(ToString::to_string),
            days.map(ToString::to_string),
        )
    };
    assert_eq!(
        shown(0),
        (Some("17:00-24:00".into()), Some("mon-fri".into()))
    );
    assert_eq!(interval.any[1].months[0].to_string(), "12");
    assert_eq!(interval.any[1].days_of_month[0].to_string(), "-3:-1");
    assert_eq!(spec.routes[0].mute, ["offhours"]);
    assert_eq!(spec.routes[1].group_wait, promise::unit::Span::secs(10));
    assert!(spec.routes[1].resolved, "a webhook is told of ends");
    assert!(!spec.routes[0].last, "it continues");
}

#[test]
fn a_receiver_that_tells_in_several_ways_becomes_as_many_and_no_secret_is_copied() {
    let done = of("alertmanager_ways.yaml");
    assert_lost(&done, &[(19, "responders")]);
    assert_said(
        &done,
        &[
            ("receivers.team.kind", "teams", 9),
            ("receivers.team.url", "${env:TEAM_URL}", 9),
            ("receivers.on-call.kind", "webhook", 12),
            ("receivers.on-call_2.kind", "pagerduty", 14),
            ("receivers.on-call_2.key", "${env:ON_CALL_2_KEY}", 14),
            (
                "receivers.on-call_2.api",
                "https://events.eu.pagerduty.com",
                15,
            ),
            ("receivers.on-call_3.preset", "opsgenie", 18),
            (
                "receivers.on-call_3.headers.authorization",
                "${env:ON_CALL_3_AUTHORIZATION}",
                18,
            ),
        ],
    );
    let spec = spec_of(&done);
    let told: Vec<_> = spec.routes.iter().map(|it| it.receivers.clone()).collect();
    assert_eq!(
        told,
        [vec!["on-call", "on-call_2", "on-call_3"], vec!["team"]]
    );
}

#[test]
fn objectives_of_sloth_and_pyrra_become_ratios() {
    let done = of("sloth.yaml");
    assert_said(
        &done,
        &[
            ("promises.requests-availability.at_least", "99.9 %", 5),
            (
                "promises.requests-availability.bad",
                "http_requests_total{code=~\"5..\"}",
                8,
            ),
        ],
    );
    assert_lost(&done, &[(13, "raw")]);
    let done = of("pyrra.yaml");
    assert_said(
        &done,
        &[
            ("promises.api-errors.at_least", "99.5 %", 5),
            ("promises.api-errors.window", "2w", 6),
            ("promises.api-errors.total", "http_requests_total", 10),
        ],
    );
}

#[test]
fn prometheus_jobs_and_rule_files_go_on() {
    let done = of("prometheus.yaml");
    assert_said(
        &done,
        &[
            ("sources.scrape.node.targets", "[\"a:9100\"]", 5),
            ("promises.node_is_heard.kind", "freshness", 4),
            ("rules.files", "rules/*.yml", 2),
        ],
    );
    assert_lost(&done, &[(6, "consul_sd_configs")]);
}

#[test]
fn several_files_become_one_spec_and_the_unknown_is_told() {
    let mut files: Vec<File> = ["main.tf", "alertmanager.yaml", "sloth.yaml"]
        .map(file)
        .into();
    files.push(File {
        name: "notes.txt".into(),
        text: "call me".into(),
    });
    let done = import(&files, &ABOUT);
    assert!(
        load(&done.text)
            .diagnostics
            .iter()
            .all(|it| spec::check::rule(it.code).is_some())
    );
    assert_eq!(
        lost(&done)
            .iter()
            .filter(|it| it.file == "notes.txt")
            .count(),
        1
    );
    assert_eq!(
        import(&files, &ABOUT),
        done,
        "the same files give the same spec"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// However a file is broken, reading it ends, and what comes of it can be read.
    #[test]
    fn any_mutation_of_any_format_is_imported_without_a_panic(
        which in 0usize..10,
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..20usize, "[a-z0-9 :{}\\[\\]\"'#$!&*<\n-]{0,8}"), 1..4),
    ) {
        let names = ["main.tf", "stack.yaml", "k8s.yaml", "compose.yaml", "alertmanager.yaml", "sloth.yaml",
            "pyrra.yaml", "prometheus.yaml", "plan.json", "main.tf"];
        let mut file = file(names[which]);
        let mut letters: Vec<char> = file.text.chars().collect();
        for (at, length, scrap) in edits {
            let from = at.index(letters.len().max(1)).min(letters.len());
            let until = (from + length).min(letters.len());
            letters.splice(from..until, scrap.chars());
        }
        file.text = letters.into_iter().collect();
        let done = import(&[file], &ABOUT);
        let syntax = load(&done.text).diagnostics.into_iter().find(|it| ["yaml-syntax", "duplicate-key", "not-plain-yaml"].contains(&it.code));
        prop_assert!(syntax.is_none(), "{:?}\n{}", syntax, done.text);
    }
}

#[test]
fn a_document_of_objectives_says_what_is_owed_of_what_and_in_which_direction() {
    let done = of("objectives.md");
    for (path, wanted) in [
        ("promises.availability.bound", (">= 99.95 %", 12)),
        ("promises.availability_sla.bound", (">= 99.9 %", 16)),
        ("monitoring.metrics.latency_p95.bound", ("< 400ms", 25)),
        ("monitoring.metrics.latency_p99_9.bound", ("< 3s", 26)),
        (
            "monitoring.metrics.latency_uploads_below_p95.bound",
            ("< 900ms", 27),
        ),
        ("promises.errors.bound", ("< 0.05 %", 31)),
        ("promises.nightly_invoices.bound", (">= 99 %", 43)),
        ("promises.search_index.bound", ("<= 10m", 44)),
        ("load.acceptance.rate_min", ("40/s", 36)),
        ("load.acceptance.rate_max", ("250/s", 37)),
        (
            "monitoring.alerts.availability_availability.when",
            ("< 99.9 %", 19),
        ),
        (
            "monitoring.alerts.availability_availability.for",
            ("5m", 19),
        ),
        (
            "monitoring.alerts.availability_availability.severity",
            ("sev1", 19),
        ),
    ] {
        let (what, line) = said(&done, path);
        assert_eq!((what.as_str(), line), wanted, "{path}");
    }
    // What explains the error budget owes nothing.
    assert!(
        !done.text.contains("43m") && !done.text.contains("20 %"),
        "{}",
        done.text
    );
    assert!(lost(&done).is_empty(), "{:#?}", lost(&done));
}

#[test]
fn environments_of_a_design_do_not_mix() {
    let done = of("basic_design.md");
    for (path, wanted) in [
        (
            "infrastructure.databases.rds_production.instance",
            "db.r6g.xlarge",
        ),
        ("infrastructure.databases.rds_production.version", "8.4.3"),
        ("infrastructure.databases.rds_production.multi_az", "true"),
        (
            "infrastructure.databases.rds_staging.instance",
            "db.t4g.medium",
        ),
        ("infrastructure.databases.rds_staging.multi_az", "false"),
        ("service.tiers.service.rto", "6h"),
        ("service.tiers.service.rpo", "30m"),
        ("costs.total", "700 USD"),
    ] {
        assert_eq!(said(&done, path).0, wanted, "{path}");
    }
    // Days of the calendar are no spans, and the costs of the other environment are told, not added.
    assert!(!done.text.contains("739"), "{}", done.text);
    let lost: Vec<usize> = lost(&done).iter().map(|it| it.line).collect();
    assert_eq!(lost, [47, 48]);
    let found = load(&done.text).diagnostics;
    assert!(
        found.iter().all(|it| it.code != "total-does-not-add-up"),
        "{found:#?}"
    );
}

/// `| RTO | 4 h |` beside remarks is of the service; beside other columns each column is a tier.
#[test]
fn a_table_of_promises_is_of_one_tier_or_of_several() {
    let read = |text: &str| {
        let file = File {
            name: "design.md".to_owned(),
            text: text.to_owned(),
        };
        import(&[file], &ABOUT)
    };
    let one = read(
        "# Shop\n\n| 項目 | 目標 | 備考 |\n|---|---|---|\n| RTO | 4時間 | |\n| RPO | 15分 | 3回実測 |\n",
    );
    assert_said(
        &one,
        &[
            ("service.tiers.service.rto", "4h", 5),
            ("service.tiers.service.rpo", "15m", 6),
        ],
    );
    let several = read(
        "# Shop\n\n| Promise | Checkout | Portal |\n|---|---|---|\n| RTO | 15 min | 4 h |\n| RPO | 1 min | 1 h |\n",
    );
    assert_said(
        &several,
        &[
            ("service.tiers.checkout.rto", "15m", 5),
            ("service.tiers.portal.rpo", "1h", 6),
        ],
    );
}

#[test]
fn what_documents_say_of_escalation_becomes_one() {
    let text = "# Shop\n\n## Incident severities\n\n| Severity | Response time | Escalation |\n|---|---|---|\n| Critical | 15 min | engineering lead, CTO |\n";
    let file = File {
        name: "shop.md".to_owned(),
        text: text.to_owned(),
    };
    let done = import(&[file], &ABOUT);
    assert!(done.text.contains("escalation: sev1"), "{}", done.text);
    let loaded = load(&done.text);
    let spec = loaded.spec.unwrap();
    let steps = &spec.escalations["sev1"].steps;
    let told: Vec<(String, &[String])> = steps
        .iter()
        .map(|step| (step.after.to_string(), step.roles.as_slice()))
        .collect();
    assert_eq!(told[0], ("0s".to_owned(), &[][..]));
    assert_eq!(
        (told[1].0.as_str(), told[1].1),
        (
            "15m",
            &["engineering lead".to_owned(), "CTO".to_owned()][..]
        )
    );
}

#[test]
fn modules_of_the_public_registry_are_the_resources_that_they_make() {
    let text = r#"
module "orders" {
  source         = "terraform-aws-modules/rds/aws"
  version        = "~> 6.0"
  engine         = "postgres"
  instance_class = "db.m6g.large"
  multi_az       = true
  backup_window  = "03:00-04:00"
  tags           = { Owner = "sre" }
}
module "own" {
  source = "./modules/own"
}
"#;
    let file = File {
        name: "main.tf".to_owned(),
        text: text.to_owned(),
    };
    let done = import(&[file], &ABOUT);
    for (path, wanted) in [
        ("infrastructure.databases.orders.product", "rds"),
        ("infrastructure.databases.orders.instance", "db.m6g.large"),
        ("infrastructure.databases.orders.tags.Owner", "sre"),
        ("continuity.backups.orders.window", "03:00-04:00"),
    ] {
        assert_eq!(said(&done, path).0, wanted, "{path}");
    }
    assert!(
        lost(&done).iter().any(|it| it.what == "module.own"),
        "{:#?}",
        lost(&done)
    );
}
