//! Opening: take the lock, read what is there, cut what never became durable, and refuse what was changed.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    path::Path,
    sync::Arc,
    thread,
    time::Duration,
};

use crate::{
    error::{Error, VerifyError},
    files,
    key::Signer,
    ledger::Ledger,
    limit::{NOTE_BYTES, TAIL_BYTES},
    merkle::{Hash, range_root},
    note::{self, Checkpoint},
    prune,
    tail::{self, Tail},
    tree::{self, Tree},
    verify::{Expect, verify},
    writer::Writer,
};

/// What opening found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opened {
    /// The ledger was made just now, with a new key.
    pub created: bool,
    /// What was mended, for a person to read; empty when nothing was wrong.
    pub recovered: Vec<String>,
}

pub(crate) fn open(dir: &Path, origin: &str) -> Result<(Ledger, Opened), Error> {
    fs::create_dir_all(dir).map_err(|error| Error::io(dir, error))?;
    let lock = lock(dir)?;
    let mut opened = Opened {
        created: is_new(dir),
        ..Opened::default()
    };
    let signer = Signer::open(dir, origin, opened.created)?;
    if opened.created {
        create(dir, &signer)?;
    }
    // The cheap look at opening knows that something is wrong; the thorough one knows where.
    let (tree, published, tail_length) =
        read(dir, &signer, &mut opened).map_err(|error| match error {
            Error::Damaged(coarse) => {
                Error::Damaged(verify(dir, &Expect::default()).err().unwrap_or(coarse))
            }
            other => other,
        })?;
    let pruned = prune::noted(dir)?;
    let writer = Writer::new(dir, signer, lock, tail_length, published.size, tree.size())?;
    let ledger = Ledger::start(tree, writer)?;
    if let Some(pruned) = pruned {
        ledger.go_on_pruning(pruned)?;
    }
    Ok((ledger, opened))
}

/// A lock outlives its holder for a moment: a process that is being killed, or a child between fork and exec.
const LOCK_ATTEMPTS: usize = 10;
const LOCK_AGAIN: Duration = Duration::from_millis(20);

/// One process writes; the lock goes with it, however it ends.
fn lock(dir: &Path) -> Result<File, Error> {
    let path = dir.join("lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path);
    let file = file.map_err(|error| Error::io(&path, error))?;
    for _ in 0..LOCK_ATTEMPTS {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => thread::sleep(LOCK_AGAIN),
            Err(TryLockError::Error(error)) => return Err(Error::io(&path, error)),
        }
    }
    Err(Error::InUse {
        path: dir.to_owned(),
    })
}

/// A start that was killed before its first checkpoint leaves at most a key, and is simply done again.
fn is_new(dir: &Path) -> bool {
    !["tail", "checkpoint", "tile"]
        .iter()
        .any(|name| dir.join(name).exists())
}

fn create(dir: &Path, signer: &Signer) -> Result<(), Error> {
    let checkpoint = note::sign(signer, 0, Hash::empty());
    let mut file = tail::header(0);
    tail::write_commit(&mut file, [].iter(), &checkpoint.note);
    files::replace(&dir.join("tail"), &file, None)
}

/// The tree, the published checkpoint, and how far commits reach in the tail's file.
fn read(
    dir: &Path,
    signer: &Signer,
    opened: &mut Opened,
) -> Result<(Tree, Checkpoint, u64), Error> {
    let published = read_published(dir, signer)?;
    let path = dir.join("tail");
    let file = files::read(&path, TAIL_BYTES).map_err(|error| Error::io(&path, error))?;
    let file = file.ok_or(VerifyError::Missing { path: path.clone() })?;
    let (base, commits) = tail::split_header(&file).map_err(|detail| VerifyError::Tail {
        path: path.clone(),
        detail: detail.to_owned(),
    })?;
    let (levels, frontier) = tree::load_levels(dir, base)?;
    let tail = tail::read_commits(commits, frontier, &signer.verifier);
    let covered = published.as_ref().map_or(0, |checkpoint| checkpoint.size);
    cut(&path, &tail, covered, opened)?;
    let tail_length = tail.intact;
    let Some(checkpoint) = tail.checkpoint else {
        return Err(VerifyError::Tail {
            path,
            detail: "it holds no commit".to_owned(),
        }
        .into());
    };
    let size = checkpoint.size;
    let tree = Tree {
        dir: dir.to_owned(),
        base,
        levels,
        tail_bytes: tail.lines.iter().map(|line| line.bytes.len()).sum(),
        tail: tail.lines.into_iter().map(Arc::new).collect(),
        frontier: tail.frontier,
        checkpoint,
    };
    let published = match published {
        Some(published) => published,
        // Only the very first start can have been killed between the tail and the checkpoint.
        None if size == 0 => {
            files::replace(
                &dir.join("checkpoint"),
                tree.checkpoint.note.as_bytes(),
                None,
            )?;
            tree.checkpoint.clone()
        }
        None => {
            return Err(VerifyError::Missing {
                path: dir.join("checkpoint"),
            }
            .into());
        }
    };
    let place = || "`checkpoint`".to_owned();
    if published.size > size {
        return Err(VerifyError::Truncated {
            index: size,
            signed: published.size,
            place: place(),
        }
        .into());
    }
    if range_root(&mut tree.nodes(), 0, published.size)? != published.root {
        return Err(VerifyError::Rewritten {
            signed: published.size,
            place: place(),
        }
        .into());
    }
    Ok((tree, published, tail_length))
}

fn read_published(dir: &Path, signer: &Signer) -> Result<Option<Checkpoint>, Error> {
    let path = dir.join("checkpoint");
    let text = files::read_text(&path, NOTE_BYTES as u64).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => Error::Damaged(VerifyError::io(&path, error)),
        _ => Error::io(&path, error),
    })?;
    let Some(text) = text else { return Ok(None) };
    note::read(&text, &signer.verifier)
        .map(Some)
        .map_err(|detail| {
            let key = signer.verifier.to_string();
            VerifyError::Checkpoint {
                place: "`checkpoint`".to_owned(),
                key,
                detail,
            }
            .into()
        })
}

/// Cuts off a commit that was being written when the machine stopped. Nobody was told that it is durable, and no
/// signed checkpoint covers it; anything else that does not hold is damage.
fn cut(path: &Path, tail: &Tail, covered: u64, opened: &mut Opened) -> Result<(), Error> {
    let Some(broken) = &tail.broken else {
        return Ok(());
    };
    if !broken.last || covered > tail.frontier.size() || tail.checkpoint.is_none() {
        return Err(VerifyError::Entry {
            index: broken.index,
            path: path.to_owned(),
            detail: broken.detail.clone(),
        }
        .into());
    }
    let cut = || {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(tail.intact)?;
        file.sync_all()
    };
    cut().map_err(|error| Error::io(path, error))?;
    opened.recovered.push(format!(
        "{}: cut {} bytes of a commit after entry count {} that was never finished ({})",
        path.display(),
        tail.left_over,
        tail.frontier.size(),
        broken.detail,
    ));
    Ok(())
}
