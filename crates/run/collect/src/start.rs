//! Starting: one task for each target, probe and log source, and the handle on all of them.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use promise::Clock;
use spec::section::{receiver::Secret, redact::Redact, source::Sources};
use store::{
    Labels, Lines, Round, StateStore,
    remote_write::{Encoding, Message},
};
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    follow, probe,
    receive::{
        Document, Doors, Error, LokiError, LokiTaken, OtlpError, OtlpForm, OtlpSignal, OtlpTaken,
        Packing, Push, PushError, Received, Refusal, Taken, WebhookError, WriteError,
    },
    redact::Redactor,
    scrape,
    status::{Board, TargetKind, TargetStatus},
};

/// Answers with the value that a reference stands for.
pub type Secrets = Arc<dyn Fn(&Secret) -> Result<String, String> + Send + Sync>;

/// Where collected things go. Both are bounded: who cannot keep up slows collecting down.
#[derive(Debug, Clone)]
pub struct Outputs {
    pub rounds: mpsc::Sender<Round>,
    pub lines: mpsc::Sender<Lines>,
}

/// What every task needs.
pub(crate) struct Shared {
    pub redactor: Arc<Redactor>,
    pub secrets: Secrets,
    pub state: Arc<dyn StateStore>,
    pub clock: Arc<dyn Clock>,
    pub out: Outputs,
    pub board: Arc<Board>,
    pub stop: CancellationToken,
}

impl Shared {
    /// Waits for room. False once nobody wants rounds any more.
    pub async fn send_round(&self, round: Round) -> bool {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => false,
            sent = self.out.rounds.send(round) => sent.is_ok(),
        }
    }

    pub async fn send_lines(&self, lines: Lines) -> bool {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => false,
            sent = self.out.lines.send(lines) => sent.is_ok(),
        }
    }
}

/// The running collection.
#[derive(Clone)]
pub struct Handle {
    board: Arc<Board>,
    doors: Arc<Doors>,
    redactor: Arc<Redactor>,
    tasks: TaskTracker,
}

/// Starts one task for each target, probe and log source. All end within a second of `stop`.
///
/// Relative paths of log files and of `ca_file` are looked for under `data_dir`.
pub fn start(
    sources: &Sources,
    data_dir: &Path,
    secrets: Secrets,
    state: Arc<dyn StateStore>,
    clock: Arc<dyn Clock>,
    out: Outputs,
    stop: CancellationToken,
) -> Handle {
    let shared = Arc::new(Shared {
        redactor: Arc::new(redactor(&sources.redact, &secrets)),
        secrets,
        state,
        clock,
        out,
        board: Arc::default(),
        stop,
    });
    let tasks = TaskTracker::new();
    for (job, scrape) in &sources.scrape {
        scrape::start(job, scrape, data_dir, &shared, &tasks);
    }
    for (name, probe) in &sources.probes {
        shared.board.put(TargetStatus::new(
            &probe::source(name),
            TargetKind::Probe,
            probe::shown(probe),
        ));
        tasks.spawn(probe::run(
            name.clone(),
            probe.clone(),
            data_dir.to_owned(),
            shared.clone(),
        ));
    }
    for (name, logs) in &sources.logs {
        let shown = if logs.files.is_empty() {
            "(posted)".to_owned()
        } else {
            logs.files.join(" ")
        };
        shared.board.put(TargetStatus::new(
            &follow::source(name),
            TargetKind::Logs,
            shown,
        ));
        tasks.spawn(follow::run(
            name.clone(),
            logs.clone(),
            data_dir.to_owned(),
            shared.clone(),
        ));
    }
    let doors = Arc::new(Doors::open(sources, data_dir, &shared, &tasks));
    // What is sent to us may come as long as collecting goes on, even where nothing is asked.
    let held = shared.clone();
    tasks.spawn(async move { held.stop.cancelled().await });
    tasks.close();
    Handle {
        board: shared.board.clone(),
        redactor: shared.redactor.clone(),
        doors,
        tasks,
    }
}

/// A key that cannot be read leaves what it should keep masked, and says so.
fn redactor(redact: &Redact, secrets: &Secrets) -> Redactor {
    let mut known = BTreeMap::new();
    for (id, secret) in &redact.keys {
        match secrets(secret) {
            Ok(value) => drop(known.insert(id.clone(), value)),
            Err(why) => tracing::error!(key = id, %why, "a key of `redact` cannot be read"),
        }
    }
    Redactor::with_keys(redact, &known)
}

impl Handle {
    /// How every source fared last, in the order of their names.
    #[must_use]
    pub fn targets(&self) -> Vec<TargetStatus> {
        self.board.all()
    }

    /// Job and labels of every target that relabelling dropped.
    #[must_use]
    pub fn dropped(&self) -> Vec<(String, Labels)> {
        self.board.dropped()
    }

    /// Takes posted log records, NDJSON or a JSON array of at most [`crate::POST_MAX`] bytes. Returns once
    /// they are durable.
    ///
    /// # Errors
    /// [`Error`]; nothing of the post was stored then, except where the pipeline ended half-way.
    pub async fn receive(&self, stream: &str, body: &[u8]) -> Result<Received, Error> {
        let receiver = self
            .doors
            .receivers
            .iter()
            .find(|receiver| receiver.takes_posts(stream));
        receiver
            .ok_or_else(|| Error::NoStream(stream.to_owned()))?
            .receive(stream, body)
            .await
    }

