//! The same samples for both: a remote write of version 1.0, encoded by hand, for these tests link nothing of ours.

use std::collections::BTreeMap;

use anyhow::ensure;
use e2e::Http;

/// Every 15 s for an hour.
const STEP: i64 = 15_000;
pub const SAMPLES: i64 = 241;

fn varint(out: &mut Vec<u8>, mut n: u64) {
    while n > 0x7f {
        out.push((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn whole(out: &mut Vec<u8>, field: u64, n: u64) {
    varint(out, field << 3);
    varint(out, n);
}

fn signed(out: &mut Vec<u8>, n: i64) {
    varint(out, ((n << 1) ^ (n >> 63)) as u64);
}

fn double(out: &mut Vec<u8>, field: u64, n: f64) {
    varint(out, field << 3 | 1);
    out.extend(n.to_le_bytes());
}

fn bytes(out: &mut Vec<u8>, field: u64, body: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, body.len() as u64);
    out.extend(body);
}

fn labels(out: &mut Vec<u8>, labels: &[(&str, &str)]) {
    for (name, value) in BTreeMap::from_iter(labels.iter().copied()) {
        let mut label = Vec::new();
        bytes(&mut label, 1, name.as_bytes());
        bytes(&mut label, 2, value.as_bytes());
        bytes(out, 1, &label);
    }
}

/// A body in the frame of Snappy's block format that compresses nothing.
fn snappy(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    varint(&mut out, body.len() as u64);
    for part in body.chunks(1 << 16) {
        // A literal whose length, less one, follows in two bytes.
        out.push(61 << 2);
        out.extend(((part.len() - 1) as u16).to_le_bytes());
        out.extend(part);
    }
    out
}

/// A native histogram of schema 0 that grows by `i`.
fn histogram(i: i64, at: i64) -> Vec<u8> {
    let mut out = Vec::new();
    whole(&mut out, 1, (6 + i + 1) as u64);
    double(&mut out, 3, 12.5 + i as f64);
    whole(&mut out, 4, 0);
    double(&mut out, 5, 0.001);
    whole(&mut out, 6, 1);
    let span = |offset: i64| {
        let mut span = Vec::new();
        varint(&mut span, 1 << 3);
        signed(&mut span, offset);
        span
    };
    // One bucket below zero, two above; counts as differences.
    let mut negative = span(-1);
    whole(&mut negative, 2, 1);
    bytes(&mut out, 8, &negative);
    let mut deltas = Vec::new();
    signed(&mut deltas, 1);
    bytes(&mut out, 9, &deltas);
    let mut positive = span(0);
    whole(&mut positive, 2, 2);
    bytes(&mut out, 11, &positive);
    let mut deltas = Vec::new();
    signed(&mut deltas, 2);
    signed(&mut deltas, 1 + i);
    bytes(&mut out, 12, &deltas);
    whole(&mut out, 15, at as u64);
    out
}

struct Writer {
    base: i64,
    body: Vec<u8>,
}

impl Writer {
    fn floats(&mut self, named: &[(&str, &str)], value: impl Fn(i64) -> f64) -> Vec<u8> {
        let mut out = Vec::new();
        labels(&mut out, named);
        for i in 0..SAMPLES {
            let mut sample = Vec::new();
            double(&mut sample, 1, value(i));
            whole(&mut sample, 2, (self.base + i * STEP) as u64);
            bytes(&mut out, 2, &sample);
        }
        out
    }

    fn series(&mut self, named: &[(&str, &str)], value: impl Fn(i64) -> f64) {
        let one = self.floats(named, value);
        bytes(&mut self.body, 1, &one);
    }

    fn histograms(&mut self, named: &[(&str, &str)]) {
        let mut out = Vec::new();
        labels(&mut out, named);
        for i in 0..SAMPLES {
            bytes(&mut out, 4, &histogram(i, self.base + i * STEP));
        }
        bytes(&mut self.body, 1, &out);
    }

    /// A classic bucket with an exemplar every five minutes.
    fn bucket(&mut self, named: &[(&str, &str)], value: impl Fn(i64) -> f64) {
        let mut out = self.floats(named, value);
        for i in 1..12 {
            let mut exemplar = Vec::new();
            labels(&mut exemplar, &[("trace_id", &format!("abc{i}"))]);
            double(&mut exemplar, 2, 0.5 + i as f64);
            whole(&mut exemplar, 3, (self.base + i * 300_000) as u64);
            bytes(&mut out, 3, &exemplar);
        }
        bytes(&mut self.body, 1, &out);
    }
}

/// An hour of samples from `base` (milliseconds): counters, gauges, odd floats, names of UTF-8, histograms.
fn body(base: i64) -> Vec<u8> {
    let mut writer = Writer {
        base,
        body: Vec::new(),
    };
    for (instance, speed) in [("a:1", 10), ("b:2", 7)] {
        let of = |code| {
            [
                ("__name__", "http_requests_total"),
                ("job", "api"),
                ("instance", instance),
                ("code", code),
            ]
        };
        writer.series(&of("200"), |i| (i * speed) as f64);
        writer.series(&of("500"), |i| (i / 4) as f64);
    }
    // A counter that restarts after half an hour.
    writer.series(&[("__name__", "restarts_total"), ("job", "api")], |i| {
        (i % 120) as f64 * 3.0
    });
    writer.series(
        &[
            ("__name__", "temperature"),
            ("place", "東京"),
            ("job", "sensor"),
        ],
        |i| 20.0 + 5.0 * (i as f64 / 20.0).sin(),
    );
    for (kind, value) in [
        ("nan", f64::NAN),
        ("inf", f64::INFINITY),
        ("tiny", 1.25e-7),
        ("big", 1e21),
        ("negative_zero", -0.0),
    ] {
        writer.series(&[("__name__", "weird"), ("kind", kind)], |_| value);
    }
    writer.series(
        &[
            ("__name__", "my.dotted"),
            ("http.status", "200"),
            ("job", "otel"),
        ],
        |i| i as f64,
    );
    writer.histograms(&[("__name__", "latency_seconds"), ("job", "api")]);
    writer.bucket(
        &[("__name__", "req_bucket"), ("le", "1"), ("job", "api")],
        |i| i as f64,
    );
    for (le, share) in [("2.5", 1.5), ("+Inf", 2.0)] {
        writer.series(
            &[("__name__", "req_bucket"), ("le", le), ("job", "api")],
            |i| i as f64 * share,
        );
    }
    snappy(&writer.body)
}

/// Writes all of it to one receiver.
pub async fn write(to: &Http, base: i64) -> anyhow::Result<()> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let answer = client
        .post(to.url("/api/v1/write"))
        .header("content-encoding", "snappy")
        .header("content-type", "application/x-protobuf")
        .header("x-prometheus-remote-write-version", "0.1.0")
        .body(body(base))
        .send()
        .await?;
    let (status, text) = (answer.status(), answer.text().await?);
    ensure!(
        status.is_success(),
        "a remote write was answered {status}: {text}"
    );
    Ok(())
}
