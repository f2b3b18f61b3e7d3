//! Verifying a ledger from its files alone, and naming the first entry that is not what was written.
//!
//! Reads every file once, in the order of the entries, with memory for one bundle, the bundles' hashes and the tail.
//! Needs no private key, no network, and may run beside the process that writes.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use crate::{
    entry,
    error::VerifyError,
    files::{self, Layer},
    key::{self, Verifier},
    limit::{BUNDLE_BYTES, LEVELS, NOTE_BYTES, TAIL_BYTES, TILE},
    merkle::{Frontier, Hash, subtree_root},
    note::{self, Checkpoint},
    personal::{Audit, Personal},
    prune::{self, Pruned, Said},
    tail::{self, Tail},
    tree::{self, check_bundle, push_bundle},
    writer::place,
};

/// How often to begin again when the writer has moved files meanwhile: it does so at most every 50 ms.
const ATTEMPTS: usize = 4;

/// What is known from elsewhere. Without it a ledger can only be found to agree with itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Expect<'a> {
    /// The signer's verifier key, as `key.pub` had it when it was copied.
    pub vkey: Option<&'a str>,
    /// An older checkpoint of the same ledger, kept where its writer cannot reach it.
    pub checkpoint: Option<&'a str>,
}

/// What was found to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub size: u64,
    pub root: Hash,
    /// When the first entry that is kept happened, and the last.
    pub from: Option<String>,
    pub to: Option<String>,
    /// The short hash of the signer's key.
    pub key_id: String,
    /// Bytes of a commit that is being written, or was when the machine stopped. Nothing signed covers them.
    pub unfinished: u64,
    /// Values beside the entries.
    pub personal: Personal,
    /// The first entry whose body is kept; those before it were pruned, and only their hashes are here.
    pub kept_from: u64,
}

/// Verifies the ledger in `dir`: every byte of its tiles, its tail and its checkpoint.
pub fn verify(dir: &Path, expect: &Expect<'_>) -> Result<Verified, VerifyError> {
    let mut before = newest(dir);
    let mut result = verify_once(dir, expect);
    for _ in 1..ATTEMPTS {
        // Only a writer at work changes anything meanwhile; a damaged ledger stays as it is.
        let now = newest(dir);
        if result.is_ok() || now == before {
            break;
        }
        before = now;
        result = verify_once(dir, expect);
    }
    result
}

/// The checkpoint, how far was pruned, and when the tail was last written: half a commit may be seen in it.
fn newest(dir: &Path) -> (Option<Vec<u8>>, Option<Pruned>, Option<SystemTime>) {
    let published = files::read(&dir.join("checkpoint"), NOTE_BYTES as u64);
    let pruned = prune::noted(dir);
    let written = fs::metadata(dir.join("tail")).and_then(|tail| tail.modified());
    (
        published.ok().flatten(),
        pruned.ok().flatten(),
        written.ok(),
    )
}

fn verify_once(dir: &Path, expect: &Expect<'_>) -> Result<Verified, VerifyError> {
    let signer = signer(dir, expect)?;
    // The checkpoint first: the tail read after it holds at least as much, if nothing was taken away.
    let published = published(dir, &signer)?;
    let older = expect
        .checkpoint
        .map(|text| read_note(text, &signer, ELSEWHERE))
        .transpose()?;
    let path = dir.join("tail");
    let file = files::read(&path, TAIL_BYTES).map_err(|e| VerifyError::io(&path, e))?;
    let file = file.ok_or_else(|| VerifyError::Missing { path: path.clone() })?;
    let (base, commits) = tail::split_header(&file).map_err(|detail| VerifyError::Tail {
        path: path.clone(),
        detail: detail.to_owned(),
    })?;

    let mut walk = Walk {
        dir,
        levels: Vec::new(),
        frontier: Frontier::default(),
        roots: Roots::default(),
        from: None,
        to: None,
        audit: Audit::of(dir),
        pruned: prune::noted(dir)?,
        said: None,
    };
    walk.roots.wanted = [Some(published.size), older.as_ref().map(|note| note.size)]
        .into_iter()
        .flatten()
        .collect();
    walk.roots.note_empty();
    for n in 0..base / TILE {
        walk.bundle(n)?;
    }
    walk.unfinished_levels()?;
    let tail = tail::read_commits(commits, walk.frontier.clone(), &signer);
    let size = tail.frontier.size();
    let unfinished = walk.tail(&tail, &path, base, published.size)?;
    walk.pruned()?;
    let Some(checkpoint) = &tail.checkpoint else {
        return Err(VerifyError::Tail {
            path,
            detail: "it holds no commit".to_owned(),
        });
    };
    if published.size > size {
        let place = PUBLISHED.to_owned();
        return Err(VerifyError::Truncated {
            index: size,
            signed: published.size,
            place,
        });
    }
    walk.compare(&published, PUBLISHED)?;
    tiles_of(dir, published.size)?;
    if let Some(older) = &older {
        if older.size > size {
            return Err(VerifyError::RolledBack {
                size,
                signed: older.size,
            });
        }
        walk.compare(older, ELSEWHERE)?;
    }
    let root = checkpoint.root;
    let kept_from = walk.kept_from();
    Ok(Verified {
        size,
        root,
        from: walk.from,
        to: walk.to,
        key_id: signer.key_id(),
        unfinished,
        kept_from,
        personal: walk.audit.end(walk.said.map(|said| said.personal))?,
    })
}

