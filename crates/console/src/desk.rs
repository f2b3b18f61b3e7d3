//! Everything that the pages need, handed over once by the binary.

use std::sync::Arc;

use futures::future::BoxFuture;
use promise::{Cause, Clock, Evidence, Reason, Signal, State, Timestamp};
use serde::Serialize;
use store::{LogStore, MetricStore, StateStore};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    Hosts,
    access::Access,
    board::Board,
    door::{
        Alerts, Cases, Checklists, Deeds, Demo, Documents, Incidents, Ingest, Ledger, LogKeeping,
        Pushed, Replay, Rules, Status, Targets,
    },
};

/// The desk at which the console works.
#[derive(Clone)]
pub struct Desk {
    pub board: watch::Receiver<Arc<Board>>,
    /// Changes whenever something happens that the board does not show: incidents, pages, entries, outages.
    pub news: watch::Receiver<u64>,
    pub detail: Details,
    pub ledger: Arc<dyn Ledger>,
    pub incidents: Arc<dyn Incidents>,
    pub alerts: Arc<dyn Alerts>,
    pub cases: Arc<dyn Cases>,
    pub checklists: Arc<dyn Checklists>,
    pub ingest: Arc<dyn Ingest>,
    pub pushed: Arc<dyn Pushed>,
    pub documents: Arc<dyn Documents>,
    pub rules: Arc<dyn Rules>,
    pub targets: Arc<dyn Targets>,
    pub replay: Arc<dyn Replay>,
    pub metrics: Arc<dyn MetricStore>,
    pub logs: Arc<dyn LogStore>,
    pub keeping: Arc<dyn LogKeeping>,
    /// Where mappings and templates of the Elasticsearch API are kept.
    pub state: Arc<dyn StateStore>,
    /// Present when Tegata runs its own shop.
    pub demo: Option<Arc<dyn Demo>>,
    pub clock: Arc<dyn Clock>,
    /// Whether samples may be deleted through the API.
    pub deletes: bool,
    pub status: Arc<dyn Status>,
    /// Who may ask.
    pub access: Arc<Access>,
    pub deeds: Arc<dyn Deeds>,
    /// Names under which this console may be asked.
    pub hosts: Hosts,
    /// Once cancelled, streams end, so that the server can drain.
    pub stop: CancellationToken,
}

/// What is known of one promise beyond its row; `None` when there is no such promise.
pub type Details = Arc<dyn Fn(&str) -> BoxFuture<'static, Option<Detail>> + Send + Sync>;

/// One promise, opened.
#[derive(Debug, Clone, Default)]
pub struct Detail {
    /// What the verdict was judged from.
    pub evidence: Evidence,
    /// The budget as it was spent over the window, in order of time.
    pub spent: Vec<Spent>,
    /// Newest first.
    pub history: Vec<Transition>,
    /// What it is judged by, and what was found for it.
    pub signals: Vec<Heard>,
    /// Who has spoken for it.
    pub sources: Vec<Fed>,
    /// Of the promise that test alerts arrive: those that did, newest first.
    pub trips: Vec<Trip>,
}

/// A test alert that has travelled the whole way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trip {
    pub at: Timestamp,
    pub receiver: String,
    /// From its sample to the receiver's acceptance.
    pub latency_ms: u64,
    pub in_time: Option<bool>,
    pub entry: u64,
}

/// A signal, and what was found for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    pub signal: Signal,
    /// Some of the series or conditions on logs that feed it.
    pub series: Vec<String>,
    /// How many there are.
    pub series_total: usize,
    /// How many could not be followed because of a bound.
    pub refused: u64,
    /// Why the query failed at last.
    pub wrong: Option<String>,
    /// Metrics with a similar name, where nothing was found.
    pub similar: Vec<String>,
}

/// A source that has spoken for a promise.
#[derive(Debug, Clone, PartialEq)]
pub struct Fed {
    pub source: String,
    pub last: Timestamp,
    /// Why it does not speak now.
    pub failing: Option<Cause>,
}

/// How much of the error budget was spent by an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Spent {
    pub at: Timestamp,
    /// 0 is nothing, 1 is all of it.
    pub share: f64,
    /// The ledger's entry that the figure rests on.
    pub entry: Option<u64>,
}

/// A change of verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    pub at: Timestamp,
    /// `None` for the first verdict.
    pub from: Option<State>,
    pub to: State,
    pub reason: Reason,
    pub entry: Option<u64>,
}
