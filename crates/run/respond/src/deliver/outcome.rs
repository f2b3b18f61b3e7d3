//! Outcomes: what becomes of a page after a try. It was accepted, it is tried again, somebody else is told, or it is
//! given up; each is a change of the book, and an event.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use promise::{Say, Timestamp, say};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::GIVE_UP_AFTER;
use crate::{
    Config, EventKind, Incident,
    book::{Book, Change, Pending},
    canary,
    incident::{Outcome, PageRecord},
    notify::{Receipt, SendError},
    page::{InsteadOf, Kind},
};

/// First wait after a failure; doubles with each further one.
const BACKOFF_FIRST: Duration = Duration::from_secs(1);
/// A receiver that comes back is noticed within this time.
const BACKOFF_MAX: Duration = Duration::from_secs(60);
/// A receiver that asks for more is asked again all the same.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(300);

/// Writes down what became of a try.
pub(super) fn settle(
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
            let falls_over = is_exhausted
                && !pending.fell_over
                && matches!(pending.page.kind, Kind::Raised | Kind::Worsened);
            pending.fell_over |= falls_over;
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
                    change.put_pending(pending.clone());
                }
                None => give_up(change, &mut incident, &pending, at, &error),
            }
            if falls_over {
                fall_over(config, book, change, &mut incident, &pending, at);
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
    let in_english = if tries == 1 { "try" } else { "tries" };
    let what = say!(
        "`{receiver}` could not be told after {tries} {in_english}: {why}",
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

/// Tells the next receiver in the order of the route that is not down itself, and says so. Where that one stands in for
/// another already, the same news is not told again: many that fail at once are one message more, not one each.
fn fall_over(
    config: &Config,
    book: &Book,
    change: &mut Change,
    incident: &mut Incident,
    pending: &Pending,
    at: Timestamp,
) {
    let receiver = &pending.receiver;
    let news = Told::of(incident, pending.page.kind);
    let next = pending
        .instead
        .iter()
        .position(|name| config.receivers.contains_key(name) && !news.down.contains(name));
    let Some(place) = next else {
        let what: Say = say!(
            "`{receiver}` does not accept pages, and there is nobody else to tell",
            "`{receiver}` に届かず、ほかに知らせる宛先がありません"
        );
        incident.note(at, "nobody-left", what);
        return;
    };
    let other = &pending.instead[place];
    if let Some(key) = news.standing_in.get(other) {
        let what = say!(
            "`{receiver}` has not accepted the page; `{other}` stands in already",
            "`{receiver}` に届きませんが、`{other}` がすでに代わりに受け取っています"
        );
        incident.note(at, "fell-over", what);
        let body = json!({ "incident": incident.id, "from": receiver, "to": other, "as": key, "tries": pending.tries });
        let (about, page) = (&pending.page.promise.id, &pending.page.key);
        change.event(EventKind::PageFellOver, about, page, body);
        return;
    }
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

/// Who has heard, and who cannot hear, of an incident's last news of one kind.
struct Told {
    down: HashSet<String>,
    /// By receiver: the page that it got or gets instead of another.
    standing_in: HashMap<String, String>,
}

impl Told {
    fn of(incident: &Incident, kind: Kind) -> Self {
        let of_kind = || incident.pages.iter().filter(|page| page.kind == kind);
        let own = of_kind().filter(|page| page.instead_of.is_none());
        let since = own.map(|page| page.intended).max();
        let mut told = Self {
            down: HashSet::new(),
            standing_in: HashMap::new(),
        };
        for page in of_kind().filter(|page| Some(page.intended) >= since) {
            let receiver = page.receiver.clone();
            if matches!(page.outcome, Outcome::Failed { .. }) {
                told.down.insert(receiver);
            } else if page.instead_of.is_some() {
                told.standing_in.insert(receiver, page.key.clone());
            }
        }
        told
    }
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
