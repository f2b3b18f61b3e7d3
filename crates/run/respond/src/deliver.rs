//! Delivery: pending pages are tried until they are accepted or their budget is spent.
//!
//! A page is stored as pending before its first try and leaves only together with its outcome. So a crash at any
//! point between leads to one more try under the same key, never to a page that nobody sends. While outcomes wait for the
//! disk the next pages are sent already, and what has come meanwhile is written together.

mod outcome;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use promise::Timestamp;
use tokio::{
    task::{Id, JoinError, JoinSet},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    Incident, acknowledge,
    book::{Book, Pending},
    desk::Desk,
    notify::{Make, Receipt, SendError},
    upkeep,
};

/// Tries at the same time, over all receivers; each is one connection.
const IN_FLIGHT_MAX: usize = 16;
/// Tries at the same time to one receiver, so that a slow one leaves room for the others.
const IN_FLIGHT_EACH: usize = 4;
/// After this long a page is history; repeats tell what is true now.
const GIVE_UP_AFTER: Duration = Duration::from_secs(3_600);
/// How often time itself is looked at: repeats and missed answers need no finer step.
const TICK: Duration = Duration::from_secs(1);
/// How long tries under way may finish at a stop. What does not is sent again after the next start.
const DRAIN: Duration = Duration::from_secs(5);
/// Outcomes that wait for the disk: so many pages may be sent once more, under their keys, after a crash.
const UNWRITTEN_MAX: usize = 64;
/// How often an outcome that could not be written (a full disk) is tried again before the page is sent once more.
const OUTCOME_TRIES: u32 = 60;

/// What became of one try.
struct Done {
    pending: Pending,
    at: Timestamp,
    result: Result<Receipt, SendError>,
}

/// What is under way: tries, and outcomes that are not written yet.
#[derive(Default)]
struct Under {
    tries: JoinSet<Option<Done>>,
    /// Keys under way and their receivers, by task, so that one that panics is tried again too.
    busy: HashMap<Id, (String, String)>,
    /// Tried, and not written yet.
    ended: Vec<Done>,
    /// The one writer of outcomes, which answers when all of its are written.
    writing: JoinSet<()>,
    /// The keys of those that are written now.
    written: HashSet<String>,
}

impl Under {
    /// Whether this page must not be tried now.
    fn holds(&self, key: &str) -> bool {
        self.busy.values().any(|(busy, _)| busy == key)
            || self.written.contains(key)
            || self.ended.iter().any(|done| done.pending.page.key == key)
    }

    /// How many tries there is room for.
    fn room(&self) -> usize {
        let unwritten = self.ended.len() + self.written.len() + self.busy.len();
        let tries = IN_FLIGHT_MAX.saturating_sub(self.busy.len());
        tries.min(UNWRITTEN_MAX.saturating_sub(unwritten))
    }

    fn start(&mut self, desk: &Arc<Desk>, make: &Make, pending: Pending) {
        let names = (pending.page.key.clone(), pending.receiver.clone());
        let handle = self
            .tries
            .spawn(attempt(desk.clone(), make.clone(), pending));
        self.busy.insert(handle.id(), names);
    }

    fn take(&mut self, done: Result<(Id, Option<Done>), JoinError>) {
        let (id, done) = match done {
            Ok((id, done)) => (id, done),
            Err(error) => (error.id(), None),
        };
        self.busy.remove(&id);
        self.ended.extend(done);
    }

    /// Writes what has ended, unless it is still being written what ended before.
    fn write(&mut self, desk: &Arc<Desk>) {
        if !self.writing.is_empty() || self.ended.is_empty() {
            return;
        }
        let ended = std::mem::take(&mut self.ended);
        let keys = ended.iter().map(|done| done.pending.page.key.clone());
        self.written = keys.collect();
        self.writing.spawn(write(desk.clone(), ended));
    }

    /// Waits until something is over.
    async fn next(&mut self) {
        tokio::select! {
            Some(done) = self.tries.join_next_with_id() => {
                self.take(done);
                while let Some(done) = self.tries.try_join_next_with_id() {
                    self.take(done);
                }
            }
            // One that panicked has not written all of them: they are tried once more.
            Some(_) = self.writing.join_next() => self.written.clear(),
            else => std::future::pending().await,
        }
    }

    async fn drain(&mut self, desk: &Arc<Desk>) {
        while !self.tries.is_empty() || !self.writing.is_empty() || !self.ended.is_empty() {
            self.write(desk);
            self.next().await;
        }
    }
}

/// Runs until told to stop.
pub async fn run(desk: &Arc<Desk>, make: &Make, stop: &CancellationToken) {
    let mut under = Under::default();
    let mut is_unwritable = false;
    let mut tended_at = None;
    while !stop.is_cancelled() {
        desk.hand_over();
        let now = desk.clock.now();
        // With thousands of alerts open, looking after each outcome would be all that is done.
        let is_due = is_group_due(&desk.book(), now);
        if desk.take_urgent()
            || is_due
            || tended_at.is_none_or(|(last, _)| now >= last + TICK || now < last)
        {
            let set_back = tended_at.and_then(|(last, at): (Timestamp, Instant)| {
                let awaited = last + at.elapsed();
                (now < last).then(|| awaited.since(now))
            });
            tended_at = Some((now, Instant::now()));
            tend(desk, &mut is_unwritable, set_back).await;
        }
        let ready = due(&desk.book(), &under, desk.clock.now());
        for pending in ready {
            under.start(desk, make, pending);
        }
        under.write(desk);
        let wait = until_next(&desk.book(), desk.clock.now());
        tokio::select! {
            () = stop.cancelled() => break,
            () = under.next() => {}
            () = desk.wake.notified() => {}
            () = sleep(wait) => {}
        }
    }
    if timeout(DRAIN, under.drain(desk)).await.is_err() {
        tracing::warn!(
            left = under.tries.len(),
            "pages still under way are sent again after the next start"
        );
    }
}