const PUBLISHED: &str = "`checkpoint`";
const ELSEWHERE: &str = "the checkpoint kept elsewhere";

fn signer(dir: &Path, expect: &Expect<'_>) -> Result<Verifier, VerifyError> {
    let Some(vkey) = expect.vkey else {
        return key::read_public(dir);
    };
    let expected = Verifier::parse(vkey.trim()).map_err(|detail| VerifyError::Key {
        path: "the given key".into(),
        detail,
    })?;
    match key::read_public(dir) {
        Ok(found) => key::same(&found, &expected)?,
        // The copy that an auditor keeps is enough.
        Err(VerifyError::NoLedger { .. }) => {}
        Err(error) => return Err(error),
    }
    Ok(expected)
}

fn published(dir: &Path, signer: &Verifier) -> Result<Checkpoint, VerifyError> {
    let path = dir.join("checkpoint");
    let text = files::read_text(&path, NOTE_BYTES as u64).map_err(|e| VerifyError::io(&path, e))?;
    let text = text.ok_or_else(|| VerifyError::NoLedger {
        dir: dir.to_owned(),
        missing: PUBLISHED,
    })?;
    read_note(&text, signer, PUBLISHED)
}

fn read_note(text: &str, signer: &Verifier, place: &str) -> Result<Checkpoint, VerifyError> {
    note::read(text, signer).map_err(|detail| VerifyError::Checkpoint {
        place: place.to_owned(),
        key: signer.to_string(),
        detail,
    })
}

/// The way through the entries, from the first to the last.
struct Walk<'a> {
    dir: &'a Path,
    levels: Vec<Vec<Hash>>,
    frontier: Frontier,
    roots: Roots,
    from: Option<String>,
    to: Option<String>,
    audit: Audit,
    /// How far it is said to be pruned, and what the entry about it says once it was met.
    pruned: Option<Pruned>,
    said: Option<Said>,
}

/// Roots of the trees that some checkpoint was signed over.
#[derive(Default)]
struct Roots {
    wanted: Vec<u64>,
    found: Vec<(u64, Hash)>,
}

impl Roots {
    fn note_empty(&mut self) {
        if self.wanted.contains(&0) {
            self.found.push((0, Hash::empty()));
        }
    }

    fn pass(&mut self, before: &Frontier, leaves: &[Hash]) {
        let passed = before.size() + 1..=before.size() + leaves.len() as u64;
        for size in self.wanted.iter().filter(|size| passed.contains(size)) {
            let mut frontier = before.clone();
            let more = (size - before.size()) as usize;
            leaves[..more].iter().for_each(|leaf| frontier.push(*leaf));
            self.found.push((*size, frontier.root()));
        }
    }
}

