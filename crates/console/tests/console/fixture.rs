//! A service with thirty promises, made up but plausible, and rooms that live in memory.

use std::{sync::Arc, time::Duration};

use console::{
    Board, Desk, Detail, Fed, Heard, Hosts, Row, SourceRow, SpecStatus, Spent, Transition,
    board::SourceKind,
};
use promise::{
    Amount, Budget, Cause, Clock, Evidence, Fact, Gap, ManualClock, Measured, Promise, Reason, Say,
    Seen, Signal, State, Timestamp, Verdict, say, unit::Span, verdict::Burn,
};
use serde_json::json;
use tokio::sync::watch;

// The preview includes this file by its path, so the path of its own part is written out.
#[path = "fixture/cases.rs"]
mod cases;
#[path = "fixture/deeds.rs"]
mod deeds;
#[path = "fixture/documents.rs"]
pub mod documents;
#[path = "fixture/prometheus.rs"]
mod prometheus;
#[path = "fixture/rooms.rs"]
mod rooms;
#[path = "fixture/stores.rs"]
mod stores;

pub use deeds::Scribe;
use prometheus::{Past, Shelf, Watch};
pub use rooms::{Book, Cases, Healthy, Intake, Shop};
use stores::{Figures, Lines};

pub const MINUTE: Duration = Duration::from_secs(60);
pub const DAY: Duration = Duration::from_secs(86_400);

pub fn now() -> Timestamp {
    "2026-11-22T01:47:05Z".parse().unwrap()
}

/// Names as a payment service would have them.
const NAMES: [(&str, &str, &str); 15] = [
    (
        "payment-success",
        "Card payments succeed",
        "カード決済の成功率",
    ),
    (
        "alert-delivery",
        "A critical alert reaches a person",
        "重大な警報が人に届く",
    ),
    (
        "provider-refunds",
        "Refunds are accepted by the provider",
        "返金を決済事業者が受理する",
    ),
    (
        "log-retention",
        "Audit logs keep arriving",
        "監査ログが途切れない",
    ),
    (
        "checkout-latency",
        "Checkout answers quickly",
        "決済画面の応答が速い",
    ),
    (
        "webhook-delivery",
        "Webhooks reach merchants",
        "加盟店への Webhook 配信",
    ),
    (
        "three-d-secure",
        "3-D Secure challenges complete",
        "3D セキュア認証の完了率",
    ),
    (
        "settlement-file",
        "The settlement file is delivered",
        "精算ファイルの送付",
    ),
    (
        "login-success",
        "Merchants can sign in",
        "加盟店のログイン成功率",
    ),
    (
        "token-vault",
        "The token vault answers",
        "トークン保管庫の応答",
    ),
    (
        "fraud-scoring",
        "Fraud scoring keeps up",
        "不正検知の処理が追いつく",
    ),
    ("dns-answers", "Names resolve", "名前解決"),
    (
        "tls-expiry",
        "Certificates are renewed in time",
        "証明書の更新",
    ),
    (
        "db-replication",
        "The standby stays close",
        "待機系の複製遅延",
    ),
    (
        "backup-restore",
        "Backups can be restored",
        "バックアップからの復元",
    ),
];

fn ratio(id: &str, en: &str, ja: &str) -> Promise {
    serde_json::from_value(json!({
        "id": id,
        "name": { "en": en, "ja": ja },
        "owner": "payments",
        "severity": "critical",
        "clauses": ["pci_dss:10.5.1"],
        "kind": "ratio",
        "total": "payments_total",
        "good": "payments_total{status=\"ok\"}",
        "at_least": "99.5 %",
        "window": "30d",
        "fresh_for": "60s",
        "gaps_at_most": "0 %",
        "burn": [],
        "budgeting": "occurrences",
        "slice": "60s",
        "since": "2026-08-01T00:00:00Z",
        "time_zone": "Asia/Tokyo",
    }))
    .unwrap()
}

