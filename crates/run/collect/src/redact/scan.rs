//! One look at every byte of a text: where something that must not rest may stand.
//!
//! Most of a log is neither a number nor a secret, so each block of 64 bytes first becomes a few masks of one bit a byte.
//! What they cannot rule out is a spot, and only spots are read by those who know what a card or a name is.
//! Nothing is allocated here, and a text without a spot costs no more than this look.

use std::ops::Range;

/// Bytes for which one mask stands.
const BLOCK: usize = u64::BITS as usize;
/// Bytes that the least of processors looks at together.
const LANE: usize = 16;
/// The shortest number that is looked for (保険者番号) has so many digits.
pub(super) const DIGITS_MIN: usize = 8;
/// Where a stretch of [`DIGITS_MIN`] bytes begins in a block it is seen whole; those behind are left to the next block.
const STEP: usize = BLOCK - DIGITS_MIN + 1;

/// Something to look at.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// A `=` or `:`, before which a name may stand.
    Sign(usize),
    /// An `@`.
    At(usize),
    /// Digits and what may group them: at least [`DIGITS_MIN`] digits.
    Digits(Stretch),
}

/// Both ends lie beside ASCII or are the text's own, so no character is cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    pub range: Range<usize>,
    /// How many digits there are; of full-width ones and what begins as they do, too.
    pub digits: usize,
    /// Whether it surely has no gap so wide that digits behind it are another number's.
    pub is_close: bool,
}

/// What bytes of a block are, one bit each, the first byte's the lowest.
#[derive(Debug, Default, Clone, Copy)]
struct Masks {
    /// `=`, `:`, `@`, and those that stand between them.
    marks: u64,
    /// ASCII digits, and the first byte of a full-width one.
    digits: u64,
    /// Digits, separators, and all that is not ASCII.
    inside: u64,
}

const MARK: u8 = 1;
const DIGIT: u8 = 2;
const INSIDE: u8 = 4;

/// Written so that a compiler makes of it few instructions for many bytes at once: where more than what is looked for
/// stands side by side, it is all taken, and told apart where it is read.
#[inline]
fn class(byte: u8) -> u8 {
    let is_mark = byte.wrapping_sub(b':') <= b'@' - b':';
    let is_digit = byte.wrapping_sub(b'0') < 10;
    // As a signed byte, what is not ASCII is below all else, and blanks below all that is printed.
    let is_blank = byte.cast_signed() <= b' '.cast_signed();
    let is_between = byte.wrapping_sub(b'-') <= b'9' - b'-';
    (u8::from(is_mark) * MARK)
        | (u8::from(is_digit | (byte == 0xef)) * DIGIT)
        | (u8::from(is_blank | is_between | (byte == b'_')) * INSIDE)
}

impl Masks {
    #[inline]
    fn of(block: &[u8; BLOCK]) -> Self {
        let mut masks = Self::default();
        masks.add(block, 0);
        masks
    }

    /// Of less than a block, as most values of records are: no more is looked at than there is.
    #[inline]
    fn of_few(bytes: &[u8]) -> Self {
        let mut masks = Self::default();
        let (lanes, rest) = bytes.as_chunks::<LANE>();
        for (place, lane) in lanes.iter().enumerate() {
            masks.add(lane, place * LANE);
        }
        if !rest.is_empty() {
            // Of a byte that is nothing.
            let mut lane = [b'x'; LANE];
            lane[..rest.len()].copy_from_slice(rest);
            masks.add(&lane, lanes.len() * LANE);
        }
        masks
    }

    #[inline]
    fn add<const N: usize>(&mut self, bytes: &[u8; N], at: usize) {
        let mut classes = [0; N];
        // A plain loop: one over both would be compiled apart, and called.
        for place in 0..N {
            classes[place] = class(bytes[place]);
        }
        for (place, word) in classes.as_chunks::<8>().0.iter().enumerate() {
            let (word, at) = (u64::from_le_bytes(*word), at + 8 * place);
            self.marks |= gathered(word) << at;
            self.digits |= gathered(word >> 1) << at;
            self.inside |= gathered(word >> 2) << at;
        }
    }
}

