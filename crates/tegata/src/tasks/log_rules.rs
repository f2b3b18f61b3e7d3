//! The log rules' task: records that are durable come in, and what fires is told at once.
//!
//! What the rules remember is written down every few seconds together with the time up to which it stands; a start
//! takes it up and reads the records since then again, which count no second time. A page that was told just before a
//! death is told again under the same labels, where the responders know it.

mod alerts;
mod memory;

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
    time::Duration,
};

use evaluate::log_rule::{Engine, Firing, LogRule, Told};
use promise::{Clock, LogQuery, Timestamp};
use respond::{Responder, RuleChange, incident::FORGOTTEN, rule};
use store::{Labels, LogStore, Record, StateStore, logs::Search};
use tokio::{
    sync::{mpsc, oneshot},
    task::{JoinHandle, block_in_place, spawn_blocking},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use self::alerts::{Alerts, Open, Place};

/// Batches that are looked at together, so that one rule takes what came late among them once.
const TOGETHER_MAX: usize = 64;
/// How often time passes for rules that wait for nothing.
const TICK: Duration = Duration::from_secs(1);
/// Records of now are a little under way; time passes that much behind the clock.
const UNDER_WAY: Duration = Duration::from_secs(2);
/// How often what is remembered is written down, at the most.
const SAVE_EVERY: Duration = Duration::from_secs(10);
/// Bytes of it that are written in a second, on average: of busy rules it is much, and a start reads again what came since.
const SAVED_A_SECOND: usize = 1 << 20;
/// Records that a start reads again at most: an hour of 5,000 a second.
const AGAIN_MAX: usize = 18_000_000;
const TABLE: &str = "log_rules";

/// A value that rules are to forget; answered with of how many rules it went, once that is written down.
pub(crate) struct Forget {
    pub(crate) value: String,
    pub(crate) done: oneshot::Sender<u64>,
}

/// One generation's log rules.
pub(crate) struct LogRules {
    engine: Engine,
    severities: BTreeMap<String, String>,
    stretches: BTreeMap<String, Duration>,
    alerts: Alerts,
    logs: Arc<dyn LogStore>,
    state: Arc<dyn StateStore>,
    responder: Arc<Responder>,
    clock: Arc<dyn Clock>,
    saved: Timestamp,
    /// How long after that it is written down again.
    save_after: Duration,
    /// Writes it down, and answers how many bytes it is.
    saving: Option<JoinHandle<usize>>,
    url: String,
}

impl LogRules {
    pub(crate) async fn new(
        rules: Vec<(LogRule, Option<String>)>,
        logs: Arc<dyn LogStore>,
        state: Arc<dyn StateStore>,
        responder: Arc<Responder>,
        clock: Arc<dyn Clock>,
        url: String,
    ) -> Self {
        let severities = rules
            .iter()
            .filter_map(|(rule, severity)| Some((rule.name.clone(), severity.clone()?)))
            .collect();
        let stretches = rules
            .iter()
            .map(|(rule, _)| (rule.name.clone(), rule.over()))
            .collect();
        let engine = Engine::new(rules.into_iter().map(|(rule, _)| rule).collect());
        let saved = clock.now();
        Self {
            engine,
            severities,
            stretches,
            alerts: Alerts::read(state.clone()).await,
            logs,
            state,
            responder,
            clock,
            saved,
            save_after: SAVE_EVERY,
            saving: None,
            url,
        }
    }

    pub(crate) async fn run(
        mut self,
        mut heard: mpsc::Receiver<Arc<[Record]>>,
        mut forgets: mpsc::Receiver<Forget>,
        stop: CancellationToken,
    ) {
        self.begin().await;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                records = heard.recv() => {
                    let Some(records) = records else { break };
                    // What has come in the meantime is looked at together.
                    let mut together = vec![records];
                    while together.len() < TOGETHER_MAX && let Ok(more) = heard.try_recv() {
                        together.push(more);
                    }
                    let told = self.engine.observe_all(together.iter().flat_map(|some| some.iter()));
                    self.tell(told).await;
                }
                Some(forget) = forgets.recv() => self.forget(forget).await,
                () = sleep(TICK) => {}
            }
            let now = self.clock.now();
            let told = self.engine.advance(now - UNDER_WAY);
            self.tell(told).await;
            self.end(now).await;
            if now.since(self.saved) >= self.save_after {
                self.save(now).await;
            }
        }
        let now = self.clock.now();
        self.saved_wholly().await;
        self.save(now).await;
        self.saved_wholly().await;
    }

    /// Takes up what was remembered, and what came since.
    async fn begin(&mut self) {
        let now = self.clock.now();
        let rules = &self.stretches;
        self.alerts.end_unless(|rule| rules.contains_key(rule), now);
        self.end(now).await;
        let packed = match memory::read(&*self.state).await {
            Ok(Some(packed)) => packed,
            Ok(None) => return,
            Err(error) => {
                return tracing::error!(%error, "what the log rules remember could not be read");
            }
        };
        let unpacked = spawn_blocking(move || memory::unpack(&packed)).await;
        let saved = match unpacked.unwrap_or_else(|error| Err(error.into())) {
            Ok(saved) => saved,
            Err(error) => {
                return tracing::error!(%error, "what the log rules remember cannot be understood");
            }
        };
        let Some(from) = self.engine.restore(saved) else {
            return;
        };
        let to = self.clock.now();
        let (mut after, mut read) = (None, 0);
        while read < AGAIN_MAX {
            let search = Search {
                query: LogQuery::all(),
                from,
                to,
                newest_first: false,
                after,
                limit: Search::LIMIT_MAX,
            };
            let page = match self.logs.search(&search).await {
                Ok(page) => page,
                Err(error) => {
                    return tracing::error!(%error, "records for the log rules could not be read again");
                }
            };
            let told = self.engine.observe_all(&page);
            self.tell(told).await;
            read += page.len();
            match page.last().filter(|_| page.len() == Search::LIMIT_MAX) {
                Some(last) => after = Some((last.at, last.id)),
                None => return,
            }
        }
    }

    /// Tells what has fired, once for each alert: first all of them are written down together.
    async fn tell(&mut self, told: Vec<Told>) {
        let now = self.clock.now();
        let mut fired: BTreeMap<Place, (Open, Option<String>)> = BTreeMap::new();
        for Told { rule, firing, late } in told {
            tracing::info!(rule, late, figure = firing.figure, "a log rule fired");
            let stretch = self.stretches.get(&rule).copied().unwrap_or_default();
            let severity = self.severities.get(&rule).cloned();
            let place = (rule, firing.key.clone());
            let open = self
                .alerts
                .fire(&place, firing.at, (now, stretch), severity);
            if let Entry::Vacant(vacant) = fired.entry(place) {
                let summary = summary(vacant.key(), &firing, late);
                vacant.insert((open, summary));
            }
        }
        self.alerts.keep(fired.keys()).await;
        for (place, (open, summary)) in fired {
            self.change(&place, &open, rule::Turn::Fires, now, summary)
                .await;
        }
    }

    /// Alerts that did not fire again.
    async fn end(&mut self, now: Timestamp) {
        let over = self.alerts.over(now);
        for (place, open) in &over {
            self.change(place, open, rule::Turn::Ends, now, None).await;
        }
        // Only then: a death in between ends them once more, which changes nothing.
        self.alerts
            .forget(over.iter().map(|(place, _)| place))
            .await;
    }

    async fn change(
        &self,
        (name, key): &Place,
        open: &Open,
        turn: rule::Turn,
        at: Timestamp,
        summary: Option<String>,
    ) {
        let labels = Labels::new([
            ("alertname", name.as_str()),
            ("key", key.as_deref().unwrap_or_default()),
            ("severity", open.severity.as_deref().unwrap_or_default()),
        ]);
        let rule = rule::Rule {
            labels,
            annotations: Labels::new(summary.map(|summary| ("summary", summary))),
            external_labels: Labels::default(),
            started: open.started,
            generator_url: self.url.as_str().into(),
            lost: None,
            is_posted: false,
        };
        let change = RuleChange {
            rule,
            turn,
            at,
            entry: None,
        };
        if let Err(error) = self.responder.rule(change).await {
            tracing::error!(%error, "a log rule's alert could not be handed to the responders");
        }
    }

    /// Begins to write down what is remembered, unless that is still being done: no page waits for it.
    async fn save(&mut self, now: Timestamp) {
        if self
            .saving
            .as_ref()
            .is_some_and(|saving| !saving.is_finished())
        {
            return;
        }
        self.saved_wholly().await;
        self.saved = now;
        let (remembered, state) = (self.engine.save(now), self.state.clone());
        self.saving = Some(tokio::spawn(async move {
            let packed = spawn_blocking(move || memory::pack(&remembered)).await;
            let written = match packed.unwrap_or_else(|error| Err(error.into())) {
                Ok(packed) => memory::write(&*state, &packed)
                    .await
                    .map(|()| packed.len())
                    .map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            written.unwrap_or_else(|error| {
                tracing::error!(
                    error,
                    "what the log rules remember could not be written down"
                );
                0
            })
        }));
    }

    async fn forget(&mut self, Forget { value, done }: Forget) {
        let rules = block_in_place(|| self.engine.forget(&value, FORGOTTEN));
        if rules > 0 {
            // What is being written down holds it yet.
            self.saved_wholly().await;
            self.save(self.clock.now()).await;
            self.saved_wholly().await;
        }
        // Whoever asked may have gone.
        let _ = done.send(rules);
    }

    /// Waits until it is written down.
    async fn saved_wholly(&mut self) {
        let Some(saving) = self.saving.take() else {
            return;
        };
        match saving.await {
            Ok(bytes) => {
                let secs = (bytes / SAVED_A_SECOND) as u64;
                self.save_after = SAVE_EVERY.max(Duration::from_secs(secs));
            }
            Err(error) => {
                tracing::error!(%error, "what the log rules remember was not written down");
            }
        }
    }
}

/// What fired, in words where it has some, else by its figure.
fn summary((name, key): &Place, firing: &Firing, late: bool) -> Option<String> {
    let what = match (&firing.why, firing.figure) {
        (Some(why), _) => format!("{} / {}", why.en, why.ja),
        (None, Some(figure)) => figure.to_string(),
        (None, None) => return None,
    };
    let of = key
        .as_deref()
        .map(|key| format!(" ({key})"))
        .unwrap_or_default();
    let note = if late {
        "; a late record completed it"
    } else {
        ""
    };
    Some(format!("{name}{of}: {what}{note}"))
}
