//! The judge: evidence arrives or its time comes, verdicts follow, and what has changed is recorded, told and shown.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use console::board::{Board, SourceRow, SpecStatus};
use evaluate::{Evaluator, Explained, Judged, Stores};
use promise::{Clock, Say, Timestamp};
use respond::{Filter, Responder, Transition};
use store::{Lines, Round, StateStore};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{
    book::Book,
    keeper::{Keeper, Record},
    past,
    windows::{SAVE_EVERY, Windows},
};

/// Evidence that may wait for the judge; beyond it collectors wait, and say so by being late.
pub(crate) const WAITING_MAX: usize = 256;
/// Judged at least this often, whatever arrives.
const TICK: Duration = Duration::from_secs(1);
/// The board is shown at most this often; people cannot read faster.
const SHOW_EVERY: Duration = Duration::from_millis(250);

/// What the judge hears.
pub(crate) enum Input {
    Rounds(Vec<Round>),
    Lines(Vec<Lines>),
    /// The wall clock jumped.
    ClockJumped {
        from: Timestamp,
        to: Timestamp,
    },
    /// Somebody wants to know more of one promise.
    Ask(String, oneshot::Sender<Option<Known>>),
}

/// What the judge knows of one promise.
pub(crate) struct Known {
    pub(crate) judged: Judged,
    pub(crate) explained: Option<Explained>,
}

/// One generation's judge.
pub(crate) struct Judge {
    pub(crate) evaluator: Evaluator,
    pub(crate) keeper: Keeper,
    pub(crate) stores: Stores,
    pub(crate) book: Book,
    pub(crate) state: Arc<dyn StateStore>,
    pub(crate) responder: Arc<Responder>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) show: Show,
}

/// Where the board is shown, and what stands on it beside the promises.
pub(crate) struct Show {
    pub(crate) board: watch::Sender<Arc<Board>>,
    pub(crate) service: Say,
    pub(crate) time_zone: String,
    pub(crate) spec: watch::Receiver<SpecStatus>,
    pub(crate) sources: Box<dyn Fn() -> Vec<SourceRow> + Send>,
}

impl Judge {
    pub(crate) async fn run(mut self, mut inputs: mpsc::Receiver<Input>, stop: CancellationToken) {
        let mut shown = Instant::now();
        let mut tick = Instant::now();
        let (mut windows, mut saved) = (Windows::default(), Instant::now());
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                input = inputs.recv() => {
                    let Some(input) = input else { break };
                    self.hear(input);
                    // What has come in the meantime is judged together.
                    for _ in 0..WAITING_MAX {
                        let Ok(input) = inputs.try_recv() else { break };
                        self.hear(input);
                    }
                }
                () = sleep_until(tick) => {}
            }
            let now = self.clock.now();
            let judged = self.evaluator.judge(&self.stores, now).await;
            let mut records: Vec<Record> = judged
                .into_iter()
                .filter_map(|judged| self.keeper.take(judged))
                .collect();
            records.extend(self.keeper.settle(now));
            if !records.is_empty() {
                self.record(records).await;
            }
            if shown.elapsed() >= SHOW_EVERY {
                self.show(now);
                shown = Instant::now();
            }
            if saved.elapsed() >= SAVE_EVERY {
                windows.save_some(&self.evaluator, &*self.state, now).await;
                saved = Instant::now();
            }
            tick = self.next_tick(now);
        }
        let now = self.clock.now();
        windows.save_all(&self.evaluator, &*self.state, now).await;
    }

    fn hear(&mut self, input: Input) {
        match input {
            Input::Rounds(rounds) => rounds
                .iter()
                .for_each(|round| self.evaluator.observe(round)),
            Input::Lines(lines) => lines
                .iter()
                .for_each(|lines| self.evaluator.observe_lines(lines)),
            Input::ClockJumped { from, to } => self.evaluator.clock_jumped(from, to),
            Input::Ask(id, answer) => {
                let known = self.keeper.latest(&id).map(|judged| Known {
                    judged: judged.clone(),
                    explained: self.evaluator.explain(&id),
                });
                // Whoever asked may have gone.
                let _ = answer.send(known);
            }
        }
    }

    fn next_tick(&self, now: Timestamp) -> Instant {
        let wait = self
            .evaluator
            .next_due()
            .map_or(TICK, |due| due.since(now).min(TICK));
        Instant::now() + wait
    }

    /// Ledger first, then people: what was told can always be proven.
    async fn record(&mut self, records: Vec<Record>) {
        let entries = self.book.verdicts(&records).await;
        let mut days = Vec::new();
        for (record, entry) in records.into_iter().zip(entries) {
            days.extend(self.keeper.recorded(&record, entry));
            if !record.is_transition() {
                continue;
            }
            tracing::info!(
                promise = record.promise.id,
                state = record.verdict.state.as_str(),
                before = record.before.map(promise::State::as_str),
                reason = record.verdict.reason.code,
                "a verdict changed"
            );
            let transition = Transition {
                promise: record.promise,
                verdict: record.verdict,
                before: record.before,
                evidence_entry: entry,
                bad_since: record.bad_since,
            };
            if let Err(error) = self.responder.transition(transition).await {
                tracing::error!(%error, "a changed verdict could not be handed to the responders");
            }
        }
        if let Err(error) = past::keep_days(&*self.state, days).await {
            tracing::warn!(%error, "the days of the strip could not be stored");
        }
    }

    fn show(&self, now: Timestamp) {
        let incidents: BTreeMap<String, String> = self
            .responder
            .incidents(&Filter::open())
            .into_iter()
            .flat_map(|incident| {
                incident
                    .promises
                    .into_iter()
                    .map(move |promise| (promise, incident.id.clone()))
            })
            .collect();
        self.show.board.send_replace(Arc::new(Board {
            service: self.show.service.clone(),
            time_zone: self.show.time_zone.clone(),
            at: now,
            spec: self.show.spec.borrow().clone(),
            rows: self.keeper.rows(now, &incidents),
            sources: (self.show.sources)(),
        }));
    }
}
