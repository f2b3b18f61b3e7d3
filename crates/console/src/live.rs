//! What happens, told to browsers as it happens: server-sent events with a bounded memory.
//!
//! The hub compares each snapshot with the last and tells which rows now read differently. Every event has a number;
//! a browser that lost its stream names the last one it saw and gets what it missed, or, when that is no longer
//! remembered, one `refresh` that makes it fetch the board anew.

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use axum::{
    http::{HeaderMap, StatusCode},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::stream;
use promise::say;
use serde_json::json;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::{
    board::Board,
    page::board::{row, row_id},
    reply::{Room, Shared, Visit},
};

/// Events that can be replayed. At one a second this covers a laptop that slept for two minutes.
const RING_MAX: usize = 128;
/// One connection a browser; sixty-four browsers is a large team with wall screens.
pub(crate) const CLIENTS_MAX: usize = 64;
/// Proxies close what stays silent for half a minute.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Snapshots may come faster than anybody reads.
const PACE: Duration = Duration::from_millis(500);

/// One thing that happened.
struct Change {
    number: u64,
    what: What,
}

enum What {
    Board {
        before: Arc<Board>,
        after: Arc<Board>,
    },
    /// Something that other pages show: an incident, a page, an entry, an outage of the demo.
    News,
}

pub(crate) struct Hub {
    /// Tells this run's numbers from those of an earlier run of the process.
    epoch: i64,
    ring: Mutex<Ring>,
    news: Notify,
    seats: Arc<Semaphore>,
}

struct Ring {
    board: Arc<Board>,
    /// The number of the newest change.
    newest: u64,
    changes: VecDeque<Arc<Change>>,
    ended: bool,
}

impl Ring {
    fn push(&mut self, what: What) {
        self.newest += 1;
        let number = self.newest;
        self.changes.push_back(Arc::new(Change { number, what }));
        if self.changes.len() > RING_MAX {
            self.changes.pop_front();
        }
    }
}

/// What follows an event that a browser has seen.
enum Next {
    Change(Arc<Change>),
    /// It cannot be told any more; start again from this number.
    Refresh(u64),
    Nothing,
    /// The console is going down.
    End,
}

impl Hub {
    pub fn new(epoch: i64, board: Arc<Board>) -> Self {
        Self {
            epoch,
            ring: Mutex::new(Ring {
                board,
                newest: 0,
                changes: VecDeque::new(),
                ended: false,
            }),
            news: Notify::new(),
            seats: Arc::new(Semaphore::new(CLIENTS_MAX)),
        }
    }

    pub fn publish(&self, board: Arc<Board>) {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&ring.board, &board) || same(&ring.board, &board) {
            return;
        }
        let before = std::mem::replace(&mut ring.board, board.clone());
        ring.push(What::Board {
            before,
            after: board,
        });
        drop(ring);
        self.news.notify_waiters();
    }

    /// Tells that something happened that is not on the board.
    fn publish_news(&self) {
        self.ring
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(What::News);
        self.news.notify_waiters();
    }

    /// Ends all streams, so that a server can drain.
    fn end(&self) {
        self.ring
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .ended = true;
        self.news.notify_waiters();
    }

    fn newest(&self) -> u64 {
        self.ring
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .newest
    }

    fn after(&self, seen: u64) -> Next {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        if ring.ended {
            return Next::End;
        }
        if seen == ring.newest {
            return Next::Nothing;
        }
        match ring.changes.iter().find(|change| change.number == seen + 1) {
            Some(change) => Next::Change(change.clone()),
            None => Next::Refresh(ring.newest),
        }
    }

    fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.epoch)
    }

    /// The number in an id of this run.
    fn number(&self, id: &str) -> Option<u64> {
        let (epoch, number) = id.rsplit_once('-')?;
        (epoch == self.epoch.to_string()).then(|| number.parse().ok())?
    }
}

fn same(a: &Board, b: &Board) -> bool {
    a.rows.len() == b.rows.len()
        && a.spec == b.spec
        && a.sources == b.sources
        && a.rows.iter().zip(&b.rows).all(|(a, b)| a.reads_as(b))
}

/// Follows the snapshots and the news until the console stops or nobody publishes any more; then all streams end,
/// because a server that drains waits for them.
pub(crate) fn follow(room: &Shared) {
    let weak: Weak<Room> = Arc::downgrade(room);
    let (mut boards, mut news) = (room.desk.board.clone(), room.desk.news.clone());
    let stop = room.desk.stop.clone();
    tokio::spawn(async move {
        loop {
            let board = tokio::select! {
                () = stop.cancelled() => break,
                changed = boards.changed() => match changed {
                    Ok(()) => Some(boards.borrow_and_update().clone()),
                    Err(_) => break,
                },
                Ok(()) = news.changed() => None,
            };
            let Some(room) = weak.upgrade() else { return };
            match board {
                Some(board) => room.hub.publish(board),
                None => room.hub.publish_news(),
            }
            drop(room);
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(PACE) => {}
            }
        }
        if let Some(room) = weak.upgrade() {
            room.hub.end();
        }
    });
}

/// One browser's stream.
struct Stream {
    visit: Visit,
    hub: Arc<Hub>,
    /// `None`: the browser saw something that is not remembered.
    seen: Option<u64>,
    greeted: bool,
    _seat: OwnedSemaphorePermit,
}

