//! The embedded state store: one redb file, one table of it for each table name.
//!
//! A single thread writes, so that all who wait share one durable commit; reads run beside it on
//! snapshots. After a failed write redb refuses everything until it is opened again, so it is.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use async_trait::async_trait;
use redb::{
    Database, DatabaseError, Durability, ReadableDatabase, ReadableTable, TableDefinition,
    TableError, WriteTransaction,
};

use super::{StateStore, VALUE_MAX, Write, Written};
use crate::{
    Error,
    commit::{Queue, Reply, blocking},
};

/// State is small; redb's own default of 1 GiB would be the whole budget of the program.
const CACHE_BYTES: usize = 4 << 20;

type Table<'n> = TableDefinition<'n, &'static str, &'static [u8]>;

/// Dropping it finishes what waits and closes the file.
pub struct RedbState {
    queue: Queue<Request>,
    file: Arc<DatabaseFile>,
}

type Request = (Vec<Write>, Reply<Written>);

impl RedbState {
    /// Opens or creates the file. `InUse` where another process holds it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref().to_owned();
        let at = path.clone();
        Self::start(path, move || {
            Database::builder().set_cache_size(CACHE_BYTES).create(&at)
        })
    }

    fn start(
        path: PathBuf,
        open: impl Fn() -> Result<Database, DatabaseError> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let file = Arc::new(DatabaseFile {
            path,
            open: Box::new(open),
            database: RwLock::new(None),
        });
        file.reopen()?;
        let writer = file.clone();
        let queue = Queue::start("state-writer", move |group| writer.answer(group));
        let queue = queue.map_err(|e| Error::io(&file.path, e))?;
        Ok(Self { queue, file })
    }
}

#[async_trait]
impl StateStore for RedbState {
    async fn get(&self, table: &'static str, key: &str) -> Result<Option<Vec<u8>>, Error> {
        let (file, key) = (self.file.clone(), key.to_owned());
        blocking(move || {
            file.read(|database| {
                let Some(table) = open_to_read(database, table)? else {
                    return Ok(None);
                };
                Ok(table.get(key.as_str())?.map(|value| value.value().to_vec()))
            })
        })
        .await
    }

    async fn scan(
        &self,
        table: &'static str,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let (file, prefix) = (self.file.clone(), prefix.to_owned());
        blocking(move || {
            file.read(|database| {
                let Some(table) = open_to_read(database, table)? else {
                    return Ok(Vec::new());
                };
                let mut found = Vec::new();
                for pair in table.range(prefix.as_str()..)?.take(limit) {
                    let (key, value) = pair?;
                    if !key.value().starts_with(&prefix) {
                        break;
                    }
                    found.push((key.value().to_owned(), value.value().to_vec()));
                }
                Ok(found)
            })
        })
        .await
    }

    async fn write(&self, writes: Vec<Write>) -> Result<Written, Error> {
        let too_long = |w: &Write| matches!(w, Write::Put { value, .. } if value.len() > VALUE_MAX);
        if writes.iter().any(too_long) {
            return Err(Error::over("the size of one value", VALUE_MAX));
        }
        self.queue.ask(|reply| (writes, reply)).await
    }
}

struct DatabaseFile {
    path: PathBuf,
    open: Box<dyn Fn() -> Result<Database, DatabaseError> + Send + Sync>,
    /// `None` only while it could not be opened again after a failed write.
    database: RwLock<Option<Database>>,
}

impl DatabaseFile {
    fn answer(&self, group: Vec<Request>) {
        let (lists, replies): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        match self.commit(&lists) {
            Ok(results) => {
                for (reply, written) in replies.into_iter().zip(results) {
                    // Whoever gave up waiting needs no answer.
                    let _ = reply.send(Ok(written));
                }
            }
            Err(error) => {
                for reply in replies {
                    let _ = reply.send(Err(error.again()));
                }
            }
        }
    }

    /// Applies the lists in their order under one durable commit.
    fn commit(&self, lists: &[Vec<Write>]) -> Result<Vec<Written>, Error> {
        let result = self.read(|database| {
            let mut transaction = database.begin_write()?;
            transaction.set_durability(Durability::Immediate)?;
            // Makes opening after a kill take no time that grows with the file.
            transaction.set_quick_repair(true);
            let results = lists
                .iter()
                .map(|list| apply(&transaction, list))
                .collect::<Result<Vec<_>, redb::Error>>()?;
            transaction.commit()?;
            Ok(results)
        });
        if result.is_err() {
            // The next call tells why, should this not succeed yet.
            let _ = self.reopen();
        }
        result
    }

    fn read<T>(&self, work: impl Fn(&Database) -> Result<T, redb::Error>) -> Result<T, Error> {
        if let Some(database) = &*self.database.read().unwrap_or_else(PoisonError::into_inner) {
            return work(database).map_err(|e| self.error(e));
        }
        self.reopen()?;
        match &*self.database.read().unwrap_or_else(PoisonError::into_inner) {
            Some(database) => work(database).map_err(|e| self.error(e)),
            None => Err(Error::Closed),
        }
    }

