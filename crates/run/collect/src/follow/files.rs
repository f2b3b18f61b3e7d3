//! All files of one log source: found by their patterns, read in turn, remembered over restarts.

use std::{
    collections::BTreeMap,
    io,
    ops::Bound,
    path::{Path, PathBuf},
    time::Duration,
};

use promise::{Say, Timestamp, say};

use super::{
    packed::{self, Packed},
    tail::{self, Piece, Place, Tail},
};

/// Open files of one source. Over it, a person learns that the pattern takes too much.
const FILES_MAX: usize = 512;
/// Bytes of one look, in pieces of at most a read; bounds the memory and what a crash makes us read again.
const LOOK_MAX: usize = 4 << 20;
/// How long a renamed file may still be written to by a process that has not heard of it yet.
const RENAMED_GRACE: Duration = Duration::from_secs(10);

pub(super) struct Files {
    data_dir: PathBuf,
    patterns: Vec<String>,
    tails: BTreeMap<(u64, u64), Followed>,
    /// The file that was read last, so that the next look begins behind it.
    turn: (u64, u64),
    /// Places from before the restart whose files have not been met yet.
    remembered: BTreeMap<(u64, u64), Place>,
}

struct Followed {
    reader: Reader,
    /// Since when no pattern finds it.
    gone_since: Option<Timestamp>,
}

enum Reader {
    Plain(Tail),
    Packed(Box<Packed>),
}

impl Reader {
    fn place(&self) -> &Place {
        match self {
            Self::Plain(tail) => &tail.place,
            Self::Packed(packed) => &packed.place,
        }
    }

    fn place_mut(&mut self) -> &mut Place {
        match self {
            Self::Plain(tail) => &mut tail.place,
            Self::Packed(packed) => &mut packed.place,
        }
    }

    fn read(&mut self, line_max: u64, is_over: bool, out: &mut Vec<Piece>) -> io::Result<bool> {
        match self {
            Self::Plain(tail) => tail.read(line_max, is_over, out),
            Self::Packed(packed) => packed.read(line_max, out),
        }
    }
}

/// What one look at the files gave.
#[derive(Debug, Default)]
pub(super) struct Look {
    pub pieces: Vec<((u64, u64), Piece)>,
    /// Places that changed.
    pub moved: Vec<Place>,
    /// Files that are read to their end and gone.
    pub done: Vec<Place>,
    pub trouble: Option<Say>,
    pub has_more: bool,
}