fn verdict(state: State, seed: u64) -> Verdict {
    let spent = match state {
        State::Broken => 1.08 + seed as f64 / 100.0,
        State::AtRisk => 0.72 + seed as f64 / 200.0,
        _ => 0.05 + (seed % 11) as f64 / 20.0,
    };
    let proven = state != State::Unproven;
    let newest = now() - Duration::from_secs(if proven { 2 + seed % 9 } else { 410 });
    Verdict {
        state,
        reason: Reason::new("no-evidence", [("since", Amount::Time(newest))]),
        measured: proven.then_some(Measured {
            value: Amount::Share(1.0 - 0.005 * spent),
            target: Amount::Share(0.995),
        }),
        severity: None,
        corrected: None,
        budget: proven.then(|| Budget {
            allowed: 1_204.0,
            spent: (1_204.0 * spent).round(),
            spent_share: spent,
            left_millis: ((1.0 - spent).max(0.0) * 12_960_000.0) as u64,
            burn: vec![
                Burn {
                    over: Span::secs(300),
                    rate: spent * 4.0,
                },
                Burn {
                    over: Span::secs(3_600),
                    rate: spent * 1.5,
                },
                Burn {
                    over: Span::days(1),
                    rate: spent,
                },
            ],
        }),
        newest: Some(newest),
        due: Some(newest + MINUTE),
        at: now(),
    }
}

fn strip(state: State, seed: usize) -> Vec<Option<State>> {
    (0..90)
        .map(|day| match (day + seed * 17) % 90 {
            _ if day == 89 => Some(state),
            _ if seed.is_multiple_of(4) && day < 12 => None,
            23 | 24 => Some(State::AtRisk),
            25 if seed.is_multiple_of(3) => Some(State::Broken),
            61 if seed.is_multiple_of(5) => Some(State::Unproven),
            _ => Some(State::Kept),
        })
        .collect()
}

pub fn row(index: usize) -> Row {
    let (id, en, ja) = NAMES[index % NAMES.len()];
    let (id, en, ja) = match index / NAMES.len() {
        0 => (id.to_owned(), en.to_owned(), ja.to_owned()),
        n => (
            format!("{id}-{}", n + 1),
            format!("{en}, region {}", n + 1),
            format!("{ja}(リージョン {})", n + 1),
        ),
    };
    let state = match index {
        0 => State::Broken,
        3 => State::Unproven,
        1 | 2 => State::AtRisk,
        _ => State::Kept,
    };
    let since = now() - MINUTE * [14, 190, 45, 7][index.min(3)] - DAY * u32::from(index > 3) * 12;
    Row {
        promise: Arc::new(ratio(&id, &en, &ja)),
        verdict: verdict(state, index as u64),
        since,
        strip: strip(state, index),
        entry: Some(48_200 + index as u64),
        incident: (index == 0).then(|| "INC-7".to_owned()),
    }
}

pub fn board(promises: usize) -> Board {
    let source = |name: &str, kind, address: &str, problem: Option<Say>| SourceRow {
        name: name.into(),
        kind,
        address: address.into(),
        last: Some(now() - Duration::from_secs(4)),
        next: Some(now() + Duration::from_secs(11)),
        took_millis: Some(12),
        amount: 412,
        problem,
    };
    Board {
        service: say!("Kisaragi Pay", "きさらぎペイ"),
        time_zone: "Asia/Tokyo".into(),
        at: now(),
        spec: SpecStatus {
            path: "examples/card-payments.yaml".into(),
            loaded_at: now() - MINUTE * 190,
            problem: None,
        },
        rows: (0..promises).map(row).collect(),
        sources: vec![
            source(
                "shop/127.0.0.1:9101",
                SourceKind::Scrape,
                "http://127.0.0.1:9101/metrics",
                None,
            ),
            source(
                "shop/127.0.0.1:9102",
                SourceKind::Scrape,
                "http://127.0.0.1:9102/metrics",
                None,
            ),
            source(
                "provider",
                SourceKind::Probe,
                "http://127.0.0.1:9200/healthz",
                Some(say!(
                    "answered 503 where 200 to 299 is owed",
                    "200〜299 のところ 503 が返りました"
                )),
            ),
            source("payment_app", SourceKind::Logs, "shop.log", None),
        ],
    }
}

