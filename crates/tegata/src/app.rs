//! The one place that wires: which room hands what to which.
//!
//! The house (data directory, stores, ledger, responders, console) lives as long as the process. A generation
//! (collector, judge) lives as long as a spec is in force; a reload ends one and starts the next, just as a
//! restart would.

pub(crate) mod generation;
mod ground;
mod in_force;
mod standby;

use std::{
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, LazyLock},
    time::Duration,
};

use anyhow::Context as _;
use arc_swap::{ArcSwap, ArcSwapOption};
use console::{
    board::{Board, SpecStatus},
    door::{Deed, RuleGroup},
};
use evaluate::Owed;
use promise::{Clock, Lang, Say, Timestamp, say};
use respond::Responder;
use serde_json::json;
use spec::Spec;
use store::{LogStore, MetricStore, StateStore, lock::DataDir};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, watch},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    access::Gate,
    book::{Book, kind},
    cli::instance,
    clock::SystemClock,
    deeds, demo,
    doors::{self, Listeners},
    exit::Stop,
    log_rules,
    rule_files::RuleFiles,
    seals::Sealer,
    secrets,
    tasks::{
        self,
        events::{Judges, Scribe},
        judge::Input,
        log_rules::Forget,
        watch::Why,
    },
};
use generation::Generation;
use ground::Ground;
use in_force::InForce;
use standby::{Held, Tenure};

/// What a run is told.
pub(crate) struct Settings {
    pub(crate) spec: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) lang: Lang,
}

/// SIGTERM ends everything within this time, done or not.
const DRAIN_MAX: Duration = Duration::from_secs(10);
/// How long what is sent to us waits for a spec that is being read; shippers give up after 10 s and more.
const READING_MAX: Duration = Duration::from_secs(8);
/// Why an instance that was active ends. Nothing that it remembers may act any longer; what starts it again lets it stand by.
static LOST: LazyLock<Say> = LazyLock::new(|| {
    say!(
        "another instance has taken over; start this one again and it stands by",
        "別のインスタンスが引き継ぎました。起動し直すと待機に入ります"
    )
});
/// Events of the responders that may wait for the ledger.
const EVENTS_MAX: usize = 1_024;