/// The lowest bit of each of eight bytes, side by side.
#[inline]
fn gathered(word: u64) -> u64 {
    // Byte i's bit stands at 8i; times 2^(56 - 7i) it stands at 56 + i, and no other falls there.
    (word & 0x0101_0101_0101_0101).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// Gives every spot: marks in the order of the text, and numbers in theirs.
#[inline]
pub(super) fn spots(bytes: &[u8], mut each: impl FnMut(Spot)) {
    // What lies before these has been given.
    let (mut marks_past, mut digits_past) = (0, 0usize);
    let mut at = 0;
    loop {
        let rest = &bytes[at..];
        let masks = match rest.first_chunk() {
            Some(block) => Masks::of(block),
            None => Masks::of_few(rest),
        };
        let mut marks = masks.marks & from(marks_past - at);
        while marks != 0 {
            let place = at + marks.trailing_zeros() as usize;
            match bytes[place] {
                b'=' | b':' => each(Spot::Sign(place)),
                b'@' => each(Spot::At(place)),
                _ => {}
            }
            marks &= marks - 1;
        }
        marks_past = at + BLOCK;
        // One bit for each place from which on so many bytes are inside.
        let two = masks.inside & (masks.inside >> 1);
        let four = two & (two >> 2);
        let mut long = four & (four >> 4) & from(digits_past.saturating_sub(at));
        let gaps = masks.inside & !masks.digits;
        let gaps = gaps & (gaps >> 1);
        let wide = gaps & (gaps >> 2);
        while long != 0 {
            let begin = long.trailing_zeros();
            let length = (masks.inside >> begin).trailing_ones();
            let these = from(begin as usize) & !from((begin + length) as usize);
            let mut digits = (masks.digits & these).count_ones() as usize;
            let start = at + begin as usize;
            let mut end = start + length as usize;
            let is_cut = begin + length == u64::BITS;
            while is_cut
                && let Some(class) = bytes.get(end).map(|byte| class(*byte))
                && class & INSIDE != 0
            {
                digits += usize::from(class & DIGIT != 0);
                end += 1;
            }
            if digits >= DIGITS_MIN {
                each(Spot::Digits(Stretch {
                    range: start..end,
                    digits,
                    is_close: !is_cut && wide & these == 0,
                }));
            }
            digits_past = end;
            long &= from(end - at);
        }
        if at + BLOCK >= bytes.len() {
            return;
        }
        at += STEP;
    }
}

/// All bits from this one on.
#[inline]
fn from(bit: usize) -> u64 {
    u32::try_from(bit)
        .ok()
        .and_then(|bit| u64::MAX.checked_shl(bit))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same, byte by byte.
    fn plainly(bytes: &[u8]) -> (Vec<usize>, Vec<Range<usize>>) {
        let is_mark = |place: &usize| matches!(bytes[*place], b'=' | b':' | b'@');
        let is_inside = |byte: &u8| matches!(byte, 0..=b' ' | b'-'..=b'9' | b'_' | 0x80..);
        let is_digit = |byte: &&u8| byte.is_ascii_digit() || **byte == 0xef;
        let (mut stretches, mut at) = (Vec::new(), 0);
        while at < bytes.len() {
            let length = bytes[at..]
                .iter()
                .take_while(|byte| is_inside(byte))
                .count();
            if bytes[at..at + length].iter().filter(is_digit).count() >= DIGITS_MIN {
                stretches.push(at..at + length);
            }
            at += length.max(1);
        }
        ((0..bytes.len()).filter(is_mark).collect(), stretches)
    }

    proptest! {
        #[test]
        fn every_spot_is_seen_wherever_blocks_end(text in "([0-9]{1,12}|[a-z:=@{}]|[ ._-]{1,3}|日|０){0,120}") {
            let (mut marks, mut stretches) = (Vec::new(), Vec::new());
            spots(text.as_bytes(), |spot| match spot {
                Spot::Sign(place) | Spot::At(place) => marks.push(place),
                Spot::Digits(stretch) => stretches.push(stretch.range),
            });
            prop_assert_eq!((marks, stretches), plainly(text.as_bytes()));
        }
    }
}
