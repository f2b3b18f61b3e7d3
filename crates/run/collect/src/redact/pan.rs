//! Card numbers: 13 to 19 digits that a scheme issues and whose check digit (Luhn, ISO/IEC 7812-1) holds.
//!
//! Digits may be grouped by blanks, dashes or dots, and be full-width. A number that stands inside of a
//! longer one is looked for too: an expiry date or a code is often written right behind it.

use serde_json::Number;

pub(super) const MARK: &str = "[redacted:pan]";

const DIGITS_MIN: usize = 13;
const DIGITS_MAX: usize = 19;
/// `4242 - 4242` is still one number; a wider gap is a column of a table.
const SEPARATORS_MAX: usize = 3;

/// A digit of the text and where it stands.
#[derive(Debug, Clone, Copy)]
struct Digit {
    value: u8,
    from: usize,
    to: usize,
    /// Whether it follows the one before without anything between.
    is_joined: bool,
}

pub(super) fn hide(text: &str) -> Option<String> {
    if !may_hold(text) {
        return None;
    }
    let mut out: Option<String> = None;
    let mut copied = 0;
    for run in Runs::of(text) {
        let mut at = 0;
        while at + DIGITS_MIN <= run.len() {
            let Some(length) = card_at(text, &run, at) else {
                at += 1;
                continue;
            };
            let (from, to) = (run[at].from, run[at + length - 1].to);
            let out = out.get_or_insert_with(|| String::with_capacity(text.len()));
            out.push_str(&text[copied..from]);
            out.push_str(MARK);
            copied = to;
            at += length;
        }
    }
    let mut out = out?;
    out.push_str(&text[copied..]);
    Some(out)
}

/// A JSON number has no groups and no neighbours. A fraction is no card number.
pub(super) fn is_number(number: &Number) -> bool {
    let text = number.to_string();
    let whole = text.strip_suffix(".0").unwrap_or(&text);
    let whole = whole.trim_start_matches('-');
    whole.bytes().all(|byte| byte.is_ascii_digit()) && hide(whole).is_some()
}

/// Most texts have too few digits; finding that out costs one pass over bytes.
fn may_hold(text: &str) -> bool {
    // U+FF10 to U+FF19 are EF BC 90 to EF BC 99: their last byte counts.
    let digits = text
        .bytes()
        .filter(|byte| byte.is_ascii_digit() || (0x90..=0x99).contains(byte))
        .count();
    digits >= DIGITS_MIN
}

struct Runs<'t> {
    chars: std::str::CharIndices<'t>,
}

impl<'t> Runs<'t> {
    fn of(text: &'t str) -> Self {
        Self {
            chars: text.char_indices(),
        }
    }
}

impl Iterator for Runs<'_> {
    type Item = Vec<Digit>;

    fn next(&mut self) -> Option<Vec<Digit>> {
        let mut run: Vec<Digit> = Vec::new();
        let mut gap = 0;
        for (from, c) in self.chars.by_ref() {
            if let Some(value) = digit(c) {
                run.push(Digit {
                    value,
                    from,
                    to: from + c.len_utf8(),
                    is_joined: gap == 0 && !run.is_empty(),
                });
                gap = 0;
            } else if run.is_empty() {
                continue;
            } else if is_separator(c) && gap < SEPARATORS_MAX {
                gap += 1;
            } else {
                return Some(run);
            }
        }
        (!run.is_empty()).then_some(run)
    }
}

fn digit(c: char) -> Option<u8> {
    match c {
        '0'..='9' => u8::try_from(u32::from(c) - u32::from('0')).ok(),
        '０'..='９' => u8::try_from(u32::from(c) - u32::from('０')).ok(),
        _ => None,
    }
}

fn is_separator(c: char) -> bool {
    matches!(
        c,
        ' ' | '-' | '.' | '_' | '\t' | '\u{a0}' | '\u{3000}' | '‐' | '‑' | '–' | '−' | '－' | '・'
    )
}

