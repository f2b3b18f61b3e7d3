//! Integers as a frame of reference: in groups of 128 a base, a common divisor, and so many bits each.
//!
//! Where a few outliers would make all others wide, they stand beside the group as patches (Zukowski et al.,
//! "Super-Scalar RAM-CPU Cache Compression", 2006). A group is read without any other.

use crate::wire::{Reader, low_byte, put_signed, put_varint};

/// Numbers that share a width. Positions of patches are one byte.
pub(crate) const GROUP: usize = 128;
/// The flag of a group with patches, beside its width.
const PATCHED: u8 = 0x80;
/// Wider numbers are written whole, so that one load of 8 bytes always holds what is to be read.
const WIDTH_MAX: u32 = 56;
/// What a patch costs beside its number: its position.
const PATCH_BITS: usize = 8;

/// How much thought encoding takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// For what is soon encoded again.
    Quick,
    /// For what stays.
    Thorough,
}

pub(crate) fn pack(numbers: &[i64], effort: Effort, out: &mut Vec<u8>) {
    for group in numbers.chunks(GROUP) {
        pack_group(group, effort, out);
    }
}

fn pack_group(group: &[i64], effort: Effort, out: &mut Vec<u8>) {
    let (Some(least), Some(most)) = (group.iter().min(), group.iter().max()) else {
        return;
    };
    let divisor = divisor(group);
    let mut frame = Frame::new(*least, distance(*least, *most), divisor);
    if effort == Effort::Thorough && frame.width > 0 {
        frame = with_patches(group, frame);
    }
    let patches: Vec<(usize, i64)> = group
        .iter()
        .enumerate()
        .filter(|(_, n)| !frame.holds(**n))
        .map(|(i, n)| (i, n.wrapping_sub(frame.base)))
        .collect();
    let flag = if patches.is_empty() { 0 } else { PATCHED };
    out.push(low_byte(u64::from(frame.width)) | flag);
    put_signed(out, frame.base);
    if frame.width > 0 {
        put_varint(out, divisor);
    }
    if !patches.is_empty() {
        out.push(low_byte(patches.len() as u64));
        for (position, offset) in patches {
            out.push(low_byte(position as u64));
            put_signed(out, offset);
        }
    }
    frame.put(group, out);
}

/// Which numbers a group writes in how many bits.
#[derive(Clone, Copy)]
struct Frame {
    base: i64,
    /// From the base to the largest number that is no patch.
    range: u64,
    divisor: u64,
    width: u32,
}

impl Frame {
    fn new(base: i64, range: u64, divisor: u64) -> Self {
        let width = u64::BITS - (range / divisor).leading_zeros();
        let width = if width > WIDTH_MAX { u64::BITS } else { width };
        Self {
            base,
            range,
            divisor,
            width,
        }
    }

    fn holds(&self, n: i64) -> bool {
        n >= self.base && distance(self.base, n) <= self.range
    }

    fn put(&self, group: &[i64], out: &mut Vec<u8>) {
        if self.width == 0 {
            return;
        }
        let (mut bits, mut held) = (0u128, 0u32);
        for n in group {
            if self.holds(*n) {
                let offset = distance(self.base, *n);
                // Nearly always 1, and dividing takes longer than all else.
                let offset = if self.divisor == 1 {
                    offset
                } else {
                    offset / self.divisor
                };
                bits |= u128::from(offset) << held;
            }
            held += self.width;
            while held >= 32 {
                out.extend_from_slice(&bits.to_le_bytes()[..4]);
                bits >>= 32;
                held -= 32;
            }
        }
        let left = held.div_ceil(8) as usize;
        out.extend_from_slice(&bits.to_le_bytes()[..left]);
    }
}

fn distance(from: i64, to: i64) -> u64 {
    to.wrapping_sub(from).cast_unsigned()
}

/// The greatest number that divides all differences; at least 1.
fn divisor(group: &[i64]) -> u64 {
    let Some(first) = group.first() else { return 1 };
    let mut common = 0u64;
    for n in group {
        let mut other = distance(*first.min(n), *first.max(n));
        if common == 0 {
            common = other;
        } else if !other.is_multiple_of(common) {
            while other != 0 {
                (common, other) = (other, common % other);
            }
        }
        if common == 1 {
            break;
        }
    }
    common.max(1)
}

/// A narrower frame, where that pays for its patches.
fn with_patches(group: &[i64], whole: Frame) -> Frame {
    let mut sorted = [0; GROUP];
    let sorted = &mut sorted[..group.len()];
    sorted.copy_from_slice(group);
    sorted.sort_unstable();
    let mut best = (whole.width as usize * group.len(), whole);
    for width in (0..whole.width.min(WIDTH_MAX)).rev() {
        let reach = ((1u64 << width) - 1).saturating_mul(whole.divisor);
        let (from, count) = densest(sorted, reach);
        let outside = group.len() - count;
        if outside > group.len() / 4 {
            break;
        }
        let patch = PATCH_BITS + varint_bits(whole.range);
        let cost = width as usize * group.len() + outside * patch + 8;
        if cost < best.0 {
            let (base, last) = (sorted[from], sorted[from + count - 1]);
            best = (cost, Frame::new(base, distance(base, last), whole.divisor));
        }
    }
    best.1
}

