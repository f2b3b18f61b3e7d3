//! A lease: of several instances over one state store, one is active.
//!
//! No clock is shared. The holder counts a number up; whoever waits takes the lease over once it has seen the same number
//! for [`Lease::HELD_FOR`] by its own clock. Every write of the holder expects the lease to be its own still, so one that
//! was only asleep can change nothing after it has been taken over; and what it would do outside it does only while its
//! last beat is younger than that ([`StateStore::is_ours`]).

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{StateStore, Write, Written};
use crate::Error;

const TABLE: &str = "lease";
const HOLDER: &str = "holder";
const BEAT: &str = "beat";

/// An instance, as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Another one for each start: a process that comes back is not the one that held the lease.
    pub id: String,
    /// The machine, for people.
    pub name: String,
    /// Where its console answers.
    pub url: String,
}

/// What the holder knows of itself, and the store through which it writes.
pub struct Lease {
    store: Arc<dyn StateStore>,
    holder: Vec<u8>,
    /// When the newest beat that arrived was on its way.
    kept_at: Mutex<Instant>,
    lost: CancellationToken,
}

impl Lease {
    /// How often the holder says that it lives.
    const BEAT_EVERY: Duration = Duration::from_secs(1);
    /// After so long without a beat somebody else takes over; with the start that follows it stays below ten seconds.
    pub const HELD_FOR: Duration = Duration::from_secs(6);
    /// The holder itself stops acting earlier, by what two clocks may differ in counting so far and what was begun may take.
    const ACTS_FOR: Duration = Duration::from_secs(5);
    /// How often one who waits looks.
    const LOOK_EVERY: Duration = Duration::from_millis(500);

    /// Waits until the lease is ours, and shows in `seen` who holds it meanwhile. A store that does not answer is asked
    /// again. May be dropped and begun anew at any time.
    pub async fn take(
        store: Arc<dyn StateStore>,
        holder: &Holder,
        seen: &watch::Sender<Option<Holder>>,
    ) -> Result<Arc<Self>, Error> {
        let own = serde_json::to_vec(holder).map_err(|error| Error::Query(error.to_string()))?;
        let mut watcher = Watcher::default();
        let mut is_silent = false;
        loop {
            let before = Instant::now();
            match watcher.try_take(&*store, &own).await {
                Ok(Taken::Ours) => {
                    return Ok(Arc::new(Self {
                        store,
                        holder: own,
                        kept_at: Mutex::new(before),
                        lost: CancellationToken::new(),
                    }));
                }
                Ok(Taken::By(other)) => {
                    is_silent = false;
                    let other = serde_json::from_slice(&other).ok();
                    seen.send_if_modified(|known| {
                        let is_new = *known != other;
                        *known = other;
                        is_new
                    });
                }
                Err(error) if !is_silent => {
                    is_silent = true;
                    tracing::warn!(%error, "the lease cannot be read; it is asked for again and again");
                }
                Err(_) => {}
            }
            sleep(Self::LOOK_EVERY).await;
        }
    }

    /// Says that we live, until told to stop or until the lease is another's. While the store does not answer nobody can
    /// take over either, but nothing is done outside.
    pub async fn keep(&self, stop: &CancellationToken) {
        for beat in 1_u64.. {
            let begun = Instant::now();
            let put = Write::Put {
                table: TABLE,
                key: BEAT.to_owned(),
                value: beat.to_string().into_bytes(),
            };
            match self.write(vec![put]).await {
                Ok(_) => *self.kept_at.lock().unwrap_or_else(PoisonError::into_inner) = begun,
                Err(error) if self.lost.is_cancelled() => {
                    return tracing::error!(%error, "another instance has taken over");
                }
                Err(error) => tracing::warn!(%error, "the lease cannot be kept"),
            }
            let next = sleep(Self::BEAT_EVERY.saturating_sub(begun.elapsed()));
            if stop.run_until_cancelled(next).await.is_none() {
                return;
            }
        }
    }

    /// Gives it back, so that whoever waits need not.
    pub async fn release(&self) {
        let delete = |key: &str| Write::Delete {
            table: TABLE,
            key: key.to_owned(),
        };
        if let Err(error) = self.write(vec![delete(HOLDER), delete(BEAT)]).await {
            tracing::warn!(%error, "the lease could not be given back");
        }
    }

    /// Cancelled once another instance has taken over.
    #[must_use]
    pub fn lost(&self) -> CancellationToken {
        self.lost.clone()
    }
}

enum Taken {
    Ours,
    By(Vec<u8>),
}

/// What one who waits has seen: who held the lease and at which beat, and since when it has been so.
#[derive(Default)]
struct Watcher {
    seen: Option<Seen>,
}

struct Seen {
    holder: Option<Vec<u8>>,
    beat: Option<Vec<u8>>,
    since: Instant,
}

impl Watcher {
    async fn try_take(&mut self, store: &dyn StateStore, own: &[u8]) -> Result<Taken, Error> {
        let holder = store.get(TABLE, HOLDER).await?;
        let beat = store.get(TABLE, BEAT).await?;
        let since = match &self.seen {
            Some(seen) if seen.holder == holder && seen.beat == beat => seen.since,
            _ => Instant::now(),
        };
        self.seen = Some(Seen {
            holder: holder.clone(),
            beat,
            since,
        });
        if holder.as_deref() == Some(own) {
            // It was taken before, and the answer was lost on its way.
            return Ok(Taken::Ours);
        }
        if let Some(holder) = &holder
            && since.elapsed() < Lease::HELD_FOR
        {
            return Ok(Taken::By(holder.clone()));
        }
        let writes = vec![
            Write::Expect {
                table: TABLE,
                key: HOLDER.to_owned(),
                value: holder.clone(),
            },
            Write::Put {
                table: TABLE,
                key: HOLDER.to_owned(),
                value: own.to_vec(),
            },
        ];
        match store.write(writes).await? {
            Written::Done => Ok(Taken::Ours),
            Written::Conflict => Ok(Taken::By(holder.unwrap_or_default())),
        }
    }
}