impl Walk<'_> {
    /// Reads a full bundle and the tiles that it completes.
    fn bundle(&mut self, n: u64) -> Result<(), VerifyError> {
        let first = n * TILE;
        let path = files::tile(self.dir, Layer::Entries, n);
        let gone = |detail: &str, path: &PathBuf| VerifyError::Entry {
            index: first,
            path: path.clone(),
            detail: detail.to_owned(),
        };
        let bytes = files::read(&path, BUNDLE_BYTES).map_err(|e| VerifyError::io(&path, e))?;
        let bytes = match bytes {
            Some(bytes) => bytes,
            None if first < self.kept_from() => {
                let hashes = tree::read_tile(self.dir, Layer::Hashes(0), n)?;
                return self.hashes(n, hashes);
            }
            None => return Err(gone("its bundle is missing", &path)),
        };
        let tile = files::tile(self.dir, Layer::Hashes(0), n);
        let hashes = files::read(&tile, TILE * 32).map_err(|e| VerifyError::io(&tile, e))?;
        let hashes = hashes.ok_or_else(|| gone("the tile of its hash is missing", &tile))?;
        let (entries, left_over) = files::split_entries(&bytes);
        let hashes_read = files::split_hashes(&hashes);
        check_bundle(n, &entries, left_over, &hashes_read, &path)?;
        if hashes.len() as u64 != TILE * 32 {
            let index = first + hashes_read.len() as u64;
            let detail = "the tile of its hash ends before it".to_owned();
            return Err(VerifyError::Entry {
                index,
                path: tile,
                detail,
            });
        }
        self.partial_entries(n, &entries)?;
        self.note_times(&entries, first);
        for (index, line) in (first..).zip(&entries) {
            self.line(index, line)?;
        }
        self.hashes(n, hashes_read)
    }

    /// An entry whose hash was compared before.
    fn line(&mut self, index: u64, line: &[u8]) -> Result<(), VerifyError> {
        // A pruning that was cut short has left some of what was to go: it is counted by what the entry about it says.
        if index < self.kept_from() {
            return Ok(());
        }
        if let Some(pruned) = &self.pruned
            && pruned.entry == index
        {
            self.said = prune::said_in(line).filter(|said| said.to == pruned.to);
        }
        self.audit.line(index, line)
    }

    fn kept_from(&self) -> u64 {
        self.pruned.map_or(0, |pruned| pruned.to)
    }

    /// What went is what an entry says.
    fn pruned(&self) -> Result<(), VerifyError> {
        if self.pruned.is_some() && self.said.is_none() {
            let path = prune::path(self.dir);
            return Err(VerifyError::Pruned { path });
        }
        Ok(())
    }

    /// Takes up the hashes of a bundle, and compares the tiles that it completes.
    fn hashes(&mut self, n: u64, hashes_read: Vec<Hash>) -> Result<(), VerifyError> {
        self.partial_hashes(0, n, &hashes_read)?;
        self.roots.pass(&self.frontier, &hashes_read);
        let root = subtree_root(&hashes_read);
        self.frontier.push_subtree(8, root);
        for level in push_bundle(&mut self.levels, root) {
            let below = &self.levels[level as usize - 1];
            let n = below.len() as u64 / TILE - 1;
            let path = files::tile(self.dir, Layer::Hashes(level), n);
            let stored = files::read(&path, TILE * 32).map_err(|e| VerifyError::io(&path, e))?;
            let stored = stored.ok_or_else(|| VerifyError::Missing { path: path.clone() })?;
            let computed = below[(n * TILE) as usize..].to_vec();
            self.compare_nodes(level, n, &computed, &stored, path)?;
            self.partial_hashes(level, n, &computed)?;
        }
        Ok(())
    }

    /// Partial tiles of levels whose last tile is not full.
    fn unfinished_levels(&self) -> Result<(), VerifyError> {
        for (level, hashes) in (1..).zip(&self.levels) {
            let n = hashes.len() as u64 / TILE;
            self.partial_hashes(level, n, &hashes[(n * TILE) as usize..])?;
        }
        Ok(())
    }

    /// Returns how many bytes at the end are a commit that was never finished.
    fn tail(
        &mut self,
        tail: &Tail,
        path: &Path,
        base: u64,
        signed: u64,
    ) -> Result<u64, VerifyError> {
        let entries: Vec<&[u8]> = tail.lines.iter().map(|line| &*line.bytes).collect();
        let hashes: Vec<Hash> = tail.lines.iter().map(|line| line.hash).collect();
        self.roots.pass(&self.frontier, &hashes);
        self.note_times(&entries, base);
        for (index, line) in (base..).zip(&entries) {
            self.line(index, line)?;
        }
        if let Some(broken) = &tail.broken {
            let never_acknowledged =
                broken.unfinished && signed <= tail.frontier.size() && tail.checkpoint.is_some();
            if !never_acknowledged {
                // The tail begins with a commit that continues the tiles: it shows what was swapped among them.
                let index = if tail.checkpoint.is_none() {
                    self.misplaced(base / TILE)
                } else {
                    None
                };
                let index = index.unwrap_or(broken.index);
                return Err(VerifyError::Entry {
                    index,
                    path: path.to_owned(),
                    detail: broken.detail.clone(),
                });
            }
        }
        for (at, n) in (0..hashes.len()).step_by(TILE as usize).zip(base / TILE..) {
            let end = hashes.len().min(at + TILE as usize);
            self.partial_entries(n, &entries[at..end])?;
            self.partial_hashes(0, n, &hashes[at..end])?;
        }
        Ok(tail.left_over)
    }

    fn compare(&self, checkpoint: &Checkpoint, place: &str) -> Result<(), VerifyError> {
        let found = self
            .roots
            .found
            .contains(&(checkpoint.size, checkpoint.root));
        if found {
            return Ok(());
        }
        Err(VerifyError::Rewritten {
            signed: checkpoint.size,
            place: place.to_owned(),
        })
    }

    fn note_times(&mut self, entries: &[&[u8]], first: u64) {
        let at = |bytes: &&[u8]| entry::parse(bytes).ok().map(|entry| entry.at);
        if first <= self.kept_from() {
            self.from = entries.first().and_then(at);
        }
        if let Some(last) = entries.last() {
            self.to = at(last);
        }
    }

    /// The partial bundles of bundle `n` must be its beginning.
    fn partial_entries(&self, n: u64, entries: &[&[u8]]) -> Result<(), VerifyError> {
        for (width, path) in widths(&files::partials(self.dir, Layer::Entries, n)) {
            let bytes = files::read(&path, BUNDLE_BYTES)
                .map_err(|e| VerifyError::io(&path, e))?
                .unwrap_or_default();
            let (found, left_over) = files::split_entries(&bytes);
            let first = n * TILE;
            // Wider than what the tail holds: it was written, and the tail was cut.
            let known = entries.len().min(width as usize);
            let at = (0..known).find(|at| found.get(*at) != Some(&entries[*at]));
            let at = at.or((known < width as usize
                || found.len() as u64 != width
                || left_over > 0)
                .then(|| known.min(found.len())));
            if let Some(at) = at {
                let detail = "its partial bundle holds something else".to_owned();
                return Err(VerifyError::Entry {
                    index: first + at as u64,
                    path,
                    detail,
                });
            }
        }
        Ok(())
    }

    fn partial_hashes(&self, level: u32, n: u64, hashes: &[Hash]) -> Result<(), VerifyError> {
        for (width, path) in widths(&files::partials(self.dir, Layer::Hashes(level), n)) {
            let stored = files::read(&path, TILE * 32)
                .map_err(|e| VerifyError::io(&path, e))?
                .unwrap_or_default();
            let known = &hashes[..hashes.len().min(width as usize)];
            self.compare_nodes(level, n, known, &stored, path)?;
        }
        Ok(())
    }

    /// Compares the hashes of a tile, and names the entries below the first that differs.
    fn compare_nodes(
        &self,
        level: u32,
        n: u64,
        computed: &[Hash],
        stored: &[u8],
        path: PathBuf,
    ) -> Result<(), VerifyError> {
        let expected = files::join_hashes(computed);
        if expected == stored {
            return Ok(());
        }
        let at = expected
            .iter()
            .zip(stored)
            .take_while(|(a, b)| a == b)
            .count() as u64
            / 32;
        let span = 1 << (8 * level.min(LEVELS - 1));
        let first = (n * TILE + at) * span;
        let last = first + span - 1;
        if level == 0 {
            return Err(VerifyError::Entry {
                index: first,
                path,
                detail: "its hash in a partial tile differs".to_owned(),
            });
        }
        // Entries swapped together with their hashes still fit each other; but each knows its place.
        match self.misplaced_between(first / TILE, last / TILE + 1) {
            Some(index) => Err(VerifyError::Entry {
                index,
                path,
                detail: "it stands in another's place".to_owned(),
            }),
            None => Err(VerifyError::Node { first, last, path }),
        }
    }

    fn misplaced(&self, bundles: u64) -> Option<u64> {
        self.misplaced_between(0, bundles)
    }

    fn misplaced_between(&self, from: u64, to: u64) -> Option<u64> {
        (from..to).find_map(|n| {
            let bytes =
                files::read(&files::tile(self.dir, Layer::Entries, n), BUNDLE_BYTES).ok()??;
            tail::misplaced(n * TILE, files::split_entries(&bytes).0.into_iter())
        })
    }
}

/// The partial tiles in a folder, by their width.
fn widths(folder: &Path) -> Vec<(u64, PathBuf)> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let width = |file: fs::DirEntry| Some((file.file_name().to_str()?.parse().ok()?, file.path()));
    files
        .filter_map(width)
        .filter(|(width, _)| (1..TILE).contains(width))
        .collect()
}

/// Every tile that a reader of the published checkpoint needs is there.
fn tiles_of(dir: &Path, size: u64) -> Result<(), VerifyError> {
    let layers = [(Layer::Entries, 0)]
        .into_iter()
        .chain((0..LEVELS).map(|level| (Layer::Hashes(level), level)));
    for (layer, level) in layers {
        let (n, width) = place(size, level);
        let partial = files::partials(dir, layer, n).join(width.to_string());
        if width > 0 && !partial.exists() && !files::tile(dir, layer, n).exists() {
            return Err(VerifyError::Missing { path: partial });
        }
    }
    Ok(())
}