/// The length of the card number that begins at `at`; the longest, so that nothing of it is left.
fn card_at(text: &str, run: &[Digit], at: usize) -> Option<usize> {
    let longest = DIGITS_MAX.min(run.len() - at);
    (DIGITS_MIN..=longest).rev().find(|length| {
        let card = &run[at..at + length];
        let digits: Vec<u8> = card.iter().map(|digit| digit.value).collect();
        is_issued(&digits) && luhn(&digits) && stands_as_one(text, run, at, *length)
    })
}

/// Whether the digits are written as one number: in one piece, or in groups as people write cards. In one
/// piece with more digits around it, only the lengths that schemes print are believed.
fn stands_as_one(text: &str, run: &[Digit], at: usize, length: usize) -> bool {
    let card = &run[at..at + length];
    let is_cut_before = at > 0 && run[at].is_joined;
    let is_cut_after = run.get(at + length).is_some_and(|digit| digit.is_joined);
    let groups = groups(card);
    if groups.len() == 1 && (is_cut_before || is_cut_after) {
        return matches!(length, 15 | 16) && !is_nanoseconds(run, at);
    }
    if groups.len() == 1 {
        // `0.4242…` is a fraction.
        return !text[..card[0].from].ends_with("0.") || is_digit_before(text, card[0].from - 2);
    }
    let (last, rest) = groups.split_last().unwrap_or((&0, &[]));
    let is_even = rest.iter().all(|group| *group == rest[0]) && *last <= rest[0].max(7);
    is_even || rest.iter().all(|group| *group >= 3)
}

fn is_digit_before(text: &str, end: usize) -> bool {
    text[..end]
        .chars()
        .next_back()
        .is_some_and(|c| digit(c).is_some())
}

fn groups(card: &[Digit]) -> Vec<usize> {
    let mut groups = vec![1];
    for digit in &card[1..] {
        match groups.last_mut() {
            Some(last) if digit.is_joined => *last += 1,
            _ => groups.push(1),
        }
    }
    groups
}

/// A Unix time in nanoseconds, 2017 to 2033: the long number that logs are full of.
fn is_nanoseconds(run: &[Digit], at: usize) -> bool {
    let from = (0..=at)
        .rev()
        .find(|i| *i == 0 || !run[*i].is_joined)
        .unwrap_or(0);
    let length = 1 + run[from + 1..]
        .iter()
        .take_while(|digit| digit.is_joined)
        .count();
    length == 19 && run[from].value == 1 && (5..=9).contains(&run[from + 1].value)
}

/// Issuer ranges (ISO/IEC 7812) with the lengths that each scheme uses.
fn is_issued(digits: &[u8]) -> bool {
    let lead = |n: usize| {
        digits[..n]
            .iter()
            .fold(0u32, |lead, digit| lead * 10 + u32::from(*digit))
    };
    match digits.len() {
        13 => lead(1) == 4 || lead(2) == 50 || matches!(lead(2), 56..=69),
        14 => matches!(lead(3), 300..=305 | 309) || matches!(lead(2), 36 | 38 | 39 | 50 | 56..=69),
        15 => {
            matches!(lead(2), 34 | 37 | 50 | 56..=69)
                || matches!(lead(4), 1800 | 2131 | 2014 | 2149)
        }
        16..=19 => {
            lead(1) == 4
                || matches!(lead(2), 50..=69)
                || matches!(lead(4), 2221..=2720 | 3528..=3589 | 2200..=2204 | 8171..=8182 | 9792)
                || matches!(lead(3), 300..=305 | 309 | 810..=817)
                || matches!(lead(2), 36 | 38 | 39)
        }
        _ => false,
    }
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, digit)| {
            let weighted = u32::from(*digit) << (i % 2);
            if weighted > 9 { weighted - 9 } else { weighted }
        })
        .sum();
    sum.is_multiple_of(10)
}
