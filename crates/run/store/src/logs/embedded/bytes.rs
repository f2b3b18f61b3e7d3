//! Bytes that zstd makes shorter, where it does.

use std::cell::RefCell;

use crate::wire::{Reader, put_varint};

/// Level 3 is zstd's own default. Higher ones gained 2 % on what the encodings leave over.
const LEVEL: i32 = 3;
/// Below, a frame's head takes more than it saves.
const SQUEEZED_MIN: usize = 48;

/// Compresses; keeps zstd's tables from one column to the next.
pub(super) struct Squeeze {
    zstd: Option<zstd::bulk::Compressor<'static>>,
    scratch: Vec<u8>,
}

impl Default for Squeeze {
    fn default() -> Self {
        Self {
            // Where there is no memory for its tables, bytes stay as they are.
            zstd: zstd::bulk::Compressor::new(LEVEL).ok(),
            scratch: Vec::new(),
        }
    }
}

impl Squeeze {
    /// Adds `bytes` to `out` so that they can be read without knowing how many they are.
    pub fn put(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        put_varint(out, bytes.len() as u64);
        match self.squeeze(bytes) {
            Some(squeezed) => {
                put_varint(out, squeezed.len() as u64);
                out.extend_from_slice(squeezed);
            }
            None => {
                out.push(0);
                out.extend_from_slice(bytes);
            }
        }
    }

    fn squeeze(&mut self, bytes: &[u8]) -> Option<&[u8]> {
        if bytes.len() < SQUEEZED_MIN {
            return None;
        }
        self.scratch.clear();
        self.scratch
            .reserve(zstd::zstd_safe::compress_bound(bytes.len()));
        let zstd = self.zstd.as_mut()?;
        zstd.compress_to_buffer(bytes, &mut self.scratch).ok()?;
        // What saves less than an eighth is not worth the time of reading it.
        (self.scratch.len() < bytes.len() - bytes.len() / 8).then_some(&self.scratch[..])
    }
}

thread_local! {
    /// zstd's tables, some 100 kB, which cost as much to make as to read a small column: each thread that reads keeps its own.
    static UNZSTD: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Reads bytes of which there are at most `max`.
pub(super) fn read_bytes(reader: &mut Reader<'_>, max: usize) -> Option<Vec<u8>> {
    let len = reader.len().filter(|len| *len <= max)?;
    match reader.len()? {
        0 => Some(reader.take(len)?.to_vec()),
        squeezed => {
            let squeezed = reader.take(squeezed)?;
            let bytes = UNZSTD.with_borrow_mut(|zstd| {
                if zstd.is_none() {
                    *zstd = zstd::bulk::Decompressor::new().ok();
                }
                zstd.as_mut()?.decompress(squeezed, len).ok()
            })?;
            (bytes.len() == len).then_some(bytes)
        }
    }
}