pub(crate) async fn events(visit: Visit, headers: HeaderMap) -> Response {
    let hub = visit.room.hub.clone();
    let Ok(seat) = hub.seats.clone().try_acquire_owned() else {
        let why = say!(
            "{CLIENTS_MAX} browsers are listening already",
            "すでに {CLIENTS_MAX} のブラウザーが接続しています"
        );
        return visit.problem(StatusCode::SERVICE_UNAVAILABLE, &why);
    };
    // A tab that takes over from a closed one has no header to send; it names the event in the address.
    let header = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok());
    let last = header.or_else(|| visit.param("after"));
    let seen = match last {
        None => Some(hub.newest()),
        Some(id) => hub.number(id).filter(|number| *number <= hub.newest()),
    };
    let stream = Stream {
        visit,
        hub,
        seen,
        greeted: false,
        _seat: seat,
    };
    let events = stream::unfold(stream, |mut stream| async move {
        let event = stream.next().await?;
        Some((Ok::<Event, Infallible>(event), stream))
    });
    Sse::new(events)
        .keep_alive(KeepAlive::new().interval(HEARTBEAT).text("still here"))
        .into_response()
}

impl Stream {
    async fn next(&mut self) -> Option<Event> {
        loop {
            let hub = self.hub.clone();
            let news = hub.news.notified();
            tokio::pin!(news);
            // Listens before it looks, so that nothing is missed in between.
            news.as_mut().enable();
            let Some(seen) = self.seen else {
                self.greeted = true;
                return Some(self.refresh(hub.newest()));
            };
            if !self.greeted {
                self.greeted = true;
                let hello = Event::default()
                    .event("hello")
                    .id(hub.id(seen))
                    .data(self.visit.lang.tag());
                return Some(hello);
            }
            match hub.after(seen) {
                Next::Change(change) => {
                    self.seen = Some(change.number);
                    let event = Event::default().id(hub.id(change.number));
                    return Some(match &change.what {
                        What::Board { before, after } => {
                            event.event("board").data(self.tell(before, after))
                        }
                        What::News => event.event("news").data(self.visit.lang.tag()),
                    });
                }
                Next::Refresh(newest) => return Some(self.refresh(newest)),
                Next::End => return None,
                Next::Nothing => news.await,
            }
        }
    }

    fn refresh(&mut self, newest: u64) -> Event {
        self.seen = Some(newest);
        Event::default()
            .event("refresh")
            .id(self.hub.id(newest))
            .data(self.visit.lang.tag())
    }

    /// The rows that read differently, rendered, and the order of all.
    fn tell(&self, before: &Board, after: &Board) -> String {
        let lang = self.visit.lang;
        let now = self.visit.room.desk.clock.now();
        let zone = self.visit.zone();
        let ordered = after.worst_first();
        let changed = ordered.iter().filter(|row| {
            !before
                .row(&row.promise.id)
                .is_some_and(|before| before.reads_as(row))
        });
        let rows: Vec<_> = changed
            .map(|one| json!({ "id": row_id(&one.promise.id), "html": row(one, now, &zone, lang).into_string() }))
            .collect();
        let order: Vec<String> = ordered.iter().map(|row| row_id(&row.promise.id)).collect();
        let counted = promise::State::ALL
            .iter()
            .any(|state| before.count(*state) != after.count(*state));
        let summary = (counted || before.spec != after.spec).then_some(true);
        json!({ "lang": lang.tag(), "rows": rows, "order": order, "summary": summary }).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::SpecStatus;
    use promise::{Say, Timestamp};

    fn board(loaded: i64) -> Arc<Board> {
        let spec = SpecStatus {
            path: "a".into(),
            loaded_at: Timestamp::from_millis(loaded),
            problem: None,
        };
        Arc::new(Board {
            service: Say::same("a"),
            time_zone: "UTC".into(),
            at: Timestamp::EPOCH,
            spec,
            rows: Vec::new(),
            sources: Vec::new(),
        })
    }

    #[test]
    fn what_was_missed_is_told_in_order_and_what_is_forgotten_refreshes() {
        let hub = Hub::new(7, board(0));
        for loaded in 1..=i64::try_from(RING_MAX).unwrap_or(0) + 2 {
            hub.publish(board(loaded));
        }
        assert!(matches!(hub.after(2), Next::Change(change) if change.number == 3));
        assert!(
            matches!(hub.after(1), Next::Refresh(n) if n == RING_MAX as u64 + 2),
            "change 2 has left the ring"
        );
        assert!(matches!(hub.after(RING_MAX as u64 + 2), Next::Nothing));
    }

    #[test]
    fn an_equal_board_is_no_news() {
        let hub = Hub::new(7, board(1));
        hub.publish(board(1));
        assert_eq!(hub.newest(), 0);
    }

    #[test]
    fn an_id_of_another_run_means_nothing_here() {
        let hub = Hub::new(7, board(0));
        assert_eq!(hub.number("7-3"), Some(3));
        assert_eq!(hub.number("8-3"), None);
        assert_eq!(hub.number("7--3"), None);
        assert_eq!(hub.number(""), None);
    }
}
