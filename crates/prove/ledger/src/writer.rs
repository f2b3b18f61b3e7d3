//! The one thread that changes files: commits what waits, moves full bundles to tiles, publishes the checkpoint.

use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    io,
    ops::Range,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard,
        RwLockWriteGuard, mpsc,
    },
};

use crate::{
    entry::{self, Rest},
    error::Error,
    files::{self, Layer},
    key::Signer,
    limit::{
        GATHER_FOR, LEVELS, PUBLISH_AFTER, PUBLISH_COMMITS, ROLL_BYTES, ROLL_ENTRIES, ROOM_BYTES,
        TILE,
    },
    merkle::{Hash, subtree_root},
    note, personal,
    tail::{self, Line},
    tree::{self, Tree},
};

pub(crate) struct Shared {
    pub tree: RwLock<Tree>,
    pub queue: Mutex<Queue>,
    /// Held while files of personal values are changed: entries add to them, erasing takes away.
    pub personal: Mutex<()>,
    /// Work for the writer.
    pub work: Condvar,
    /// Room in the queue for callers.
    pub room: Condvar,
}

#[derive(Default)]
pub(crate) struct Queue {
    pub jobs: VecDeque<Job>,
    pub bytes: usize,
    /// The place of what is queued next, if all before it is written.
    pub next: u64,
    pub closed: bool,
}

/// Entries that one caller wants next to each other.
pub(crate) struct Job {
    pub batch: Arc<Batch>,
    pub answer: mpsc::SyncSender<Result<Range<u64>, Error>>,
}

/// What a caller brings. Their lines are made and hashed by whoever comes first, so that callers do it side by side, and
/// while the disk is still at the commit before.
pub(crate) struct Batch {
    /// The index of the first entry, unless a commit before it fails.
    first: u64,
    /// Lines that lack their index.
    rests: Vec<Rest>,
    lines: OnceLock<Vec<Arc<Line>>>,
}

impl Batch {
    pub fn new(first: u64, rests: Vec<Rest>) -> Self {
        Self {
            first,
            rests,
            lines: OnceLock::new(),
        }
    }

    /// The lines at the place that was foreseen.
    pub fn lines(&self) -> &[Arc<Line>] {
        self.lines.get_or_init(|| self.lines_from(self.first))
    }

    fn lines_from(&self, first: u64) -> Vec<Arc<Line>> {
        let lines = (first..).zip(&self.rests);
        lines
            .map(|(index, rest)| Arc::new(Line::new(entry::line(index, &rest.line))))
            .collect()
    }

    fn lines_at(&self, first: u64) -> Vec<Arc<Line>> {
        if first == self.first {
            self.lines().to_vec()
        } else {
            self.lines_from(first)
        }
    }
}

pub(crate) struct Writer {
    dir: PathBuf,
    pub signer: Signer,
    /// Held as long as the writer lives.
    _lock: File,
    tail: File,
    /// How far commits reach in it, and how long its file is.
    tail_length: u64,
    tail_room: u64,
    /// The size that `checkpoint` says.
    published: u64,
    commits_unpublished: usize,
    /// Callers that shared the last commit.
    siblings: usize,
    /// Why nothing more is written.
    broken: Option<String>,
}

impl Writer {
    pub fn new(
        dir: &Path,
        signer: Signer,
        lock: File,
        tail_length: u64,
        published: u64,
        size: u64,
    ) -> Result<Self, Error> {
        let (tail, tail_room) = open_tail(dir)?;
        let dir = dir.to_owned();
        // What a killed process did not get to publish is published now.
        let commits_unpublished = usize::from(size != published);
        Ok(Self {
            dir,
            signer,
            _lock: lock,
            tail,
            tail_length,
            tail_room,
            published,
            commits_unpublished,
            siblings: 0,
            broken: None,
        })
    }

