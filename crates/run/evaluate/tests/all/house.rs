//! A small house to test in: stores in a folder that goes away, sources that answer every 15 s.

use std::{collections::HashMap, sync::Arc, time::Duration};

use evaluate::{Evaluator, Judged, Owed, Stores};
use promise::{
    Cause, Evidence, Promise, Seen, State, Timestamp,
    document::{Key, Node, Value},
};
use serde_json::json;
use store::{
    Labels, Lines, Record, Round, Sample, Series, logs::EmbeddedLogs, metrics::EmbeddedMetrics,
};

/// 2026-01-01T00:00:00Z, a multiple of every cell's width.
pub const START: i64 = 1_767_225_600;
pub const STEP: i64 = 15;

pub fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis((START + secs) * 1000)
}

pub struct House {
    pub stores: Stores,
    pub evaluator: Evaluator,
    promises: Vec<Arc<Promise>>,
    _folder: tempfile::TempDir,
}

/// A promise from `key: value` pairs, as a spec would hold them.
pub fn promise(id: &str, fields: &[(&str, &str)]) -> Arc<Promise> {
    let node = |value| Node { span: 0..0, value };
    let map = fields.iter().map(|(name, text)| {
        (
            Key {
                span: 0..0,
                name: (*name).to_owned(),
            },
            node(Value::Scalar((*text).to_owned())),
        )
    });
    let mut mistakes = Vec::new();
    let promise = Promise::read(id, &node(Value::Map(map.collect())), &mut mistakes);
    assert!(mistakes.is_empty(), "{mistakes:?}");
    let mut promise = promise.unwrap();
    promise.since = at(0);
    Arc::new(promise)
}

pub fn ratio(window: &str) -> Arc<Promise> {
    promise(
        "payments",
        &[
            ("kind", "ratio"),
            ("total", "pay_total"),
            ("good", "pay_total{status=\"ok\"}"),
            ("at_least", "90 %"),
            ("window", window),
        ],
    )
}

pub fn owed() -> Vec<Owed> {
    let every = Duration::from_secs(15);
    ["shop/a", "shop/b", "app", "door"]
        .map(|source| Owed {
            source: source.to_owned(),
            interval: every,
            stream: match source {
                "app" => Some("app".to_owned()),
                "door" => Some("door_*".to_owned()),
                _ => None,
            },
        })
        .to_vec()
}

impl House {
    pub fn of(promises: Vec<Arc<Promise>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let stores = Stores {
            metrics: Arc::new(EmbeddedMetrics::open(folder.path().join("metrics")).unwrap()),
            logs: Arc::new(EmbeddedLogs::open(folder.path().join("logs")).unwrap()),
        };
        let evaluator = Evaluator::new(promises.clone(), owed(), HashMap::new(), at(0));
        Self {
            stores,
            evaluator,
            promises,
            _folder: folder,
        }
    }

    /// Stores a round, then lets the evaluator see it, as the binary does.
    pub async fn round(&mut self, round: Round) {
        self.stores
            .metrics
            .append(round.series.clone())
            .await
            .unwrap();
        self.evaluator.observe(&round);
    }

    pub async fn lines(&mut self, secs: i64, records: Vec<Record>) {
        self.lines_of("app", secs, records).await;
    }

    pub async fn lines_of(&mut self, source: &str, secs: i64, records: Vec<Record>) {
        self.stores.logs.append(records.clone()).await.unwrap();
        let labels = [
            ("__name__", "up"),
            ("job", evaluate::LOG_BEATS),
            ("instance", source),
        ];
        let beat = Series {
            labels: Labels::new(labels),
            samples: vec![Sample {
                at: at(secs),
                value: 1.0,
            }],
            ..Series::default()
        };
        self.stores.metrics.append(vec![beat]).await.unwrap();
        let lines = Lines {
            source: source.to_owned(),
            at: at(secs),
            records: records.into(),
            resume: Vec::new(),
            failed: None,
            ack: None,
        };
        self.evaluator.observe_lines(&lines);
    }

