//! The tree as the running ledger holds it: bundles' hashes and the tail in memory, the rest in tiles.
//!
//! 32 bytes of memory for each 256 entries, and the tail. Tiles are immutable once written, so reading them needs
//! no lock; what is read is compared with its hash.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    error::{Error, VerifyError},
    files::{self, Layer},
    limit::{BUNDLE_BYTES, TILE},
    merkle::{Frontier, Hash, Nodes, subtree_root},
    note::Checkpoint,
    tail::Line,
};

pub(crate) struct Tree {
    pub dir: PathBuf,
    /// Where the tail begins, a multiple of [`TILE`].
    pub base: u64,
    /// Hashes of whole tiles: `levels[0]` of bundles, `levels[1]` of 256 bundles, and so on.
    pub levels: Vec<Vec<Hash>>,
    pub tail: Vec<Arc<Line>>,
    pub tail_bytes: usize,
    /// Of everything, the tail included.
    pub frontier: Frontier,
    pub checkpoint: Checkpoint,
}

/// The hashes of whole tiles below a tail that begins at `base`, from the tiles.
pub(crate) fn load_levels(
    dir: &Path,
    base: u64,
) -> Result<(Vec<Vec<Hash>>, Frontier), VerifyError> {
    let bundles = base / TILE;
    let mut levels = Vec::new();
    let mut frontier = Frontier::default();
    // Full tiles of level 1 hold the hashes of 256 bundles each; only the bundles after them are hashed anew.
    let mut above = 0;
    while (above + 1) * TILE <= bundles {
        for hash in read_tile(dir, Layer::Hashes(1), above)? {
            push_bundle(&mut levels, hash);
            frontier.push_subtree(8, hash);
        }
        above += 1;
    }
    for n in above * TILE..bundles {
        let hash = subtree_root(&read_tile(dir, Layer::Hashes(0), n)?);
        push_bundle(&mut levels, hash);
        frontier.push_subtree(8, hash);
    }
    Ok((levels, frontier))
}

/// Adds the hash of a bundle, and those of the tiles that it completes: their levels are returned.
pub(crate) fn push_bundle(levels: &mut Vec<Vec<Hash>>, bundle: Hash) -> Vec<u32> {
    let mut completed = Vec::new();
    let mut hash = bundle;
    for level in 0.. {
        if levels.len() == level {
            levels.push(Vec::new());
        }
        let hashes = &mut levels[level];
        hashes.push(hash);
        if !hashes.len().is_multiple_of(TILE as usize) {
            break;
        }
        hash = subtree_root(&hashes[hashes.len() - TILE as usize..]);
        completed.push(level as u32 + 1);
    }
    completed
}

/// The 256 hashes of a full tile.
pub(crate) fn read_tile(dir: &Path, layer: Layer, n: u64) -> Result<Vec<Hash>, VerifyError> {
    let path = files::tile(dir, layer, n);
    let bytes = files::read(&path, TILE * 32).map_err(|e| VerifyError::io(&path, e))?;
    let hashes = bytes.map(|bytes| files::split_hashes(&bytes));
    hashes
        .filter(|hashes| hashes.len() as u64 == TILE)
        .ok_or(VerifyError::Missing { path })
}

/// The 256 entries of a full bundle, each of which has been compared with its hash.
pub(crate) fn read_bundle(dir: &Path, n: u64) -> Result<Vec<Box<[u8]>>, VerifyError> {
    let hashes = read_tile(dir, Layer::Hashes(0), n)?;
    let path = files::tile(dir, Layer::Entries, n);
    let bytes = files::read(&path, BUNDLE_BYTES).map_err(|e| VerifyError::io(&path, e))?;
    let Some(bytes) = bytes else {
        return Err(VerifyError::Missing { path });
    };
    let (entries, left_over) = files::split_entries(&bytes);
    check_bundle(n, &entries, left_over, &hashes, &path)?;
    Ok(entries.into_iter().map(Box::from).collect())
}

/// Compares entries with their hashes, and names the first that differs.
pub(crate) fn check_bundle(
    n: u64,
    entries: &[&[u8]],
    left_over: usize,
    hashes: &[Hash],
    path: &Path,
) -> Result<(), VerifyError> {
    let bad = |at: usize, detail: &str| VerifyError::Entry {
        index: n * TILE + at as u64,
        path: path.to_owned(),
        detail: detail.to_owned(),
    };
    for (at, hash) in hashes.iter().enumerate() {
        match entries.get(at) {
            None => return Err(bad(at, "its bundle ends before it")),
            Some(entry) if Hash::leaf(entry) != *hash => {
                return Err(bad(at, "its bytes and its hash do not fit"));
            }
            Some(_) => {}
        }
    }
    if left_over > 0 || entries.len() > hashes.len() {
        return Err(bad(
            hashes.len().saturating_sub(1),
            "something follows it in its bundle",
        ));
    }
    Ok(())
}

impl Tree {
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Hashes of entries are read from tiles, the rest is in memory.
    pub fn nodes(&self) -> Reader<'_> {
        Reader {
            tree: self,
            tile: None,
        }
    }

    pub fn line(&self, index: u64) -> Option<&Arc<Line>> {
        self.tail
            .get(usize::try_from(index.checked_sub(self.base)?).ok()?)
    }
}

/// Reads nodes, and keeps the tile it read last: a proof needs up to eight hashes of one.
pub(crate) struct Reader<'a> {
    tree: &'a Tree,
    tile: Option<(u64, Vec<Hash>)>,
}

impl Nodes for Reader<'_> {
    type Error = Error;

    fn node(&mut self, height: u32, index: u64) -> Result<Hash, Error> {
        if height == 0 {
            return self.leaf(index);
        }
        if height.is_multiple_of(8) {
            let level = self.tree.levels.get(height as usize / 8 - 1);
            if let Some(hash) = level.and_then(|hashes| hashes.get(usize::try_from(index).ok()?)) {
                return Ok(*hash);
            }
        }
        // At most 256 hashes down to the next level of tiles, or to the leaves of the tail.
        let left = self.node(height - 1, index * 2)?;
        let right = self.node(height - 1, index * 2 + 1)?;
        Ok(Hash::node(&left, &right))
    }
}

impl Reader<'_> {
    pub fn leaf(&mut self, index: u64) -> Result<Hash, Error> {
        if let Some(line) = self.tree.line(index) {
            return Ok(line.hash);
        }
        if index >= self.tree.base {
            return Err(Error::OutOfRange {
                index,
                size: self.tree.size(),
            });
        }
        let (n, at) = (index / TILE, (index % TILE) as usize);
        if self.tile.as_ref().is_none_or(|(held, _)| *held != n) {
            let hashes = read_tile(&self.tree.dir, Layer::Hashes(0), n)?;
            let known = self
                .tree
                .levels
                .first()
                .and_then(|hashes| hashes.get(usize::try_from(n).ok()?));
            if known.is_some_and(|known| subtree_root(&hashes) != *known) {
                let path = files::tile(&self.tree.dir, Layer::Hashes(0), n);
                return Err(VerifyError::Node {
                    first: n * TILE,
                    last: n * TILE + TILE - 1,
                    path,
                }
                .into());
            }
            self.tile = Some((n, hashes));
        }
        match &self.tile {
            Some((_, hashes)) => Ok(hashes[at]),
            None => Err(Error::OutOfRange {
                index,
                size: self.tree.size(),
            }),
        }
    }
}
