//! The responder: what the binary and the console call.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use promise::{Clock, Promise, State, Timestamp, Verdict};
use serde::Serialize;
use store::StateStore;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    Config, Error, Event, Filter, InboxItem, Incident, OnDuty, Secrets, alert,
    checklist, deliver,
    desk::{Desk, DeskShelf},
    incident::Outcome,
    notify::{self, Make, Outside},
    react, refresh,
    rule::{Rule, RuleChange},
};

/// A promise that has never been proven has this long to be, before its being *unproven* raises anything. A start would
/// otherwise page for every promise whose first evidence is a scrape away.
pub const START_GRACE: Duration = Duration::from_secs(300);

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
    /// When this process began: what was due before is nobody's omission.
    pub(crate) since: Timestamp,
    /// First verdicts that are unproven, and when they count. Lost at a restart, which begins their grace anew.
    unproven: Mutex<BTreeMap<String, (Timestamp, Transition)>>,
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
            since: desk.clock.now(),
            desk,
            make,
            unproven: Mutex::default(),
        })
    }

    /// Takes a changed verdict. Once it returns, the alert, the incident and their pages survive a crash. The same
    /// transition handed over twice changes nothing the second time; after an error it should be.
    pub async fn transition(&self, transition: Transition) -> Result<(), Error> {
        let id = transition.promise.id.clone();
        let is_first_silence = transition.before.is_none()
            && transition.verdict.state == State::Unproven
            && !self.desk.book().alerts.contains_key(&id);
        {
            let mut unproven = self.unproven.lock().unwrap_or_else(PoisonError::into_inner);
            if is_first_silence {
                let severity = transition.promise.terms.severity.clone();
                if alert::raises(
                    State::Unproven,
                    self.desk.config().severity(severity.as_deref()),
                    false,
                ) {
                    unproven
                        .entry(id)
                        .or_insert((self.desk.clock.now() + START_GRACE, transition));
                }
                return Ok(());
            }
            unproven.remove(&id);
        }
        self.take(transition).await
    }

    /// The same for an alert of a rule.
    pub async fn rule(&self, told: RuleChange) -> Result<(), Error> {
        self.desk
            .change(move |config, book, change| {
                react::react_to_rule(config, book, change, &told);
                Ok(())
            })
            .await
    }

    /// The rules' alerts that are open, so that a restart goes on where they stand.
    #[must_use]
    pub fn open_rules(&self) -> Vec<Rule> {
        let book = self.desk.book();
        book.alerts
            .values()
            .filter_map(|alert| alert.subject.rule.clone())
            .collect()
    }

    async fn take(&self, transition: Transition) -> Result<(), Error> {
        self.desk
            .change(move |config, book, change| {
                react::react(config, book, change, &transition);
                Ok(())
            })
            .await
    }

    /// Delivers pages and does what time brings, until told to stop. Tries under way get a few seconds to finish.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let unproven = async {
            loop {
                self.raise_unproven().await;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        tokio::select! {
            () = deliver::run(&self.desk, &self.make, &stop) => {}
            () = unproven => {}
            () = refresh::run(&self.desk, &self.make) => {}
            () = checklist::keep::watch(&self) => {}
        }
    }

    /// Raises what has stayed unproven over its grace.
    async fn raise_unproven(&self) {
        let now = self.desk.clock.now();
        let due: Vec<Transition> = {
            let unproven = self.unproven.lock().unwrap_or_else(PoisonError::into_inner);
            unproven
                .values()
                .filter(|(until, _)| *until <= now)
                .map(|(_, transition)| transition.clone())
                .collect()
        };
        for transition in due {
            let id = transition.promise.id.clone();
            match self.take(transition).await {
                Ok(()) => {
                    self.unproven
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .remove(&id);
                }
                Err(error) => {
                    tracing::error!(%error, promise = id, "an unproven promise cannot be raised yet")
                }
            }
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

    /// A count that grows with every change.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.desk.subscribe()
    }
}
