//! Standing by: of several instances over one state, those that do not hold the lease collect and wait.
//!
//! One that waits keeps what its sources say, so that it can judge from the first moment; it judges nothing, tells nobody
//! and answers only that it is not the one to ask.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use collect::Outputs;
use console::Hosts;
use promise::{Lang, say};
use serde_json::json;
use spec::{Spec, section::state::State};
use store::{
    StateStore,
    state::{Holder, Lease, PostgresOptions, PostgresState},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Ground, InForce, Settings, Signals, links};
use crate::{
    access::Gate,
    beats::Beats,
    book::kind,
    doors::{self, Listeners},
    secrets,
    tasks::{self, judge::WAITING_MAX},
};

/// Where nobody holds the lease it is ours at once, and nothing need be started to wait.
const AT_ONCE: Duration = Duration::from_secs(2);
/// How long what was collected while waiting may take to be stored. What waits then is read once more.
const DRAIN_MAX: Duration = Duration::from_secs(1);

/// The state, and the lease under which it is ours.
pub(super) struct Held {
    pub(super) state: Arc<dyn StateStore>,
    pub(super) tenure: Option<Tenure>,
}

/// A lease that is kept from the moment it was taken.
pub(super) struct Tenure {
    lease: Arc<Lease>,
    stop: CancellationToken,
    keeping: JoinHandle<()>,
}

impl Tenure {
    fn begin(lease: Arc<Lease>) -> Self {
        let stop = CancellationToken::new();
        let (kept, until) = (lease.clone(), stop.clone());
        Self {
            lease,
            stop,
            keeping: tokio::spawn(async move { kept.keep(&until).await }),
        }
    }

    /// Cancelled once another instance has taken over.
    pub(super) fn lost(&self) -> CancellationToken {
        self.lease.lost()
    }

    /// Gives the lease back, so that another instance need not wait for it.
    pub(super) async fn give_back(self) {
        self.stop.cancel();
        // It ends at its next look, and has nothing to say.
        let _ = self.keeping.await;
        self.lease.release().await;
    }
}

/// Returns once the state is ours, which without a shared one it is; `None` when told to stop before. What the spec says
/// may change meanwhile.
pub(super) async fn until_ours(
    ground: &Ground,
    settings: &Settings,
    in_force: &mut InForce,
    gate: &Gate,
    listeners: &Listeners,
    signals: &mut Signals,
) -> anyhow::Result<Option<Held>> {
    let Some(State::Postgres(shared)) = in_force.spec.state.clone() else {
        let state = ground.local.clone();
        return Ok(Some(Held {
            state,
            tenure: None,
        }));
    };
    let url = shared.url;
    let store: Arc<dyn StateStore> = Arc::new(PostgresState::new(PostgresOptions {
        address: Arc::new(move || secrets::resolve(&url)),
        ca: shared.ca.map(Into::into),
    }));
    let address = listeners.front.local_addr()?;
    let holder = Holder {
        id: format!("{:016x}", rand::random::<u64>()),
        name: doors::host(),
        url: links(&in_force.spec, address),
    };
    let (seen, active) = watch::channel(None);
    let mut taking = Box::pin(Lease::take(store, &holder, &seen));
    let tenure = match timeout(AT_ONCE, &mut taking).await {
        Ok(taken) => Tenure::begin(taken?),
        Err(_) => {
            tell(&active, settings.lang);
            let body = json!({ "active": active.borrow().clone() });
            ground.note(kind::STANDS_BY, body).await;
            let stop = CancellationToken::new();
            let _ends = stop.clone().drop_guard();
            let beside = listeners.beside().context("the console's socket")?;
            let mut waiting = Box::pin(wait(
                ground,
                settings,
                in_force,
                gate,
                beside,
                active.clone(),
                stop.clone(),
            ));
            let tenure = tokio::select! {
                taken = taking => Tenure::begin(taken?),
                failed = &mut waiting => {
                    failed?;
                    return Ok(None);
                }
                () = signals.end() => return Ok(None),
            };
            stop.cancel();
            if timeout(DRAIN_MAX, waiting).await.is_err() {
                tracing::warn!("what was collected while waiting was not stored in time");
            }
            tenure
        }
    };
    let before = active.borrow().clone();
    let was = before.as_ref().map(|holder| holder.name.as_str());
    tracing::info!(before = was, "this instance is active");
    let body = json!({ "as": holder, "before": before });
    ground.note(kind::LEASE_TAKEN, body).await;
    Ok(Some(Held {
        state: tenure.lease.clone(),
        tenure: Some(tenure),
    }))
}

fn tell(active: &watch::Receiver<Option<Holder>>, lang: Lang) {
    let active = active.borrow().clone();
    let name = active.map_or_else(|| "?".to_owned(), |holder| holder.name);
    let said = say!(
        "stands by: {name} is active",
        "待機しています。稼働中は {name} です"
    );
    eprintln!("{}", said.get(lang));
}

/// Collects and answers until told to stop.
async fn wait(
    ground: &Ground,
    settings: &Settings,
    in_force: &mut InForce,
    gate: &Gate,
    listeners: Listeners,
    active: watch::Receiver<Option<Holder>>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let address = listeners.front.local_addr()?;
    let hosts = Hosts::with(super::hosts(&links(&in_force.spec, address), address));
    let router = console::standby::router(active, hosts);
    tokio::spawn(listeners.serve(router, gate.tls.clone(), stop.clone()));
    let (again, mut reload) = mpsc::channel(4);
    let watched = in_force.watched.clone();
    let files = move || watched.load().as_ref().clone();
    tokio::spawn(tasks::watch::run(files, again, stop.clone()));
    loop {
        let collecting = Collecting::start(ground, settings, &in_force.spec, &stop);
        let is_new = loop {
            // It ends once told to stop.
            let Some(why) = reload.recv().await else {
                break false;
            };
            if in_force.read_again(settings, gate, why) {
                break true;
            }
        };
        collecting.end().await;
        if !is_new {
            return Ok(());
        }
    }
}

/// A collector whose rounds and lines are stored and judged by nobody.
struct Collecting {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Collecting {
    fn start(
        ground: &Ground,
        settings: &Settings,
        spec: &Spec,
        parent: &CancellationToken,
    ) -> Self {
        let (stop, tasks) = (parent.child_token(), TaskTracker::new());
        let (rounds, rounds_in) = mpsc::channel(WAITING_MAX);
        let (lines, lines_in) = mpsc::channel(WAITING_MAX);
        let (unheard, mut judge) = mpsc::channel(WAITING_MAX);
        let handle = collect::start(
            &spec.sources,
            &settings.data,
            Arc::new(secrets::resolve),
            ground.local.clone(),
            ground.clock.clone(),
            Outputs { rounds, lines },
            stop.clone(),
        );
        let metrics = ground.metrics.clone();
        tasks.spawn(tasks::samples::run(
            rounds_in,
            metrics.clone(),
            None,
            unheard.clone(),
        ));
        tasks.spawn(tasks::lines::run(
            lines_in,
            ground.logs.clone(),
            ground.local.clone(),
            Beats::new(metrics.clone()),
            Vec::new(),
            unheard,
        ));
        tasks.spawn(tasks::retain::run(
            spec.retention.clone(),
            metrics,
            ground.logs.clone(),
            // Whoever is active copies; what it copied it tells in a state that this one has when it takes over.
            None,
            ground.clock.clone(),
            stop.clone(),
        ));
        tasks.spawn(async move {
            while judge.recv().await.is_some() {}
            drop(handle);
        });
        Self { stop, tasks }
    }

    async fn end(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}
