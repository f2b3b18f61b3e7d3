//! Delivery: pending pages are tried until they are accepted or their budget is spent.
//!
//! A page is stored as pending before its first try and leaves only together with its outcome. So a crash at any
//! point between leads to one more try under the same key, never to a page that nobody sends.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use promise::{Say, Timestamp, say};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::{
    task::{Id, JoinSet},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    Config, EventKind, Incident, acknowledge,
    book::{Book, Change, Pending},
    canary,
    desk::Desk,
    incident::{Outcome, PageRecord},
    notify::{Make, Receipt, SendError},
    page::{InsteadOf, Kind},
    upkeep,
};

/// Tries at the same time, over all receivers; each is one connection.
const IN_FLIGHT_MAX: usize = 16;
/// Tries at the same time to one receiver, so that a slow one leaves room for the others.
const IN_FLIGHT_EACH: usize = 4;
/// First wait after a failure; doubles with each further one.
const BACKOFF_FIRST: Duration = Duration::from_secs(1);
/// A receiver that comes back is noticed within this time.
const BACKOFF_MAX: Duration = Duration::from_secs(60);
/// A receiver that asks for more is asked again all the same.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(300);
/// After this long a page is history; repeats tell what is true now.
const GIVE_UP_AFTER: Duration = Duration::from_secs(3_600);
/// How often time itself is looked at: repeats and missed answers need no finer step.
const TICK: Duration = Duration::from_secs(1);
/// How long tries under way may finish at a stop. What does not is sent again after the next start.
const DRAIN: Duration = Duration::from_secs(5);
/// How often an outcome that could not be written (a full disk) is tried again before the page is sent once more.
const OUTCOME_TRIES: u32 = 60;

