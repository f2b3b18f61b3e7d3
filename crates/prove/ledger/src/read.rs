//! Reading a ledger's entries from its files, without its lock: beside the process that writes, or long after it.

use std::path::Path;

use crate::{
    entry::{self, Entry},
    error::{Error, VerifyError},
    files, key,
    limit::{TAIL_BYTES, TILE},
    personal::Shelf,
    prune, tail, tree,
};

/// Gives every entry that is kept to `visit`, from the oldest to the newest that is signed. Each is compared with its hash, and the
/// hashes with what was signed; [`verify`](crate::verify) looks more closely, and says more when something is wrong.
pub fn read(dir: &Path, mut visit: impl FnMut(Entry)) -> Result<(), Error> {
    let mut failed = None;
    let mut shelf = Shelf::of(dir);
    read_lines(dir, |index, line| match shelf.parse(index, line) {
        Ok(entry) if failed.is_none() => visit(entry),
        Ok(_) => {}
        Err(error) => failed = failed.take().or(Some(error)),
    })?;
    failed.map_or(Ok(()), Err)
}

/// The same with the lines as they are.
pub(crate) fn read_lines(dir: &Path, mut visit: impl FnMut(u64, &[u8])) -> Result<(), Error> {
    let signer = key::read_public(dir)?;
    // The tail as it is now: whatever lies before it is in tiles that nobody changes any more.
    let path = dir.join("tail");
    let file = files::read(&path, TAIL_BYTES).map_err(|error| Error::io(&path, error))?;
    let file = file.ok_or_else(|| VerifyError::Missing { path: path.clone() })?;
    let (base, commits) = tail::split_header(&file).map_err(|detail| VerifyError::Tail {
        path: path.clone(),
        detail: detail.to_owned(),
    })?;
    let (_, frontier) = tree::load_levels(dir, base)?;
    let tail = tail::read_commits(commits, frontier, &signer);
    if let Some(broken) = tail.broken
        && (!broken.unfinished || tail.checkpoint.is_none())
    {
        return Err(VerifyError::Entry {
            index: broken.index,
            path,
            detail: broken.detail,
        }
        .into());
    }
    let pruned = prune::noted(dir)?;
    let mut is_said = pruned.is_none();
    let mut each = |index, line: &[u8]| {
        is_said = is_said || pruned.is_some_and(|pruned| pruned.is_said_by(index, line));
        visit(index, line);
    };
    for n in pruned.map_or(0, |pruned| pruned.to) / TILE..base / TILE {
        let lines = match tree::read_bundle(dir, n) {
            // It went while we read.
            Err(VerifyError::Missing { .. }) if is_pruned(dir, n)? => continue,
            lines => lines?,
        };
        for (index, line) in (n * TILE..).zip(lines) {
            each(index, &line);
        }
    }
    for (index, line) in (base..).zip(&tail.lines) {
        each(index, &line.bytes);
    }
    if is_said {
        Ok(())
    } else {
        let path = prune::path(dir);
        Err(VerifyError::Pruned { path }.into())
    }
}

fn is_pruned(dir: &Path, n: u64) -> Result<bool, VerifyError> {
    Ok(prune::noted(dir)?.is_some_and(|pruned| n * TILE < pruned.to))
}

/// An entry from its line.
pub(crate) fn parse(index: u64, line: &[u8]) -> Result<Entry, Error> {
    entry::parse(line).map_err(|error| Error::Unreadable {
        index,
        detail: error.to_string(),
    })
}