/// What lives as long as the process.
pub(crate) struct House {
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Arc<dyn MetricStore>,
    pub(crate) logs: Arc<dyn LogStore>,
    /// What a second instance must find, should it take over.
    pub(crate) state: Arc<dyn StateStore>,
    /// What is true of this machine alone: how far its files are read, which of its parts are sealed.
    pub(crate) local: Arc<dyn StateStore>,
    pub(crate) book: Book,
    pub(crate) responder: Arc<Responder>,
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) board: watch::Sender<Arc<Board>>,
    pub(crate) spec_status: watch::Sender<SpecStatus>,
    pub(crate) judge: watch::Sender<Option<mpsc::Sender<Input>>>,
    /// The rules on logs of the spec in force, where it has some.
    pub(crate) log_rules: watch::Sender<Option<mpsc::Sender<Forget>>>,
    /// The collector of the spec in force; none while a spec is being read.
    pub(crate) collector: watch::Sender<Option<Arc<collect::Handle>>>,
    /// The spec in force, once there is one.
    pub(crate) spec: ArcSwapOption<Spec>,
    /// The sources of the spec in force.
    pub(crate) owed: watch::Sender<Vec<Owed>>,
    pub(crate) world: Option<Arc<demo::World>>,
    /// The rules in force, as the console shows them.
    pub(crate) rules: Arc<ArcSwap<Vec<RuleGroup>>>,
    /// Fields of logs that the spec says are personal.
    pub(crate) masked: ArcSwap<Vec<String>>,
    /// How it stands with the ledger's witnesses.
    pub(crate) witnesses: Arc<ArcSwap<Vec<console::door::Witness>>>,
    /// Who may ask.
    pub(crate) gate: Gate,
    /// Where commands on this machine ask.
    pub(crate) url: String,
    /// Where people reach it; the same where nothing stands before it.
    public: String,
    /// The spec and its rule files: a change of one is a change of the spec.
    watched: Arc<ArcSwap<Vec<PathBuf>>>,
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
    let mut signals = Signals::hear()?;
    let mut in_force = InForce::open(&settings)?;
    let listen = settings
        .listen
        .map_or_else(|| in_force.spec.console.listen.parse(), Ok)
        .context("console.listen")?;
    let clock = Arc::new(SystemClock);
    let gate = Gate::open(&in_force.spec, &settings.spec, listen, clock)
        .map_err(|why| Stop::missing(why.get(lang)))?;
    let listeners = Listeners::bind(listen, gate.tls.load_full().is_some()).await;
    let listeners = listeners
        .map_err(|(listen, error)| Stop::missing(cannot_listen(listen, &error).get(lang)))?;
    let (address, near) = (listeners.front.local_addr()?, listeners.near()?);
    let ground = Ground::open(&settings, &in_force.spec).await?;
    gate.announce(
        &settings,
        &in_force.spec,
        near,
        &links(&in_force.spec, address),
    )?;
    let waited = standby::until_ours(
        &ground,
        &settings,
        &mut in_force,
        &gate,
        &listeners,
        &mut signals,
    );
    let held = waited.await?;
    let Some(Held { state, tenure }) = held else {
        ground.note(kind::STOPPED, json!({})).await;
        let _ = std::fs::remove_file(settings.data.join(instance::FILE));
        return Ok(ExitCode::SUCCESS);
    };
    let lost = tenure
        .as_ref()
        .map_or_else(CancellationToken::new, Tenure::lost);

    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();
    let (events, heard) = mpsc::channel(EVENTS_MAX);
    let world = match demo {
        Some(base) => Some(
            demo::World::start(base, &settings.data, ground.clock.clone(), stop.clone())
                .await
                .map_err(|error| Stop::missing(format!("{error:#}")))?,
        ),
        None => None,
    };
    let front = Front {
        gate,
        address,
        near,
    };
    let house = House::open(settings, ground, state, &in_force, front, events, world);
    let house = Arc::new(house.await?);
    tokio::spawn(first_row(house.board.subscribe(), lang));
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
    tasks.spawn(doors::serve(listeners, house.clone(), stop.clone()));
    let InForce { spec, rules, .. } = in_force;
    let mut generation = Generation::start(&house, spec, rules, &stop).await?;
    loop {
        tokio::select! {
            () = signals.end() => break,
            () = lost.cancelled() => break,
            Some(why) = reload.recv() => {
                if let Some((spec, rules)) = house.read_again(why).await {
                    house.collector.send_replace(None);
                    generation.end().await;
                    let config = respond::Config::from_spec(&spec, links(&spec, address));
                    house.responder.reconfigure(config.with_rules(alerting(&spec, &rules)));
                    house.gate.leave_word(&house.settings, &spec, near)?;
                    generation = Generation::start(&house, spec, rules, &stop).await?;
                }
            }
        }
    }
    tracing::info!("stopping");
    let is_lost = lost.is_cancelled();
    let drained = tokio::time::timeout(DRAIN_MAX, async {
        generation.end().await;
        let end = if is_lost {
            kind::LEASE_LOST
        } else {
            kind::STOPPED
        };
        house.note(end, json!({})).await;
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
    match tenure {
        Some(_) if is_lost => Err(Stop::missing(LOST.get(lang)).into()),
        Some(tenure) => {
            tenure.give_back().await;
            Ok(ExitCode::SUCCESS)
        }
        None => Ok(ExitCode::SUCCESS),
    }
}

/// What a person can do to end this process.
pub(crate) struct Signals {
    terminate: Signal,
}

impl Signals {
    fn hear() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// SIGTERM or Ctrl-C.
    async fn end(&mut self) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Where the console is asked, and who guards it.
struct Front {
    gate: Gate,
    address: SocketAddr,
    /// Where commands on this machine ask.
    near: SocketAddr,
}

impl House {
    #[allow(clippy::too_many_arguments)]
    async fn open(
        settings: Settings,
        ground: Ground,
        state: Arc<dyn StateStore>,
        in_force: &InForce,
        Front {
            gate,
            address,
            near,
        }: Front,
        events: mpsc::Sender<respond::Event>,
        world: Option<Arc<demo::World>>,
    ) -> anyhow::Result<Self> {
        let InForce { spec, rules, .. } = in_force;
        let opened = Opened {
            deletes: spec.console.deletes,
            retention: spec.retention.metrics.0,
            recovered: ground.recovered,
        };
        let public = links(spec, address);
        let config =
            respond::Config::from_spec(spec, public.clone()).with_rules(alerting(spec, rules));
        let responder = Responder::open(
            config,
            Arc::new(secrets::resolve),
            state.clone(),
            ground.clock.clone(),
            events,
        )
        .await?;
        let (logs, local, book) = (ground.logs, ground.local, ground.book);
        let sealer = Sealer::open(logs.clone(), local.clone(), book.clone()).await?;
        let status = SpecStatus {
            path: settings.spec.display().to_string(),
            loaded_at: ground.clock.now(),
            problem: None,
        };
        let board = Board {
            service: spec.service.name.0.clone(),
            time_zone: spec.service.time_zone.clone(),
            at: status.loaded_at,
            spec: status.clone(),
            rows: Vec::new(),
            sources: Vec::new(),
        };
        Ok(Self {
            settings,
            clock: ground.clock,
            metrics: ground.metrics,
            logs,
            state,
            local,
            book,
            responder,
            sealer: Arc::new(sealer),
            board: watch::channel(Arc::new(board)).0,
            spec_status: watch::channel(status).0,
            judge: watch::channel(None).0,
            log_rules: watch::channel(None).0,
            collector: watch::channel(None).0,
            spec: ArcSwapOption::empty(),
            owed: watch::channel(Vec::new()).0,
            world,
            rules: Arc::default(),
            masked: ArcSwap::default(),
            witnesses: Arc::default(),
            gate,
            url: format!("http://{near}"),
            public,
            watched: in_force.watched.clone(),
            started: ground.started,
            opened,
            _data: ground.data,
        })
    }

    /// The names under which the console answers: its own, and the one that people know it by.
    pub(crate) fn hosts(&self, address: SocketAddr) -> Vec<String> {
        hosts(&self.public, address)
    }

    /// The collector, for what was sent to us: it waits while a spec is being read, so that a start or a reload refuses nothing.
    pub(crate) async fn collector(&self) -> Option<Arc<collect::Handle>> {
        let mut collector = self.collector.subscribe();
        let there = tokio::time::timeout(READING_MAX, collector.wait_for(Option::is_some));
        there.await.ok()?.ok()?.clone()
    }

    /// The spec, read again; `None` when it stays as it is.
    async fn read_again(&self, why: Why) -> Option<(Spec, RuleFiles)> {
        let read = in_force::read(&self.settings, &self.watched, why);
        let read = read.and_then(|(spec, rules)| self.gate.take(&spec).map(|()| (spec, rules)));
        let deed = deeds::reload(&self.settings.spec, why, read.is_ok());
        self.did(&deed).await;
        match read {
            Ok(read) => {
                self.spec_status.send_modify(|status| {
                    status.loaded_at = self.clock.now();
                    status.problem = None;
                });
                Some(read)
            }
            Err(problem) => {
                self.note(kind::SPEC_REFUSED, json!({ "problem": problem }))
                    .await;
                self.spec_status
                    .send_modify(|status| status.problem = Some(problem));
                None
            }
        }
    }

    /// Writes down what somebody did outside the console.
    async fn did(&self, deed: &Deed) {
        if let Err(error) = deeds::record(&self.book, deed).await {
            tracing::error!(%error, event = deed.event, "a deed could not be written to the ledger");
        }
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
    let scheme = if spec.console.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let own = || format!("{scheme}://{address}");
    spec.console.url.clone().unwrap_or_else(own)
}

fn hosts(public: &str, address: SocketAddr) -> Vec<String> {
    let known = public.split_once("://").map(|(_, rest)| rest);
    let known = known.and_then(|rest| rest.split('/').next());
    let own = std::iter::once(address.to_string());
    own.chain(known.map(str::to_owned)).collect()
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

fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> Say {
    say!(
        "cannot listen on {address}: {error}",
        "{address} で待ち受けできません: {error}"
    )
}
