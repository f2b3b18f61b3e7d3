//! What each document of another kind is found to contradict itself in: the codes, and in words what stands where.

pub(crate) const EXPECTED: &[(&str, &[&str])] = &[
    (
        "shop_on_gcp.md",
        &[
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
        &[
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
        &[
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
        &[
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
            // 20 min + 1 h > 30 min, whoever starts it.
            "recovery-exceeds-rto",
            "failover-never-drilled",
            "steps-without-executor",
        ],
    ),
    (
        "karte.md",
        &[
            // 30 min > 4.32 min; .300; 16.0/22 holds 18.0/23; one node that fails over; deleted after 3 of 5 years.
            "rto-against-availability",
            "not-a-cidr",
            "ranges-overlap",
            "cache-cannot-fail-over",
            "lock-outlives-object",
            // Kept at 75 % and told from 70 %; 20 s × 4 and 30 s × 6 against 60 s; 2.5 s of 1.5 s; told after 3 min.
            "scaling-above-alert",
            "retries-exceed-idle-timeout",
            "alert-after-promise",
            "period-exceeds-page",
            // The disk: a warning from 90 %, the emergency from 80 %.
            "warning-after-critical",
            // 5 + 20 + 10 min > 30 min; 15 min and a day of 5 min; 3,650,000 and not 3,850,000.
            "recovery-exceeds-rto",
            "lag-exceeds-rpo",
            "backup-exceeds-rpo",
            "total-does-not-add-up",
            "alert-without-runbook",
            "logs-without-clock",
            "restore-never-tried",
            "steps-without-executor",
            "budget-without-actuals",
        ],
    ),
    (
        "issuing.md",
        &[
            // 10 min > 4.32 min; 8 + 6 + 5 min + 60 s > 10 min; the next person after 10 of 10 min.
            "rto-against-availability",
            "recovery-exceeds-rto",
            "escalation-too-late",
            "nobody-on-call",
            // To be answered within 5 min, and the next person is called after 10.
            "escalates-after-answer",
            // Kept at 65 % and told from 60 %; 12 s × 4 + 7 s > 30 s; 45 s of 20 s; a retry that is carried out twice.
            "scaling-above-alert",
            "retries-exceed-idle-timeout",
            "queue-redelivers",
            "retry-not-idempotent",
            // PostgreSQL 12; TLS 1.0; 10.64.8.0/22 within 10.64.0.0/20; SSH for all.
            "past-end-of-life",
            "tls-outdated",
            "ranges-overlap",
            "open-to-everyone",
            // 5 min before a page within 2; 180 and 30 days of 12 months; 6 h and 45 s of 30 s; 25,950 and not 27,950.
            "period-exceeds-page",
            "audit-kept-too-short",
            "backup-exceeds-rpo",
            "lag-exceeds-rpo",
            "total-does-not-add-up",
            "alert-without-runbook",
            "logs-without-clock",
            "restore-never-tried",
            "steps-without-executor",
            "budget-without-actuals",
        ],
    ),
    (
        "payouts.md",
        &[
            // 8 repetitions of a transfer that counts each time; told 30 min behind, of 15 min.
            "retry-not-idempotent",
            "lag-exceeds-rpo",
            // 1 h > 21.6 min; 10 + 30 + 15 + 10 min + 1 h > 1 h; a TTL of the whole hour.
            "rto-against-availability",
            "recovery-exceeds-rto",
            "dns-slower-than-rto",
            // 3.0/26 within 0.0/22, 10.41 outside of 10.40; a public database; SSH for all.
            "ranges-overlap",
            "subnet-outside-network",
            "store-public",
            "default-user",
            "open-to-everyone",
            // A lock of 1 min, and up to 3 min for one message; four of which none may be missing.
            "queue-redelivers",
            "drain-never-ends",
            // Kept at 80 % and told from 75 %; 3 s of 1 s; 90 days of 12 months; 126,500 and not 136,500.
            "scaling-above-alert",
            "alert-after-promise",
            "audit-kept-too-short",
            "total-does-not-add-up",
            "alert-without-runbook",
            "logs-without-clock",
            "failover-never-drilled",
            "steps-without-executor",
            "budget-without-actuals",
        ],
    ),
    (
        "operations.md",
        &[
            // Four people are on call at every hour.
            "rotation-too-small",
            // 3 h each Sunday, counted: 12 h 51 min > 21 min 36 s.
            "stops-exceed-availability",
            // 1 h > 21.6 min; 10 + 5 + 20 + 15 + 30 + 10 min > 1 h; an hour of no loss at all.
            "rto-against-availability",
            "recovery-exceeds-rto",
            "backup-exceeds-rpo",
            // A check of 15 s each 10 s; TLS 1.1; 1.128/25 within 1.0/24; 60 s × 6 > 300 s.
            "check-timeout-exceeds-interval",
            "tls-outdated",
            "ranges-overlap",
            "retries-exceed-idle-timeout",
            // 10 min before a page within 1; 5 s of 3 s; card numbers in a log; 9 of 12 months; 70.8 and not 72.8 million.
            "period-exceeds-page",
            "alert-after-promise",
            "card-field-in-logs",
            "audit-kept-too-short",
            "total-does-not-add-up",
            "alert-without-runbook",
            "steps-without-executor",
            "checklist-unanswered",
            "budget-without-actuals",
        ],
    ),
    (
        "consultation.md",
        &[
            // 10.40.64.0/24 behind 10.40.63.255; 47 s > 30 s; 5 % of 0.3 %; 20.5 min > 15 min; 6 h > 5 min.
            "subnet-outside-network",
            "retries-exceed-idle-timeout",
            "errors-beyond-promise",
            "recovery-exceeds-rto",
            "backup-exceeds-rpo",
            // 1 % of 0.3 %; 163 and not 153 ten thousands of yen.
            "accepted-errors-beyond-promise",
            "budgets-exceed-ceiling",
            "steps-without-executor",
            "budget-without-actuals",
        ],
    ),
    (
        "wallet.md",
        &[
            // 15 min > 4.32 min; 48.0/20 within 0.0/18; 24 × 60 < 1,800; 1.2 s of 600 ms; 180 of 365 days.
            "rto-against-availability",
            "ranges-overlap",
            "capacity-below-peak",
            "alert-after-promise",
            "card-field-in-logs",
            "audit-kept-too-short",
            // Four seconds behind, and nothing may be lost; tried up to 1,200 of 1,800.
            "lag-exceeds-rpo",
            "maximum-never-tried",
            "budget-without-actuals",
        ],
    ),
    (
        "coffee.md",
        &[
            // 8.0/24 within 0.0/20; 12 × 45 < 850; a test fails at 75 %, an alert fires at 80 %.
            "ranges-overlap",
            "capacity-below-peak",
            "utilization-unwatched",
            "budget-without-actuals",
        ],
    ),
    (
        "laboratory.md",
        &[
            // 2.4 TB at 200 MB/s are 3 h 20 min > 1 h.
            "restore-slower-than-rto",
            "failover-never-drilled",
            "steps-without-executor",
            "budget-without-actuals",
        ],
    ),
    (
        "card_gateway.md",
        &[
            // 43.2 min beside 99.95 %; told after 15 min, owed in 5; 10.40.27.0/24 within 10.40.24.0/22; Node.js 18; 60 × 30
            // connections; 21 days in SQS; 36.6 s of 30 s; warned at 85 % and paged at 75 %; 180 days; a kept CVV2; idle for
            // 30 min; an ASV scan each half-year; copied each 4 h, 15 min may be lost; the sum is 16,690.
            "downtime-against-availability",
            "escalates-after-answer",
            "ranges-overlap",
            "past-end-of-life",
            "connections-exceed-database",
            "retention-beyond-product",
            "retries-exceed-idle-timeout",
            "alert-without-runbook",
            "warning-after-critical",
            "audit-kept-too-short",
            "card-data-kept",
            "sign-in-too-weak",
            "duty-too-seldom",
            "restore-never-tried",
            "backup-exceeds-rpo",
            "steps-without-executor",
            "checklist-unanswered",
            "budget-without-actuals",
            "total-does-not-add-up",
        ],
    ),
    (
        "code_payments.md",
        &[
            // 4.3 min beside 99.95 %; 10.40.44.0/24 within 10.40.32.0/20; Node.js 18; 20 min in Lambda; 30 s of 60 s; 60 × 20
            // connections; 180 days; a kept security code; 8 characters; CloudFront's rules made in Tokyo; 26 of 15 min;
            // copied each 6 h, 1 h may be lost; the sum is 4,090,000.
            "downtime-against-availability",
            "ranges-overlap",
            "past-end-of-life",
            "timeout-beyond-product",
            "queue-redelivers",
            "connections-exceed-database",
            "audit-kept-too-short",
            "logs-without-clock",
            "card-data-kept",
            "waf-region",
            "sign-in-too-weak",
            "recovery-exceeds-rto",
            "steps-without-executor",
            "backup-exceeds-rpo",
            "checklist-unanswered",
            "budget-without-actuals",
            "total-does-not-add-up",
            "alert-without-runbook",
        ],
    ),
    (
        "acquiring_switch.md",
        &[
            // 21.6 min beside 99.9 %; told after 15 min, owed in 5; 10.60.6.0/24 within 10.60.0.0/21; Node.js 18; 180 days; kept
            // tracks and PIN blocks; segments tested once a year; 50 of 30 min; copied each hour, 15 min may be lost; 22,400.
            // Nobody planted it, and it holds: a portal of 99.5 % may be down 3.6 h, and its recovery may take 8.
            "rto-against-availability",
            "downtime-against-availability",
            "escalates-after-answer",
            "ranges-overlap",
            "past-end-of-life",
            "logs-without-clock",
            "audit-kept-too-short",
            "card-data-kept",
            "duty-too-seldom",
            "recovery-exceeds-rto",
            "steps-without-executor",
            "backup-exceeds-rpo",
            "budget-without-actuals",
            "total-does-not-add-up",
        ],
    ),
    (
        "recovery_plan.md",
        &[
            // T+7 hours > 4 h; the region's own T+4 hours is no more than that.
            "recovery-exceeds-rto",
            "steps-without-executor",
        ],
    ),
    (
        "market_backend.md",
        &[
            // SEV1 at every hour, and pages held until 07:00; 10.60.27.0/24 within 10.60.24.0/22; 14 × 25 < 420; Node.js 18;
            // 60 days of Aurora's own; receipts of one person kept 5 min; 39 s behind 30; told below 98 %, owed 99.5; 180 days;
            // 3-D Secure 1; a firewall of CloudFront in Tokyo; 10 days for the first report; 45 min > 30; 2,000,000; 180 or 90 days.
            "nobody-at-night",
            "ranges-overlap",
            "capacity-below-peak",
            "past-end-of-life",
            "retention-beyond-product",
            "cdn-keeps-personal",
            "retries-exceed-idle-timeout",
            "errors-beyond-promise",
            "audit-kept-too-short",
            "protocol-withdrawn",
            "waf-region",
            "duty-too-late",
            "recovery-exceeds-rto",
            "total-does-not-add-up",
            "stated-twice",
            // Three alerts go to a channel, and nobody says how bad they are.
            "alert-without-severity",
            "alert-without-runbook",
            "steps-without-executor",
            "budget-without-actuals",
        ],
    ),
    (
        "patient_access.md",
        &[
            // A holding page of 90 min each month, 43.2 left; called 06:00 to 22:00; records in the United States, cards read in
            // Canada; 10.40.24.0/21 within 10.40.16.0/20; 1,288 > 800; 48 s > 20 s; 2 looks each 30 min, a page within 10; card
            // numbers typed under SAQ A; copied each night, 1 h owed; 100 min > 60; 43,020; six years kept, 1,825 days; Node.js 18.
            "stops-exceed-availability",
            "nobody-at-night",
            "data-abroad",
            "ranges-overlap",
            "connections-exceed-database",
            "retries-exceed-idle-timeout",
            "period-exceeds-page",
            "card-entry-against-scope",
            "backup-exceeds-rpo",
            "recovery-exceeds-rto",
            "total-does-not-add-up",
            "stated-twice",
            "past-end-of-life",
            "rto-against-availability",
            // An alert on the replica's lag is told of in a sentence, too.
            "alert-without-severity",
            "alert-without-runbook",
            "steps-without-executor",
            "budget-without-actuals",
        ],
    ),
    (
        "saas_on_kubernetes.md",
        &[
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
    (
        "pharmacy.md",
        &[
            // 58 min of 21.6; nobody from 22 to 8; 10.40.112.0/20 in 10.40.0.0/16; summaries in Oregon; 2,150 of 1,600.
            "stops-exceed-availability",
            "nobody-at-night",
            "ranges-overlap",
            "data-abroad",
            "connections-exceed-database",
            // 8 s × 3 of 10 s; 5 min × 3 of 5; the CVC in a table; hourly copies of 5 min; 86 min of 60.
            "retries-exceed-promise",
            "period-exceeds-page",
            "card-data-kept",
            "backup-exceeds-rpo",
            "recovery-exceeds-rto",
            // 2.94 and not 2.64 million; 30 and 14 days of dead letters, 5 and 2 years of images; node 18; TLS 1.0.
            "total-does-not-add-up",
            "stated-twice",
            "past-end-of-life",
            "tls-outdated",
            "failover-never-drilled",
            "steps-without-executor",
            "alert-without-runbook",
            "budget-without-actuals",
            "logs-without-clock",
        ],
    ),
    (
        "chart_sharing.md",
        &[
            // 60 min of 21.6; nobody from 22 to 7; 10 min of 3; 60 × 30 of 1,000; Oregon; 10.40.40.0/21 in 10.40.0.0/16.
            "stops-exceed-availability",
            "nobody-at-night",
            "page-too-late",
            "connections-exceed-database",
            "data-abroad",
            "ranges-overlap",
            // 6 s × 3 of 10 s; 90,000 in 30 min are 50/s of 25; hourly copies of 5 min; 100 min of 60.
            "retries-exceed-promise",
            "rate-limit-exceeded",
            "backup-exceeds-rpo",
            "recovery-exceeds-rto",
            // 2.18 and not 1.98 million, of 2; 30 and 14 days of dead letters, 5 and 3 years of records; EKS 1.29.
            "total-does-not-add-up",
            "budgets-exceed-ceiling",
            "stated-twice",
            "past-end-of-life",
            // SSE-S3 where the key is to be one of their own.
            "key-of-the-provider",
            "errors-beyond-promise",
            "restore-never-tried",
            "steps-without-executor",
            "alert-without-runbook",
            "budget-without-actuals",
            "logs-without-clock",
        ],
    ),
    (
        "subscriptions.md",
        &[
            // 60 min of 43.2; nobody from 22 to 6; 10 min of 3; 9 s × 2 + 9 s of 20; 720,000 in 4 h are 50/s of 30.
            "stops-exceed-availability",
            "nobody-at-night",
            "page-too-late",
            "retries-exceed-idle-timeout",
            "rate-limit-exceeded",
            // Logs in Switzerland; a key in one region; the CVV in a record; hourly copies of 5 min; 5 h 15 min of 4 h.
            "data-abroad",
            "key-not-in-standby",
            "card-data-kept",
            "backup-exceeds-rpo",
            "recovery-exceeds-rto",
            // 30,400 and not 27,400; node 20.
            "total-does-not-add-up",
            "past-end-of-life",
            "alert-without-severity",
            "steps-without-executor",
            "budget-without-actuals",
            "logs-without-clock",
            "never-rotated",
        ],
    ),
    (
        "telehealth.md",
        &[
            // 30 min a month, counted, and 21.6 min; 48.0/20 reaches over 63.0/26; 2,370 connections, and 2,000.
            "stops-exceed-availability",
            "ranges-overlap",
            "connections-exceed-database",
            // 3 of 3 pods must stay; all 3 copies of each message; 3 days kept, and 7 to be read again.
            "drain-never-ends",
            "broker-lost-stops-writes",
            "replay-exceeds-retention",
            // Five take turns, and nobody should have more than one in six.
            "turns-too-often",
            // 3,000 / 4 = 750 requests a second from each address, of 2,000 in 5 minutes.
            "waf-stops-load-test",
            // Signed once, sent again until 34 h 36 min later, and refused when older than 5 min.
            "retry-after-signature",
            // 5 × 10 s + 1 + 2 + 4 + 8 s > 60 s; copied every 15 min, of 5; 70 min > 60; 75,800 and not 73,800.
            "retries-exceed-idle-timeout",
            "lag-exceeds-rpo",
            "recovery-exceeds-rto",
            "total-does-not-add-up",
            // Node.js 18 and Go 1.25.
            "past-end-of-life",
            "alert-without-severity",
            "errors-beyond-promise",
            "failover-never-drilled",
            "utilization-unwatched",
            "budget-without-actuals",
            "logs-without-clock",
        ],
    ),
    (
        "transit_wallet.md",
        &[
            // 30 min a month, counted, and 21.6 min; 48.0/20 reaches over 62.0/24; 60 × 40 = 2,400 connections, and 2,000.
            "stops-exceed-availability",
            "ranges-overlap",
            "connections-exceed-database",
            // Hidden for 120 s, and handled in up to 300 s; a key known for 24 h, and sent after up to 48 h.
            "queue-redelivers",
            "repeat-after-memory",
            // Sent again after 10 min as it was, and refused when older than 5 min; told 2 min behind, of 1 min.
            "retry-after-signature",
            "lag-exceeds-rpo",
            // 30 days at hand, of 90; 71 min > 60 min; a certificate of Tokyo for CloudFront.
            "audit-kept-too-short",
            "recovery-exceeds-rto",
            "certificate-of-other-region",
            // Eight shares of 560 ms in all, of 500 ms; locked for 90 days, and erased within 30.
            "shares-exceed-latency",
            "lock-outlives-erasure",
            // Four take turns, two at once, and each should have one in four.
            "turns-too-often",
            "rto-against-availability",
            "alert-without-runbook",
            "logs-without-clock",
            "budget-without-actuals",
        ],
    ),
];