#[async_trait]
impl StateStore for Lease {
    async fn get(&self, table: &'static str, key: &str) -> Result<Option<Vec<u8>>, Error> {
        self.store.get(table, key).await
    }

    async fn scan(
        &self,
        table: &'static str,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, Error> {
        self.store.scan(table, prefix, limit).await
    }

    /// `Closed` where the lease is another's: nothing was written, and nothing will be.
    async fn write(&self, mut writes: Vec<Write>) -> Result<Written, Error> {
        if self.lost.is_cancelled() {
            return Err(Error::Closed);
        }
        writes.push(Write::Expect {
            table: TABLE,
            key: HOLDER.to_owned(),
            value: Some(self.holder.clone()),
        });
        let written = self.store.write(writes).await?;
        if written == Written::Conflict
            && self.store.get(TABLE, HOLDER).await?.as_ref() != Some(&self.holder)
        {
            self.lost.cancel();
            return Err(Error::Closed);
        }
        Ok(written)
    }

    fn is_ours(&self) -> bool {
        let kept_at = *self.kept_at.lock().unwrap_or_else(PoisonError::into_inner);
        !self.lost.is_cancelled() && kept_at.elapsed() < Self::ACTS_FOR
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::state::memory::MemoryState;

    fn holder(id: &str) -> Holder {
        Holder {
            id: id.to_owned(),
            name: format!("machine-{id}"),
            url: format!("http://{id}.example"),
        }
    }

    struct House {
        store: Arc<dyn StateStore>,
        seen: watch::Sender<Option<Holder>>,
    }

    impl House {
        fn new() -> Self {
            Self {
                store: Arc::new(MemoryState::default()),
                seen: watch::Sender::new(None),
            }
        }

        async fn take(&self, id: &str) -> Arc<Lease> {
            let holder = holder(id);
            let taken = Lease::take(self.store.clone(), &holder, &self.seen);
            taken.await.unwrap()
        }

        async fn value(&self) -> Option<Vec<u8>> {
            self.store.get("t", "k").await.unwrap()
        }
    }

    fn put(value: &str) -> Vec<Write> {
        vec![Write::Put {
            table: "t",
            key: "k".to_owned(),
            value: value.as_bytes().to_vec(),
        }]
    }

    #[tokio::test(start_paused = true)]
    async fn one_holds_it_while_it_beats_and_the_other_sees_who() {
        let house = House::new();
        let first = house.take("a").await;
        let stop = CancellationToken::new();
        let (keeper, until) = (first.clone(), stop.clone());
        let beating = tokio::spawn(async move { keeper.keep(&until).await });
        let second = tokio::time::timeout(Lease::HELD_FOR * 5, house.take("b")).await;
        assert!(second.is_err(), "it beats, so nobody takes over");
        assert_eq!(*house.seen.borrow(), Some(holder("a")));
        assert!(first.is_ours());
        // Given back, it is free at the next look.
        stop.cancel();
        beating.await.unwrap();
        first.release().await;
        let begun = Instant::now();
        let second = house.take("b").await;
        assert!(begun.elapsed() <= Lease::LOOK_EVERY);
        assert!(second.is_ours() && !first.lost().is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn a_holder_that_slept_can_change_nothing_after_it_was_taken_over() {
        let house = House::new();
        let first = house.take("a").await;
        first.write(put("first")).await.unwrap();
        let begun = Instant::now();
        let second = house.take("b").await;
        let took = begun.elapsed();
        let bound = Lease::HELD_FOR + Lease::LOOK_EVERY * 2;
        assert!(took >= Lease::HELD_FOR && took <= bound, "{took:?}");
        assert!(!first.is_ours(), "it has not beaten for too long to act");
        second.write(put("second")).await.unwrap();
        let late = first.write(put("late")).await;
        assert!(matches!(late, Err(Error::Closed)), "{late:?}");
        assert!(first.lost().is_cancelled());
        assert_eq!(house.value().await.as_deref(), Some(&b"second"[..]));
    }

    /// A caller's own expectation that fails is no loss of the lease.
    #[tokio::test(start_paused = true)]
    async fn a_conflict_of_the_caller_stays_a_conflict() {
        let house = House::new();
        let lease = house.take("a").await;
        let expect = Write::Expect {
            table: "t",
            key: "k".to_owned(),
            value: Some(b"never".to_vec()),
        };
        assert_eq!(lease.write(vec![expect]).await.unwrap(), Written::Conflict);
        assert!(!lease.lost().is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn of_two_who_wait_one_gets_it() {
        let house = House::new();
        let first = house.take("a").await;
        let (b, c) = (holder("b"), holder("c"));
        let mut waiting = [
            Box::pin(Lease::take(house.store.clone(), &b, &house.seen)),
            Box::pin(Lease::take(house.store.clone(), &c, &house.seen)),
        ];
        let [b, c] = &mut waiting;
        let winner = tokio::select! {
            one = b => one.unwrap(),
            one = c => one.unwrap(),
        };
        winner.write(put("winner")).await.unwrap();
        assert!(first.write(put("late")).await.is_err());
        assert_eq!(house.value().await.as_deref(), Some(&b"winner"[..]));
    }
}
