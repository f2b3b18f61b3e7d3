//! What the binary says of itself: readiness, version, and its own metrics.

use std::{fmt::Write as _, sync::Arc};

use console::door::{self, Runtime, Version};
use promise::{Say, State, say};

use crate::app::House;

pub(super) struct Door(pub(super) Arc<House>);

impl door::Status for Door {
    fn not_ready(&self) -> Option<Say> {
        if !self.0.state.is_ours() {
            return Some(say!(
                "the state has not answered for too long to act on it",
                "状態の保存先が応答しないため、操作を控えています"
            ));
        }
        // A spec without promises, which only takes alerts of others, is ready once it is in force.
        let is_judged = !self.0.board.borrow().rows.is_empty();
        let has_nothing = self.0.responder.is_without_promises() && self.0.judge.borrow().is_some();
        (!is_judged && !has_nothing)
            .then(|| say!("nothing has been judged yet", "まだ何も判定していません"))
    }

    fn metrics(&self) -> String {
        let board = self.0.board.borrow().clone();
        let mut out = String::from("# TYPE tegata_promise_state gauge\n");
        for row in &board.rows {
            for state in State::ALL {
                let now = u8::from(row.verdict.state == state);
                let _ = writeln!(
                    out,
                    "tegata_promise_state{{promise=\"{}\",state=\"{}\"}} {now}",
                    row.promise.id,
                    state.as_str()
                );
            }
        }
        let _ = writeln!(out, "# TYPE tegata_promise_budget_left_ratio gauge");
        for row in &board.rows {
            if let Some(budget) = &row.verdict.budget {
                let left = 1.0 - budget.spent_share;
                let _ = writeln!(
                    out,
                    "tegata_promise_budget_left_ratio{{promise=\"{}\"}} {left}",
                    row.promise.id
                );
            }
        }
        let failing = board
            .sources
            .iter()
            .filter(|source| source.problem.is_some())
            .count();
        let gauges: [(&str, &str, f64); 5] = [
            ("tegata_sources", "gauge", count(board.sources.len())),
            ("tegata_sources_failing", "gauge", count(failing)),
            (
                "tegata_spec_bad",
                "gauge",
                f64::from(u8::from(board.spec.problem.is_some())),
            ),
            #[allow(clippy::cast_precision_loss)]
            (
                "tegata_ledger_entries_total",
                "counter",
                self.0.book.ledger().len() as f64,
            ),
            #[allow(clippy::cast_precision_loss)]
            (
                "tegata_start_time_seconds",
                "gauge",
                self.0.started.as_millis() as f64 / 1000.0,
            ),
        ];
        for (name, kind, value) in gauges {
            let _ = writeln!(out, "# TYPE {name} {kind}\n{name} {value}");
        }
        let active = u8::from(self.0.state.is_ours());
        let _ = writeln!(out, "# TYPE tegata_active gauge\ntegata_active {active}");
        if let Some(bytes) = resident_bytes() {
            let _ = writeln!(
                out,
                "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes {bytes}"
            );
        }
        out
    }

    fn version(&self) -> Version {
        Version {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: option_env!("TEGATA_COMMIT").map(str::to_owned),
        }
    }

    fn runtime(&self) -> Runtime {
        let folder = std::env::current_dir().unwrap_or_default();
        Runtime {
            started: self.0.started,
            host: host(),
            folder: folder.display().to_string(),
            corruptions: self.0.opened.recovered,
            retention: self.0.opened.retention,
        }
    }
}

#[allow(clippy::cast_precision_loss)]
fn count(n: usize) -> f64 {
    n as f64
}

/// The name of this machine.
pub(crate) fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// `VmRSS` of this process, where the kernel tells.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}