    /// Whether a source takes documents for this stream.
    #[must_use]
    pub fn takes_documents(&self, stream: &str) -> bool {
        self.doors
            .receivers
            .iter()
            .any(|receiver| receiver.takes(stream))
    }

    /// Takes documents for a stream. Returns once they are durable: the id of each, or why it was refused.
    ///
    /// # Errors
    /// [`Error`]; nothing was stored then, except where the pipeline ended half-way.
    pub async fn documents(
        &self,
        stream: &str,
        documents: Vec<Document>,
    ) -> Result<Vec<Result<String, Refusal>>, Error> {
        let receiver = self
            .doors
            .receivers
            .iter()
            .find(|receiver| receiver.takes(stream));
        receiver
            .ok_or_else(|| Error::NoStream(stream.to_owned()))?
            .documents(stream, documents)
            .await
    }

    /// A text with everything in it that was encrypted before it was stored as it was, for those who may see it.
    #[must_use]
    pub fn reveal(&self, text: &str) -> String {
        self.redactor.reveal(text)
    }

    /// Takes samples by remote write, a packed body of at most [`crate::WRITE_MAX`] bytes. Returns once they
    /// are durable.
    ///
    /// # Errors
    /// [`WriteError`]; nothing of the request needs to have been stored then.
    pub async fn remote_write(
        &self,
        message: Message,
        encoding: Encoding,
        body: &[u8],
    ) -> Result<Taken, WriteError> {
        self.doors
            .writes
            .clone()
            .receive(message, encoding, body)
            .await
    }

    /// Takes what an OpenTelemetry SDK or collector sends, at most [`crate::OTLP_MAX`] bytes before and after
    /// unpacking. Returns once it is durable, or tells which part was rejected.
    ///
    /// # Errors
    /// [`OtlpError`]; nothing of the message needs to have been stored then.
    pub async fn otlp(
        &self,
        signal: OtlpSignal,
        form: OtlpForm,
        packing: Packing,
        body: &[u8],
    ) -> Result<OtlpTaken, OtlpError> {
        let otlp = self.doors.otlp.clone();
        otlp.receive(signal, form, packing, body).await
    }

    /// Takes a push of Loki's clients, JSON or protocol buffers, at most [`crate::LOKI_MAX`] bytes before and after
    /// unpacking. Returns once it is durable.
    ///
    /// # Errors
    /// [`LokiError`]; nothing of the push needs to have been stored then.
    pub async fn loki(
        &self,
        is_json: bool,
        packing: Packing,
        body: &[u8],
    ) -> Result<LokiTaken, LokiError> {
        self.doors.loki(is_json, packing, body).await
    }

    /// Takes a signed event for the webhook `name`, at most [`crate::WEBHOOK_MAX`] bytes. `header` answers with the
    /// value of a header, by its name in lower case. Returns once it is durable.
    ///
    /// # Errors
    /// [`WebhookError`]; nothing of the event was stored then.
    pub async fn webhook(
        &self,
        name: &str,
        header: &(dyn Fn(&str) -> Option<String> + Sync),
        body: &[u8],
    ) -> Result<(), WebhookError> {
        self.doors.webhook(name, header, body).await
    }

    /// Takes what a job pushes, as to a Pushgateway; `path` follows `/metrics/`. Returns once it is durable.
    ///
    /// # Errors
    /// [`PushError`]; nothing of the push needs to have been stored then.
    pub async fn push(
        &self,
        path: &str,
        push: Push,
        content_type: &str,
        body: &[u8],
    ) -> Result<(), PushError> {
        let pushes = &self.doors.pushes;
        pushes.receive(path, push, content_type, body).await
    }

    /// Waits until every task has ended; `stop` must have been cancelled.
    pub async fn stopped(&self) {
        self.tasks.wait().await;
    }
}

/// A source that the spec itself names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// As rounds and lines name it.
    pub source: String,
    /// How often it will speak.
    pub interval: Duration,
    /// Of one that brings records.
    pub stream: Option<String>,
}

/// Every source that the spec itself names. Targets that are found and pushes that arrive are known by their rounds
/// alone.
#[must_use]
pub fn owed(sources: &Sources) -> Vec<Owed> {
    let plain = |source, interval| Owed {
        source,
        interval,
        stream: None,
    };
    let scrapes = sources.scrape.iter().flat_map(|(job, scrape)| {
        let known = scrape::known(job, scrape).into_iter();
        known.map(|target| plain(target.source, target.interval))
    });
    let probes = sources
        .probes
        .iter()
        .map(|(name, probe)| plain(probe::source(name), probe::interval(probe)));
    let logs = sources.logs.iter();
    let logs = logs.map(|(name, logs)| (name.clone(), logs.stream.as_str()));
    let records = logs.chain(sources.receive.streams());
    let records = records.map(|(source, stream)| Owed {
        source,
        interval: follow::HEARTBEAT,
        stream: Some(stream.to_owned()),
    });
    scrapes.chain(probes).chain(records).collect()
}