fn detail() -> Detail {
    let start = now() - DAY * 30;
    let spent = |i: u32| {
        0.004 * f64::from(i) + if i > 70 { 0.3 } else { 0.0 } + if i > 115 { 0.35 } else { 0.0 }
    };
    let reason = || Reason::new("no-evidence", [("since", Amount::Time(now()))]);
    let fact = |i: u32| {
        let to = now() - MINUTE * 5 * i;
        Fact {
            from: to - MINUTE * 5,
            to,
            seen: Seen::Events {
                good: 995.0,
                total: 1_000.0,
            },
        }
    };
    Detail {
        evidence: Evidence {
            facts: (0..10).rev().map(fact).collect(),
            gaps: vec![Gap {
                source: "shop/127.0.0.1:9103".into(),
                from: now() - MINUTE * 50,
                to: now() - MINUTE * 45,
                cause: Cause::Failed {
                    error: Say::same("connection refused"),
                },
            }],
            ..Evidence::default()
        },
        trips: Vec::new(),
        spent: (0..=120)
            .map(|i| Spent {
                at: start + DAY / 4 * i,
                share: spent(i),
                entry: Some(40_000 + u64::from(i)),
            })
            .collect(),
        signals: vec![
            Heard {
                signal: Signal::Level {
                    query: "sum(payments_total)".into(),
                },
                series: vec![
                    "payments_total{status=\"failed\"}".into(),
                    "payments_total{status=\"ok\"}".into(),
                ],
                series_total: 2,
                refused: 0,
                wrong: None,
                similar: Vec::new(),
            },
            Heard {
                signal: Signal::Level {
                    query: "payments_totl".into(),
                },
                series: Vec::new(),
                series_total: 0,
                refused: 0,
                wrong: None,
                similar: vec!["payments_total".into()],
            },
        ],
        sources: vec![Fed {
            source: "shop/127.0.0.1:9103".into(),
            last: now() - MINUTE * 45,
            failing: Some(Cause::Failed {
                error: Say::same("connection refused"),
            }),
        }],
        history: vec![
            Transition {
                at: now() - MINUTE * 14,
                from: Some(State::AtRisk),
                to: State::Broken,
                reason: reason(),
                entry: Some(48_200),
            },
            Transition {
                at: now() - MINUTE * 22,
                from: Some(State::Kept),
                to: State::AtRisk,
                reason: reason(),
                entry: Some(48_150),
            },
            Transition {
                at: now() - DAY * 60,
                from: None,
                to: State::Kept,
                reason: reason(),
                entry: Some(2),
            },
        ],
    }
}

/// A desk over a board, and the end through which the next snapshot is published.
pub fn desk(board: Board) -> (Desk, watch::Sender<Arc<Board>>) {
    let (publish, board) = watch::channel(Arc::new(board));
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(now()));
    let desk = Desk {
        board,
        news: tokio::sync::watch::channel(0).1,
        detail: Arc::new(|_| Box::pin(async { Some(detail()) })),
        ledger: Arc::new(Book),
        incidents: Arc::new(Cases::default()),
        alerts: Arc::new(rooms::Hushed::default()),
        cases: Arc::new(cases::Desk),
        checklists: Arc::new(cases::Desk),
        ingest: Arc::new(Intake),
        pushed: Arc::new(Intake),
        documents: Arc::new(rooms::Nowhere),
        keeping: Arc::new(rooms::Keeping(Arc::new(Lines))),
        rules: Arc::new(Watch),
        targets: Arc::new(Shelf),
        replay: Arc::new(Past),
        metrics: Arc::new(Figures),
        logs: Arc::new(Lines),
        state: Arc::new(stores::Blank),
        demo: Some(Arc::new(Shop::default())),
        clock,
        deletes: true,
        status: Arc::new(Healthy),
        hosts: Hosts::default(),
        access: Arc::default(),
        deeds: Arc::new(Scribe::default()),
        stop: tokio_util::sync::CancellationToken::new(),
    };
    (desk, publish)
}
