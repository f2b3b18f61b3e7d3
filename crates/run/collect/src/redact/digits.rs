//! Numbers of a text, digit by digit: what stands together, and how it is grouped.
//!
//! Of the stretches that [`super::scan`] shows, most are dates and times. The lengths of their groups say so ([`groups_of`]);
//! where a stretch is not seen whole, a [`Glance`] at the values does. Only what neither rules out is read with the place of
//! every digit.

use std::ops::Range;

use super::scan::DIGITS_MIN;

/// `4242 - 4242` is still one number; a wider gap is a column of a table.
const SEPARATORS_MAX: usize = 3;

/// Groups of digits, of which one bit each stands for a byte.
#[inline]
pub(super) fn groups_of(places: u64) -> impl Iterator<Item = Range<usize>> {
    let mut past = 0;
    std::iter::from_fn(move || {
        let left = places & u64::MAX.checked_shl(past)?;
        let start = left.trailing_zeros();
        let length = left.checked_shr(start)?.trailing_ones();
        past = start + length;
        Some(start as usize..past as usize)
    })
}

/// A digit of the text and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Digit {
    pub value: u8,
    pub from: usize,
    pub to: usize,
    /// Whether it follows the one before without anything between.
    pub is_joined: bool,
}

/// A run of ASCII digits at a glance: enough to see that most are nothing.
#[derive(Debug)]
pub(super) struct Glance {
    values: [u8; Self::MAX],
    /// Where each stands behind `start`.
    places: [u16; Self::MAX],
    count: usize,
    /// A bit for each digit that begins a group.
    begins: u64,
    /// Where in the text the stretch begins.
    start: usize,
}

impl Glance {
    /// A longer run is read without a glance.
    pub const MAX: usize = u64::BITS as usize;

    fn new(start: usize) -> Self {
        Self {
            values: [0; Self::MAX],
            places: [0; Self::MAX],
            count: 0,
            begins: 0,
            start,
        }
    }

    #[inline]
    fn push(&mut self, value: u8, place: usize, is_begin: bool) {
        self.values[self.count] = value;
        #[allow(clippy::cast_possible_truncation)]
        let place = place as u16;
        self.places[self.count] = place;
        self.begins |= u64::from(is_begin) << self.count;
        self.count += 1;
    }

    pub fn values(&self) -> &[u8] {
        &self.values[..self.count]
    }

    /// Where in the text the digit stands.
    pub fn at(&self, digit: usize) -> usize {
        self.start + usize::from(self.places[digit])
    }

    /// From the first digit to behind the last.
    pub fn range(&self) -> Range<usize> {
        self.at(0)..self.at(self.count - 1) + 1
    }

    /// Whether the digit does not follow the one before immediately, or is the end.
    pub fn is_begin(&self, digit: usize) -> bool {
        digit == self.count || self.begins >> digit & 1 == 1
    }

    /// The digits that stand in one piece with this one.
    pub fn piece(&self, digit: usize) -> Range<usize> {
        let before = self.begins << (Self::MAX - 1 - digit);
        let start = digit - before.leading_zeros() as usize;
        let behind = self.begins.checked_shr(digit as u32 + 1).unwrap_or(0);
        start..self.count.min(digit + 1 + behind.trailing_zeros() as usize)
    }
}

/// Gives every run of at least [`DIGITS_MIN`] digits of a stretch ([`super::scan::Spot::Digits`]), in their order, but
/// those that are `nothing` at a glance.
pub(super) fn runs(
    text: &str,
    stretch: Range<usize>,
    nothing: impl Fn(&Glance) -> bool,
    mut each: impl FnMut(&[Digit]),
) {
    let bytes = &text.as_bytes()[..stretch.end];
    let mut glance = Glance::new(stretch.start);
    let mut at = stretch.start;
    loop {
        // To the first digit of a run, which may be full-width.
        while at < bytes.len() && !bytes[at].is_ascii_digit() && bytes[at] != 0xef {
            at += 1;
        }
        let from = at;
        (glance.count, glance.begins) = (0, 0);
        let mut gap = 1;
        while at < bytes.len() {
            let byte = bytes[at];
            if byte.is_ascii_digit() {
                let place = at - stretch.start;
                if glance.count == Glance::MAX || place > usize::from(u16::MAX) {
                    // More than a glance sees.
                    return read(text, from..stretch.end, &mut each);
                }
                glance.push(byte - b'0', place, gap > 0);
                (at, gap) = (at + 1, 0);
                continue;
            }
            gap += 1;
            let length = separator(&bytes[at..]);
            at += length;
            if length == 0 || gap > SEPARATORS_MAX {
                break;
            }
        }
        if is_wide_digit(&bytes[at..]) {
            return read(text, from..stretch.end, &mut each);
        }
        if glance.count >= DIGITS_MIN && !nothing(&glance) {
            read(text, glance.range(), &mut each);
        }
        if at == bytes.len() {
            return;
        }
        // What ended the run, or was no digit.
        at += usize::from(!bytes[at].is_ascii_digit());
    }
}

/// The length of the separator with which the bytes begin; 0 where there is none.
#[inline]
fn separator(bytes: &[u8]) -> usize {
    match bytes {
        [b' ' | b'-' | b'.' | b'_' | b'\t', ..] => 1,
        // The no-break space; the ideographic one; dashes; `・`.
        [0xc2, 0xa0, ..] => 2,
        [0xe3, 0x80, 0x80, ..]
        | [0xe2, 0x80, 0x90 | 0x91 | 0x93, ..]
        | [0xe2, 0x88, 0x92, ..]
        | [0xef, 0xbc, 0x8d, ..]
        | [0xe3, 0x83, 0xbb, ..] => 3,
        _ => 0,
    }
}

