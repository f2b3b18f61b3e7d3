//! The one place that wires: which room hands what to which.
//!
//! The house (data directory, stores, ledger, responders, console) lives as long as the process. A generation
//! (collector, judge) lives as long as a spec is in force; a reload ends one and starts the next, just as a
//! restart would.

pub(crate) mod generation;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use arc_swap::{ArcSwap, ArcSwapOption};
use console::{
    board::{Board, SpecStatus},
    door::RuleGroup,
};
use evaluate::Owed;
use ledger::Ledger;
use promise::{Clock, Lang, Say, Timestamp, say};
use respond::Responder;
use serde_json::json;
use spec::Spec;
use store::{LogStore, MetricStore, StateStore, lock::DataDir};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::{mpsc, watch},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    book::{Book, kind},
    cli::instance,
    clock::SystemClock,
    demo, doors, engine,
    exit::Stop,
    log_rules,
    rule_files::{self, RuleFiles},
    seals::Sealer,
    secrets, spec_file,
    tasks::{
        self,
        events::{Judges, Scribe},
        judge::Input,
        watch::Why,
    },
};
use generation::Generation;

/// What a run is told.
pub(crate) struct Settings {
    pub(crate) spec: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) lang: Lang,
}

/// SIGTERM ends everything within this time, done or not.
const DRAIN_MAX: Duration = Duration::from_secs(10);
/// Events of the responders that may wait for the ledger.
const EVENTS_MAX: usize = 1_024;

/// What lives as long as the process.
pub(crate) struct House {
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Arc<dyn MetricStore>,
    pub(crate) logs: Arc<dyn LogStore>,
    pub(crate) state: Arc<dyn StateStore>,
    pub(crate) book: Book,
    pub(crate) responder: Arc<Responder>,
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) board: watch::Sender<Arc<Board>>,
    pub(crate) spec_status: watch::Sender<SpecStatus>,
    pub(crate) judge: watch::Sender<Option<mpsc::Sender<Input>>>,
    pub(crate) collector: ArcSwapOption<collect::Handle>,
    /// The spec in force, once there is one.
    pub(crate) spec: ArcSwapOption<Spec>,
    /// The sources of the spec in force.
    pub(crate) owed: watch::Sender<Vec<Owed>>,
    pub(crate) world: Option<Arc<demo::World>>,
    /// The rules in force, as the console shows them.
    pub(crate) rules: Arc<ArcSwap<Vec<RuleGroup>>>,
    /// Fields of logs that the spec says are personal.
    pub(crate) masked: ArcSwap<Vec<String>>,
    /// Where the console answers.
    pub(crate) url: String,
    /// Where people reach it; the same where nothing stands before it.
    public: String,
    /// The spec and its rule files: a change of one is a change of the spec.
    watched: ArcSwap<Vec<PathBuf>>,
    pub(crate) started: Timestamp,
    pub(crate) opened: Opened,
    /// Exclusive for as long as the house stands.
    _data: DataDir,
}

/// What was so when the house was opened, and stays so.
pub(crate) struct Opened {
    /// Whether samples may be deleted through the API.
    pub(crate) deletes: bool,
    /// How long samples are kept.
    pub(crate) retention: Duration,
    /// Damage that was found in the stores, and mended.
    pub(crate) recovered: usize,
}