async fn tend(desk: &Arc<Desk>, is_unwritable: &mut bool, set_back: Option<Duration>) {
    if let Some(by) = set_back {
        let hurried = desk.change(move |_, book, change| {
            upkeep::hurry(book, change, by);
            Ok(())
        });
        if let Err(error) = hurried.await {
            tracing::error!(%error, "the clock was set back, and what was due soon is due later now");
        }
    }
    let tended = desk
        .change(|config, book, change| {
            upkeep::tend(config, book, change);
            Ok(())
        })
        .await;
    if tended.is_err() != *is_unwritable {
        *is_unwritable = tended.is_err();
        match tended {
            Err(error) => tracing::error!(%error, "alerts cannot be kept up to date"),
            Ok(()) => tracing::info!("alerts are kept up to date again"),
        }
    }
}

/// The pages to try now, worst first, in order within an incident and receiver, as far as there is room.
fn due(book: &Book, under: &Under, now: Timestamp) -> Vec<Pending> {
    let room = under.room();
    if room == 0 || book.pending.is_empty() {
        return Vec::new();
    }
    let mut load: HashMap<&str, usize> = HashMap::new();
    for (_, receiver) in under.busy.values() {
        *load.entry(receiver.as_str()).or_default() += 1;
    }
    let mut first: HashMap<(&str, &str), &Pending> = HashMap::new();
    for pending in book.pending.values() {
        let earliest = first
            .entry((pending.incident(), pending.receiver.as_str()))
            .or_insert(pending);
        if pending.number < earliest.number {
            *earliest = pending;
        }
    }
    let is_due = |pending: &&Pending| pending.next_try <= now && !under.holds(&pending.page.key);
    let mut ready: Vec<&Pending> = first.into_values().filter(is_due).collect();
    let level = |pending: &Pending| {
        pending
            .page
            .severity
            .as_ref()
            .map_or(u64::MAX, |severity| severity.level)
    };
    ready.sort_by_key(|pending| (level(pending), pending.page.at, pending.number));
    let mut chosen = Vec::new();
    for pending in ready {
        if chosen.len() >= room {
            break;
        }
        let load = load.entry(&pending.receiver).or_default();
        if *load < IN_FLIGHT_EACH {
            *load += 1;
            chosen.push(pending.clone());
        }
    }
    chosen
}

fn is_group_due(book: &Book, now: Timestamp) -> bool {
    book.groups.values().any(|group| group.next <= now)
}

/// The time until the next try or the next look at a group. Tries that are due already wait for a place, which a
/// finished one gives them.
fn until_next(book: &Book, now: Timestamp) -> Duration {
    let tries = book.pending.values().map(|pending| pending.next_try);
    let looks = book.groups.values().map(|group| group.next);
    let waits = tries.chain(looks).filter(|next| *next > now);
    waits
        .map(|next| next.since(now))
        .min()
        .map_or(TICK, |wait| wait.min(TICK))
}

async fn attempt(desk: Arc<Desk>, make: Make, pending: Pending) -> Option<Done> {
    if !desk.state.is_ours() {
        // Another instance may have sent it by now. Looked at again once it is known whose it is.
        sleep(TICK).await;
        return None;
    }
    let config = desk.config();
    let result = match config
        .receivers
        .get(&pending.receiver)
        .map(|receiver| make(&pending.receiver, receiver))
    {
        Some(Ok(notifier)) => {
            let page = acknowledge::linked(&desk, &config, &pending);
            let handle = handle(&desk.book(), &pending);
            match handle {
                Some(handle) => notifier.follow(&page, &handle).await,
                None => notifier.send(&page).await,
            }
        }
        Some(Err(error)) => Err(error),
        None => Err(SendError::lasting("the receiver is no longer declared")),
    };
    if let Err(error) = &result {
        tracing::warn!(receiver = pending.receiver, page = pending.page.key, %error, "a page was not accepted");
    }
    Some(Done {
        at: desk.clock.now(),
        pending,
        result,
    })
}

/// Writes outcomes in one change, and tries again where it cannot.
async fn write(desk: Arc<Desk>, ended: Vec<Done>) {
    let ended = Arc::new(ended);
    for _ in 0..OUTCOME_TRIES {
        let ended = ended.clone();
        let written = desk.change(move |config, book, change| {
            for done in ended.iter() {
                // Read again: a reload or a resolution may have come in between.
                if let Some(pending) = book.pending.get(&done.pending.page.key) {
                    let (pending, result) = (pending.clone(), done.result.clone());
                    outcome::settle(config, book, change, pending, done.at, result);
                }
            }
            Ok(())
        });
        match written.await {
            Ok(()) => return,
            Err(error) => tracing::error!(%error, "the outcomes of pages cannot be written"),
        }
        sleep(TICK).await;
    }
}

/// By which the receiver knows what it was told before: of the group, where the page speaks of one, else of the incident.
fn handle(book: &Book, pending: &Pending) -> Option<String> {
    let first = pending.page.first.as_deref();
    let told_first = |incident: &&Incident| {
        incident
            .pages
            .iter()
            .any(|page| Some(page.key.as_str()) == first)
    };
    let of_group = first.and_then(|_| book.incidents.values().rev().find(told_first));
    let incident = of_group.or_else(|| book.incident(pending.incident()))?;
    incident.handles.get(&pending.receiver).cloned()
}
