//! Columns of integers in the form that is shortest: packed as they are, as differences, against the rows'
//! times, or as a dictionary.

use super::bytes::{Squeeze, read_bytes};
use crate::{
    hash::QuickMap,
    numbers::{
        Effort,
        pack::{pack, unpack},
    },
    wire::{Reader, low_byte, put_signed, put_varint},
};

const PLAIN: u8 = 0;
const DELTA: u8 = 1;
const CLOCK: u8 = 2;
const DICTIONARY: u8 = 3;
const SAME: u8 = 4;

/// Different values of a dictionary: a code is one byte.
const ENTRIES_MAX: usize = 256;
/// Values that are packed in each form to see which is shortest.
const SAMPLE: usize = 512;

/// The rows' times, for columns that hold times too.
#[derive(Clone, Copy)]
pub(super) struct Clock<'t> {
    /// Milliseconds, one for each value.
    pub at: &'t [i64],
    /// Units of the column's values in a second.
    pub a_second: i64,
}

/// A clock that is only made where it is needed; `None` where the rows' times are not what was written.
pub(super) type Asked<'t> = &'t dyn Fn() -> Option<Clock<'t>>;

impl Clock<'_> {
    fn at(&self, i: usize) -> i64 {
        let at = self.at.get(i).copied().unwrap_or_default();
        if self.a_second >= 1000 {
            at.wrapping_mul(self.a_second / 1000)
        } else {
            at.div_euclid(1000 / self.a_second.max(1))
        }
    }
}

pub(super) fn put(
    values: &[i64],
    clock: Option<Clock<'_>>,
    squeeze: &mut Squeeze,
    out: &mut Vec<u8>,
) {
    let Some(first) = values.first() else { return };
    if values.iter().all(|n| n == first) {
        out.push(SAME);
        put_signed(out, *first);
        return;
    }
    let sample = &values[..values.len().min(SAMPLE)];
    let size = |numbers: &[i64]| {
        let mut out = Vec::new();
        pack(numbers, Effort::Quick, &mut out);
        out.len()
    };
    let mut best = (PLAIN, size(sample));
    let delta = size(&deltas(sample));
    if delta < best.1 {
        best = (DELTA, delta);
    }
    if let Some(clock) = clock {
        let apart = size(&apart(sample, clock));
        if apart < best.1 {
            best = (CLOCK, apart);
        }
    }
    let mut packed = vec![best.0];
    let numbers = match best.0 {
        DELTA => deltas(values),
        CLOCK => clock.map(|clock| apart(values, clock)).unwrap_or_default(),
        _ => values.to_vec(),
    };
    pack(&numbers, Effort::Thorough, &mut packed);
    let dictionary = dictionary(values, squeeze);
    out.extend_from_slice(match &dictionary {
        Some(dictionary) if dictionary.len() < packed.len() => dictionary,
        _ => &packed,
    });
}

fn deltas(values: &[i64]) -> Vec<i64> {
    let mut before = 0;
    let deltas = values
        .iter()
        .map(|n| n.wrapping_sub(std::mem::replace(&mut before, *n)));
    deltas.collect()
}

fn apart(values: &[i64], clock: Clock<'_>) -> Vec<i64> {
    let all = values.iter().enumerate();
    all.map(|(i, n)| n.wrapping_sub(clock.at(i))).collect()
}

fn dictionary(values: &[i64], squeeze: &mut Squeeze) -> Option<Vec<u8>> {
    let mut codes = QuickMap::default();
    let (mut entries, mut bytes) = (Vec::new(), Vec::with_capacity(values.len()));
    for n in values {
        let next = entries.len();
        let code = *codes.entry(*n).or_insert_with(|| {
            entries.push(*n);
            next
        });
        if entries.len() > ENTRIES_MAX || entries.len() > values.len() / 4 + 1 {
            return None;
        }
        bytes.push(low_byte(code as u64));
    }
    let mut out = vec![DICTIONARY];
    put_varint(&mut out, entries.len() as u64);
    pack(&entries, Effort::Thorough, &mut out);
    squeeze.put(&bytes, &mut out);
    Some(out)
}

/// Reads `count` values.
pub(super) fn read(
    reader: &mut Reader<'_>,
    count: usize,
    clock: Option<Asked<'_>>,
) -> Option<Vec<i64>> {
    let mut out = Vec::new();
    if count == 0 {
        return Some(out);
    }
    match reader.byte()? {
        PLAIN => unpack(reader, count, &mut out)?,
        DELTA => {
            unpack(reader, count, &mut out)?;
            let mut sum = 0i64;
            for n in &mut out {
                sum = sum.wrapping_add(*n);
                *n = sum;
            }
        }
        CLOCK => {
            let clock = clock?()?;
            unpack(reader, count, &mut out)?;
            for (i, n) in out.iter_mut().enumerate() {
                *n = n.wrapping_add(clock.at(i));
            }
        }
        DICTIONARY => {
            let mut entries = Vec::new();
            let len = reader.len().filter(|len| *len <= ENTRIES_MAX)?;
            unpack(reader, len, &mut entries)?;
            let codes = read_bytes(reader, count)?;
            (codes.len() == count).then_some(())?;
            for code in codes {
                out.push(*entries.get(usize::from(code))?);
            }
        }
        SAME => {
            let value = reader.signed()?;
            out.resize(count, value);
        }
        _ => return None,
    }
    Some(out)
}