/// Runs until it is told to stop. `demo` is the first port of the demo's world, when there is one.
pub(crate) async fn run(settings: Settings, demo: Option<u16>) -> anyhow::Result<ExitCode> {
    let lang = settings.lang;
    // Signals are heard before anything is started, so that none is lost.
    let mut terminate = signal(SignalKind::terminate())?;
    let spec = spec_file::open(&settings.spec, lang)?.into_spec(lang)?;
    let rules = rule_files::of(&settings.spec, &spec, lang)?.whole(lang)?;
    let listen = settings
        .listen
        .map_or_else(|| spec.console.listen.parse(), Ok)
        .context("console.listen")?;
    let console = TcpListener::bind(listen)
        .await
        .map_err(|error| Stop::missing(cannot_listen(listen, &error).get(lang)))?;
    let address = console.local_addr()?;

    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();
    let (events, heard) = mpsc::channel(EVENTS_MAX);
    let house = Arc::new(House::open(settings, &spec, &rules, address, events, demo, &stop).await?);
    let judges: Judges = house.judge.subscribe();
    let clock = house.clock.clone();
    let scribe = Scribe {
        book: house.book.clone(),
        logs: house.logs.clone(),
        metrics: house.metrics.clone(),
        responder: house.responder.clone(),
    };
    tasks.spawn(tasks::events::run(
        heard,
        scribe,
        judges.clone(),
        clock.clone(),
        stop.clone(),
    ));
    tasks.spawn(tasks::clock::run(
        clock,
        house.book.clone(),
        judges,
        stop.clone(),
    ));
    tasks.spawn(house.responder.clone().run(stop.clone()));
    tasks.spawn(tasks::seal::run(house.sealer.clone(), stop.clone()));
    let (again, mut reload) = mpsc::channel(4);
    let watched = house.clone();
    tasks.spawn(tasks::watch::run(
        move || watched.watched.load().as_ref().clone(),
        again,
        stop.clone(),
    ));

    // A long history takes a while to read; the pages answer meanwhile.
    tasks.spawn(doors::serve(console, house.clone(), stop.clone()));
    house.announce(address)?;
    let mut generation = Generation::start(&house, spec, rules, &stop).await?;
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => break,
            _ = terminate.recv() => break,
            Some(why) = reload.recv() => {
                if let Some((spec, rules)) = house.read_again(why).await {
                    generation.end().await;
                    let config = respond::Config::from_spec(&spec, links(&spec, address));
                    house.responder.reconfigure(config.with_rules(alerting(&spec, &rules)));
                    generation = Generation::start(&house, spec, rules, &stop).await?;
                }
            }
        }
    }
    tracing::info!("stopping");
    let drained = tokio::time::timeout(DRAIN_MAX, async {
        generation.end().await;
        house.note(kind::STOPPED, json!({})).await;
        stop.cancel();
        tasks.close();
        tasks.wait().await;
        if let Err(error) = house.metrics.close().await {
            tracing::warn!(%error, "the head of the metric store stays in its log");
        }
    });
    if drained.await.is_err() {
        tracing::warn!("some tasks did not end in time and were left");
    }
    let _ = std::fs::remove_file(house.settings.data.join(instance::FILE));
    Ok(ExitCode::SUCCESS)
}