    /// Works until the queue is closed and empty.
    pub fn run(&mut self, shared: &Shared) {
        loop {
            let (jobs, closed) = self.wait(shared);
            if !jobs.is_empty() {
                self.commit(shared, jobs);
            }
            let idle = lock(&shared.queue).jobs.is_empty() && self.commits_unpublished == 0;
            if closed || idle || self.commits_unpublished >= PUBLISH_COMMITS {
                // What is published late is durable all the same: it lies in the tail.
                let _ = self.publish(shared);
            }
            if closed && lock(&shared.queue).jobs.is_empty() {
                // Room that is left behind is no damage, but a file of commits alone is easier to look at.
                if self.broken.is_none() {
                    let _ = self.tail.set_len(self.tail_length);
                }
                return;
            }
        }
    }

    /// Takes all that waits. Comes back empty-handed when nobody has appended for a moment and the newest
    /// checkpoint is not published yet.
    fn wait(&mut self, shared: &Shared) -> (Vec<Job>, bool) {
        let mut queue = lock(&shared.queue);
        while queue.jobs.is_empty() && !queue.closed {
            if self.commits_unpublished == 0 {
                queue = shared
                    .work
                    .wait(queue)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let waited = shared
                .work
                .wait_timeout(queue, PUBLISH_AFTER)
                .unwrap_or_else(PoisonError::into_inner);
            queue = waited.0;
            if waited.1.timed_out() {
                self.commits_unpublished = 0;
                break;
            }
        }
        while !queue.closed && (1..self.siblings).contains(&queue.jobs.len()) {
            let waited = shared
                .work
                .wait_timeout(queue, GATHER_FOR)
                .unwrap_or_else(PoisonError::into_inner);
            queue = waited.0;
            if waited.1.timed_out() {
                break;
            }
        }
        let jobs: Vec<Job> = queue.jobs.drain(..).collect();
        self.siblings = jobs.len();
        queue.bytes = 0;
        shared.room.notify_all();
        (jobs, queue.closed)
    }

    /// Writes all jobs with one `fdatasync`, and then answers them.
    fn commit(&mut self, shared: &Shared, jobs: Vec<Job>) {
        let written = self.write(shared, &jobs);
        let mut next = match &written {
            Ok(first) => *first,
            Err(_) => {
                foresee(shared);
                0
            }
        };
        for job in jobs {
            let start = next;
            next += job.batch.rests.len() as u64;
            // A caller that has gone away does not want to know.
            let _ = job.answer.send(match &written {
                Ok(_) => Ok(start..next),
                Err(error) => Err(error.again()),
            });
        }
    }

    /// Returns the index of the first entry.
    fn write(&mut self, shared: &Shared, jobs: &[Job]) -> Result<u64, Error> {
        if let Some(reason) = &self.broken {
            return Err(Error::Broken {
                reason: reason.clone(),
            });
        }
        let (count, bytes) = {
            let tree = read(shared);
            (tree.tail.len(), tree.tail_bytes)
        };
        if count >= ROLL_ENTRIES || bytes >= ROLL_BYTES {
            self.roll(shared)?;
        }
        let (first, mut frontier) = {
            let tree = read(shared);
            (tree.size(), tree.frontier.clone())
        };
        let mut lines = Vec::new();
        for job in jobs {
            lines.extend(job.batch.lines_at(first + lines.len() as u64));
        }
        self.write_personal(shared, first, jobs)?;
        lines.iter().for_each(|line| frontier.push(line.hash));
        let checkpoint = note::sign(&self.signer, frontier.size(), frontier.root());
        let mut bytes = Vec::new();
        tail::write_commit(
            &mut bytes,
            lines.iter().map(|line| &**line),
            &checkpoint.note,
        );
        self.append_to_tail(&bytes)?;
        let mut tree = write(shared);
        tree.tail_bytes += lines.iter().map(|line| line.bytes.len()).sum::<usize>();
        tree.tail.extend(lines);
        tree.frontier = frontier;
        tree.checkpoint = checkpoint;
        self.commits_unpublished += 1;
        Ok(first)
    }

    /// What lies beside the entries is durable before they are: an entry without it would look erased.
    fn write_personal(&self, shared: &Shared, first: u64, jobs: &[Job]) -> Result<(), Error> {
        let rests = (first..).zip(jobs.iter().flat_map(|job| &job.batch.rests));
        let openings: Vec<_> = rests
            .flat_map(|(index, rest)| rest.openings.iter().map(move |opening| (index, opening)))
            .collect();
        if openings.is_empty() {
            return Ok(());
        }
        let _quiet = lock(&shared.personal);
        personal::write(&self.dir, &openings)
    }

    fn append_to_tail(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let path = self.dir.join("tail");
        if let Err(error) = self.write_to_tail(bytes) {
            // Half a commit must not stay where the next one goes.
            if let Err(error) = self.tail.set_len(self.tail_length) {
                self.broken = Some(error.to_string());
            }
            self.tail_room = self.tail_length;
            return Err(Error::io(&path, error));
        }
        if let Err(error) = self.tail.sync_data() {
            // The kernel may have dropped the pages it could not write: nobody knows what is on the disk.
            self.broken = Some(error.to_string());
            return Err(Error::Broken {
                reason: error.to_string(),
            });
        }
        self.tail_length += bytes.len() as u64;
        Ok(())
    }

    fn write_to_tail(&mut self, bytes: &[u8]) -> io::Result<()> {
        let end = self.tail_length + bytes.len() as u64;
        if end > self.tail_room {
            // A tail that is moved soon, because nobody is in a hurry, gets little of it.
            let room = self
                .tail_length
                .clamp(*ROOM_BYTES.start(), *ROOM_BYTES.end());
            self.tail
                .write_all_at(&vec![0; usize::try_from(room).unwrap_or_default()], end)?;
            self.tail_room = end + room;
        }
        self.tail.write_all_at(bytes, self.tail_length)
    }

    /// Moves full bundles from the tail to tiles. Done twice it writes the same bytes twice, so a crash in between
    /// costs nothing.
    fn roll(&mut self, shared: &Shared) -> Result<(), Error> {
        // Only this thread changes the tree, so what is read here stays true without the lock.
        let (base, lines, mut levels, note) = {
            let tree = read(shared);
            (
                tree.base,
                tree.tail.clone(),
                tree.levels.clone(),
                tree.checkpoint.note.clone(),
            )
        };
        let bundles = lines.as_chunks::<{ TILE as usize }>().0;
        let mut full = Vec::new();
        for (n, bundle) in (base / TILE..).zip(bundles) {
            let hashes: Vec<Hash> = bundle.iter().map(|line| line.hash).collect();
            full.push((
                Layer::Entries,
                n,
                files::join_entries(bundle.iter().map(|line| &*line.bytes)),
            ));
            full.push((Layer::Hashes(0), n, files::join_hashes(&hashes)));
            for level in tree::push_bundle(&mut levels, subtree_root(&hashes)) {
                let below = &levels[level as usize - 1];
                let n = below.len() as u64 / TILE - 1;
                full.push((
                    Layer::Hashes(level),
                    n,
                    files::join_hashes(&below[below.len() - TILE as usize..]),
                ));
            }
        }
        self.write_full(&full)?;
        let moved = bundles.len() * TILE as usize;
        let base = base + moved as u64;
        let rest = &lines[moved..];
        let mut file = tail::header(base);
        tail::write_commit(&mut file, rest.iter().map(|line| &**line), &note);
        let replaced =
            files::replace(&self.dir.join("tail"), &file, None).and_then(|()| open_tail(&self.dir));
        (self.tail, self.tail_length) =
            replaced.inspect_err(|error| self.broken = Some(error.to_string()))?;
        self.tail_room = self.tail_length;
        let mut tree = write(shared);
        tree.base = base;
        tree.levels = levels;
        tree.tail.drain(..moved);
        tree.tail_bytes = tree.tail.iter().map(|line| line.bytes.len()).sum();
        Ok(())
    }

    /// Writes full tiles; their partial ones are no longer needed once they are there.
    fn write_full(&self, full: &[(Layer, u64, Vec<u8>)]) -> Result<(), Error> {
        let mut batch = files::Batch::default();
        for (layer, n, bytes) in full {
            batch.write(&files::tile(&self.dir, *layer, *n), bytes, None)?;
        }
        batch.finish()?;
        for (layer, n, _) in full {
            let partials = files::partials(&self.dir, *layer, *n);
            match fs::remove_dir_all(&partials) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::io(&partials, error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes the partial tiles of the newest checkpoint, and then the checkpoint. Every reader of C2SP tlog-tiles
    /// finds all that it says.
    fn publish(&mut self, shared: &Shared) -> Result<(), Error> {
        self.commits_unpublished = 0;
        if self.broken.is_some() || read(shared).size() == self.published {
            return Ok(());
        }
        if read(shared).tail.len() as u64 >= TILE {
            self.roll(shared)?;
        }
        let tree = read(shared);
        let (size, note) = (tree.size(), tree.checkpoint.note.clone());
        let mut partial = Vec::new();
        if !tree.tail.is_empty() {
            let hashes: Vec<Hash> = tree.tail.iter().map(|line| line.hash).collect();
            partial.push((
                Layer::Entries,
                0,
                files::join_entries(tree.tail.iter().map(|line| &*line.bytes)),
            ));
            partial.push((Layer::Hashes(0), 0, files::join_hashes(&hashes)));
        }
        for (level, hashes) in (1..).zip(&tree.levels) {
            let rest = &hashes[hashes.len() / TILE as usize * TILE as usize..];
            if !rest.is_empty() {
                partial.push((Layer::Hashes(level), level, files::join_hashes(rest)));
            }
        }
        drop(tree);
        let mut batch = files::Batch::default();
        let mut kept = Vec::new();
        for (layer, level, bytes) in partial {
            let (n, width) = place(size, level);
            let before = place(self.published, level);
            if self.published > 0 && before == (n, width) {
                continue;
            }
            let folder = files::partials(&self.dir, layer, n);
            batch.write(&folder.join(width.to_string()), &bytes, None)?;
            // Whoever has just read the checkpoint before this one still finds its tiles.
            kept.push((
                folder,
                [width, if before.0 == n { before.1 } else { width }],
            ));
        }
        batch.finish()?;
        kept.iter()
            .for_each(|(folder, widths)| keep_only(folder, widths));
        files::replace(&self.dir.join("checkpoint"), note.as_bytes(), None)?;
        self.published = size;
        Ok(())
    }
}

/// What waits while a commit fails moves up by as much.
fn foresee(shared: &Shared) {
    let mut queue = lock(&shared.queue);
    let waiting = queue.jobs.iter().map(|job| job.batch.rests.len() as u64);
    queue.next = read(shared).size() + waiting.sum::<u64>();
}

/// Number and width of the last, partial tile of a level.
pub(crate) fn place(size: u64, level: u32) -> (u64, u64) {
    let hashes = if level < LEVELS {
        size >> (8 * level)
    } else {
        0
    };
    (hashes / TILE, hashes % TILE)
}

/// Removes older partial tiles. One that stays is only a few bytes too many.
fn keep_only(folder: &Path, widths: &[u64]) {
    let Ok(files) = fs::read_dir(folder) else {
        return;
    };
    for file in files.flatten() {
        let width = file.file_name().to_str().and_then(|name| name.parse().ok());
        if width.is_some_and(|width| !widths.contains(&width)) {
            let _ = fs::remove_file(file.path());
        }
    }
}

fn open_tail(dir: &Path) -> Result<(File, u64), Error> {
    let path = dir.join("tail");
    let open = || {
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        let length = file.metadata()?.len();
        Ok((file, length))
    };
    open().map_err(|error| Error::io(&path, error))
}

fn read(shared: &Shared) -> RwLockReadGuard<'_, Tree> {
    shared.tree.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(shared: &Shared) -> RwLockWriteGuard<'_, Tree> {
    shared.tree.write().unwrap_or_else(PoisonError::into_inner)
}

/// What the locks guard is changed in one step each, so a panic elsewhere leaves it whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
