//! The responder: what the binary and the console call.

use std::{sync::Arc, time::Duration};

use promise::{Clock, Promise, State, Timestamp, Verdict};
use serde::Serialize;
use store::StateStore;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    Config, Error, Event, Filter, InboxItem, Incident, OnDuty, Secrets,
    backlog::{Backlog, News},
    checklist, deliver,
    desk::{Desk, DeskShelf},
    incident::Outcome,
    notify::{self, Make, Outside},
    pending::Waiting,
    posted::{self, Posted},
    refresh,
    rule::{Rule, RuleChange},
    silence::{self, Silence},
    standing::{self, GroupStanding, Standing},
};

/// A verdict that differs from the one before.
#[derive(Debug, Clone)]
pub struct Transition {
    pub promise: Arc<Promise>,
    pub verdict: Verdict,
    /// `None` for the first verdict since the start.
    pub before: Option<State>,
    /// Index of the verdict's entry in the ledger.
    pub evidence_entry: Option<u64>,
    /// The first bad evidence.
    pub bad_since: Timestamp,
}

/// How a receiver does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReceiverStatus {
    pub name: String,
    /// `webhook`, `slack`, `email`, `inbox`.
    pub kind: &'static str,
    pub last_sent: Option<Timestamp>,
    pub last_failed: Option<Timestamp>,
    /// What a pending page last met with, or why the last failed one failed.
    pub last_error: Option<String>,
    /// Pages under way.
    pub pending: usize,
}

pub struct Responder {
    pub(crate) desk: Arc<Desk>,
    make: Make,
    waiting: Waiting,
    backlog: Backlog,
}

impl Responder {
    /// Restores alerts, incidents and pages under way. Events go to `events`; see [`Self::recorded`].
    pub async fn open(
        config: Config,
        secrets: Secrets,
        state: Arc<dyn StateStore>,
        clock: Arc<dyn Clock>,
        events: mpsc::Sender<Event>,
    ) -> Result<Arc<Self>, Error> {
        let desk = Arc::new(Desk::open(config, state, clock.clone(), events).await?);
        let outside = Outside::new(secrets, clock, Arc::new(DeskShelf(desk.clone())));
        Ok(Self::start(
            desk,
            Arc::new(move |_, receiver| notify::of(receiver, &outside)),
        ))
    }

    /// The same with receivers that are made up: a simulation needs neither network nor real time.
    pub async fn open_simulated(
        config: Config,
        state: Arc<dyn StateStore>,
        clock: Arc<dyn Clock>,
        events: mpsc::Sender<Event>,
        make: Make,
    ) -> Result<Arc<Self>, Error> {
        Ok(Self::start(
            Arc::new(Desk::open(config, state, clock, events).await?),
            make,
        ))
    }

    fn start(desk: Arc<Desk>, make: Make) -> Arc<Self> {
        desk.hand_over();
        Arc::new(Self {
            desk,
            make,
            waiting: Waiting::default(),
            backlog: Backlog::default(),
        })
    }

    /// Takes a changed verdict. Once it returns, the alert, the incident and their pages survive a crash. The same
    /// transition handed over twice changes nothing the second time. After an error that may pass it is kept and tried
    /// again each second; only a crash before that loses it.
    pub async fn transition(&self, transition: Transition) -> Result<(), Error> {
        match self.waiting.take(&self.desk, transition) {
            Some(transition) => self.take(transition).await,
            None => Ok(()),
        }
    }

    /// The same for an alert of a rule.
    pub async fn rule(&self, told: RuleChange) -> Result<(), Error> {
        self.backlog.take(&self.desk, News::Rule(told)).await
    }

    /// Takes alerts that another program sends. Once it returns, they and their pages survive a crash; one that is sent
    /// again changes nothing. Good alerts of a batch are taken even where others are refused.
    pub async fn post(&self, batch: Vec<Posted>) -> Result<posted::Taken, Error> {
        let (taken, wrong) = self
            .desk
            .change(move |config, book, change| Ok(posted::take(config, book, change, batch)))
            .await?;
        if taken.raised > 0 {
            self.desk.look_now();
        }
        posted::outcome(taken, wrong)
    }

    /// Every alert that fires.
    #[must_use]
    pub fn standing(&self) -> Vec<Standing> {
        standing::alerts(
            &self.desk.config(),
            &self.desk.book(),
            self.desk.clock.now(),
        )
    }

    /// The same by group and receiver.
    #[must_use]
    pub fn groups(&self) -> Vec<GroupStanding> {
        standing::groups(
            &self.desk.config(),
            &self.desk.book(),
            self.desk.clock.now(),
        )
    }

    /// Sets a silence, or changes one.
    pub async fn silence(&self, draft: silence::Draft) -> Result<Silence, Error> {
        self.desk
            .change(move |_, book, change| silence::set(book, change, draft))
            .await
    }

    /// Ends a silence by hand.
    pub async fn expire_silence(&self, id: &str, who: Option<&str>) -> Result<(), Error> {
        let (id, who) = (id.to_owned(), who.map(str::to_owned));
        let ended = self
            .desk
            .change(move |_, book, change| silence::expire(book, change, &id, who.as_deref()));
        ended.await?;
        // What it held back is told now.
        self.desk.look_now();
        Ok(())
    }