    fn reopen(&self) -> Result<(), Error> {
        let mut slot = self
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        // Closed first: the file's lock is exclusive.
        *slot = None;
        *slot = Some((self.open)().map_err(|e| self.error(e.into()))?);
        Ok(())
    }

    fn error(&self, error: redb::Error) -> Error {
        match error {
            redb::Error::Io(source) => Error::io(&self.path, source),
            redb::Error::DatabaseAlreadyOpen => Error::InUse {
                path: self.path.clone(),
            },
            other => Error::damaged(&self.path, other.to_string()),
        }
    }
}

type ReadTable = redb::ReadOnlyTable<&'static str, &'static [u8]>;

/// A table that was never written is an empty one.
fn open_to_read(database: &Database, table: &str) -> Result<Option<ReadTable>, redb::Error> {
    match database.begin_read()?.open_table(Table::new(table)) {
        Ok(table) => Ok(Some(table)),
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn apply(transaction: &WriteTransaction, list: &[Write]) -> Result<Written, redb::Error> {
    for write in list {
        if let Write::Expect { table, key, value } = write {
            let table = transaction.open_table(Table::new(table))?;
            let held = table.get(key.as_str())?;
            if held.as_ref().map(|held| held.value()) != value.as_deref() {
                return Ok(Written::Conflict);
            }
        }
    }
    for write in list {
        match write {
            Write::Put { table, key, value } => {
                transaction
                    .open_table(Table::new(table))?
                    .insert(key.as_str(), value.as_slice())?;
            }
            Write::Delete { table, key } => {
                transaction
                    .open_table(Table::new(table))?
                    .remove(key.as_str())?;
            }
            Write::Expect { .. } => {}
        }
    }
    Ok(Written::Done)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{
        io,
        sync::{
            Mutex,
            atomic::{AtomicBool, Ordering},
        },
    };

    use ::redb::{StorageBackend, backends::FileBackend};

    use super::*;
    use crate::state::contract::contract;

    #[tokio::test]
    async fn keeps_the_contract() {
        let dirs = Mutex::new(Vec::new());
        contract(async || {
            let dir = tempfile::tempdir().unwrap();
            let store = RedbState::open(dir.path().join("state.redb")).unwrap();
            dirs.lock().unwrap().push(dir);
            Arc::new(store) as Arc<dyn StateStore>
        })
        .await;
    }

    /// A file on a disk that can be full.
    #[derive(Debug)]
    struct Filling {
        file: FileBackend,
        full: Arc<AtomicBool>,
    }

    impl Filling {
        fn room(&self) -> io::Result<()> {
            let full = self.full.load(Ordering::SeqCst);
            if full {
                Err(io::ErrorKind::StorageFull.into())
            } else {
                Ok(())
            }
        }
    }

    impl StorageBackend for Filling {
        fn len(&self) -> io::Result<u64> {
            self.file.len()
        }
        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.file.read(offset, out)
        }
        fn set_len(&self, len: u64) -> io::Result<()> {
            self.room()?;
            self.file.set_len(len)
        }
        fn sync_data(&self) -> io::Result<()> {
            self.file.sync_data()
        }
        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            self.room()?;
            self.file.write(offset, data)
        }
    }

    #[tokio::test]
    async fn a_full_disk_refuses_writes_and_is_forgotten_once_it_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.redb");
        let full = Arc::new(AtomicBool::new(false));
        let (switch, at) = (full.clone(), path.clone());
        let open = move || {
            let file = std::fs::OpenOptions::new()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .open(&at)?;
            let file = FileBackend::new(file)?;
            Database::builder().create_with_backend(Filling {
                file,
                full: switch.clone(),
            })
        };
        let store = RedbState::start(path.clone(), open).unwrap();
        let put = |key: &str| {
            vec![Write::Put {
                table: "t",
                key: key.to_owned(),
                value: vec![7; 5000],
            }]
        };
        store.write(put("before")).await.unwrap();
        full.store(true, Ordering::SeqCst);
        for _ in 0..3 {
            let error = store.write(put("refused")).await.unwrap_err();
            assert!(matches!(error, Error::DiskFull { .. }), "{error}");
        }
        full.store(false, Ordering::SeqCst);
        store.write(put("after")).await.unwrap();
        drop(store);
        let store = RedbState::open(path).unwrap();
        let keys: Vec<String> = store
            .scan("t", "", 9)
            .await
            .unwrap()
            .into_iter()
            .map(|(key, _)| key)
            .collect();
        assert_eq!(keys, ["after", "before"]);
    }

    #[test]
    fn a_second_opening_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.redb");
        let _first = RedbState::open(&path).unwrap();
        assert!(matches!(RedbState::open(&path), Err(Error::InUse { .. })));
    }
}
