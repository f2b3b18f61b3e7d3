//! The desk: one writer at a time over the book, and everyone who waits for a change.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use promise::Clock;
use store::StateStore;
use tokio::sync::{Notify, mpsc, watch};

use crate::{
    Config, Error, Event, InboxItem,
    acknowledge::Signer,
    book::{Book, Change},
    notify::inbox::Shelf,
};

pub struct Desk {
    pub clock: Arc<dyn Clock>,
    pub signer: Signer,
    /// Told when something may be due.
    pub wake: Notify,
    /// Whether what time brings is looked at now, and not at the next full second.
    is_urgent: AtomicBool,
    pub(crate) state: Arc<dyn StateStore>,
    /// Held from reading a sheet of a checklist until it is kept.
    pub(crate) sheets: tokio::sync::Mutex<()>,
    config: RwLock<Arc<Config>>,
    book: Mutex<Book>,
    /// Whether the last write may have been applied though it failed: then the book is read again before it is changed.
    is_unsure: AtomicBool,
    /// Held from working out a change until it is applied; the book's own lock is never held over an await.
    turn: tokio::sync::Mutex<()>,
    changes: watch::Sender<u64>,
    events: mpsc::Sender<Event>,
    /// Number of the last event handed over in this process.
    handed: Mutex<u64>,
}

impl Desk {
    pub async fn open(
        config: Config,
        state: Arc<dyn StateStore>,
        clock: Arc<dyn Clock>,
        events: mpsc::Sender<Event>,
    ) -> Result<Self, Error> {
        let book = Book::open(&state).await?;
        let signer = Signer::open(&state).await?;
        Ok(Self {
            clock,
            signer,
            wake: Notify::new(),
            is_urgent: AtomicBool::new(true),
            state,
            sheets: tokio::sync::Mutex::new(()),
            config: RwLock::new(Arc::new(config)),
            book: Mutex::new(book),
            is_unsure: AtomicBool::new(false),
            turn: tokio::sync::Mutex::new(()),
            changes: watch::Sender::new(0),
            events,
            handed: Mutex::new(0),
        })
    }

    pub fn config(&self) -> Arc<Config> {
        self.config
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub fn reconfigure(&self, config: Config) {
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
        self.look_now();
        self.changes.send_modify(|count| *count += 1);
    }

    pub fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks that groups and repeats are looked at at once.
    pub fn look_now(&self) {
        self.is_urgent.store(true, Ordering::SeqCst);
        self.wake.notify_one();
    }

    /// Whether somebody has asked since the last time.
    pub fn take_urgent(&self) -> bool {
        self.is_urgent.swap(false, Ordering::SeqCst)
    }

    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Works out a change, makes it durable, then applies it. The work is done in its own task: a caller that goes away
    /// (a browser that closes its connection) cannot leave memory behind what is on disk.
    pub async fn change<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Config, &Book, &mut Change) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let desk = self.clone();
        tokio::spawn(async move { desk.take_turn(work).await })
            .await
            .map_err(|_| Error::Stopped)?
    }

    async fn take_turn<T>(
        &self,
        work: impl FnOnce(&Config, &Book, &mut Change) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let _turn = self.turn.lock().await;
        if self.is_unsure.load(Ordering::SeqCst) {
            self.read_again().await?;
        }
        let config = self.config();
        let (change, writes, answer) = {
            let book = self.book();
            let mut change = Change::new(&book, self.clock.now());
            let answer = work(&config, &book, &mut change)?;
            if change.is_empty(&book) {
                drop(book);
                self.book().fresh.extend(change.take_fresh());
                return Ok(answer);
            }
            let writes = change.writes(&book)?;
            (change, writes, answer)
        };
        if let Err(error) = self.state.write(writes).await {
            self.is_unsure.store(error.is_unsure(), Ordering::SeqCst);
            return Err(error.into());
        }
        self.book().apply(change);
        self.hand_over();
        self.wake.notify_one();
        self.changes.send_modify(|count| *count += 1);
        Ok(answer)
    }

    /// What the store says, in place of what is remembered.
    async fn read_again(&self) -> Result<(), Error> {
        let mut again = Book::open(&self.state).await?;
        let mut book = self.book();
        again.fresh = std::mem::take(&mut book.fresh);
        *book = again;
        drop(book);
        self.is_unsure.store(false, Ordering::SeqCst);
        self.changes.send_modify(|count| *count += 1);
        Ok(())
    }

    /// Hands over the events that were not yet, as far as the channel has room. Whoever reads it slowly delays events,
    /// never pages.
    pub fn hand_over(&self) {
        let mut handed = self.handed.lock().unwrap_or_else(PoisonError::into_inner);
        let book = self.book();
        for (number, event) in book.events.range(*handed + 1..) {
            if self.events.try_send(event.clone()).is_err() {
                break;
            }
            *handed = *number;
        }
    }
}

/// The inbox's place on the desk.
pub struct DeskShelf(pub Arc<Desk>);

#[async_trait]
impl Shelf for DeskShelf {
    async fn put(&self, item: InboxItem) -> Result<(), Error> {
        self.0
            .change(move |_, book, change| {
                change.put_inbox(book, item);
                Ok(())
            })
            .await
    }
}
