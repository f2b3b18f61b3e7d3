//! A write-ahead log: frames that are whole or not there.
//!
//! A folder holds numbered segments; a frame is `len: u32, crc32: u32, payload`. Every opening begins a
//! new segment, so an old one is never written again except to cut off a tail that was torn. An append
//! that fails is taken back; where even that fails, or a sync failed (after which the kernel may have
//! dropped the pages it could not write), the next append goes to a fresh segment.

use std::{
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    Error,
    disk::{self, Disk, Tail},
};

/// One append with its frame; a scrape of 100,000 new series needs about 25 MB.
pub(crate) const FRAME_MAX: usize = 64 << 20;
pub(crate) const HEADER: usize = 8;

pub(crate) struct Wal {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    /// The number of the segment that is or will be written.
    segment: u64,
    tail: Option<Box<dyn Tail>>,
    /// Bytes of the current segment that are durable.
    len: u64,
    /// Bytes of the finished segments that are still needed.
    older: u64,
}

impl Wal {
    /// Reads the frames of all segments after `covered` in order and gets ready to append. Segments up to
    /// `covered` lie in sealed files and are removed. Returns what was found wrong and mended.
    pub fn open(
        disk: Arc<dyn Disk>,
        folder: &Path,
        covered: u64,
        mut frame: impl FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<(Self, Vec<String>), Error> {
        let mut recovered = Vec::new();
        let mut last = covered;
        let mut older = 0;
        for (name, _) in disk::list(folder).map_err(|e| Error::io(folder, e))? {
            let Some(number) = segment(&name) else {
                continue;
            };
            let path = folder.join(&name);
            if number <= covered {
                fs::remove_file(&path).map_err(|e| Error::io(&path, e))?;
                continue;
            }
            last = last.max(number);
            let bytes = fs::read(&path).map_err(|e| Error::io(&path, e))?;
            let good = read_frames(&bytes, |payload| {
                if let Err(why) = frame(payload) {
                    recovered.push(format!("{name}: a frame was left out: {why}"));
                }
            });
            if good < bytes.len() {
                let torn = bytes.len() - good;
                cut(&path, good as u64)?;
                recovered.push(format!(
                    "{name}: cut off {torn} bytes of a torn tail at byte {good}"
                ));
            }
            older += good as u64;
        }
        let wal = Self {
            disk,
            folder: folder.to_owned(),
            segment: last + 1,
            tail: None,
            len: 0,
            older,
        };
        Ok((wal, recovered))
    }

    /// Adds a frame around `payload` to `out`. `OverLimit` where it is too long for one.
    pub fn frame(out: &mut Vec<u8>, payload: &[u8]) -> Result<(), Error> {
        let len = u32::try_from(payload.len())
            .ok()
            .filter(|n| *n as usize <= FRAME_MAX);
        let len = len.ok_or_else(|| Error::over("the size of one append", FRAME_MAX))?;
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(&crc32fast::hash(payload).to_le_bytes());
        out.extend_from_slice(payload);
        Ok(())
    }

    /// Makes `frames` durable, or leaves the log as it was.
    pub fn append(&mut self, frames: &[u8]) -> Result<(), Error> {
        let path = self.path(self.segment);
        if self.tail.is_none() {
            match self.disk.create(&path) {
                Ok(tail) => self.tail = Some(tail),
                Err(e) => {
                    // The name may be there although the call failed, so the next try takes another.
                    self.segment += 1;
                    return Err(Error::io(path, e));
                }
            }
        }
        let Some(tail) = &mut self.tail else {
            return Err(Error::Closed);
        };
        if let Err(e) = tail.append(frames) {
            if tail.cut(self.len).is_err() {
                self.rotate();
            }
            return Err(Error::io(path, e));
        }
        if let Err(e) = tail.sync() {
            // Whether this cut lasts does not matter: replaying an append that was refused is allowed.
            let _ = tail.cut(self.len);
            self.rotate();
            return Err(Error::io(path, e));
        }
        self.len += frames.len() as u64;
        Ok(())
    }

    /// Ends the current segment. Returns its number: everything appended lies in segments up to it.
    pub fn rotate(&mut self) -> u64 {
        let finished = self.segment;
        self.tail = None;
        self.older += self.len;
        self.len = 0;
        self.segment += 1;
        finished
    }

    /// Removes the segments up to `covered`. What they hold must be durable elsewhere.
    pub fn forget(&mut self, covered: u64) -> Result<(), Error> {
        let mut older = 0;
        for (name, len) in disk::list(&self.folder).map_err(|e| Error::io(&self.folder, e))? {
            let Some(number) = segment(&name) else {
                continue;
            };
            if number <= covered {
                let path = self.folder.join(name);
                fs::remove_file(&path).map_err(|e| Error::io(&path, e))?;
            } else if number < self.segment {
                older += len;
            }
        }
        self.older = older;
        Ok(())
    }

    /// Where the next frame will stand: everything before it is durable.
    pub fn position(&self) -> (u64, u64) {
        (self.segment, self.len)
    }

    pub fn bytes(&self) -> u64 {
        self.older + self.len
    }

    fn path(&self, segment: u64) -> PathBuf {
        path(&self.folder, segment)
    }
}

/// The file of a segment.
pub(crate) fn path(folder: &Path, segment: u64) -> PathBuf {
    // Of fixed width, so that the order of names is the order of numbers.
    folder.join(format!("{segment:012}.wal"))
}

/// The number in a segment's name.
pub(crate) fn segment(name: &str) -> Option<u64> {
    name.strip_suffix(".wal")?.parse().ok()
}

/// Gives each whole frame to `frame`; returns where the first byte that belongs to none stands.
fn read_frames(bytes: &[u8], mut frame: impl FnMut(&[u8])) -> usize {
    let mut at = 0;
    while let Some(payload) = frame_at(bytes, at) {
        frame(payload);
        at += HEADER + payload.len();
    }
    at
}

/// The payload of the frame that begins at `at`, if it is whole.
pub(crate) fn frame_at(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let (len, rest) = bytes.get(at..)?.split_first_chunk::<4>()?;
    let (crc, rest) = rest.split_first_chunk::<4>()?;
    let len = u32::from_le_bytes(*len) as usize;
    // Zeroes that a file system left after a crash would read as an empty frame with the right sum.
    if len == 0 || len > FRAME_MAX {
        return None;
    }
    let payload = rest.get(..len)?;
    (crc32fast::hash(payload) == u32::from_le_bytes(*crc)).then_some(payload)
}

fn cut(path: &Path, len: u64) -> Result<(), Error> {
    let cut = || {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(len)?;
        file.sync_all()
    };
    cut().map_err(|e| Error::io(path, e))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::disk::{RealDisk, failing::FailingDisk};

    fn read(folder: &Path) -> (Wal, Vec<Vec<u8>>, Vec<String>) {
        let mut frames = Vec::new();
        let (wal, recovered) = Wal::open(Arc::new(RealDisk), folder, 0, |payload| {
            frames.push(payload.to_vec());
            Ok(())
        })
        .unwrap();
        (wal, frames, recovered)
    }

    fn framed(payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Wal::frame(&mut out, payload).unwrap();
        out
    }

    #[test]
    fn a_tail_torn_or_flipped_at_any_byte_costs_no_earlier_frame() {
        let dir = tempfile::tempdir().unwrap();
        let payloads: [&[u8]; 3] = [b"first", b"the second", b"3"];
        {
            let (mut wal, ..) = read(dir.path());
            for payload in payloads {
                wal.append(&framed(payload)).unwrap();
            }
        }
        let path = dir.path().join("000000000001.wal");
        let whole = fs::read(&path).unwrap();
        // 8 bytes of header each: the frames end at 13, 31 and 40.
        let ends = [13, 31, 40];
        assert_eq!(whole.len(), 40);
        for at in 0..whole.len() {
            let before = ends.iter().filter(|end| **end <= at).count();
            let mut flipped = whole.clone();
            flipped[at] ^= 0x10;
            for damaged in [&whole[..at], &flipped] {
                fs::write(&path, damaged).unwrap();
                let (_, frames, recovered) = read(dir.path());
                assert_eq!(frames, payloads[..before], "at {at}");
                assert_eq!(
                    recovered.is_empty(),
                    damaged.len() == ends[..before].last().copied().unwrap_or(0)
                );
                let (_, again, quiet) = read(dir.path());
                assert_eq!(again, frames);
                assert!(quiet.is_empty(), "mended once, silent after: {quiet:?}");
            }
        }
    }

    #[test]
    fn a_refused_append_leaves_no_trace_and_the_next_one_stands() {
        let dir = tempfile::tempdir().unwrap();
        let disk = FailingDisk::with_space(20);
        {
            let (mut wal, _) = Wal::open(disk.clone(), dir.path(), 0, |_| Ok(())).unwrap();
            wal.append(&framed(b"fits")).unwrap();
            assert!(matches!(
                wal.append(&framed(b"does not fit")),
                Err(Error::DiskFull { .. })
            ));
            disk.set_space(1000);
            wal.append(&framed(b"fits again")).unwrap();
            disk.fail_syncs(1);
            assert!(matches!(
                wal.append(&framed(b"not synced")),
                Err(Error::Io { .. })
            ));
            wal.append(&framed(b"in a fresh segment")).unwrap();
        }
        disk.lose_power();
        let (_, frames, recovered) = read(dir.path());
        assert_eq!(frames, [&b"fits"[..], b"fits again", b"in a fresh segment"]);
        assert!(recovered.is_empty(), "{recovered:?}");
    }

    #[test]
    fn zeroes_after_the_end_are_a_torn_tail() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("000000000001.wal"), [0; 64]).unwrap();
        let (_, frames, recovered) = read(dir.path());
        assert!(frames.is_empty());
        assert_eq!(recovered.len(), 1);
    }
}
