//! The running ledger: any thread appends and reads; one thread of its own ([`Writer`]) writes.

use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
};

use crate::{
    entry::{Entry, NewEntry},
    error::{Error, VerifyError},
    find::{Find, Prints},
    limit::{BATCH_ENTRIES, QUEUE_BYTES, READ_ENTRIES, TILE},
    merkle::{Hash, consistency_proof, inclusion_proof, range_root},
    note::Checkpoint,
    open::{self, Opened},
    personal::{Shelf, Traces},
    prune::{self, Cut, Pruned},
    tree::{self, Tree},
    writer::{Batch, Job, Queue, Shared, Writer, lock},
};

/// A line and the index of its entry.
type Numbered = (u64, Box<[u8]>);

/// An append-only log whose every state is signed. Cheap to share behind an `Arc`; dropping the last one publishes
/// the newest checkpoint and releases the directory.
pub struct Ledger {
    shared: Arc<Shared>,
    /// The first entry whose body is kept.
    kept_from: AtomicU64,
    /// One pruning at a time.
    pruning: Mutex<()>,
    vkey: String,
    prints: Prints,
    thread: Option<JoinHandle<()>>,
}

impl Ledger {
    /// Opens the ledger in `dir`, or makes one with a new key. `origin` is its name, for good: by custom a domain
    /// and a path without a scheme.
    ///
    /// A tail torn by a power loss is cut and reported. [`Error::Damaged`] names the first entry that is not what
    /// was signed; nothing is changed then.
    pub fn open(dir: &Path, origin: &str) -> Result<(Self, Opened), Error> {
        open::open(dir, origin)
    }