/// Whether the bytes begin with one of `０` to `９`.
fn is_wide_digit(bytes: &[u8]) -> bool {
    matches!(bytes, [0xef, 0xbc, 0x90..=0x99, ..])
}

/// Every run of the stretch, with the place of each digit.
fn read(text: &str, stretch: Range<usize>, each: &mut impl FnMut(&[Digit])) {
    let mut run = Vec::with_capacity(32);
    let mut gap = 0;
    for (place, c) in text[stretch.clone()].char_indices() {
        if let Some(value) = digit(c) {
            let from = stretch.start + place;
            run.push(Digit {
                value,
                from,
                to: from + c.len_utf8(),
                is_joined: gap == 0 && !run.is_empty(),
            });
            gap = 0;
        } else if run.is_empty() {
            continue;
        } else if gap < SEPARATORS_MAX && separator(&text.as_bytes()[stretch.start + place..]) > 0 {
            gap += 1;
        } else {
            told(&mut run, each);
            gap = 0;
        }
    }
    told(&mut run, each);
}

fn told(run: &mut Vec<Digit>, each: &mut impl FnMut(&[Digit])) {
    if run.len() >= DIGITS_MIN {
        each(run);
    }
    run.clear();
}

fn digit(c: char) -> Option<u8> {
    match c {
        '0'..='9' => u8::try_from(u32::from(c) - u32::from('0')).ok(),
        '０'..='９' => u8::try_from(u32::from(c) - u32::from('０')).ok(),
        _ => None,
    }
}

/// How many digits stand together, group by group.
pub(super) fn groups(digits: &[Digit]) -> Vec<usize> {
    let mut groups = Vec::new();
    for digit in digits {
        match groups.last_mut() {
            Some(last) if digit.is_joined => *last += 1,
            _ => groups.push(1),
        }
    }
    groups
}

/// Whether the same stands between all groups.
pub(super) fn is_even_between(text: &str, digits: &[Digit]) -> bool {
    let gaps = digits.windows(2).filter(|pair| !pair[1].is_joined);
    let mut gaps = gaps.map(|pair| &text[pair[0].to..pair[1].from]);
    let first = gaps.next();
    gaps.all(|gap| Some(gap) == first)
}

/// The name that the text gives to what stands at `at`: `name=…`, `"name": "…`.
pub(super) fn name_before(text: &str, at: usize) -> Option<&str> {
    /// No name is longer; what stands further away is no name of this value.
    const NAME_MAX: usize = 48;
    let before = text[..at].trim_end_matches(['"', '\'', ' ', '\\']);
    let before = before.strip_suffix(['=', ':'])?;
    let before = before.trim_end_matches(['"', '\'', ' ', '\\']);
    let length = before
        .bytes()
        .rev()
        .take(NAME_MAX)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        .count();
    (length > 0).then(|| &before[before.len() - length..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::scan::{Eye, Stretch, spots},
        *,
    };

    struct Runs<'t> {
        text: &'t str,
        found: Vec<String>,
    }

    impl Eye for Runs<'_> {
        fn sign(&mut self, _: usize) {}

        fn at(&mut self, _: usize) {}

        fn digits(&mut self, stretch: Stretch) {
            let each = |run: &[Digit]| {
                let digits = run.iter().map(|digit| char::from(b'0' + digit.value));
                self.found.push(digits.collect());
            };
            runs(self.text, stretch.range, |_| false, each);
        }
    }

    fn all(text: &str) -> Vec<String> {
        let found = Vec::new();
        let mut runs = Runs { text, found };
        spots(text.as_bytes(), &mut runs);
        runs.found
    }

    #[test]
    fn groups_are_told_by_their_bits() {
        let groups = |places| groups_of(places).collect::<Vec<_>>();
        assert_eq!(groups(0b1111_0111_1001_1000), [3..5, 7..11, 12..16]);
        assert_eq!(groups(u64::MAX), vec![0..64]);
        assert_eq!(groups(0), Vec::<Range<usize>>::new());
    }

    proptest! {
        /// Eight digits are found wherever they begin, though only one byte in eight is looked at.
        #[test]
        fn no_run_is_passed_over(
            before in "([a-z:{,\"]|日|é){0,20}",
            digits in "[0-9]{8,20}",
            after in "([a-z:{,\"]|日|é){0,20}",
        ) {
            let text = format!("{before}{digits}{after}{digits}");
            let joined = match after.is_empty() {
                true => vec![format!("{digits}{digits}")],
                false => vec![digits.clone(), digits],
            };
            prop_assert_eq!(all(&text), joined);
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "([0-9０-９ .-]|日|a|.){0,60}") {
            all(&text);
        }
    }

    /// The separators as text, each as long as its bytes are said to be.
    #[test]
    fn nothing_but_these_stands_between_groups() {
        const ALL: &str = " -._\t\u{a0}\u{3000}‐‑–−－・";
        for c in '\0'..=char::MAX {
            let length = if ALL.contains(c) { c.len_utf8() } else { 0 };
            assert_eq!(separator(c.to_string().as_bytes()), length, "{c:?}");
        }
    }

    #[test]
    fn a_wide_gap_parts_two_numbers() {
        assert_eq!(
            all("1234-5678   12345678    87654321"),
            ["1234567812345678", "87654321"]
        );
        assert_eq!(name_before("{\"order_id\": \"123", 14), Some("order_id"));
        assert_eq!(name_before("paid 123", 5), None);
    }
}
