//! The times that many chunks of a block have in common, each written once.

use std::{collections::HashMap, sync::Arc};

use super::sum_up;
use crate::{
    numbers::pack,
    wire::{Reader, put_varint},
};

/// Columns of one block take so much memory at most while it is open; further times stand in their chunks.
const COLUMNS_BYTES_MAX: usize = 2 << 20;
/// Times as short as a reference stand in their chunk.
const SHARED_MIN: usize = 6;

/// Collects the columns of a block that is written.
#[derive(Default)]
pub(in super::super) struct ColumnsBuilder {
    known: HashMap<Box<[u8]>, u32>,
    bytes: Vec<u8>,
}

impl ColumnsBuilder {
    /// Where these packed steps between so many samples stand, or will stand. `None` where they are to stand in
    /// their chunk.
    pub(super) fn index_of(&mut self, samples: usize, packed: &[u8]) -> Option<u32> {
        if packed.len() < SHARED_MIN {
            return None;
        }
        // Packed steps do not say how many they are.
        let mut whole = Vec::with_capacity(packed.len() + 2);
        put_varint(&mut whole, samples as u64);
        whole.extend_from_slice(packed);
        if let Some(column) = self.known.get(&*whole) {
            return Some(*column);
        }
        if self.bytes.len() + whole.len() > COLUMNS_BYTES_MAX {
            return None;
        }
        let column = u32::try_from(self.known.len()).ok()?;
        put_varint(&mut self.bytes, whole.len() as u64);
        self.bytes.extend_from_slice(&whole);
        self.known.insert(whole.into(), column);
        Some(column)
    }

    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// The columns of a block that is read; of chunks in memory, none.
#[derive(Debug, Default)]
pub(in super::super) struct Columns {
    bytes: Vec<u8>,
    ends: Vec<(usize, usize)>,
}

impl Columns {
    /// `None` where the bytes are not what [`ColumnsBuilder::finish`] gave.
    pub fn read(bytes: Vec<u8>) -> Option<Self> {
        let mut reader = Reader::new(&bytes);
        let mut ends = Vec::new();
        while !reader.is_empty() {
            let len = reader.len()?;
            let start = bytes.len() - reader.rest().len();
            reader.take(len)?;
            ends.push((start, start + len));
        }
        Some(Self { ends, bytes })
    }

    pub fn weight(&self) -> usize {
        self.bytes.len() + self.ends.len() * size_of::<(usize, usize)>()
    }
}

/// The columns that a reader has met, as offsets from the chunk's first time.
#[derive(Default)]
pub(super) struct Read(HashMap<usize, Arc<[i64]>>);

impl Read {
    pub fn get(&mut self, columns: &Columns, column: usize, samples: usize) -> Option<Arc<[i64]>> {
        if let Some(known) = self.0.get(&column) {
            return (known.len() == samples).then(|| known.clone());
        }
        let (start, end) = *columns.ends.get(column)?;
        let mut reader = Reader::new(columns.bytes.get(start..end)?);
        if reader.len()? != samples {
            return None;
        }
        let mut steps = Vec::with_capacity(samples);
        pack::unpack(&mut reader, samples - 1, &mut steps)?;
        if !reader.is_empty() {
            return None;
        }
        sum_up(0, &mut steps);
        let offsets: Arc<[i64]> = steps.into();
        self.0.insert(column, offsets.clone());
        Some(offsets)
    }
}