    /// Whether the spec declares no promise: then only rules and other programs raise alerts.
    #[must_use]
    pub fn is_without_promises(&self) -> bool {
        self.desk.config().promises.is_empty()
    }

    /// Silences at hand, by id.
    #[must_use]
    pub fn silences(&self) -> Vec<Silence> {
        self.desk.book().silences.values().cloned().collect()
    }

    /// The rules' alerts that are open, so that a restart goes on where they stand.
    #[must_use]
    pub fn open_rules(&self) -> Vec<Rule> {
        let book = self.desk.book();
        book.alerts
            .values()
            .filter(|alert| alert.fires() && !alert.subject.is_posted())
            .filter_map(|alert| alert.subject.rule().cloned())
            .collect()
    }

    async fn take(&self, transition: Transition) -> Result<(), Error> {
        let news = News::Verdict(Box::new(transition));
        self.backlog.take(&self.desk, news).await
    }

    /// Delivers pages and does what time brings, until told to stop. Tries under way get a few seconds to finish.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let waiting = async {
            loop {
                self.take_due().await;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        tokio::select! {
            () = deliver::run(&self.desk, &self.make, &stop) => {}
            () = waiting => {}
            () = refresh::run(&self.desk, &self.make) => {}
            () = checklist::keep::watch(&self) => {}
        }
    }

    /// Takes the news that has waited long enough, and what could not be written before.
    async fn take_due(&self) {
        // Why it still cannot be was said when it came.
        let _ = self.backlog.hand_in(&self.desk).await;
        for transition in self.waiting.due(self.desk.clock.now()) {
            let id = transition.promise.id.clone();
            match self.take(transition).await {
                Ok(()) => {}
                Err(error) => {
                    tracing::error!(%error, promise = id, "news that has waited cannot be told yet");
                }
            }
            // Where it may be told later, the backlog has it.
            self.waiting.done(&id);
        }
    }

    /// Takes a new configuration at once; pages on their way stay as they were made.
    pub fn reconfigure(&self, config: Config) {
        self.desk.reconfigure(config);
    }

    /// Newest first.
    #[must_use]
    pub fn incidents(&self, filter: &Filter) -> Vec<Incident> {
        let limit = if filter.limit == 0 {
            usize::MAX
        } else {
            filter.limit
        };
        let book = self.desk.book();
        book.incidents
            .values()
            .rev()
            .filter(|incident| filter.fits(incident))
            .take(limit)
            .cloned()
            .collect()
    }

    #[must_use]
    pub fn incident(&self, id: &str) -> Option<Incident> {
        self.desk.book().incident(id).cloned()
    }

    /// Says that an event rests in the ledger. Until then it is handed over again at each start.
    pub async fn recorded(&self, numbers: &[u64]) -> Result<(), Error> {
        let numbers = numbers.to_vec();
        self.desk
            .change(move |_, book, change| {
                numbers
                    .into_iter()
                    .filter(|number| book.events.contains_key(number))
                    .for_each(|number| change.recorded(number));
                Ok(())
            })
            .await
    }

    /// Newest first.
    #[must_use]
    pub fn inbox(&self, limit: usize) -> Vec<InboxItem> {
        self.desk
            .book()
            .inbox
            .iter()
            .rev()
            .take(limit)
            .cloned()
            .collect()
    }

    /// Every declared receiver, by name.
    #[must_use]
    pub fn receivers(&self) -> Vec<ReceiverStatus> {
        let config = self.desk.config();
        let book = self.desk.book();
        let status = |(name, receiver): (&String, &spec::section::receiver::Receiver)| {
            let mut status = ReceiverStatus {
                name: name.clone(),
                kind: notify::kind(receiver),
                last_sent: None,
                last_failed: None,
                last_error: None,
                pending: 0,
            };
            let pages = book.incidents.values().flat_map(|incident| &incident.pages);
            for page in pages.filter(|page| page.receiver == *name) {
                match &page.outcome {
                    Outcome::Sent { at, .. } => status.last_sent = status.last_sent.max(Some(*at)),
                    Outcome::Failed { at, why, .. } => {
                        status.last_failed = status.last_failed.max(Some(*at));
                        status.last_error = Some(why.clone());
                    }
                    Outcome::Pending { last_error, .. } => {
                        status.pending += 1;
                        status.last_error = last_error.clone().or(status.last_error);
                    }
                }
            }
            status
        };
        config.receivers.iter().map(status).collect()
    }

    /// Who is on call, one for each schedule that has somebody.
    #[must_use]
    pub fn on_duty(&self, now: Timestamp) -> Vec<OnDuty> {
        self.desk.config().on_duty(now)
    }

    /// Which book this is: events are numbered within it. Another one for each data directory or database.
    #[must_use]
    pub fn installation(&self) -> String {
        self.desk.book().counters.installation.clone()
    }

    /// A count that grows with every change.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.desk.subscribe()
    }
}
