//! The board: one moment of the whole service, published by the binary and rendered without further I/O.

use std::{cmp::Ordering, sync::Arc};

use promise::{Promise, Say, State, Timestamp, Verdict};

/// How many days a strip shows.
pub const STRIP_DAYS: usize = 90;

/// A snapshot. Immutable once published.
#[derive(Debug, Clone)]
pub struct Board {
    pub service: Say,
    /// IANA name; wall-clock times on the pages are in it.
    pub time_zone: String,
    pub at: Timestamp,
    pub spec: SpecStatus,
    /// In any order: [`Board::worst_first`] sorts.
    pub rows: Vec<Row>,
    pub sources: Vec<SourceRow>,
}

/// The spec that is in force, and whether the file on disk has become a bad one.
#[derive(Debug, Clone, PartialEq)]
pub struct SpecStatus {
    pub path: String,
    pub loaded_at: Timestamp,
    /// Why the file was not taken; the spec loaded before is still in force.
    pub problem: Option<Say>,
}

/// A promise and its verdict.
#[derive(Debug, Clone)]
pub struct Row {
    pub promise: Arc<Promise>,
    pub verdict: Verdict,
    /// When this state began.
    pub since: Timestamp,
    /// The worst state of each day, oldest first, at most [`STRIP_DAYS`]; `None` where nothing was owed yet.
    pub strip: Vec<Option<State>>,
    /// The ledger's entry that holds this verdict.
    pub entry: Option<u64>,
    /// The open incident that it belongs to.
    pub incident: Option<String>,
}

/// A source of evidence and its last answer.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceRow {
    /// `job/instance`, or the name of a probe or log source.
    pub name: String,
    pub kind: SourceKind,
    /// Where it is asked; without user names, passwords or query values.
    pub address: String,
    pub last: Option<Timestamp>,
    pub next: Option<Timestamp>,
    pub took_millis: Option<u64>,
    /// Series of the last answer, or records received since the start.
    pub amount: u64,
    /// Why the last answer could not be used.
    pub problem: Option<Say>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    Scrape,
    Probe,
    Logs,
    /// Where targets are looked for.
    Discovery,
}

impl Board {
    /// Rows from the one that most needs a person: by state, then by budget spent, then by name.
    #[must_use]
    pub fn worst_first(&self) -> Vec<&Row> {
        let mut rows: Vec<&Row> = self.rows.iter().collect();
        rows.sort_by(|a, b| a.cmp_need(b));
        rows
    }

    #[must_use]
    pub fn row(&self, id: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.promise.id == id)
    }

    #[must_use]
    pub fn count(&self, state: State) -> usize {
        self.rows
            .iter()
            .filter(|row| row.verdict.state == state)
            .count()
    }

    /// The worst state on the board; a spec that could not be loaded puts it at least at risk.
    #[must_use]
    pub fn worst(&self) -> State {
        let spec = if self.spec.problem.is_some() {
            State::AtRisk
        } else {
            State::Kept
        };
        self.rows
            .iter()
            .map(|row| row.verdict.state)
            .chain([spec])
            .min()
            .unwrap_or(spec)
    }
}

impl Row {
    fn cmp_need(&self, other: &Self) -> Ordering {
        let spent = |row: &Self| {
            row.verdict
                .budget
                .as_ref()
                .map_or(0.0, |budget| budget.spent_share)
        };
        (self.verdict.state.cmp(&other.verdict.state))
            .then_with(|| spent(other).total_cmp(&spent(self)))
            .then_with(|| self.promise.id.cmp(&other.promise.id))
    }

    /// Whether a person would read the same; the instant of judging alone changes nothing on the page.
    #[must_use]
    pub fn reads_as(&self, other: &Self) -> bool {
        let (a, b) = (&self.verdict, &other.verdict);
        Arc::ptr_eq(&self.promise, &other.promise)
            && (a.state, &a.reason, &a.measured, &a.budget)
                == (b.state, &b.reason, &b.measured, &b.budget)
            && (a.newest, a.due) == (b.newest, b.due)
            && (self.since, &self.strip, self.entry, &self.incident)
                == (other.since, &other.strip, other.entry, &other.incident)
    }
}
