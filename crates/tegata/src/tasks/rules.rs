//! The rules' task: rounds that are stored come in, what the rules make is stored, and what changed is told.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use console::door::RuleGroup;
use evaluate::rule::{Engine, Event, Heard, Stored, alert::Turn};
use promise::{Cause, Clock, Say, Timestamp, say};
use respond::{Responder, RuleChange, rule};
use store::Labels;
use tokio::{sync::mpsc, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::doors;

/// Evaluated at least this often, whatever arrives.
const TICK: Duration = Duration::from_secs(1);
/// How soon what is due and waits for a late target is looked at again.
const AGAIN: Duration = Duration::from_millis(100);
/// Heard rounds that are taken together.
const TOGETHER_MAX: usize = 256;

/// One generation's rules.
pub(crate) struct Rules {
    pub(crate) engine: Engine,
    pub(crate) source: Stored,
    pub(crate) responder: Arc<Responder>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) shown: Arc<ArcSwap<Vec<RuleGroup>>>,
    /// Where the console answers.
    pub(crate) url: String,
    pub(crate) external_labels: Labels,
}

impl Rules {
    pub(crate) async fn run(
        mut self,
        mut heard: mpsc::Receiver<Vec<Heard>>,
        stop: CancellationToken,
    ) {
        self.begin().await;
        let mut wait = Duration::ZERO;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                some = heard.recv() => {
                    let Some(some) = some else { return };
                    some.iter().for_each(|heard| self.engine.observe(heard));
                    // What has come in the meantime is looked at together.
                    for _ in 0..TOGETHER_MAX {
                        let Ok(some) = heard.try_recv() else { break };
                        some.iter().for_each(|heard| self.engine.observe(heard));
                    }
                }
                () = sleep(wait) => {}
            }
            self.turn().await;
            let now = self.clock.now();
            wait = self
                .engine
                .next_due(now)
                .map_or(TICK, |due| due.since(now).clamp(AGAIN, TICK));
        }
    }

    /// Takes up what stood before the start: from the stored series, and from what people were told.
    async fn begin(&mut self) {
        let now = self.clock.now();
        if let Err(error) = self.engine.restore(&self.source, now).await {
            tracing::error!(%error, "the rules' alerts from before could not be read");
        }
        for open in self.responder.open_rules() {
            self.engine.goes_on(&open.labels, open.started, now);
        }
        self.show();
    }

    async fn turn(&mut self) {
        let outcome = self.engine.run(&self.source, &*self.clock).await;
        let changed = !outcome.series.is_empty() || !outcome.events.is_empty();
        // People first: what is recorded can wait for the disk, a page cannot.
        for event in outcome.events {
            self.tell(event).await;
        }
        if !outcome.series.is_empty() {
            match self.source.0.append(outcome.series.clone()).await {
                Ok(_) => self.engine.stored(&outcome.series),
                Err(error) => tracing::error!(%error, "what the rules made could not be stored"),
            }
        }
        if changed {
            self.show();
        }
    }

    async fn tell(&self, event: Event) {
        tracing::info!(alert = event.alert.labels.get("alertname"), turn = ?event.turn, "an alert changed");
        let alert = &event.alert;
        let query: String = form(&event.query);
        let told = RuleChange {
            rule: rule::Rule {
                labels: alert.labels.clone(),
                annotations: alert.annotations.clone(),
                external_labels: self.external_labels.clone(),
                started: started(alert.fired_at, event.at),
                generator_url: format!("{}/graph?g0.expr={query}&g0.tab=1", self.url).into(),
                lost: alert
                    .stale
                    .as_ref()
                    .map(|(_, cause)| Box::new(say_cause(cause))),
                is_posted: false,
            },
            turn: match event.turn {
                Turn::Fired | Turn::Regained => rule::Turn::Fires,
                Turn::Lost => rule::Turn::Lost,
                Turn::Resolved => rule::Turn::Ends,
            },
            at: event.at,
            entry: None,
        };
        if let Err(error) = self.responder.rule(told).await {
            tracing::error!(%error, "a changed alert could not be handed to the responders");
        }
    }

    fn show(&self) {
        let groups = self
            .engine
            .groups()
            .map(|(live, schedule)| doors::rule_group(live, schedule));
        self.shown.store(Arc::new(groups.collect()));
    }
}

fn say_cause(cause: &Cause) -> Say {
    match cause {
        Cause::Failed { error } => Say::new(
            format!("no answer: {}", error.en),
            format!("応答なし: {}", error.ja),
        ),
        Cause::Refused { limit } => Say::new(
            format!("refused: {}", limit.en),
            format!("受け取りを拒否: {}", limit.ja),
        ),
        Cause::Absent => say!("the series has ended", "系列が途絶えました"),
        Cause::NotRunning => say!("nobody was watching", "監視が動いていませんでした"),
        Cause::ClockJump => say!("the clock jumped", "時計が飛びました"),
    }
}

fn started(fired: Option<Timestamp>, at: Timestamp) -> Timestamp {
    fired.unwrap_or(at)
}

/// As a value in a URL.
fn form(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte))
            }
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