impl House {
    async fn open(
        settings: Settings,
        spec: &Spec,
        rules: &RuleFiles,
        address: SocketAddr,
        events: mpsc::Sender<respond::Event>,
        demo: Option<u16>,
        stop: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let lang = settings.lang;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let missing = |error: store::Error| Stop::missing(explain(&error).get(lang));
        let data = DataDir::open(&settings.data).map_err(missing)?;
        let engine = engine::open(spec.metrics.as_ref(), &data.metrics(), clock.clone());
        let metrics = engine.map_err(|problem| match problem {
            engine::Problem::Store(error) => missing(error),
            engine::Problem::Client(why) => Stop::missing(why.get(lang)),
        })?;
        let logs = store::logs::open("embedded", &data.logs()).map_err(missing)?;
        let state = store::state::open("embedded", &data.state()).map_err(missing)?;
        let (ledger, opened) = Ledger::open(&data.ledger(), "tegata")
            .map_err(|error| Stop::missing(error.to_string()))?;
        let book = Book::new(Arc::new(ledger), clock.clone());
        let started = clock.now();

        let mut recovered = opened.recovered;
        recovered.extend(metrics.status().await?.recovered);
        recovered.extend(logs.status().await?.recovered);
        let opened = Opened {
            deletes: spec.console.deletes,
            retention: spec.retention.metrics.0,
            recovered: recovered.len(),
        };
        for what in recovered {
            tracing::warn!(what, "recovered after an unclean end");
            book.note(kind::RECOVERED, "", json!({ "what": what }))
                .await?;
        }
        notice_clock_set_back(&book, started).await?;
        book.note(
            kind::STARTED,
            "",
            json!({ "version": env!("CARGO_PKG_VERSION") }),
        )
        .await?;

        let world = match demo {
            Some(base) => Some(
                demo::World::start(base, &settings.data, clock.clone(), stop.clone())
                    .await
                    .map_err(|error| Stop::missing(format!("{error:#}")))?,
            ),
            None => None,
        };
        let url = format!("http://{address}");
        let config = respond::Config::from_spec(spec, links(spec, address))
            .with_rules(alerting(spec, rules));
        let responder = Responder::open(
            config,
            Arc::new(secrets::resolve),
            state.clone(),
            clock.clone(),
            events,
        )
        .await?;
        let sealer = Sealer::open(logs.clone(), state.clone(), book.clone()).await?;
        let watched = watched(&settings.spec, rules);
        let status = SpecStatus {
            path: settings.spec.display().to_string(),
            loaded_at: started,
            problem: None,
        };
        let board = Board {
            service: spec.service.name.0.clone(),
            time_zone: spec.service.time_zone.clone(),
            at: started,
            spec: status.clone(),
            rows: Vec::new(),
            sources: Vec::new(),
        };
        Ok(Self {
            settings,
            clock,
            metrics,
            logs,
            state,
            book,
            responder,
            sealer: Arc::new(sealer),
            board: watch::channel(Arc::new(board)).0,
            spec_status: watch::channel(status).0,
            judge: watch::channel(None).0,
            collector: ArcSwapOption::empty(),
            spec: ArcSwapOption::empty(),
            owed: watch::channel(Vec::new()).0,
            world,
            rules: Arc::default(),
            masked: ArcSwap::default(),
            url,
            public: links(spec, address),
            watched: ArcSwap::from_pointee(watched),
            started,
            opened,
            _data: data,
        })
    }

    /// The names under which the console answers: its own, and the one that people know it by.
    pub(crate) fn hosts(&self, address: SocketAddr) -> Vec<String> {
        let known = self.public.split_once("://").map(|(_, rest)| rest);
        let known = known.and_then(|rest| rest.split('/').next());
        let own = std::iter::once(address.to_string());
        own.chain(known.map(str::to_owned)).collect()
    }

    fn url(&self, address: SocketAddr) -> String {
        format!("http://{address}")
    }