fn varint_bits(n: u64) -> usize {
    ((u64::BITS - n.leading_zeros()) as usize + 1).div_ceil(7) * 8
}

/// The longest run of sorted numbers no further apart than `reach`: where it begins and how long it is.
fn densest(sorted: &[i64], reach: u64) -> (usize, usize) {
    let (mut from, mut best) = (0, (0, 0));
    for to in 0..sorted.len() {
        while distance(sorted[from], sorted[to]) > reach {
            from += 1;
        }
        if to + 1 - from > best.1 {
            best = (from, to + 1 - from);
        }
    }
    best
}

/// Reads `n` numbers to the end of `out`. `None` where the bytes are no groups.
pub(crate) fn unpack(reader: &mut Reader<'_>, n: usize, out: &mut Vec<i64>) -> Option<()> {
    let mut left = n;
    while left > 0 {
        let count = left.min(GROUP);
        unpack_group(reader, count, out)?;
        left -= count;
    }
    Some(())
}

fn unpack_group(reader: &mut Reader<'_>, n: usize, out: &mut Vec<i64>) -> Option<()> {
    let head = reader.byte()?;
    let width = u32::from(head & !PATCHED);
    let base = reader.signed()?;
    let start = out.len();
    let divisor = if width > 0 { reader.varint()? } else { 1 };
    let mut patches = Reader::new(reader.rest());
    if head & PATCHED != 0 {
        for _ in 0..reader.byte()? {
            reader.byte()?;
            reader.signed()?;
        }
    }
    let payload = reader.rest();
    reader.take((n * width as usize).div_ceil(8))?;
    match width {
        0 => out.resize(start + n, base),
        1..=WIDTH_MAX => {
            let mask = (1u64 << width) - 1;
            let numbers = (0..n).map(|i| {
                let bit = i * width as usize;
                let bits = load(payload, bit / 8) >> (bit % 8);
                base.wrapping_add((bits & mask).wrapping_mul(divisor).cast_signed())
            });
            out.extend(numbers);
        }
        u64::BITS => {
            out.extend((0..n).map(|i| {
                base.wrapping_add(load(payload, i * 8).wrapping_mul(divisor).cast_signed())
            }))
        }
        _ => return None,
    }
    if head & PATCHED != 0 {
        for _ in 0..patches.byte()? {
            let position = usize::from(patches.byte()?);
            let number = base.wrapping_add(patches.signed()?);
            *out.get_mut(start + position)? = number;
        }
    }
    Some(())
}

/// Eight bytes from `at`; beyond the end stand zeroes.
fn load(bytes: &[u8], at: usize) -> u64 {
    if let Some(whole) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        return u64::from_le_bytes(*whole);
    }
    let mut padded = [0; 8];
    let rest = bytes.get(at..).unwrap_or_default();
    padded[..rest.len()].copy_from_slice(rest);
    u64::from_le_bytes(padded)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn packed(numbers: &[i64], effort: Effort) -> Vec<u8> {
        let mut bytes = Vec::new();
        pack(numbers, effort, &mut bytes);
        let (mut reader, mut back) = (Reader::new(&bytes), Vec::new());
        unpack(&mut reader, numbers.len(), &mut back).unwrap();
        assert!(reader.is_empty());
        assert_eq!(back, numbers);
        bytes
    }

    #[test]
    fn a_group_is_laid_out_as_described() {
        // 10, 30, 70: base 10 (zigzag 20), divisor 20; 0, 1, 3 in 2 bits each: 0 | 1 << 2 | 3 << 4 = 52.
        assert_eq!(packed(&[10, 30, 70], Effort::Quick), [2, 20, 20, 52]);
        assert_eq!(packed(&[-1; 100], Effort::Quick), [0, 1]);
    }

    #[test]
    fn an_outlier_does_not_widen_the_others() {
        let mut numbers: Vec<i64> = (0..128).map(|i| i * 37 % 16).collect();
        numbers[64] = -1_000_000;
        // 128 numbers of 4 bits are 64 bytes; the patch is a position and 3 bytes, its count one; the head 3.
        assert_eq!(packed(&numbers, Effort::Thorough).len(), 64 + 4 + 1 + 3);
        // Without patches 20 bits each: 320 bytes, and a base of 3 bytes.
        assert_eq!(packed(&numbers, Effort::Quick).len(), 320 + 1 + 3 + 1);
    }

    proptest! {
        #[test]
        fn any_numbers_read_back(numbers in prop::collection::vec(any::<i64>(), 0..300), shift in 0u32..63, scale in 1i64..5000) {
            for effort in [Effort::Quick, Effort::Thorough] {
                packed(&numbers, effort);
                let narrow: Vec<i64> = numbers.iter().map(|n| (n >> shift).wrapping_mul(scale)).collect();
                packed(&narrow, effort);
            }
        }

        #[test]
        fn bytes_of_any_kind_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), n in 0usize..300) {
            let _ = unpack(&mut Reader::new(&bytes), n, &mut Vec::new());
        }
    }
}
