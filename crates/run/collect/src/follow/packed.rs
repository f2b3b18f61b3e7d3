//! One file that is packed by gzip: an old log that was rotated, or one that a service delivers whole.
//!
//! Where a file that we followed was packed, its first bytes tell: reading goes on in the packed file where it ended in
//! the plain one, and its lines keep their ids, so that none is lost and none stands twice. A packed file never grows;
//! one whose end is missing is still being written, and is read again when it has become larger.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use flate2::read::MultiGzDecoder;

use super::tail::{HEAD_MAX, Piece, Place, READ_MAX};

/// What a packed file may become. A bomb costs no memory, but time.
const UNPACKED_MAX: u64 = 4 << 30;

pub(super) fn is_packed(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "gz")
}

/// The first bytes of what is packed.
pub(super) fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let packed = MultiGzDecoder::new(File::open(path)?);
    packed.take(HEAD_MAX as u64).read_to_end(&mut head)?;
    Ok(head)
}

pub(super) struct Packed {
    pub place: Place,
    /// Open while there may be more.
    unpacking: Option<MultiGzDecoder<File>>,
    /// What was unpacked behind the last whole line.
    rest: Vec<u8>,
}

impl Packed {
    pub fn open(place: Place) -> Self {
        Self {
            place,
            unpacking: None,
            rest: Vec::new(),
        }
    }

    /// Reads whole lines, at most about 1 MiB of them. True where there may be more at once.
    pub fn read(&mut self, line_max: u64, out: &mut Vec<Piece>) -> io::Result<bool> {
        let size = std::fs::metadata(&self.place.path)?.len();
        if size == self.place.packed {
            return Ok(false);
        }
        let read = self.read_on(line_max, out);
        match &read {
            Ok(true) => {}
            // All was read, or what is there cannot be: until it is another file, there is nothing to do.
            Ok(false) | Err(_) => {
                self.place.packed = size;
                self.unpacking = None;
                self.rest.clear();
            }
        }
        match read {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            read => read,
        }
    }

    fn read_on(&mut self, line_max: u64, out: &mut Vec<Piece>) -> io::Result<bool> {
        if self.unpacking.is_none() {
            let mut unpacking = MultiGzDecoder::new(File::open(&self.place.path)?);
            let mut passed = (&mut unpacking).take(self.place.offset);
            io::copy(&mut passed, &mut io::sink())?;
            self.unpacking = Some(unpacking);
        }
        let Some(unpacking) = &mut self.unpacking else {
            return Ok(false);
        };
        if self.place.offset > UNPACKED_MAX {
            let why = format!("it unpacks to more than {UNPACKED_MAX} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        let line_max = usize::try_from(line_max).unwrap_or(usize::MAX);
        let unpacked = unpacking.take(READ_MAX as u64).read_to_end(&mut self.rest);
        let is_end = matches!(&unpacked, Ok(0));
        let bytes = std::mem::take(&mut self.rest);
        let used = self.place.lines(&bytes, line_max, is_end, out);
        self.rest = bytes[used..].to_vec();
        unpacked?;
        Ok(!is_end)
    }
}