impl Files {
    pub fn new(data_dir: &Path, patterns: &[String], remembered: Vec<Place>) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
            patterns: patterns.to_vec(),
            tails: BTreeMap::new(),
            turn: (0, 0),
            remembered: remembered
                .into_iter()
                .map(|place| (place.id(), place))
                .collect(),
        }
    }

    /// Reads what is new, in turn, one read of each file, so a fast one starves no other.
    pub fn look(&mut self, line_max: u64, now: Timestamp) -> Look {
        let mut look = Look::default();
        self.find(now, &mut look);
        let behind = self
            .tails
            .range((Bound::Excluded(self.turn), Bound::Unbounded));
        let ids: Vec<_> = behind
            .chain(self.tails.range(..=self.turn))
            .map(|(id, _)| *id)
            .collect();
        let mut budget = LOOK_MAX;
        for id in ids {
            if budget == 0 {
                look.has_more = true;
                break;
            }
            self.turn = id;
            budget = budget.saturating_sub(self.read(id, line_max, now, &mut look));
        }
        look
    }

    /// Reads one file once. Returns the bytes of what was read.
    fn read(&mut self, id: (u64, u64), line_max: u64, now: Timestamp, look: &mut Look) -> usize {
        let Some(followed) = self.tails.get_mut(&id) else {
            return 0;
        };
        let is_over = followed
            .gone_since
            .is_some_and(|since| now.since(since) > RENAMED_GRACE);
        let before = followed.reader.place().clone();
        let mut pieces = Vec::new();
        let more = followed
            .reader
            .read(line_max, is_over, &mut pieces)
            .unwrap_or_else(|error| {
                look.trouble = Some(unreadable(&before.path, &error));
                false
            });
        look.has_more |= more;
        let bytes = pieces.iter().map(Piece::len).sum();
        let place = followed.reader.place();
        let identity = place.identity();
        look.pieces
            .extend(pieces.into_iter().map(|piece| (identity, piece)));
        if is_over && !more {
            look.done.push(place.clone());
            self.tails.remove(&id);
        } else if *place != before {
            look.moved.push(place.clone());
        }
        bytes
    }

    fn find(&mut self, now: Timestamp, look: &mut Look) {
        let mut found = BTreeMap::new();
        for pattern in &self.patterns {
            match crate::glob::files(&self.data_dir, pattern) {
                Ok(files) => found.extend(
                    files
                        .into_iter()
                        .filter_map(|path| Some((tail::id(&path).ok()?, path))),
                ),
                Err(error) => look.trouble = Some(unreadable(Path::new(pattern), &error)),
            }
        }
        if found.is_empty() && look.trouble.is_none() {
            let patterns = self.patterns.join(", ");
            look.trouble = Some(say!(
                "no file fits {patterns}",
                "{patterns} に合うファイルがありません"
            ));
        }
        if found.len() > FILES_MAX {
            look.trouble = Some(say!(
                "more than {FILES_MAX} files fit; the rest is not read",
                "{FILES_MAX} 個を超えるファイルが該当します。残りは読みません"
            ));
        }
        for (id, followed) in &mut self.tails {
            match found.get(id) {
                Some(path) => {
                    followed.reader.place_mut().path.clone_from(path);
                    followed.gone_since = None;
                }
                None => {
                    followed.gone_since.get_or_insert(now);
                }
            }
        }
        for (id, path) in found.into_iter().take(FILES_MAX) {
            if !self.tails.contains_key(&id) {
                let place = self
                    .remembered
                    .remove(&id)
                    .unwrap_or_else(|| Place::new(path.clone(), id.0, id.1));
                self.open(Place { path, ..place }, None, look);
            }
        }
        self.find_renamed(now, look);
    }

    /// Files that were renamed while we did not run: the same inode under another name in the same folder.
    fn find_renamed(&mut self, now: Timestamp, look: &mut Look) {
        for place in std::mem::take(&mut self.remembered).into_values() {
            let folder = place.path.parent().unwrap_or(&self.data_dir).join("*");
            let siblings =
                crate::glob::files(Path::new("/"), &folder.to_string_lossy()).unwrap_or_default();
            match siblings
                .into_iter()
                .find(|path| tail::id(path).is_ok_and(|id| id == place.id()))
            {
                Some(path) => self.open(Place { path, ..place }, Some(now), look),
                None => look.done.push(place),
            }
        }
    }

    fn open(&mut self, place: Place, gone_since: Option<Timestamp>, look: &mut Look) {
        let (id, path) = (place.id(), place.path.clone());
        let reader = match packed::is_packed(&path) {
            true => self
                .packed(place)
                .map(|packed| Reader::Packed(Box::new(packed))),
            false => Tail::open(place).map(Reader::Plain),
        };
        match reader {
            Ok(reader) => {
                self.tails.insert(id, Followed { reader, gone_since });
            }
            Err(error) => look.trouble = Some(unreadable(&path, &error)),
        }
    }

    /// A packed file; one that we knew before it was packed is read on where that ended.
    fn packed(&self, mut place: Place) -> io::Result<Packed> {
        let head = packed::head(&place.path)?;
        let is_same = |known: &Place| {
            let first = head.get(..known.head_length);
            known.head_length > 0
                && first.is_some_and(|first| xxhash_rust::xxh3::xxh3_64(first) == known.head)
        };
        if place.head_length > 0 && !is_same(&place) {
            // Another file has its inode now.
            place = Place::new(place.path, place.device, place.inode);
        }
        if place.head_length == 0 {
            let known = self.tails.values().map(|followed| followed.reader.place());
            let mut known = known.chain(self.remembered.values());
            let origin = known.find(|known| known.packed == 0 && is_same(known));
            if let Some(origin) = origin {
                place.origin = Some((origin.device, origin.inode, origin.generation));
                place.offset = origin.offset;
            }
            place.head = xxhash_rust::xxh3::xxh3_64(&head);
            place.head_length = head.len();
        }
        Ok(Packed::open(place))
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Say {
    let path = path.display();
    say!(
        "{path} cannot be read: {error}",
        "{path} を読めません: {error}"
    )
}
