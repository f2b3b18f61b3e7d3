//! State in PostgreSQL, so that a second instance finds what the first one knew. One table holds all.
//!
//! Lists of writes are applied one after the other, under a lock that ends with the transaction: so an `Expect` sees what
//! was there before, and of many that race for a key one wins. A write is answered once PostgreSQL has committed it, and
//! `synchronous_commit` is raised where it would not wait for the disk. When an answer is missing nobody knows whether the
//! write was applied ([`Error::is_unsure`]); a new connection waits for what the broken one may still do, so whoever reads
//! after that reads the truth.

mod session;
mod tls;

use std::{path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::{
    sync::{Mutex, MutexGuard},
    time::timeout,
};

use self::session::Session;
use super::{StateStore, VALUE_MAX, Write, Written};
use crate::Error;

/// A database that says nothing for so long is asked again on a new connection. Shorter than a lease is held, so that one
/// slow write does not cost it.
const ANSWER_WITHIN: Duration = Duration::from_secs(4);
/// One for long lists, one that is free for short ones meanwhile: a lease is kept beside whatever else is written.
const SESSIONS: usize = 2;

/// Where the database is.
#[derive(Clone)]
pub struct PostgresOptions {
    /// Tells the connection string: `postgresql://tegata@10.0.0.5/tegata`, or `host=10.0.0.5 user=tegata`. Asked for each
    /// connection, so that a rotated password needs no restart. An error says why there is none, without the secret.
    pub address: Arc<dyn Fn() -> Result<String, String> + Send + Sync>,
    /// PEM file of those who may sign the database's certificate; the system's where there is none.
    pub ca: Option<PathBuf>,
}

pub struct PostgresState {
    options: PostgresOptions,
    /// `None` until they are asked, and after they failed.
    sessions: [Mutex<Option<Session>>; SESSIONS],
}

impl PostgresState {
    /// Nothing is asked yet.
    #[must_use]
    pub fn new(options: PostgresOptions) -> Self {
        Self {
            options,
            sessions: std::array::from_fn(|_| Mutex::new(None)),
        }
    }

    /// Does the work on a connection, or on a new one; one that failed or did not answer is not used again.
    async fn with<T>(
        &self,
        work: impl AsyncFnOnce(&mut Session) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, Error> {
        let mut slot = self.slot().await;
        let known = slot.take().filter(Session::is_open);
        let done = timeout(ANSWER_WITHIN, async {
            let mut session = match known {
                Some(session) => session,
                None => Session::open(&self.options, ANSWER_WITHIN).await?,
            };
            let done = work(&mut session).await.map_err(session::failed)?;
            Ok((session, done))
        });
        let late = |_| Error::Remote(format!("nothing within {ANSWER_WITHIN:?}"));
        let (session, done) = done.await.map_err(late)??;
        *slot = Some(session);
        Ok(done)
    }

    /// The first that is free; else whoever comes first waits for the first.
    async fn slot(&self) -> MutexGuard<'_, Option<Session>> {
        for session in &self.sessions {
            if let Ok(free) = session.try_lock() {
                return free;
            }
        }
        self.sessions[0].lock().await
    }
}

#[async_trait]
impl StateStore for PostgresState {
    async fn get(&self, table: &'static str, key: &str) -> Result<Option<Vec<u8>>, Error> {
        self.with(async |session| session.get(table, key).await)
            .await
    }

    async fn scan(
        &self,
        table: &'static str,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, Error> {
        self.with(async |session| session.scan(table, prefix, limit).await)
            .await
    }

    async fn write(&self, writes: Vec<Write>) -> Result<Written, Error> {
        let too_long = |w: &Write| matches!(w, Write::Put { value, .. } if value.len() > VALUE_MAX);
        if writes.iter().any(too_long) {
            return Err(Error::over("the size of one value", VALUE_MAX));
        }
        if writes.is_empty() {
            return Ok(Written::Done);
        }
        self.with(async |session| session.write(&writes).await)
            .await
    }
}
