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

/// Reads what there is to look at.
pub(super) trait Eye {
    /// A `=` or `:`, before which a name may stand.
    fn sign(&mut self, place: usize);
    /// An `@`.
    fn at(&mut self, place: usize);
    /// Digits and what may group them: at least [`DIGITS_MIN`] digits, of which a full-width one, and what begins as it does,
    /// is one.
    fn digits(&mut self, stretch: Stretch);
}

/// Both ends lie beside ASCII or are the text's own, so no character is cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    pub range: Range<usize>,
    /// Where they stand, one bit a byte, the first byte's the lowest, where the stretch is seen whole and they are one run:
    /// ASCII, and no gap between them so wide that what is behind it is another number's.
    pub places: Option<u64>,
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
    /// What is inside and neither a digit nor, in one byte, a separator.
    odd: u64,
}

const MARK: u8 = 1;
const DIGIT: u8 = 2;
const INSIDE: u8 = 4;
const ODD: u8 = 8;

/// Written so that a compiler makes of it few instructions for many bytes at once: where more than what is looked for
/// stands side by side, it is all taken, and told apart where it is read.
#[inline]
fn class(byte: u8) -> u8 {
    let is_mark = byte.wrapping_sub(b':') <= b'@' - b':';
    let is_digit = byte.wrapping_sub(b'0') < 10;
    // As a signed byte, what is not ASCII is below all else, and blanks below all that is printed.
    let is_below = byte.cast_signed() < b' '.cast_signed();
    let is_between = byte.wrapping_sub(b'-') <= b'9' - b'-';
    let is_odd = is_below | (byte == b'/');
    (u8::from(is_mark) * MARK)
        | (u8::from(is_digit | (byte == 0xef)) * DIGIT)
        | (u8::from(is_below | (byte == b' ') | is_between | (byte == b'_')) * INSIDE)
        | (u8::from(is_odd) * ODD)
}

impl Masks {
    #[inline]
    fn of(block: &[u8; BLOCK]) -> Self {
        let mut masks = Self::default();
        for (place, lane) in block.as_chunks().0.iter().enumerate() {
            masks.add(lane, place * LANE);
        }
        masks
    }

    /// Of less than a block, as most values of records are: what lies behind `at`, and no more is looked at than there is.
    #[inline]
    fn of_rest(bytes: &[u8], at: usize) -> Self {
        let mut masks = Self::default();
        let (lanes, rest) = bytes[at..].as_chunks();
        for (place, lane) in lanes.iter().enumerate() {
            masks.add(lane, place * LANE);
        }
        if rest.is_empty() {
            return masks;
        }
        let place = lanes.len() * LANE;
        if let Some(last) = bytes.last_chunk() {
            // Some of its bytes lie before the rest.
            let mut own = Self::default();
            own.add(last, 0);
            let before = LANE - rest.len();
            masks.marks |= own.marks >> before << place;
            masks.digits |= own.digits >> before << place;
            masks.inside |= own.inside >> before << place;
            masks.odd |= own.odd >> before << place;
        } else {
            // Of a byte that is nothing.
            let mut lane = [b'x'; LANE];
            lane[..rest.len()].copy_from_slice(rest);
            masks.add(&lane, place);
        }
        masks
    }

    /// Shows what of the block, which begins at `at`, has enough digits side by side; only where a bit of `left` is set.
    #[inline]
    fn stretches(&self, left: u64, at: usize, eye: &mut impl Eye) {
        // One bit for each place from which on so many bytes are inside.
        let two = left & (left >> 1);
        let four = two & (two >> 2);
        let mut long = four & (four >> 4);
        let gaps = left & !self.digits;
        let gaps = gaps & (gaps >> 1);
        // Of four bytes, which is wider than what parts the digits of one number.
        let wide = gaps & (gaps >> 2);
        while long != 0 {
            let begin = long.trailing_zeros() as usize;
            let end = begin + (left >> begin).trailing_ones() as usize;
            let digits = self.digits & from(begin) & !from(end);
            if digits.count_ones() as usize >= DIGITS_MIN {
                let run =
                    from(digits.trailing_zeros() as usize) & (u64::MAX >> digits.leading_zeros());
                let is_one = (wide | self.odd) & run == 0;
                eye.digits(Stretch {
                    range: at + begin..at + end,
                    places: is_one.then_some(digits >> begin),
                });
            }
            long &= from(end);
        }
    }

    #[inline]
    fn add(&mut self, lane: &[u8; LANE], at: usize) {
        let mut classes = [0; LANE];
        // A plain loop: one over both would be compiled apart, and called.
        for place in 0..LANE {
            classes[place] = class(lane[place]);
        }
        let [marks, digits, inside, odd] = gathered(classes);
        self.marks |= u64::from(marks) << at;
        self.digits |= u64::from(digits) << at;
        self.inside |= u64::from(inside) << at;
        self.odd |= u64::from(odd) << at;
    }
}

/// The lowest four bits of all bytes, those of a kind side by side. These processors have an instruction for it.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
#[inline]
fn gathered(classes: [u8; LANE]) -> [u16; 4] {
    use std::arch::x86_64::{_mm_movemask_epi8, _mm_set_epi64x, _mm_slli_epi16};

    #[target_feature(enable = "sse2")]
    #[inline]
    fn highest(classes: [u8; LANE]) -> [u16; 4] {
        let halves = u128::from_le_bytes(classes);
        let all = _mm_set_epi64x((halves >> 64) as i64, halves as i64);
        // It takes the highest bit of each byte.
        [
            _mm_movemask_epi8(_mm_slli_epi16::<7>(all)) as u16,
            _mm_movemask_epi8(_mm_slli_epi16::<6>(all)) as u16,
            _mm_movemask_epi8(_mm_slli_epi16::<5>(all)) as u16,
            _mm_movemask_epi8(_mm_slli_epi16::<4>(all)) as u16,
        ]
    }
    // SAFETY: SSE2 is a part of x86-64; no processor is without it.
    unsafe { highest(classes) }
}

