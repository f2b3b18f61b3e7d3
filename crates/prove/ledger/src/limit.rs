//! Every bound of the ledger, and why it is what it is.

use std::time::Duration;

/// Bytes of one entry: C2SP tlog-tiles writes the length of an entry as a `uint16`.
pub const ENTRY_BYTES: usize = 65_535;

/// Bytes kept free in an entry for its index, which is only known when it is committed.
pub(crate) const INDEX_BYTES: usize = r#"{"index":18446744073709551615,"#.len();

/// Entries in a bundle and hashes in a tile: fixed by C2SP tlog-tiles.
pub const TILE: u64 = 256;

/// Entries in one call of `append`: an evaluation of 3,000 promises fits, a runaway loop does not.
pub const BATCH_ENTRIES: usize = 4_096;

/// Bytes that may wait to be committed, and of one call of `append`: callers wait beyond it, so memory stays
/// bounded when the disk is slow.
pub const QUEUE_BYTES: usize = 8 << 20;

/// Entries in the tail before it is moved to tiles even if the writer is never idle: whoever waits then waits for some
/// `fsync`s, and so many entries make that a small part of what they cost.
pub const ROLL_ENTRIES: usize = 16_384;

/// Bytes in the tail before it is moved to tiles: they are also held in memory.
pub const ROLL_BYTES: usize = 8 << 20;

/// Bytes by which the tail's file grows at least, and at most, when a commit no longer fits: a commit that lies within
/// the file as it is changes nothing but data, so `fdatasync` need not wait for the file system's journal.
pub(crate) const ROOM_BYTES: std::ops::RangeInclusive<u64> = 64 << 10..=1 << 20;

/// Files that are synced at the same time when many are written: a journal's commit then serves many of them. Synced one
/// after the other, the 128 files of a roll took 0.3 s where eight at a time took 0.02 s.
pub(crate) const SYNCS_AT_ONCE: usize = 8;

/// How long a commit waits for callers that shared the one before it: those that it answered come back at once if at
/// all, and one `fdatasync` for all of them is worth the wait.
pub(crate) const GATHER_FOR: Duration = Duration::from_micros(500);

/// How long nobody must have appended before the checkpoint is published: long enough not to be in the way of a
/// busy writer, short enough that a person who looks sees the newest.
pub const PUBLISH_AFTER: Duration = Duration::from_millis(50);

/// Commits after which the checkpoint is published even if the writer is never idle.
pub const PUBLISH_COMMITS: usize = 256;

/// Entries whose personal values lie in one file: erasing rewrites a file, showing an entry reads one.
pub const PERSONAL_ENTRIES: u64 = 4_096;

/// Nesting of an entry's body: serde_json refuses to read more than 128, and the entry itself is one.
pub const BODY_DEPTH: usize = 64;

/// Entries that one reading call returns at most: a page shows fewer.
pub const READ_ENTRIES: usize = 1_000;

/// Bytes of a signed note: a checkpoint with a few witnesses' signatures is under 2 KiB, and a time stamp with its
/// certificates takes up to 8 more.
pub const NOTE_BYTES: usize = 64 << 10;

/// Bytes of a tail that is read: what lies below a roll, one commit of the longest queue on top, and their hashes.
pub const TAIL_BYTES: u64 = 32 << 20;

/// Bytes of the largest bundle there can be.
pub(crate) const BUNDLE_BYTES: u64 = TILE * (2 + ENTRY_BYTES as u64);

/// Levels of tiles: 256^8 entries cannot be counted in a `u64`.
pub const LEVELS: u32 = 8;