    pub(crate) fn start(tree: Tree, mut writer: Writer) -> Result<Self, Error> {
        let vkey = writer.signer.verifier.to_string();
        let dir = tree.dir.clone();
        let queue = Queue {
            next: tree.size(),
            ..Queue::default()
        };
        let shared = Arc::new(Shared {
            tree: RwLock::new(tree),
            queue: Mutex::new(queue),
            personal: Mutex::default(),
            work: Condvar::new(),
            room: Condvar::new(),
        });
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || writer.run(&theirs));
        let thread = Some(thread.map_err(|error| Error::io(&dir, error))?);
        Ok(Self {
            shared,
            kept_from: AtomicU64::new(0),
            pruning: Mutex::default(),
            vkey,
            prints: Prints::default(),
            thread,
        })
    }

    /// Appends entries in their order, next to each other. Returns their indices once they and a signed checkpoint
    /// over them survive a power loss. Blocks; callers at the same time share one `fdatasync`.
    ///
    /// After an error none of them is in the ledger, except after [`Error::Broken`], when opening again tells.
    pub fn append(&self, entries: Vec<NewEntry>) -> Result<Range<u64>, Error> {
        let over = |what, count, limit| Err(Error::TooMany { what, count, limit });
        if entries.len() > BATCH_ENTRIES {
            return over("entries", entries.len(), BATCH_ENTRIES);
        }
        let rests = entries
            .iter()
            .map(NewEntry::rest_of_line)
            .collect::<Result<Vec<_>, _>>()?;
        let bytes = rests.iter().map(|rest| rest.line.len()).sum();
        if bytes > QUEUE_BYTES {
            return over("bytes", bytes, QUEUE_BYTES);
        }
        if rests.is_empty() {
            let size = self.len();
            return Ok(size..size);
        }
        let (answer, answered) = mpsc::sync_channel(1);
        let mut queue = lock(&self.shared.queue);
        while !queue.closed && queue.bytes > 0 && queue.bytes + bytes > QUEUE_BYTES {
            queue = self
                .shared
                .room
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if queue.closed {
            return Err(Error::Closed);
        }
        queue.bytes += bytes;
        let first = queue.next;
        queue.next += rests.len() as u64;
        let batch = Arc::new(Batch::new(first, rests));
        queue.jobs.push_back(Job {
            batch: Arc::clone(&batch),
            answer,
        });
        drop(queue);
        self.shared.work.notify_one();
        batch.lines();
        answered.recv().unwrap_or(Err(Error::Closed))
    }

    /// Entries that are durable.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.tree().size()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads one entry, having compared it with its hash.
    pub fn entry(&self, index: u64) -> Result<Entry, Error> {
        let size = self.len();
        let end = index
            .checked_add(1)
            .ok_or(Error::OutOfRange { index, size })?;
        self.entries(index..end)?
            .pop()
            .ok_or(Error::OutOfRange { index, size })
    }

    /// Reads entries in their order, at most [`READ_ENTRIES`](crate::limit::READ_ENTRIES) of them.
    pub fn entries(&self, range: Range<u64>) -> Result<Vec<Entry>, Error> {
        let size = self.len();
        if range.end > size {
            return Err(Error::OutOfRange {
                index: range.end - 1,
                size,
            });
        }
        let end = range
            .end
            .min(range.start.saturating_add(READ_ENTRIES as u64));
        let mut found = Vec::new();
        let mut shelf = self.shelf();
        let kept_from = self.kept_from();
        if range.start < kept_from && !range.is_empty() {
            return Err(Error::Pruned {
                index: range.start,
                kept_from,
            });
        }
        let mut at = range.start;
        while at < end {
            let stop = end.min((at / TILE + 1) * TILE);
            for (index, line) in self.lines(at..stop)? {
                found.push(shelf.parse(index, &line)?);
            }
            at = stop;
        }
        Ok(found)
    }

    /// The newest entries that fit, newest first.
    pub fn find(&self, find: &Find) -> Result<Vec<Entry>, Error> {
        let limit = find.limit.min(READ_ENTRIES);
        let mut found = Vec::new();
        let mut shelf = self.shelf();
        let mut end = find.before.unwrap_or(u64::MAX).min(self.len());
        let kept_from = self.kept_from();
        while end > kept_from && found.len() < limit {
            let n = (end - 1) / TILE;
            let start = n * TILE;
            // Only whole bundles have a print: nothing is ever added to them.
            if !self.prints.may_hold(n, find) {
                end = start;
                continue;
            }
            let whole = end - start == TILE;
            let lines = self.lines(start..end)?;
            if whole {
                self.prints
                    .remember(n, lines.iter().map(|(_, line)| &**line));
            }
            for (index, line) in lines.iter().rev() {
                if found.len() < limit && find.fits(line) {
                    found.push(shelf.parse(*index, line)?);
                }
            }
            end = start;
        }
        Ok(found)
    }

    /// The newest entry of a kind about something.
    pub fn newest(&self, kind: &str, about: &str) -> Result<Option<Entry>, Error> {
        let find = Find {
            kind: Some(kind.to_owned()),
            about: Some(about.to_owned()),
            before: None,
            limit: 1,
        };
        Ok(self.find(&find)?.pop())
    }

    /// Erases a value wherever it stands as a personal one; answers how many fields held it, and the entry that says so.
    /// `entry` makes it of their number. Where there is none, nothing is written.
    ///
    /// The entry is durable before anything is taken away; after a crash in between, calling again finishes it.
    pub fn erase(
        &self,
        value: &str,
        entry: impl FnOnce(u64) -> NewEntry,
    ) -> Result<Option<(u64, u64)>, Error> {
        let dir = self.tree().dir.clone();
        let traces = {
            let _quiet = lock(&self.shared.personal);
            Traces::of(&dir, value)?
        };
        let count = traces.count();
        if count == 0 {
            return Ok(None);
        }
        let range = self.append(vec![entry(count)])?;
        // What came meanwhile is left: only what the entry counts is taken away.
        let _quiet = lock(&self.shared.personal);
        traces.erase()?;
        Ok(Some((count, range.start)))
    }

    /// The first entry whose body is kept; those before it were pruned.
    #[must_use]
    pub fn kept_from(&self) -> u64 {
        self.kept_from.load(Ordering::Acquire)
    }

    /// Drops the bodies of entries before `keep_from`, as far as whole files of them go; hashes and proofs stay. `entry`
    /// makes the entry of kind [`PRUNED`](crate::PRUNED) that says so, of [`Cut::body`]. `None` where nothing goes.
    ///
    /// What goes is verified first. The entry is durable before anything is taken away; after a crash in between, opening
    /// goes on.
    pub fn prune(
        &self,
        keep_from: u64,
        entry: impl FnOnce(&Cut) -> NewEntry,
    ) -> Result<Option<Cut>, Error> {
        let _alone = lock(&self.pruning);
        let (dir, base) = {
            let tree = self.tree();
            (tree.dir.clone(), tree.base)
        };
        let to = prune::whole(keep_from.min(base));
        if to <= self.kept_from() {
            return Ok(None);
        }
        let before = prune::noted(&dir)?;
        let before = before.map(|pruned| Ok::<_, Error>((pruned, self.said(pruned)?)));
        let cut = prune::cut(&dir, before.transpose()?, to)?;
        let index = self.append(vec![entry(&cut)])?.start;
        self.kept_from.store(to, Ordering::Release);
        let _quiet = lock(&self.shared.personal);
        prune::take_away(&dir, Pruned { to, entry: index }, cut.range.0..to)?;
        Ok(Some(cut))
    }

    /// What an earlier process may have left, once its entry says that it was to go.
    pub(crate) fn go_on_pruning(&self, pruned: Pruned) -> Result<(), Error> {
        self.said(pruned)?;
        self.kept_from.store(pruned.to, Ordering::Release);
        prune::finish(&self.tree().dir, pruned)
    }

    fn said(&self, pruned: Pruned) -> Result<prune::Said, Error> {
        let said = prune::said(&self.entry(pruned.entry)?);
        said.filter(|said| said.to == pruned.to).ok_or_else(|| {
            VerifyError::Pruned {
                path: prune::path(&self.tree().dir),
            }
            .into()
        })
    }

    /// The newest signed checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        self.tree().checkpoint.clone()
    }

    pub fn leaf_hash(&self, index: u64) -> Result<Hash, Error> {
        self.tree().nodes().leaf(index)
    }

    /// Shows that entry `index` is in the tree of the first `size` entries; see [`verify_inclusion`](crate::verify_inclusion).
    pub fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Hash>, Error> {
        let tree = self.tree();
        within(size, &tree)?;
        if index >= size {
            return Err(Error::OutOfRange { index, size });
        }
        inclusion_proof(&mut tree.nodes(), index, size)
    }

    /// Shows that the tree of `new` entries begins with that of `old`; see [`verify_consistency`](crate::verify_consistency).
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, Error> {
        let tree = self.tree();
        within(new, &tree)?;
        if old > new {
            return Err(Error::OutOfRange {
                index: old,
                size: new,
            });
        }
        consistency_proof(&mut tree.nodes(), old, new)
    }

    /// The root of the tree of the first `size` entries.
    pub fn root_of(&self, size: u64) -> Result<Hash, Error> {
        let tree = self.tree();
        within(size, &tree)?;
        range_root(&mut tree.nodes(), 0, size)
    }

    /// Who signs, as a C2SP vkey: what an auditor keeps.
    #[must_use]
    pub fn verifier(&self) -> String {
        self.vkey.clone()
    }

    /// Where it lies.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        self.tree().dir.clone()
    }

    fn shelf(&self) -> Shelf {
        Shelf::of(&self.tree().dir)
    }

    fn tree(&self) -> RwLockReadGuard<'_, Tree> {
        self.shared
            .tree
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Lines of one bundle.
    fn lines(&self, range: Range<u64>) -> Result<Vec<Numbered>, Error> {
        let tree = self.tree();
        if range.start >= tree.base {
            let lines = range.map(|index| (index, tree.line(index).map(|line| line.bytes.clone())));
            return Ok(lines
                .filter_map(|(index, line)| Some((index, line?)))
                .collect());
        }
        let dir = tree.dir.clone();
        drop(tree);
        let bundle = tree::read_bundle(&dir, range.start / TILE)?;
        let lines = (range.start / TILE * TILE..).zip(bundle);
        Ok(lines.filter(|(index, _)| range.contains(index)).collect())
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        lock(&self.shared.queue).closed = true;
        self.shared.work.notify_all();
        self.shared.room.notify_all();
        if let Some(thread) = self.thread.take() {
            // A writer that panicked has told its callers by closing their channels.
            let _ = thread.join();
        }
    }
}

fn within(size: u64, tree: &Tree) -> Result<(), Error> {
    if size > tree.size() {
        Err(Error::OutOfRange {
            index: size - 1,
            size: tree.size(),
        })
    } else {
        Ok(())
    }
}