/// The lowest four bits of all bytes, those of a kind side by side.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn gathered(classes: [u8; LANE]) -> [u16; 4] {
    // Byte i's bit stands at 8i; times 2^(56 - 7i) it stands at 56 + i, and no other falls there.
    let eight =
        |word: u64| (word & 0x0101_0101_0101_0101).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    let halves = u128::from_le_bytes(classes);
    std::array::from_fn(|bit| {
        (eight(halves as u64 >> bit) | eight((halves >> 64) as u64 >> bit) << 8) as u16
    })
}

/// Shows every spot: marks in the order of the text, and numbers in theirs.
#[inline]
pub(super) fn spots(bytes: &[u8], eye: &mut impl Eye) {
    // Of marks, what lies before this has been shown.
    let mut past = 0;
    // Where a stretch begins that is longer than a block, and the digits of it before this one.
    let mut open: Option<(usize, usize)> = None;
    let mut at = 0;
    loop {
        let rest = &bytes[at..];
        let masks = match rest.first_chunk() {
            Some(block) => Masks::of(block),
            None => Masks::of_rest(bytes, at),
        };
        let is_last = rest.len() <= BLOCK;
        let mut marks = masks.marks & from(past - at);
        while marks != 0 {
            let place = at + marks.trailing_zeros() as usize;
            match bytes[place] {
                b'=' | b':' => eye.sign(place),
                b'@' => eye.at(place),
                _ => {}
            }
            marks &= marks - 1;
        }
        past = at + BLOCK;
        let mut left = masks.inside;
        if let Some((start, before)) = open {
            let length = left.trailing_ones() as usize;
            let digits = before + (masks.digits & !from(length)).count_ones() as usize;
            if length == BLOCK && !is_last {
                open = Some((start, digits));
                at += BLOCK;
                continue;
            }
            if digits >= DIGITS_MIN {
                let range = start..at + length;
                eye.digits(Stretch {
                    range,
                    places: None,
                });
            }
            open = None;
            left &= from(length);
        }
        // What the block's end may cut is left to the next, unless it fills this one.
        let cut = if is_last {
            0
        } else {
            left.leading_ones() as usize
        };
        if cut == BLOCK {
            open = Some((at, masks.digits.count_ones() as usize));
            at += BLOCK;
            continue;
        }
        left &= !from(BLOCK - cut);
        masks.stretches(left, at, eye);
        if is_last {
            return;
        }
        at += BLOCK - cut;
    }
}

/// All bits from this one on.
#[inline]
fn from(bit: usize) -> u64 {
    match bit < BLOCK {
        true => u64::MAX << bit,
        false => 0,
    }
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

    #[derive(Default)]
    struct Seen {
        marks: Vec<usize>,
        stretches: Vec<Stretch>,
    }

    impl Eye for Seen {
        fn sign(&mut self, place: usize) {
            self.marks.push(place);
        }

        fn at(&mut self, place: usize) {
            self.marks.push(place);
        }

        fn digits(&mut self, stretch: Stretch) {
            self.stretches.push(stretch);
        }
    }

    /// The places of digits, where between them nothing but separators is, at most three together.
    fn placed(text: &[u8]) -> Option<u64> {
        let is_gap = |byte: &u8| matches!(byte, b' ' | b'-' | b'.' | b'_');
        let first = text.iter().position(u8::is_ascii_digit)?;
        let last = text.iter().rposition(u8::is_ascii_digit)?;
        let run = &text[first..=last];
        let is_one = run.iter().all(|byte| byte.is_ascii_digit() || is_gap(byte))
            && !run.windows(4).any(|four| four.iter().all(is_gap));
        let bits = text
            .iter()
            .enumerate()
            .filter(|(_, byte)| byte.is_ascii_digit());
        is_one.then(|| bits.fold(0, |all, (place, _)| all | 1 << place))
    }

    proptest! {
        #[test]
        fn every_spot_is_seen_wherever_blocks_end(text in "([0-9]{1,12}|[a-z:=@{}]|[ ._-]{1,3}|[/\t\n]|日|０){0,120}") {
            let mut seen = Seen::default();
            spots(text.as_bytes(), &mut seen);
            for stretch in &seen.stretches {
                let bytes = &text.as_bytes()[stretch.range.clone()];
                // One that lies over the end of a block is not seen whole.
                let Some(places) = stretch.places else { continue };
                prop_assert_eq!(Some(places), placed(bytes));
            }
            let ranges = seen.stretches.into_iter().map(|it| it.range).collect();
            prop_assert_eq!((seen.marks, ranges), plainly(text.as_bytes()));
        }
    }

    #[test]
    fn what_is_short_is_seen_whole() {
        for text in [
            "4242-4242 4242.4242",
            "a=2026-11-22 0101",
            "12345678   9",
            "1234567890123456789",
            "/142.0.7444.60\n",
        ] {
            let mut seen = Seen::default();
            spots(text.as_bytes(), &mut seen);
            let stretch = seen.stretches.pop().expect("digits");
            assert!(stretch.places.is_some(), "{text}");
        }
        for text in ["12345678    9", "1234/5678 90", "12345678\u{3000}9"] {
            let mut seen = Seen::default();
            spots(text.as_bytes(), &mut seen);
            let stretch = seen.stretches.pop().expect("digits");
            assert_eq!(stretch.places, None, "{text}");
        }
    }
}
