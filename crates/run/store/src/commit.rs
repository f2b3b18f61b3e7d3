//! Group commit: one thread owns an engine's writing, takes all requests that wait, and pays one sync
//! for them together.
//!
//! Callers wait for their answer without blocking the runtime; when requests come faster than the disk
//! can take them, callers wait at the queue's end.

use std::{io, thread};

use tokio::sync::{mpsc, oneshot};

use crate::{Error, wal::Wal};

/// Requests that may wait; beyond it senders wait. A scrape of each of 1,000 targets at one instant fits.
const QUEUE_MAX: usize = 1024;
/// Requests taken into one group, so that the first of them does not wait for a crowd's encoding.
const GROUP_MAX: usize = 256;

/// Where a request's answer goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// Appends of one group that are admitted but not yet durable, and who waits for them.
pub(crate) struct Group<T> {
    /// Frames of the log.
    pub frames: Vec<u8>,
    replies: Vec<(Reply<T>, T)>,
}

impl<T> Default for Group<T> {
    fn default() -> Self {
        Self {
            frames: Vec::new(),
            replies: Vec::new(),
        }
    }
}

impl<T> Group<T> {
    /// Tells `answer` to whoever waits, once the frames are durable; or at once that the request was refused.
    pub fn wait(&mut self, reply: Reply<T>, admitted: Result<T, Error>) {
        match admitted {
            Ok(answer) => self.replies.push((reply, answer)),
            // Whoever gave up waiting needs no answer; here and below.
            Err(error) => drop(reply.send(Err(error))),
        }
    }

    /// One sync for all. `show` is called with whether it succeeded, before anybody is answered: what is
    /// acknowledged can be seen, and what is refused was taken back.
    pub fn commit(self, wal: &mut Wal, show: impl FnOnce(bool)) {
        let result = if self.frames.is_empty() {
            Ok(())
        } else {
            wal.append(&self.frames)
        };
        show(result.is_ok());
        for (reply, answer) in self.replies {
            drop(reply.send(match &result {
                Ok(()) => Ok(answer),
                Err(error) => Err(error.again()),
            }));
        }
    }
}

/// The door to a writing thread. Dropping it lets the thread finish what waits and ends it.
pub(crate) struct Queue<R> {
    sender: Option<mpsc::Sender<R>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl<R: Send + 'static> Queue<R> {
    /// Starts the thread. `work` gets each group in the order of its arrival and answers every request.
    pub fn start(name: &str, mut work: impl FnMut(Vec<R>) + Send + 'static) -> io::Result<Self> {
        let (sender, mut receiver) = mpsc::channel(QUEUE_MAX);
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let mut group = Vec::new();
                while receiver.blocking_recv_many(&mut group, GROUP_MAX) > 0 {
                    work(std::mem::take(&mut group));
                }
            })?;
        Ok(Self {
            sender: Some(sender),
            thread: Some(thread),
        })
    }

    /// Sends the request that `make` builds around its reply, and waits for the answer.
    pub async fn ask<T>(&self, make: impl FnOnce(Reply<T>) -> R) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let sender = self.sender.as_ref().ok_or(Error::Closed)?;
        sender.send(make(reply)).await.map_err(|_| Error::Closed)?;
        answer.await.map_err(|_| Error::Closed)?
    }
}

impl<R: Send + 'static> Queue<R> {
    /// The same from a thread that may block.
    pub fn ask_blocking<T>(&self, make: impl FnOnce(Reply<T>) -> R) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let sender = self.sender.as_ref().ok_or(Error::Closed)?;
        sender
            .blocking_send(make(reply))
            .map_err(|_| Error::Closed)?;
        answer.blocking_recv().map_err(|_| Error::Closed)?
    }
}

impl<R> Drop for Queue<R> {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has already told its callers by `Closed`.
            let _ = thread.join();
        }
    }
}

/// Runs reading work where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Error::Closed)?
}
