//! One file that grows: what of it has been read, and what comes next.
//!
//! A file is known by its inode, not its name, so a renamed file is read to its end while its successor
//! is read from its start. A file that was cut (copytruncate), or whose inode was given to another file,
//! is noticed by its size or its first bytes; its generation then grows, so that its records are new ones.

use std::{
    fs::File,
    io,
    os::unix::fs::{FileExt, MetadataExt},
    path::PathBuf,
};

use serde::{Deserialize, Serialize};

/// First bytes by which a file is told from another with the same inode: a time and some text.
pub(super) const HEAD_MAX: usize = 256;
/// How much is read at once; bounds the memory and the time that a source holds a thread.
pub(super) const READ_MAX: usize = 1 << 20;

/// Where reading a file goes on, as it is kept in the state store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    pub path: PathBuf,
    pub device: u64,
    pub inode: u64,
    pub generation: u64,
    pub offset: u64,
    /// The hash of the first `head_length` bytes.
    pub head: u64,
    pub head_length: usize,
    /// The rest of a line that was too long is being passed over.
    #[serde(default)]
    pub is_skipping: bool,
    /// Device, inode and generation of the plain file that this one was packed from: its lines keep their ids.
    #[serde(default)]
    pub origin: Option<(u64, u64, u64)>,
    /// The size of a packed file that was read to its end.
    #[serde(default)]
    pub packed: u64,
}

impl Place {
    pub fn new(path: PathBuf, device: u64, inode: u64) -> Self {
        Self {
            path,
            device,
            inode,
            generation: 0,
            offset: 0,
            head: 0,
            head_length: 0,
            is_skipping: false,
            origin: None,
            packed: 0,
        }
    }

    /// What the ids of its lines are made from.
    pub fn identity(&self) -> (u64, u64) {
        let origin = self.origin;
        origin.map_or(self.id(), |(device, inode, _)| (device, inode))
    }

    pub fn id(&self) -> (u64, u64) {
        (self.device, self.inode)
    }

    /// Takes the whole lines of what stands at its offset, and what follows them where nothing more will come. Returns
    /// how many bytes it took.
    pub fn lines(
        &mut self,
        bytes: &[u8],
        line_max: usize,
        is_final: bool,
        out: &mut Vec<Piece>,
    ) -> usize {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', bytes) {
            self.piece(&bytes[start..end], line_max, out);
            start = end + 1;
            self.offset += 1;
        }
        let rest = &bytes[start..];
        if rest.len() > line_max {
            // Its end is not in sight: counted once, and passed over until its end comes.
            if !self.is_skipping {
                out.push(Piece::TooLong);
            }
            self.is_skipping = true;
            self.offset += rest.len() as u64;
        } else if self.is_skipping {
            self.offset += rest.len() as u64;
        } else if is_final && !rest.is_empty() {
            self.piece(rest, line_max, out);
        } else {
            return start;
        }
        bytes.len()
    }

    fn piece(&mut self, line: &[u8], line_max: usize, out: &mut Vec<Piece>) {
        let offset = self.offset;
        let generation = self.origin.map_or(self.generation, |(_, _, its)| its);
        let text = line.strip_suffix(b"\r").unwrap_or(line);
        if self.is_skipping {
            self.is_skipping = false;
        } else if text.len() > line_max {
            out.push(Piece::TooLong);
        } else if !text.trim_ascii().is_empty() {
            out.push(Piece::Line {
                generation,
                offset,
                bytes: text.to_owned(),
            });
        }
        self.offset += line.len() as u64;
    }
}

/// A piece of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Line {
        generation: u64,
        offset: u64,
        bytes: Vec<u8>,
    },
    /// A line over the limit, passed over.
    TooLong,
}

impl Piece {
    pub fn len(&self) -> usize {
        match self {
            Self::Line { bytes, .. } => bytes.len(),
            Self::TooLong => 0,
        }
    }
}

#[derive(Debug)]
pub(super) struct Tail {
    file: File,
    pub place: Place,
}

impl Tail {
    pub fn open(place: Place) -> io::Result<Self> {
        let file = File::open(&place.path)?;
        Ok(Self { file, place })
    }

    /// Reads whole lines, at most about 1 MiB of them. True where there may be more at once.
    ///
    /// `is_final` takes a last line without its end: nobody writes to the file any more.
    pub fn read(
        &mut self,
        line_max: u64,
        is_final: bool,
        out: &mut Vec<Piece>,
    ) -> io::Result<bool> {
        let size = self.notice_cut()?;
        if size <= self.place.offset {
            return Ok(false);
        }
        let line_max = usize::try_from(line_max).unwrap_or(usize::MAX);
        // A line of the allowed length, and its end, must fit.
        let mut buffer = vec![0; READ_MAX.max(line_max.saturating_add(1).min(64 << 20))];
        let mut filled = 0;
        while filled < buffer.len() {
            let offset = self.place.offset + filled as u64;
            match self.file.read_at(&mut buffer[filled..], offset) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let is_full = filled == buffer.len();
        let (bytes, is_final) = (&buffer[..filled], is_final && !is_full);
        self.place.lines(bytes, line_max, is_final, out);
        Ok(is_full)
    }

    /// Starts again where the file is not the one that was read. Returns the file's size.
    fn notice_cut(&mut self) -> io::Result<u64> {
        let size = self.file.metadata()?.len();
        let is_other =
            size < self.place.offset || self.head(self.place.head_length)? != self.place.head;
        if is_other && self.place.head_length > 0 {
            self.place.generation += 1;
            self.place.offset = 0;
            self.place.head_length = 0;
            self.place.is_skipping = false;
        }
        if self.place.head_length < HEAD_MAX {
            let length = HEAD_MAX.min(usize::try_from(size).unwrap_or(HEAD_MAX));
            self.place.head = self.head(length)?;
            self.place.head_length = length;
        }
        Ok(size)
    }

    fn head(&self, length: usize) -> io::Result<u64> {
        if length == 0 {
            return Ok(0);
        }
        let mut bytes = [0; HEAD_MAX];
        let mut filled = 0;
        while filled < length {
            match self.file.read_at(&mut bytes[filled..length], filled as u64) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(xxhash_rust::xxh3::xxh3_64(&bytes[..filled]))
    }
}

pub(super) fn id(path: &std::path::Path) -> io::Result<(u64, u64)> {
    let metadata = std::fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}