    pub async fn judge(&mut self, secs: i64) -> Vec<Judged> {
        self.evaluator.judge(&self.stores, at(secs)).await
    }

    /// The evaluator goes away and a new one begins from what is stored.
    pub async fn restart(&mut self, secs: i64) {
        self.evaluator = Evaluator::new(self.promises.clone(), owed(), HashMap::new(), at(secs));
        self.evaluator.warm(&self.stores, at(secs)).await.unwrap();
    }

    /// A restart that takes up snapshots and reads the rest from the stores.
    pub async fn restart_from_snapshots(&mut self, taken: &[(String, Vec<u8>)], secs: i64) {
        self.evaluator = Evaluator::new(self.promises.clone(), owed(), HashMap::new(), at(secs));
        for (id, bytes) in taken {
            self.evaluator.restore(id, bytes).unwrap();
        }
        self.evaluator.warm(&self.stores, at(secs)).await.unwrap();
    }

    pub fn snapshots(&self, secs: i64) -> Vec<(String, Vec<u8>)> {
        let ids = self.promises.iter().map(|promise| promise.id.clone());
        ids.map(|id| {
            let bytes = self.evaluator.snapshot(&id, at(secs)).unwrap();
            (id, bytes)
        })
        .collect()
    }

    pub fn evidence(&self, secs: i64) -> Evidence {
        self.evaluator
            .evidence(&self.promises[0].id, at(secs))
            .unwrap()
    }

    pub async fn verdict(&mut self, secs: i64) -> State {
        let judged = self.judge(secs).await;
        judged.first().map_or_else(
            || self.promises[0].judge(&self.evidence(secs), at(secs)).state,
            |judged| judged.verdict.state,
        )
    }
}

/// A round of `shop/INSTANCE` with `pay_total` by status.
pub fn scrape(instance: &str, secs: i64, counts: &[(&str, f64)]) -> Round {
    let series = counts.iter().map(|(status, value)| {
        one(
            &[
                ("__name__", "pay_total"),
                ("job", "shop"),
                ("instance", instance),
                ("status", status),
            ],
            secs,
            *value,
        )
    });
    let up = one(
        &[("__name__", "up"), ("job", "shop"), ("instance", instance)],
        secs,
        1.0,
    );
    Round {
        source: format!("shop/{instance}"),
        at: at(secs),
        next: at(secs + STEP),
        series: series.chain([up]).collect(),
        ..Round::default()
    }
}

pub fn down(instance: &str, secs: i64) -> Round {
    let stale = |status| {
        one(
            &[
                ("__name__", "pay_total"),
                ("job", "shop"),
                ("instance", instance),
                ("status", status),
            ],
            secs,
            store::metrics::STALE,
        )
    };
    let up = one(
        &[("__name__", "up"), ("job", "shop"), ("instance", instance)],
        secs,
        0.0,
    );
    Round {
        source: format!("shop/{instance}"),
        at: at(secs),
        next: at(secs + STEP),
        series: vec![stale("ok"), stale("failed"), up],
        failed: Some(refused()),
        ..Round::default()
    }
}

pub fn refused() -> Cause {
    Cause::Failed {
        error: promise::Say::same("connection refused"),
    }
}

pub fn one(labels: &[(&str, &str)], secs: i64, value: f64) -> Series {
    Series {
        labels: Labels::new(labels.iter().copied()),
        samples: vec![Sample {
            at: at(secs),
            value,
        }],
        ..Series::default()
    }
}

pub fn record(id: u128, secs: i64, fields: &[(&str, &str)]) -> Record {
    let fields = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    Record {
        id,
        at: at(secs),
        stream: "app".to_owned(),
        fields,
    }
}

/// Good and total over all facts.
pub fn events(evidence: &Evidence) -> (f64, f64) {
    evidence
        .facts
        .iter()
        .fold((0.0, 0.0), |(g, t), fact| match fact.seen {
            Seen::Events { good, total } => (g + good, t + total),
            _ => (g, t),
        })
}