/// Runs until told to stop.
pub async fn run(desk: &Arc<Desk>, make: &Make, stop: &CancellationToken) {
    let mut tries: JoinSet<()> = JoinSet::new();
    // Keys under way and their receivers, by task, so that one that panics is tried again too.
    let mut busy: HashMap<Id, (String, String)> = HashMap::new();
    let mut is_unwritable = false;
    let mut tended_at = None;
    while !stop.is_cancelled() {
        desk.hand_over();
        let now = desk.clock.now();
        // With thousands of alerts open, looking after each outcome would be all that is done.
        let is_due = is_group_due(&desk.book(), now);
        if desk.take_urgent()
            || is_due
            || tended_at.is_none_or(|last| now >= last + TICK || now < last)
        {
            tended_at = Some(now);
            tend(desk, &mut is_unwritable).await;
        }
        for pending in due(&desk.book(), &busy, desk.clock.now()) {
            let names = (pending.page.key.clone(), pending.receiver.clone());
            let handle = tries.spawn(attempt(desk.clone(), make.clone(), pending));
            busy.insert(handle.id(), names);
        }
        let wait = until_next(&desk.book(), desk.clock.now());
        tokio::select! {
            () = stop.cancelled() => break,
            Some(done) = tries.join_next_with_id(), if !tries.is_empty() => {
                let id = match done {
                    Ok((id, ())) => id,
                    Err(error) => error.id(),
                };
                busy.remove(&id);
            }
            () = desk.wake.notified() => {}
            () = sleep(wait) => {}
        }
    }
    let drained = timeout(DRAIN, async { while tries.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        tracing::warn!(
            left = tries.len(),
            "pages still under way are sent again after the next start"
        );
    }
}

async fn tend(desk: &Arc<Desk>, is_unwritable: &mut bool) {
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
fn due(book: &Book, busy: &HashMap<Id, (String, String)>, now: Timestamp) -> Vec<Pending> {
    let keys: HashSet<&str> = busy.values().map(|(key, _)| key.as_str()).collect();
    let mut load: HashMap<&str, usize> = HashMap::new();
    for (_, receiver) in busy.values() {
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
    let is_due =
        |pending: &&Pending| pending.next_try <= now && !keys.contains(pending.page.key.as_str());
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
        if busy.len() + chosen.len() >= IN_FLIGHT_MAX {
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

async fn attempt(desk: Arc<Desk>, make: Make, pending: Pending) {
    if !desk.state.is_ours() {
        // Another instance may have sent it by now. Looked at again once it is known whose it is.
        return sleep(TICK).await;
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
    let accepted_at = desk.clock.now();
    for _ in 0..OUTCOME_TRIES {
        let (key, result) = (pending.page.key.clone(), result.clone());
        let written = desk.change(move |config, book, change| {
            // Read again: a reload or a resolution may have come in between.
            if let Some(pending) = book.pending.get(&key) {
                settle(config, book, change, pending.clone(), accepted_at, result);
            }
            Ok(())
        });
        match written.await {
            Ok(()) => return,
            Err(error) => {
                tracing::error!(%error, page = pending.page.key, "the outcome of a page cannot be written")
            }
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

/// Writes down what became of a try.
fn settle(
    config: &Config,
    book: &Book,
    change: &mut Change,
    mut pending: Pending,
    at: Timestamp,
    result: Result<Receipt, SendError>,
) {
    pending.tries = pending.tries.saturating_add(1);
    if pending.page.kind == Kind::Canary {
        let spent = at.since(pending.page.at);
        let wait = result
            .as_ref()
            .err()
            .and_then(|error| wait(&pending, error));
        let wait = wait.filter(|wait| spent + *wait < GIVE_UP_AFTER);
        canary::settle(change, pending, at, result, wait);
        return;
    }
    let Some(mut incident) = change.incident(book, pending.incident()) else {
        change.drop_pending(&pending.page.key);
        return;
    };
    match result {
        Ok(receipt) => accept(change, &mut incident, &pending, at, &receipt),
        Err(error) => {
            let spent = at.since(pending.page.at);
            let wait = wait(&pending, &error).filter(|wait| spent + *wait < GIVE_UP_AFTER);
            let is_exhausted = wait
                .is_none_or(|wait| spent + wait > Duration::from_millis(pending.patience_millis));
            if is_exhausted
                && !pending.fell_over
                && matches!(pending.page.kind, Kind::Raised | Kind::Worsened)
            {
                pending.fell_over = true;
                fall_over(config, book, change, &mut incident, &pending, at);
            }
            match wait {
                Some(wait) => {
                    pending.next_try = at + wait;
                    set(
                        &mut incident,
                        &pending,
                        Outcome::Pending {
                            tries: pending.tries,
                            last_error: Some(error.to_string()),
                        },
                    );
                    change.put_pending(pending);
                }
                None => give_up(change, &mut incident, &pending, at, &error),
            }
        }
    }
    change.put_incident(incident);
}

fn accept(
    change: &mut Change,
    incident: &mut Incident,
    pending: &Pending,
    at: Timestamp,
    receipt: &Receipt,
) {
    let page = &pending.page;
    let is_first = matches!(page.kind, Kind::Raised | Kind::Worsened);
    // News is as old as its evidence; a repeat or an end counts from when it was due.
    let latency = at.since(if is_first { page.bad_since } else { page.at });
    let latency_millis = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
    let in_time = pending
        .page_within_millis
        .filter(|_| is_first)
        .map(|within| latency_millis <= within);
    set(
        incident,
        pending,
        Outcome::Sent {
            at,
            tries: pending.tries,
            latency_millis,
            in_time,
        },
    );
    if let Some(handle) = &receipt.handle {
        let handles = &mut incident.handles;
        handles.insert(pending.receiver.clone(), handle.clone());
    }
    let (receiver, seconds) = (&pending.receiver, latency.as_secs_f64());
    let what = if is_first {
        say!(
            "`{receiver}` was told, {seconds:.1} s after the first bad evidence",
            "`{receiver}` に届きました(最初の悪い証拠から {seconds:.1} 秒)"
        )
    } else {
        say!("`{receiver}` was told", "`{receiver}` に届きました")
    };
    incident.note(at, "page-sent", what);
    let body = json!({
        "incident": incident.id,
        "receiver": receiver,
        "page": page.kind,
        "severity": incident.severity,
        "tries": pending.tries,
        "latency_ms": latency_millis,
        "in_time": in_time,
        "bad_since": page.bad_since,
        "answer": receipt.answer,
    });
    change.event(EventKind::PageSent, &page.promise.id, &page.key, body);
    change.drop_pending(&page.key);
}

fn give_up(
    change: &mut Change,
    incident: &mut Incident,
    pending: &Pending,
    at: Timestamp,
    error: &SendError,
) {
    let why = error.to_string();
    let (receiver, tries) = (&pending.receiver, pending.tries);
    let what = say!(
        "`{receiver}` could not be told after {tries} tries: {why}",
        "`{receiver}` には {tries} 回試しても届きませんでした: {why}"
    );
    incident.note(at, "page-failed", what);
    let body = json!({
        "incident": incident.id, "receiver": receiver, "page": pending.page.kind,
        "severity": incident.severity, "tries": tries, "why": why,
    });
    change.event(
        EventKind::PageFailed,
        &pending.page.promise.id,
        &pending.page.key,
        body,
    );
    set(incident, pending, Outcome::Failed { at, tries, why });
    change.drop_pending(&pending.page.key);
}

/// Tells the next receiver in the order of the route, and says so.
fn fall_over(
    config: &Config,
    book: &Book,
    change: &mut Change,
    incident: &mut Incident,
    pending: &Pending,
    at: Timestamp,
) {
    let receiver = &pending.receiver;
    let next = pending
        .instead
        .iter()
        .position(|name| config.receivers.contains_key(name));
    let Some(place) = next else {
        let what: Say = say!(
            "`{receiver}` does not accept pages, and there is nobody else to tell",
            "`{receiver}` に届かず、ほかに知らせる宛先がありません"
        );
        incident.note(at, "nobody-left", what);
        return;
    };
    let other = &pending.instead[place];
    let what = say!(
        "`{receiver}` has not accepted the page, so `{other}` is told",
        "`{receiver}` に届かないため、`{other}` へ知らせます"
    );
    incident.note(at, "fell-over", what);
    let (number, key) = change.page_key(incident);
    let body = json!({ "incident": incident.id, "from": receiver, "to": other, "as": key, "tries": pending.tries });
    change.event(
        EventKind::PageFellOver,
        &pending.page.promise.id,
        &pending.page.key,
        body,
    );
    let mut page = pending.page.clone();
    page.instead_of = Some(InsteadOf {
        receiver: receiver.clone(),
        key: pending.page.key.clone(),
    });
    page.key = key;
    page.at = at;
    let substitute = Pending {
        page,
        receiver: other.clone(),
        instead: pending.instead[place + 1..].to_vec(),
        tries: 0,
        number,
        next_try: at,
        fell_over: false,
        ..pending.clone()
    };
    change.page(book, incident, substitute);
}

/// How long to wait before the next try; `None` where none can help.
fn wait(pending: &Pending, error: &SendError) -> Option<Duration> {
    let SendError::Passing { after, .. } = error else {
        return None;
    };
    let doublings = pending.tries.saturating_sub(1).min(16);
    let backoff = (BACKOFF_FIRST * 2u32.pow(doublings)).min(BACKOFF_MAX);
    let jittered = backoff.mul_f64(0.5 + jitter(&pending.page.key, pending.tries) / 2.0);
    Some(jittered.max(after.unwrap_or_default().min(RETRY_AFTER_MAX)))
}

/// A fraction that differs from page to page, so that many pages do not come back to a receiver at once, and that is
/// the same in every run, so that a simulation can be repeated.
fn jitter(key: &str, tries: u32) -> f64 {
    let digest = Sha256::digest(format!("{key}/{tries}"));
    let bytes = [digest[0], digest[1]];
    f64::from(u16::from_be_bytes(bytes)) / 65_536.0
}

fn set(incident: &mut Incident, pending: &Pending, outcome: Outcome) {
    if let Some(PageRecord { outcome: known, .. }) = incident.page_mut(&pending.page.key) {
        *known = outcome;
    }
}