    /// Tells other commands, and the person, where the console is.
    fn announce(self: &Arc<Self>, address: SocketAddr) -> anyhow::Result<()> {
        let instance = instance::Instance {
            url: self.url(address),
            pid: std::process::id(),
        };
        let path = self.settings.data.join(instance::FILE);
        std::fs::write(&path, serde_json::to_vec(&instance)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
        let url = &instance.url;
        match self.settings.lang {
            Lang::En => eprintln!("console: {url}   (Ctrl-C stops)"),
            Lang::Ja => eprintln!("画面: {url}   (Ctrl-C で終わります)"),
        }
        tokio::spawn(first_row(self.board.subscribe(), self.settings.lang));
        Ok(())
    }

    /// The spec, read again; `None` when it stays as it is.
    async fn read_again(&self, why: Why) -> Option<(Spec, RuleFiles)> {
        let (path, lang) = (&self.settings.spec, self.settings.lang);
        let opened = spec_file::open(path, lang).and_then(|file| {
            let rules = file
                .loaded
                .spec
                .as_ref()
                .map(|spec| rule_files::of(path, spec, lang));
            Ok((file, rules.transpose()?.unwrap_or_default()))
        });
        let problem = match opened {
            Ok((file, rules)) => {
                let wrong = rules.problem();
                if let (Some(spec), None) = (file.loaded.spec, &wrong) {
                    self.watched.store(Arc::new(watched(path, &rules)));
                    tracing::info!(?why, "the spec was read again");
                    self.spec_status.send_modify(|status| {
                        status.loaded_at = self.clock.now();
                        status.problem = None;
                    });
                    return Some((spec, rules));
                }
                wrong.unwrap_or_else(|| spec_file::summary(&file.loaded.diagnostics))
            }
            Err(error) => Say::same(error.to_string()),
        };
        tracing::error!(
            problem = problem.en,
            "the spec on disk is bad; the last good one stays in force"
        );
        self.note(kind::SPEC_REFUSED, json!({ "problem": problem }))
            .await;
        self.spec_status
            .send_modify(|status| status.problem = Some(problem));
        None
    }

    /// Writes an entry; a ledger that cannot be written is logged and shown by `/readyz`, not fatal.
    pub(crate) async fn note(&self, kind: &str, body: serde_json::Value) {
        if let Err(error) = self.book.note(kind, "", body).await {
            tracing::error!(%error, kind, "an entry could not be written to the ledger");
        }
    }
}

/// The names of all rules that raise alerts: an alert whose rule is not among them is one of a rule that is no more.
fn alerting(spec: &Spec, rules: &RuleFiles) -> Vec<String> {
    let on_logs = log_rules::of(spec).into_iter().map(|(rule, _)| rule.name);
    rules.alerts().chain(on_logs).collect()
}

/// What the links in messages begin with.
fn links(spec: &Spec, address: SocketAddr) -> String {
    let own = || format!("http://{address}");
    spec.console.url.clone().unwrap_or_else(own)
}

/// The files that make a spec.
fn watched(spec: &Path, rules: &RuleFiles) -> Vec<PathBuf> {
    let parts = spec_file::open(spec, Lang::En).map(|file| file.loaded.texts.paths());
    // One that has just gone is looked for again at its place.
    let parts = parts.unwrap_or_else(|_| vec![spec.to_path_buf()]);
    parts
        .into_iter()
        .chain(rules.paths.iter().cloned())
        .collect()
}

/// Prints the first verdict as soon as there is one.
async fn first_row(mut board: watch::Receiver<Arc<Board>>, lang: Lang) {
    while board.changed().await.is_ok() {
        let board = board.borrow_and_update().clone();
        let proven = board
            .worst_first()
            .into_iter()
            .rev()
            .find(|row| row.verdict.newest.is_some());
        if let Some(row) = proven {
            let verdict = &row.verdict;
            let (shape, state) = (verdict.state.shape(), verdict.state.say());
            let reason = verdict.reason.say();
            eprintln!(
                "{shape} {} {}: {}",
                state.get(lang),
                row.promise.name(lang),
                reason.get(lang)
            );
            return;
        }
    }
}

async fn notice_clock_set_back(book: &Book, now: Timestamp) -> anyhow::Result<()> {
    let Some(last) = book.ledger().len().checked_sub(1) else {
        return Ok(());
    };
    let Ok(at) = book.ledger().entry(last)?.at.parse::<Timestamp>() else {
        return Ok(());
    };
    if let Some((from, to)) = tasks::clock::jump(at.max(now), now) {
        tracing::warn!(%from, %to, "the clock was set back since the last run");
        book.note(kind::CLOCK_JUMPED, "", json!({ "from": from, "to": to }))
            .await?;
    }
    Ok(())
}

fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> Say {
    say!(
        "cannot listen on {address}: {error}",
        "{address} で待ち受けできません: {error}"
    )
}

fn explain(error: &store::Error) -> Say {
    match error {
        store::Error::InUse { path } => {
            let path = path.display();
            say!(
                "another Tegata runs on {path}",
                "{path} では別の Tegata が動いています"
            )
        }
        store::Error::DiskFull { path } => {
            let path = path.display();
            say!(
                "no space is left on the disk of {path}",
                "{path} のディスクに空きがありません"
            )
        }
        other => say!(
            "the data directory cannot be used: {other}",
            "データの場所を使えません: {other}"
        ),
    }
}
