//! The tail: the newest commits in one file that is only appended to, so that one `fdatasync` makes a commit durable.
//!
//! It keeps the entries *and* the checkpoint signed over them, so whatever is found in it complete is proven. The
//! format is described at the top of the crate.
//!
//! Behind the last commit the file may hold zeros: room for the next ones. No commit ends with a zero.

use crate::{
    key::Verifier,
    merkle::{Frontier, Hash},
    note::{self, Checkpoint},
};

const MAGIC: &[u8] = b"tegata ledger tail 1\n";

/// An entry with its leaf hash.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub bytes: Box<[u8]>,
    pub hash: Hash,
}

impl Line {
    pub fn new(bytes: Box<[u8]>) -> Self {
        let hash = Hash::leaf(&bytes);
        Self { bytes, hash }
    }
}

/// What a tail says, up to the first commit that does not hold.
#[derive(Debug)]
pub(crate) struct Tail {
    pub lines: Vec<Line>,
    /// That of the last good commit. `None` when not even the first is good.
    pub checkpoint: Option<Checkpoint>,
    pub frontier: Frontier,
    /// Bytes of the file that hold good commits.
    pub intact: u64,
    /// Bytes after them that are neither a good commit nor room.
    pub left_over: u64,
    pub broken: Option<Broken>,
}

/// Why a tail does not hold to its end.
#[derive(Debug)]
pub(crate) struct Broken {
    /// The first entry concerned.
    pub index: u64,
    /// The file ends inside the commit, as it does while the commit is being written.
    pub unfinished: bool,
    /// No other commit follows.
    pub last: bool,
    pub detail: String,
}

pub(crate) fn header(base: u64) -> Vec<u8> {
    [MAGIC, &base.to_be_bytes()].concat()
}

/// Appends a commit to `file`.
pub(crate) fn write_commit<'a>(
    file: &mut Vec<u8>,
    lines: impl ExactSizeIterator<Item = &'a Line>,
    note: &str,
) {
    let start = file.len();
    file.extend([0; 4]);
    file.extend(u32::try_from(lines.len()).unwrap_or(u32::MAX).to_be_bytes());
    for line in lines {
        file.extend(
            u16::try_from(line.bytes.len())
                .unwrap_or(u16::MAX)
                .to_be_bytes(),
        );
        file.extend(&line.bytes);
        file.extend(line.hash.0);
    }
    file.extend(u16::try_from(note.len()).unwrap_or(u16::MAX).to_be_bytes());
    file.extend(note.as_bytes());
    let length = u32::try_from(file.len() - start - 4).unwrap_or(u32::MAX);
    file[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

/// The index of the first entry, and the commits.
pub(crate) fn split_header(file: &[u8]) -> Result<(u64, &[u8]), &'static str> {
    let rest = file
        .strip_prefix(MAGIC)
        .ok_or("it does not begin as a tail does")?;
    let (base, commits) = rest
        .split_first_chunk()
        .ok_or("it ends inside its header")?;
    let base = u64::from_be_bytes(*base);
    if !base.is_multiple_of(crate::limit::TILE) {
        return Err("it does not begin where a bundle ends");
    }
    Ok((base, commits))
}

/// Reads commits as long as each is complete, hashes to what it says, and is signed.
pub(crate) fn read_commits(commits: &[u8], frontier: Frontier, verifier: &Verifier) -> Tail {
    let mut tail = Tail {
        lines: Vec::new(),
        checkpoint: None,
        frontier,
        intact: header(0).len() as u64,
        left_over: 0,
        broken: None,
    };
    let end = commits.iter().rposition(|byte| *byte != 0);
    let mut rest = &commits[..end.map_or(0, |last| last + 1)];
    while !rest.is_empty() {
        let index = tail.frontier.size();
        let Some((commit, after)) = split_commit(rest) else {
            let detail = format!("the tail ends inside a commit ({} bytes)", rest.len());
            tail.broken = Some(Broken {
                index,
                unfinished: true,
                last: true,
                detail,
            });
            break;
        };
        match read_commit(commit, &tail.frontier, verifier) {
            Ok((lines, frontier, checkpoint)) => {
                tail.lines.extend(lines);
                tail.frontier = frontier;
                tail.checkpoint = Some(checkpoint);
                tail.intact += (rest.len() - after.len()) as u64;
                rest = after;
            }
            Err((index, detail)) => {
                tail.broken = Some(Broken {
                    index,
                    unfinished: false,
                    last: after.is_empty() || is_headless(rest),
                    detail,
                });
                break;
            }
        }
    }
    tail.left_over = rest.len() as u64;
    tail
}

fn split_commit(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize)
}

/// Whether a commit's first bytes did not reach the disk while later ones did. Its length is not known then; but the next
/// one is written only once it is durable, so it is the last where no second checkpoint follows.
fn is_headless(rest: &[u8]) -> bool {
    const SIGNED: &[u8] = "\n\n\u{2014} ".as_bytes();
    let is_cut = rest.get(3).is_none_or(|byte| *byte == 0);
    is_cut
        && rest
            .windows(SIGNED.len())
            .filter(|bytes| *bytes == SIGNED)
            .count()
            <= 1
}

type Commit = (Vec<Line>, Frontier, Checkpoint);

/// The error names the first bad entry.
fn read_commit(
    commit: &[u8],
    before: &Frontier,
    verifier: &Verifier,
) -> Result<Commit, (u64, String)> {
    let first = before.size();
    let mut rest = commit;
    let mut frontier = before.clone();
    let count = take(&mut rest, 4)
        .and_then(|n| n.try_into().ok())
        .map(u32::from_be_bytes);
    let count = count.ok_or((first, "its commit has no count".to_owned()))?;
    let mut lines = Vec::new();
    for index in (first..).take(count as usize) {
        let line = take_sized(&mut rest).and_then(|bytes| Some((bytes, take(&mut rest, 32)?)));
        let (bytes, hash) = line.ok_or((index, "its commit ends before it".to_owned()))?;
        let line = Line::new(bytes.into());
        if line.hash.0 != *hash {
            return Err((
                index,
                "its bytes do not have the hash beside them".to_owned(),
            ));
        }
        frontier.push(line.hash);
        lines.push(line);
    }
    let signed = take_sized(&mut rest)
        .filter(|_| rest.is_empty())
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .ok_or_else(|| "its commit does not end with a checkpoint".to_owned())
        .and_then(|text| note::read(text, verifier));
    let checkpoint =
        signed.map_err(|detail| (first, format!("the checkpoint of its commit: {detail}")))?;
    if checkpoint.size != frontier.size() || checkpoint.root != frontier.root() {
        let misplaced = misplaced(first, lines.iter().map(|line| &*line.bytes));
        return Err((
            misplaced.unwrap_or(first),
            "its commit does not have the root that was signed".to_owned(),
        ));
    }
    Ok((lines, frontier, checkpoint))
}

/// The first entry that says of itself that it belongs elsewhere.
pub(crate) fn misplaced<'a>(first: u64, entries: impl Iterator<Item = &'a [u8]>) -> Option<u64> {
    (first..)
        .zip(entries)
        .find(|(index, bytes)| !bytes.starts_with(format!("{{\"index\":{index},").as_bytes()))
        .map(|(index, _)| index)
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(taken)
}

/// Bytes after their `u16` length.
fn take_sized<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = take(rest, 2)?.try_into().ok().map(u16::from_be_bytes)?;
    take(rest, usize::from(length))
}
